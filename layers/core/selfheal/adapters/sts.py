"""STS: who is calling."""

from selfheal.adapters.calls import Client, calling


def caller_of(client: Client) -> str:
    """The ARN of the IAM identity whose credentials the client uses. Nobody needs a right to ask for it."""
    with calling("sts:GetCallerIdentity"):
        return str(client.get_caller_identity()["Arn"])
