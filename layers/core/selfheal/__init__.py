"""Selfheal: makes CI/CD pipelines on AWS secure and self-healing."""
