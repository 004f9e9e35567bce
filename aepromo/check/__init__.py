"""``check``: how a file will be read, before anything is reckoned from it."""
