import os
import signal

import pytest

from local.interrupts import ending_as_interrupt, uninterrupted


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_every_ending_signal_lets_finally_run(number: signal.Signals) -> None:
    cleaned = []
    with pytest.raises(KeyboardInterrupt), ending_as_interrupt():
        try:
            os.kill(os.getpid(), number)
        finally:
            cleaned.append(number)
    assert cleaned == [number]


def test_cleaning_up_is_not_interrupted() -> None:
    with ending_as_interrupt(), uninterrupted():
        os.kill(os.getpid(), signal.SIGTERM)


def test_handlers_are_put_back() -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with ending_as_interrupt():
            assert signal.getsignal(signal.SIGTERM) != signal.SIG_IGN
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)
