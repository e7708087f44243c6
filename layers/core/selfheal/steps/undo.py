"""undo: take back an action that made things worse, where its remedy can be taken back by itself."""

from collections.abc import Callable

from selfheal.domain.action import Action
from selfheal.domain.errors import ActionRefused, RequestRejected
from selfheal.domain.run import Run
from selfheal.remedies.registry import remedy_module, undo_of
from selfheal.remedy_ports import Tools

TAKEN_BACK = "it was taken back"


def undone(action: Action, run: Run, tools: Tools, check: Callable[[], None]) -> str:
    """Take it back after a last ``check``; gives what came of that, for people. The same again changes nothing more."""
    remedy, take_back = remedy_module(action.remedy), undo_of(action.remedy)
    if take_back is None:
        return f"{action.remedy} takes nothing back by itself; {remedy.REMEDY.undo}"
    try:
        plan = remedy.plan(run, tools)
        check()
        take_back(plan, run, tools)
    except (ActionRefused, RequestRejected) as refusal:
        return f"it could not be taken back: {refusal}"
    return TAKEN_BACK
