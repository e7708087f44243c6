"""The suggestion without a model: what such a cause means, where the proof is, what to do, what the remedy does.

It does not repeat the finding: wherever a suggestion is shown, the diagnosis stands right above it.
"""

from selfheal.domain.choice import NOTIFY
from selfheal.domain.diagnosis import ALARM, SCORE, Diagnosis
from selfheal.domain.remedy import Remedy
from selfheal.suggest.advice import ADVICE, HARMS_USERS, ODD_BUT_PASSED, SUSPECTS

MAX_PROOF = 3
BY_SOURCE = {SCORE: ODD_BUT_PASSED, ALARM: HARMS_USERS}


def explain(diagnosis: Diagnosis, remedy: Remedy) -> str:
    """An explanation good enough to act on, in plain sentences."""
    advice = BY_SOURCE.get(diagnosis.source, ADVICE[diagnosis.cause])
    sentences = (advice.means, _where(diagnosis), SUSPECTS[diagnosis.suspect], advice.do, _proposal(remedy))
    return " ".join(filter(None, sentences))


def proof(diagnosis: Diagnosis) -> tuple[str, ...]:
    """The first lines of the evidence, as a model would quote them."""
    return tuple(line.text for line in diagnosis.evidence[:MAX_PROOF])


def _where(diagnosis: Diagnosis) -> str:
    numbers = [str(line.line) for line in diagnosis.evidence if line.line]
    if diagnosis.source in BY_SOURCE:
        return ""
    if numbers:
        return f"See line {numbers[0]} of the log." if len(numbers) == 1 else _see_lines(numbers)
    return (
        "AWS itself says so, apart from the log."
        if diagnosis.evidence
        else "There is no log line to show for it."
    )


def _see_lines(numbers: list[str]) -> str:
    shown = numbers[:MAX_PROOF]
    return f"See lines {', '.join(shown[:-1])} and {shown[-1]} of the log."


def _proposal(remedy: Remedy) -> str:
    if remedy.id == NOTIFY:
        return "Selfheal repeats nothing here."
    return f"Selfheal proposes to {remedy.summary} ({remedy.id})."
