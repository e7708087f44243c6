"""Scoring the diagnosis on labelled logs."""
