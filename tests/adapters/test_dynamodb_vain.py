"""What was tried in vain, in DynamoDB."""

from typing import Any

from selfheal.adapters.dynamodb.vain import DynamoVain
from selfheal.domain.incident import Lineage
from selfheal.domain.verification import Vain
from selfheal.testing.builders import COMMIT, SHOP
from tests.adapters.conftest import TABLE


def test_it_is_kept_by_commit_and_failure_and_the_last_one_stands(dynamodb: Any) -> None:
    vain = DynamoVain(dynamodb, TABLE)
    lineage = Lineage(SHOP, COMMIT)
    assert vain.of(lineage, "f") is None
    for run_id in ("shop:2", "shop:3"):
        vain.note(lineage, "f", Vain("retry_build", run_id))
    assert vain.of(lineage, "f") == Vain("retry_build", "shop:3")
    assert vain.of(lineage, "g") is None
    assert vain.of(Lineage(SHOP, "f" * 40), "f") is None
