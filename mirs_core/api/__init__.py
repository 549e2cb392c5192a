"""The front door: workspaces, opened runs and hit lists, as Python and notebooks use them.

Everything here is re-exported by ``mirs_core``; import it from there.
"""
