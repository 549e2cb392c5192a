"""The planet.

The planet: coordinates and coordinate systems, names of features and products, landform
classes, the basemap. Anyone may call it.
"""
