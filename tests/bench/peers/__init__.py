"""Detectors to compare with: all causal, all on the same runs, each in a setting that does it justice."""
