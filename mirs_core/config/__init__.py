"""Every setting of a run as frozen dataclasses, one file per group, and the presets.

Read by the pipeline, the command line and the app; imports no room above it.
"""
