"""Errors that a client of the simulator can receive."""

from __future__ import annotations


class ServiceError(Exception):
    """A refusal in the service's own words.

    ``code`` is the error's name in the service model (``InvalidInputException``), ``message`` is for people,
    ``status`` is the HTTP status.
    """

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


def invalid_input(message: str) -> ServiceError:
    return ServiceError("InvalidInputException", message)


def not_found(message: str) -> ServiceError:
    return ServiceError("ResourceNotFoundException", message)
