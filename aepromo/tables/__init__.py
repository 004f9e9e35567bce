"""Bytes to checked columns, and columns back to text.

``schema``   every column by name: what kind of value it holds and what else it is called
``currency`` a currency's code and decimal places
``cells``    one cell of text to a whole number, or the reason why not; and back
``headers``  header names to the columns that they stand for
``source``   bytes to UTF-8 blocks of whole records: encoding, delimiter, line numbers
``records``  where records end in bytes, whatever is quoted in them
``workbook`` a sheet of an Excel workbook as such blocks; its XML and cells in ``sheet_…``
``parquet``  a Parquet file as such blocks
``rows``     a block row by row, the exact way
``blocks``   a block as columns; ``grid`` finds its cells, ``digits`` reads plain decimals in them
``columns``  columns of cells to int64 columns, the fast way, and cell by cell where that fails
``bulk``     columns to CSV lines; ``line_ends`` what is added to rows that are copied as they stand
``text``     columns to CSV, TSV, JSON, JSON lines and Markdown
``toml``     a configuration or a tariff as tables, or where it is no TOML
``atomic``   a file that is either the old one or the new one, whole
"""
