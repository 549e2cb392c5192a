"""From a configuration and data sets to runs: training, archiving, growing, previews, sweeps, demo.

The only room that unpacks a configuration for the rooms below.
"""
