"""Facts about Mars: coordinates and their systems, feature and product names, classes, basemap.

Every other room may call it.
"""
