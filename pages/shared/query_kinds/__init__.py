"""The kinds of queries, one file each: ``SPEC`` is a QueryKind."""
