"""Detection: compares a run with what is normal for its pipeline."""
