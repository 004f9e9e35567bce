"""One way from a question and its inputs to an answer: for one SKU, a file, a frame."""
