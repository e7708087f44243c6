"""Clients for AWS, all made the same way. Only this module loads boto3: adapters are given clients."""

from dataclasses import dataclass

import boto3
from botocore.config import Config
from botocore.exceptions import NoRegionError

from selfheal.adapters.calls import Client


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one call may take: seconds to wait for each reply, and tries in all, the first included.

    ``adaptive`` slows every later call down as well once a service asks for it: for long work that nobody waits for.
    """

    read_seconds: int = 10
    attempts: int = 3
    adaptive: bool = False
    connect_seconds: int = 3

    @property
    def longest_seconds(self) -> int:
        """The longest a call can take, the pauses between tries (below a second at first) included."""
        return self.attempts * (self.connect_seconds + self.read_seconds + 1)

    def config(self) -> Config:
        """The same for botocore."""
        return Config(
            connect_timeout=self.connect_seconds,
            read_timeout=self.read_seconds,
            retries={
                "mode": "adaptive" if self.adaptive else "standard",
                "total_max_attempts": self.attempts,
            },
        )


# A model thinks longer than other services. What this allows one call is what adapters/bedrock.py counts on.
# An endpoint answers in milliseconds or is of no use: the embedded forest is at hand.
PATIENCE = {
    "bedrock-runtime": Patience(read_seconds=25, attempts=2),
    "sagemaker-runtime": Patience(read_seconds=2, attempts=2, connect_seconds=1),
}


class Clients:
    """Gives one client per service. Region, credentials and endpoints come from the environment."""

    def __init__(self, patience: Patience | None = None) -> None:
        self._patience = patience or Patience()
        self._made: dict[str, Client] = {}

    def __call__(self, service: str) -> Client:
        """The client of that service, made when it is first asked for. Raises NoRegionError, also for an empty one."""
        if service not in self._made:
            if boto3.session.Session().region_name == "":
                raise NoRegionError
            config = PATIENCE.get(service, self._patience).config()
            self._made[service] = boto3.client(service, config=config)  # type: ignore[call-overload]
        return self._made[service]
