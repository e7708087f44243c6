"""What the simulator refuses."""


class Refused(Exception):
    """A job or a request that SageMaker would refuse; says why."""


class ServiceRefusal(Exception):
    """A refusal with the service's name for it, as clients see it."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.status = code, status
