"""Columns of archives: values of up to 10^8 tiles without a Python object each, and their files.

A column is stored in blocks, which stay on disk until they are read; see ``docs/architecture.md``.
"""
