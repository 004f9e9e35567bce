"""``rates``: forced rates out of an order history."""
