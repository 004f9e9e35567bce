"""What a call knows: cells, options, configuration and rule book, resolved into numbers."""
