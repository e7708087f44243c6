import boto3

from selfheal.adapters.sts import caller_of


def test_the_caller_is_an_arn() -> None:
    assert caller_of(boto3.client("sts")).startswith("arn:aws:sts::")
