"""``sweep``: how profit falls as the forced rate rises."""
