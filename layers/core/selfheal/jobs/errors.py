"""What the processing jobs refuse. They run in containers of their own; no function raises these."""

from selfheal.domain.errors import SelfhealError


class LakeRefused(SelfhealError):
    """The lake does not hold what it takes to train; says what it holds and what it takes."""
