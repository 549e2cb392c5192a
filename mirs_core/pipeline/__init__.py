"""From a configuration and data sets to runs.

From a configuration and data sets to runs: training, archiving, growing, previews, sweeps, the
demo. Configuration is unpacked here.
"""
