"""The machine that the library runs on.

Processes and locks, devices, versions, tables for terminals; every room above may call it.
"""
