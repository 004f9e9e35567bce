"""``report``: a price list as one HTML page."""
