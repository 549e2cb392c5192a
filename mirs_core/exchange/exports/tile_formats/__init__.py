"""The formats of search results and lists of tiles, one file each: ``SPEC`` is an ExportFormat."""
