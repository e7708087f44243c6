from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from botocore.stub import Stubber

from selfheal.adapters.dynamodb import DynamoActions
from selfheal.domain.action import Action, ActionStatus
from selfheal.domain.errors import ActionRefused, RequestRejected, Throttled
from selfheal.domain.incident import Lineage
from selfheal.domain.limits import Limits
from selfheal.domain.policy import Budget
from selfheal.domain.spending import Spent
from selfheal.testing.builders import COMMIT, NOON, SHOP
from tests.adapters.conftest import OneAtATime

TABLE = "selfheal-test"
LINEAGE = Lineage(SHOP, COMMIT)
AMPLE = Limits(Budget(100, 100, 100))
Scripted = Callable[[str], tuple[Any, Stubber]]


def an_action(incident: str = "i-1", **changes: Any) -> Action:
    return replace(Action(incident, "retry_build", ActionStatus.INTENDED, NOON), **changes)


def at_once(calls: Iterable[Callable[[], Action]]) -> list[Action | ActionRefused]:
    """What the calls give or raise when all of them start together."""
    work = list(calls)
    barrier = Barrier(len(work))

    def run(call: Callable[[], Action]) -> Action | ActionRefused:
        barrier.wait()
        try:
            return call()
        except ActionRefused as refusal:
            return refusal

    with ThreadPoolExecutor(len(work)) as pool:
        return list(pool.map(run, work))


def test_an_intent_is_stored_and_charged_to_all_three_budgets(dynamodb: Any) -> None:
    actions = DynamoActions(dynamodb, TABLE)
    assert actions.of_incident("i-1") is None
    assert actions.intend(an_action(), LINEAGE, AMPLE) == an_action()
    assert actions.of_incident("i-1") == an_action()
    assert actions.spent(LINEAGE, NOON) == Spent(1, 1, 1)


def test_the_same_incident_again_gets_its_first_action_and_pays_nothing(dynamodb: Any) -> None:
    actions = DynamoActions(dynamodb, TABLE)
    actions.intend(an_action(), LINEAGE, AMPLE)
    later = an_action(remedy="retry_build_clean", intended_at=NOON + timedelta(minutes=1))
    assert actions.intend(later, LINEAGE, AMPLE) == an_action()
    assert actions.spent(LINEAGE, NOON) == Spent(1, 1, 1)


def test_an_action_that_is_there_wins_over_a_budget_that_is_spent(dynamodb: Any) -> None:
    actions = DynamoActions(dynamodb, TABLE)
    actions.intend(an_action(), LINEAGE, Limits(Budget(1, 1, 1)))
    assert actions.intend(an_action(), LINEAGE, Limits(Budget(1, 1, 1))) == an_action()
    assert actions.intend(an_action(), LINEAGE, Limits(Budget(0, 0, 0))) == an_action()


@pytest.mark.parametrize(
    ("budget", "scope"),
    [
        (Budget(1, 9, 9), "1 of 1 actions used for this commit"),
        (Budget(9, 1, 9), "1 of 1 actions used for this pipeline in this hour"),
        (Budget(9, 9, 1), "1 of 1 actions used for this account today"),
    ],
)
def test_each_budget_refuses_by_its_name_and_then_nothing_is_written(
    dynamodb: Any, budget: Budget, scope: str
) -> None:
    actions = DynamoActions(dynamodb, TABLE)
    actions.intend(an_action("i-1"), LINEAGE, Limits(budget))
    with pytest.raises(ActionRefused, match=scope):
        actions.intend(an_action("i-2"), LINEAGE, Limits(budget))
    assert actions.of_incident("i-2") is None
    assert actions.spent(LINEAGE, NOON) == Spent(1, 1, 1)


@pytest.mark.parametrize("budget", [Budget(0, 9, 9), Budget(9, 0, 9), Budget(9, 9, 0)])
def test_a_budget_of_nothing_refuses_the_first_action(dynamodb: Any, budget: Budget) -> None:
    with pytest.raises(ActionRefused, match="0 of 0"):
        DynamoActions(dynamodb, TABLE).intend(an_action(), LINEAGE, Limits(budget))
    assert dynamodb.scan(TableName=TABLE)["Items"] == []


def test_hours_and_days_begin_anew_and_commits_do_not(dynamodb: Any) -> None:
    actions = DynamoActions(dynamodb, TABLE)
    for number, moment in enumerate((NOON, NOON + timedelta(minutes=59), NOON + timedelta(hours=1))):
        actions.intend(an_action(f"i-{number}", intended_at=moment), LINEAGE, AMPLE)
    assert actions.spent(LINEAGE, NOON) == Spent(3, 2, 3)
    assert actions.spent(LINEAGE, NOON + timedelta(days=1)) == Spent(3, 0, 0)


def test_another_commit_shares_the_pipelines_hour_and_the_accounts_day(dynamodb: Any) -> None:
    actions = DynamoActions(dynamodb, TABLE)
    actions.intend(an_action(), LINEAGE, AMPLE)
    assert actions.spent(Lineage(SHOP, "another"), NOON) == Spent(0, 1, 1)


def test_the_counters_of_hours_and_days_expire_and_intents_never_do(dynamodb: Any) -> None:
    DynamoActions(dynamodb, TABLE).intend(an_action(), LINEAGE, AMPLE)
    items = dynamodb.scan(TableName=TABLE)["Items"]
    expiring = {item["pk"]["S"].partition("#")[0] for item in items if "expires_at" in item}
    assert expiring == {"PIPELINE", "ACCOUNT"}
    assert len(items) == 6


