"""Random SKUs, for which the product and the reference are compared."""
