"""``check``: how a file will be read, before anything is computed from it."""
