"""``explain``: one SKU, step by step."""
