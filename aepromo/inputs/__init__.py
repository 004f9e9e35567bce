"""The inputs of a call: cells, options, configuration and rule book, resolved into numbers."""
