"""Bytes to columns of cells, and columns back to bytes: CSV, workbooks, Parquet."""
