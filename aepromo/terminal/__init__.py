"""Output for people in a terminal: Rich tables, summaries, progress."""
