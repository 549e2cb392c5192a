"""MIRS: image retrieval for the surface of Mars, by hashing.

A frozen encoder turns a tile into features, a small network hashes them to bits, and the Hamming
distance ranks an archive. Importing this package loads neither torch nor faiss nor umap.
"""

__version__ = "0.2.0"
