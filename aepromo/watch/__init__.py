"""``watch``: a discount feed, its events, and the memory between runs."""
