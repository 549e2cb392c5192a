"""Files that leave and enter: exports of results and maps, exported runs, Parquet archives."""
