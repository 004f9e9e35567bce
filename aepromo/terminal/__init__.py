"""What a person sees in a terminal: Rich tables, summaries, progress."""
