"""The result of a scenario: what happened, and where it differs from the ground truth."""

from collections.abc import Sequence
from dataclasses import dataclass

from local.scenario import Scenario
from local.story import Story
from local.subject import Counts

NOTHING_RAN = Counts()


@dataclass(frozen=True, slots=True)
class Result:
    """``seconds``: incident opened to outcome; ``reaction_seconds``: the run's end to the action under way;
    ``oddity``: what was odd about a run that passed.

    ``differences`` names, in words, everything that is not as the ground truth says.
    """

    name: str
    title: str
    incident_id: str = ""
    cause: str = ""
    decision: str = ""
    action: str = ""
    answer: str = ""
    outcome: str = ""
    seconds: float | None = None
    reaction_seconds: float | None = None
    counts: Counts = NOTHING_RAN
    oddity: str = ""
    differences: Sequence[str] = ()

    @property
    def as_expected(self) -> bool:
        """Whether everything is as the ground truth says."""
        return not self.differences


def judge(
    scenario: Scenario,
    story: Story,
    *,
    incident_id: str,
    ended_at: float,
    counts: Counts,
    more: Sequence[str],
) -> Result:
    """Compare a finished story with the scenario's ground truth.

    ``ended_at`` is when the run in question ended, ``counts`` says how many runs there were in all, ``more`` are
    differences found on the way.
    """
    return Result(
        name=scenario.name,
        title=scenario.title,
        incident_id=incident_id,
        cause=story.cause,
        decision=story.decision,
        action=story.action,
        answer=story.answer,
        outcome=story.outcome,
        seconds=story.seconds,
        reaction_seconds=None if story.acted_at is None else round(story.acted_at - ended_at, 3),
        counts=counts,
        oddity=story.oddity,
        differences=[*differences(scenario, story, counts), *more],
    )


def stuck(scenario: Scenario, incident_id: str, story: Story, reason: str) -> Result:
    """The result of a scenario that did not reach its end: what is known so far, and why it ended."""
    return Result(
        scenario.name,
        scenario.title,
        incident_id,
        story.cause,
        story.decision,
        story.action,
        story.answer,
        story.outcome,
        story.seconds,
        differences=[reason],
    )


def differences(scenario: Scenario, story: Story, counts: Counts) -> list[str]:
    """Everything in the story that is not as the ground truth says."""
    truth = scenario.truth
    facts = ["kind", "cause", "decision", "action", "answer", "outcome", "shift"]
    facts += [fact for fact in ("blame", "detector") if getattr(truth, fact)]
    found = [
        f"{fact} is {_said(getattr(story, fact))}, expected {getattr(truth, fact)}{_why(fact, story)}"
        for fact in facts
        if getattr(story, fact) != getattr(truth, fact)
    ]
    if counts.builds != truth.builds:
        found.append(f"there were {counts.builds} builds, expected {truth.builds}")
    if counts.deployments != truth.deployments:
        found.append(f"there were {counts.deployments} deployments, expected {truth.deployments}")
    evidence = "\n".join(story.evidence)
    found += [f"the evidence does not hold {text!r}" for text in truth.evidence if text not in evidence]
    found += [f"the summary does not name {text!r}" for text in truth.summary if text not in story.summary]
    found += [f"the reason does not name {text!r}" for text in truth.reason if text not in story.reason]
    return found


def _why(fact: str, story: Story) -> str:
    """Only an outcome comes with its reason: that the stack was paused, say, which explains all the rest."""
    return f": {story.reason}" if fact == "outcome" and story.reason else ""


def _said(value: object) -> object:
    return "missing" if value == "" else value
