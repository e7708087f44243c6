"""The cache that builds of a project share."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.devtools.cache import BuildCache, cached_files


def tree(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    return root


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (".cache/**/*", {".cache/a", ".cache/deep/b"}),
        (".cache", {".cache/a", ".cache/deep/b"}),
        ("*/a", {".cache/a", "src/a"}),
        ("{root}/src/*", {"src/a"}),
        ("../outside", set()),
        ("/etc/hostname", set()),
        (".", set()),
    ],
)
def test_patterns_name_files_of_the_build_only(tmp_path: Path, pattern: str, expected: set[str]) -> None:
    root = tree(tmp_path / "build", ".cache/a", ".cache/deep/b", "src/a")
    tree(tmp_path, "outside")
    found = cached_files(root, [pattern.format(root=root)])
    assert {str(file.relative_to(root)) for file in found} == expected


def test_what_is_saved_comes_back_with_its_links(tmp_path: Path) -> None:
    cache, first, second = BuildCache(tmp_path / "cache"), tmp_path / "first", tmp_path / "second"
    tree(first, ".cache/a", "src/b")
    (first / ".cache" / "link").symlink_to("a")
    second.mkdir()
    assert cache.save("shop", first, [".cache"]) == 2
    assert cache.restore("shop", second)
    assert (second / ".cache" / "link").read_text() == ".cache/a"
    assert not (second / "src").exists()


def test_a_save_replaces_what_was_kept(tmp_path: Path) -> None:
    cache, target = BuildCache(tmp_path / "cache"), tmp_path / "target"
    cache.save("shop", tree(tmp_path / "first", "old"), ["*"])
    cache.save("shop", tree(tmp_path / "second", "new"), ["*"])
    cache.restore("shop", target)
    assert [file.name for file in target.iterdir()] == ["new"]


def test_projects_do_not_share_and_a_dropped_cache_is_gone(tmp_path: Path) -> None:
    cache = BuildCache(tmp_path / "cache")
    cache.save("shop", tree(tmp_path / "build", "a"), ["*"])
    assert not cache.restore("bank", tmp_path / "other")
    cache.drop("shop")
    assert not cache.restore("shop", tmp_path / "other")
