"""The formats of landform maps, one file each: ``SPEC`` is an ExportFormat."""
