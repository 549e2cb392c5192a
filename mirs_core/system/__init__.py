"""The machine that the library runs on.

The machine that the library runs on: processes and locks, devices, versions, tables for
terminals. Anyone may call it.
"""
