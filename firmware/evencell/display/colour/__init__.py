"""The pages of colour displays, laid out for their size, one file each: contract in pages/__init__.py.

Within a column each strip of 8 rows has one colour: what is of another colour begins in another strip or column.
"""
