"""The Numenta Anomaly Benchmark: its corpus read from the archive, its published scoring rules written anew."""
