"""What several steps are tested with."""

from dataclasses import replace

import pytest

from selfheal.detect.model import dump
from selfheal.testing.models import a_model

GOOD = dump(a_model())


@pytest.fixture(
    params=[
        b"",
        GOOD[:-1],
        GOOD[:-1] + bytes([GOOD[-1] ^ 1]),
        dump(replace(a_model(), features_version="0")),
        dump(replace(a_model(), library="krcf 0.3.9")),
    ],
    ids=["empty", "cut short", "one bit flipped", "of other features", "of another library"],
)
def unusable(request: pytest.FixtureRequest) -> bytes:
    """An artifact that this release cannot use."""
    artifact: bytes = request.param
    return artifact
