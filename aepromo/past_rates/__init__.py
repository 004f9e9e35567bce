"""``rates``: forced rates from an order history."""
