"""The public API: workspaces, opened runs and lists of hits, for Python and notebooks.

Everything here is re-exported by ``mirs_core``; import it from there.
"""