def test_of_ten_at_once_for_one_incident_one_wins_and_one_is_paid_for(dynamodb: Any) -> None:
    client = OneAtATime(dynamodb)
    intents = [an_action(intended_at=NOON + timedelta(seconds=n)) for n in range(10)]
    intend = DynamoActions(client, TABLE).intend
    results = at_once(partial(intend, intent, LINEAGE, AMPLE) for intent in intents)
    assert len(set(results)) == 1
    assert results[0] in intents
    assert DynamoActions(client, TABLE).spent(LINEAGE, NOON) == Spent(1, 1, 1)


def test_of_ten_incidents_at_once_exactly_as_many_act_as_the_budget_allows(dynamodb: Any) -> None:
    client = OneAtATime(dynamodb)
    intents = [an_action(f"i-{n}") for n in range(10)]
    budget = Budget(per_commit=3, per_pipeline_hour=9, per_account_day=9)
    intend = DynamoActions(client, TABLE).intend
    results = at_once(partial(intend, intent, LINEAGE, Limits(budget)) for intent in intents)
    acting = [result for result in results if isinstance(result, Action)]
    stored = [DynamoActions(client, TABLE).of_incident(intent.incident_id) for intent in intents]
    assert len(acting) == 3
    assert [action for action in stored if action] == acting
    assert DynamoActions(client, TABLE).spent(LINEAGE, NOON) == Spent(3, 3, 3)


def test_a_finished_action_names_its_run_and_the_run_its_incident(dynamodb: Any) -> None:
    actions = DynamoActions(dynamodb, TABLE)
    actions.intend(an_action(), LINEAGE, AMPLE)
    started = an_action(status=ActionStatus.STARTED, new_run_id="shop:2")
    actions.finish(started)
    actions.finish(started)
    assert actions.of_incident("i-1") == started
    assert actions.incident_of_run("shop:2") == "i-1"
    assert actions.incident_of_run("shop:1") == ""


def test_after_a_crash_between_intent_and_end_the_intent_is_found_and_can_be_finished(dynamodb: Any) -> None:
    DynamoActions(dynamodb, TABLE).intend(an_action(), LINEAGE, AMPLE)
    survivor = DynamoActions(dynamodb, TABLE)
    found = survivor.intend(an_action(intended_at=NOON + timedelta(minutes=9)), LINEAGE, AMPLE)
    assert found == an_action()
    survivor.finish(replace(found, status=ActionStatus.DONE))
    assert survivor.of_incident("i-1") == an_action(status=ActionStatus.DONE)
    assert survivor.spent(LINEAGE, NOON) == Spent(1, 1, 1)


def test_an_action_ends_once(dynamodb: Any) -> None:
    actions = DynamoActions(dynamodb, TABLE)
    actions.intend(an_action(), LINEAGE, AMPLE)
    refused = an_action(status=ActionStatus.REFUSED, reason="superseded")
    actions.finish(refused)
    with pytest.raises(RequestRejected, match="is refused already"):
        actions.finish(an_action(status=ActionStatus.STARTED, new_run_id="shop:2"))
    assert actions.of_incident("i-1") == refused
    assert actions.incident_of_run("shop:2") == ""


def test_nothing_ends_that_was_never_intended(dynamodb: Any) -> None:
    with pytest.raises(RequestRejected, match="no action"):
        DynamoActions(dynamodb, TABLE).finish(an_action(status=ActionStatus.DONE))
    assert dynamodb.scan(TableName=TABLE)["Items"] == []


def cancelled(stubber: Stubber, *codes: str) -> None:
    stubber.add_client_error(
        "transact_write_items",
        "TransactionCanceledException",
        modeled_fields={"CancellationReasons": [{"Code": code} for code in codes]},
    )


def test_a_conflict_over_a_counter_is_worth_another_attempt_and_no_refusal(scripted: Scripted) -> None:
    client, stubber = scripted("dynamodb")
    cancelled(stubber, "None", "TransactionConflict", "None", "None", "None", "None")
    for _ in range(6):
        stubber.add_response("get_item", {})
    with pytest.raises(Throttled, match="same budget"):
        DynamoActions(client, TABLE).intend(an_action(), LINEAGE, AMPLE)


def test_a_table_that_may_not_be_written_is_no_spent_budget(scripted: Scripted) -> None:
    client, stubber = scripted("dynamodb")
    stubber.add_client_error("transact_write_items", "AccessDeniedException", "not authorized", 403)
    with pytest.raises(RequestRejected, match="not authorized"):
        DynamoActions(client, TABLE).intend(an_action(), LINEAGE, AMPLE)


def test_a_run_belongs_to_the_incident_that_claimed_it_first(dynamodb: Any) -> None:
    store = DynamoActions(dynamodb, TABLE)
    for incident in ("i-1", "i-2"):
        store.intend(an_action(incident), LINEAGE, AMPLE)
    first = an_action("i-1", status=ActionStatus.STARTED, new_run_id="shop:2")
    store.finish(first)
    store.finish(first)
    with pytest.raises(Throttled):
        store.finish(an_action("i-2", status=ActionStatus.STARTED, new_run_id="shop:2"))
    assert store.incident_of_run("shop:2") == "i-1"
