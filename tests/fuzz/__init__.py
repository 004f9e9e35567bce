"""Random SKUs, and what the product and the reference make of them."""
