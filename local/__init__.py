"""The local cloud: what Selfheal needs to run without an AWS account."""
