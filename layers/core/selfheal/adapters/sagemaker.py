"""SageMaker: asking the endpoint of the built-in Random Cut Forest.

The formats are those of the algorithm's page in the SageMaker guide ("RCF Response Formats") and of "Common Data
Formats for Inference".
"""

import json
import math
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from selfheal.adapters.calls import Client, calling
from selfheal.domain.errors import InvalidEvent

# Far from the 6 MB that a request may have: an answer has to come within the two seconds that the client waits.
MOST_VECTORS = 500
LARGEST_ANSWER = 6 * 2**20
ANSWER = "application/json"


class Format(StrEnum):
    """How vectors are sent, as content type."""

    CSV = "text/csv"
    JSON = "application/json"


class SageMakerForest:
    """HostedForest. Needs sagemaker:InvokeEndpoint on that endpoint."""

    def __init__(self, client: Client, endpoint: str, form: Format = Format.CSV) -> None:
        self._client = client
        self._endpoint = endpoint
        self._form = form

    def scores(self, vectors: Sequence[Sequence[float]]) -> list[float]:
        """HostedForest. At most 500 vectors a request."""
        found: list[float] = []
        for first in range(0, len(vectors), MOST_VECTORS):
            found += self._asked(vectors[first : first + MOST_VECTORS])
        return found

    def _asked(self, vectors: Sequence[Sequence[float]]) -> list[float]:
        with calling("sagemaker:InvokeEndpoint"):
            reply = self._client.invoke_endpoint(
                EndpointName=self._endpoint,
                ContentType=self._form.value,
                Accept=ANSWER,
                Body=body_of(vectors, self._form),
            )
            body: bytes = reply["Body"].read(LARGEST_ANSWER)
        return scores_of(body, len(vectors))


def body_of(vectors: Sequence[Sequence[float]], form: Format) -> bytes:
    """Vectors as the algorithm reads them. Raises InvalidEvent for a number that is not finite."""
    for vector in vectors:
        for place, number in enumerate(vector):
            if not math.isfinite(number):
                raise InvalidEvent(f"feature {place}", f"{number!r} must not reach a forest")
    if form is Format.JSON:
        return json.dumps({"instances": [{"features": list(vector)} for vector in vectors]}).encode()
    return "\n".join(",".join(map(repr, map(float, vector))) for vector in vectors).encode()


def scores_of(body: bytes, expected: int) -> list[float]:
    """The scores of an answer, one for each vector. Raises InvalidEvent for an answer that does not fit."""
    try:
        found: Any = json.loads(body)["scores"]
        scores = [float(each["score"]) for each in found]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise InvalidEvent(
            "scores", f"the endpoint's answer holds none ({type(error).__name__}); is it the algorithm's?"
        ) from None
    if len(scores) != expected:
        raise InvalidEvent("scores", f"the endpoint answered {len(scores)} scores to {expected} vectors")
    if not all(0 <= score < math.inf for score in scores):
        raise InvalidEvent("scores", "the endpoint answered a number that is no score")
    return scores
