import io
import zipfile
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from local.dependencies import (
    WARMING_SECONDS,
    WHEEL,
    WINDOW_SECONDS,
    Drowsy,
    Interrupted,
    RateLimited,
    Warming,
    provide,
    serve,
    wheel,
)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_the_first_request_waits_for_the_warming_and_later_ones_do_not() -> None:
    clock = Clock()
    warming = Warming(clock, clock.sleep)
    assert b"mug" in warming.reply("/stock/mug").body
    assert clock.now == pytest.approx(100 + WARMING_SECONDS)
    warming.reply("/stock/mug")
    assert clock.now == pytest.approx(100 + WARMING_SECONDS)


def test_warming_starts_with_the_first_request_only() -> None:
    clock = Clock()
    warming = Warming(clock, clock.sleep)
    warming.reply("/stock/a")
    clock.now += 50
    before = clock.now
    warming.reply("/stock/b")
    assert clock.now == before


def test_every_second_request_finds_the_drowsy_one_asleep() -> None:
    clock = Clock()
    drowsy, waits = Drowsy(clock.sleep), []
    for _ in range(4):
        before = clock.now
        assert b"mug" in drowsy.reply("/stock/mug").body
        waits.append(clock.now > before)
    assert waits == [True, False, True, False]


def test_the_index_refuses_until_its_window_ends_and_says_when() -> None:
    clock = Clock()
    index = RateLimited(clock)
    refused = index.reply(f"/files/{WHEEL}")
    assert refused.status == 429
    assert int(refused.headers["Retry-After"]) >= WINDOW_SECONDS
    clock.now += WINDOW_SECONDS
    assert index.reply(f"/files/{WHEEL}").status == 200


def test_the_index_page_is_never_limited() -> None:
    assert RateLimited(Clock()).reply("/simple/shop-money/").status == 200


def test_exactly_one_download_is_cut() -> None:
    mirror = Interrupted()
    sizes = [len(mirror.reply(f"/{WHEEL}").body) for _ in range(4)]
    whole = len(wheel())
    assert sizes == [whole, whole // 2, whole, whole]


def test_the_wheel_is_a_whole_archive_and_half_of_it_is_none() -> None:
    assert zipfile.ZipFile(io.BytesIO(wheel())).testzip() is None
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(io.BytesIO(wheel()[: len(wheel()) // 2]))


def test_a_dependency_is_served_and_then_gone() -> None:
    with serve("rate_limited") as url:
        assert WHEEL in urlopen(f"{url}/simple/shop-money/").read().decode()
        with pytest.raises(HTTPError, match="429"):
            urlopen(f"{url}/files/{WHEEL}")
    with pytest.raises(OSError):
        urlopen(url)


def test_a_locked_directory_has_the_lock_of_somebody_who_is_gone() -> None:
    with provide("locked") as directory:
        assert (Path(directory) / "plan.lock").read_text() == "held by job 4711\n"
    assert not Path(directory).exists()


def test_everything_else_is_a_server() -> None:
    with provide("warming") as url, urlopen(f"{url}/stock/mug") as reply:
        assert reply.status == 200
