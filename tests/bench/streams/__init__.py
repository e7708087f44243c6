"""Streams of runs with labelled anomalies, to score detectors on. Standard library only; every choice is seeded.

``development`` reads real durations of public CI systems and injects anomalies at known places; ``generated``
makes runs with every metric and every kind of anomaly.
"""
