"""The capability table: which model takes what, whatever geography its profile has."""

import pytest

from selfheal.suggest.models import (
    ANSWER_TOKENS,
    CAPABILITIES,
    THOUGHTFUL_ANSWER_TOKENS,
    Mode,
    Thinking,
    answer_tokens,
    capability,
    is_global,
    modes,
    own_id,
)


@pytest.mark.parametrize(
    ("model_id", "first"),
    [
        ("anthropic.claude-sonnet-4-6", Mode.JSON_SCHEMA),
        ("us.anthropic.claude-haiku-4-5-20251001-v1:0", Mode.JSON_SCHEMA),
        ("global.anthropic.claude-haiku-5-5", Mode.FORCED_TOOL),
        ("global.anthropic.claude-sonnet-5-5", Mode.AUTO_TOOL),
        ("global.amazon.nova-2-lite-v1:0", Mode.FORCED_TOOL),
        (
            "arn:aws:bedrock:eu-west-1:111122223333:inference-profile/eu.amazon.nova-lite-v1:0",
            Mode.FORCED_TOOL,
        ),
        ("someone.new-model-v1", Mode.FORCED_TOOL),
    ],
)
def test_the_strictest_mode_a_model_takes_comes_first(model_id: str, first: Mode) -> None:
    assert modes(model_id)[0] is first
    assert modes(model_id)[-1] is Mode.PLAIN


@pytest.mark.parametrize(
    ("model_id", "own", "worldwide"),
    [
        ("global.anthropic.claude-haiku-5-5", "anthropic.claude-haiku-5-5", True),
        ("us-gov.anthropic.claude-haiku-5-5", "anthropic.claude-haiku-5-5", False),
        ("openai.gpt-oss-20b-1:0", "openai.gpt-oss-20b-1:0", False),
        (
            "arn:aws:bedrock:eu-west-1:111122223333:inference-profile/global.amazon.nova-2-lite-v1:0",
            "amazon.nova-2-lite-v1:0",
            True,
        ),
    ],
)
def test_a_profile_is_known_by_the_model_it_leads_to(model_id: str, own: str, worldwide: bool) -> None:
    assert (own_id(model_id), is_global(model_id)) == (own, worldwide)


def test_no_row_hides_behind_an_earlier_one_and_the_last_fits_all() -> None:
    prefixes = [prefix for prefix, _ in CAPABILITIES]
    assert prefixes[-1] == ""
    for number, prefix in enumerate(prefixes):
        assert not any(prefix.startswith(earlier) for earlier in prefixes[:number])


@pytest.mark.parametrize(
    ("model_id", "mode", "tokens"),
    [
        ("global.amazon.nova-2-lite-v1:0", Mode.FORCED_TOOL, ANSWER_TOKENS),
        ("global.anthropic.claude-haiku-5-5", Mode.FORCED_TOOL, ANSWER_TOKENS),
        ("global.anthropic.claude-haiku-5-5", Mode.AUTO_TOOL, THOUGHTFUL_ANSWER_TOKENS),
        ("global.anthropic.claude-sonnet-5-5", Mode.PLAIN, THOUGHTFUL_ANSWER_TOKENS),
    ],
)
def test_a_model_that_thinks_has_room_for_its_thoughts(model_id: str, mode: Mode, tokens: int) -> None:
    assert answer_tokens(model_id, mode) == tokens


def test_no_model_that_always_thinks_is_forced_to_use_a_tool() -> None:
    for prefix, _ in CAPABILITIES:
        takes = capability(prefix)
        assert takes.thinking is not Thinking.ALWAYS or Mode.FORCED_TOOL not in takes.modes
