"""Every setting of a run as frozen dataclasses, and the presets as data.

Every setting of a run as frozen dataclasses, and the presets as data. Read by the pipeline, the
command line and the app.
"""
