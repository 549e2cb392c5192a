"""Files for other programs and computers: exports of results and maps, exported runs, Parquet."""
