"""What leaves and enters as a file: exports of results, run files, archive tables."""
