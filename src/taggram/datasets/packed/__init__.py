"""The packed store: clips decoded once into memory-mapped int16 shards, with a Parquet manifest."""
