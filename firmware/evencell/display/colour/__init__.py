"""The pages that colour displays have a layout of their own for, one file each: contract in pages/__init__.py.

Within a column each strip of 8 rows has one colour: what is of another colour begins in another strip or column.
"""
