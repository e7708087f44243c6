"""Would a learned text classifier help the signatures? Scores one by grouped cross-validation.

``.venv-bench/bin/python tests/bench/text_classifier.py`` (``make .venv-bench/.ready`` first) trains logistic regression
and complement naive Bayes on hashed words and pairs of words of the lines around the failure, and compares: the
classifier alone, the signatures alone, and both (the classifier speaks where the signatures say ``unknown``, or where
they say that a test failed). A second table leaves out one CI platform at a time instead of one group.
"""

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "layers/core"))

import numpy as np

from selfheal.diagnose.clean import clean, without_prefix
from selfheal.diagnose.markers import ERROR, FAILURE
from selfheal.diagnose.offline import diagnose_log
from selfheal.domain.diagnosis import Cause
from tests.bench.diagnosis.figures import accuracy, macro_f1
from tests.bench.diagnosis.rows import Row, failed, folder

BUCKETS = 2**14
BEFORE, AFTER, ERRORS = 60, 8, 40
FOLDS = 10
SURE = 0.5
WORD = re.compile(r"[A-Za-z]{2,24}|\d+")

Predictions = list[tuple[str, float]]
"""For each row the most likely cause and its probability."""


def main() -> None:
    """Print the figures of classifier, signatures and both."""
    if not (folder() / "failed.jsonl").exists():
        print(f"skipped: no labelled logs in {folder()} (set SELFHEAL_DATA)")
        return
    rows = failed()
    want = [row.cause for row in rows]
    signatures = [str(diagnose_log(row.text).cause) for row in rows]
    print(
        "| left out | who | accuracy | macro-F1 | flaky tests found, and wrongly |\n| --- | --- | --- | --- | --- |"
    )
    show("-", "signatures", want, signatures)
    features = hashed([set(tokens(row.text)) for row in rows])
    for name, splits in (("a group", by_group(rows)), ("a platform", by_platform(rows))):
        for kind, model in (("logistic regression", logistic), ("naive Bayes", bayes)):
            predicted = cross_validated(features, want, splits, model)
            show(name, kind, want, [cause for cause, _ in predicted])
            show(name, f"signatures, else {kind}", want, filled(signatures, predicted))
            show(name, f"signatures, {kind} on failed tests", want, second_opinion(signatures, predicted))


def tokens(text: str) -> Iterator[str]:
    """Words and pairs of words of the lines before the first failure, and of lines that speak of an error."""
    lines = [without_prefix(line) for line in clean(text).split("\n")]
    failure = next((i for i, line in enumerate(lines) if FAILURE.search(line)), len(lines) - 1)
    near = set(range(max(0, failure - BEFORE), min(len(lines), failure + AFTER + 1)))
    near |= set([i for i, line in enumerate(lines) if ERROR.search(line)][:ERRORS])
    for index in sorted(near):
        words = ["<n>" if word.isdigit() else word.lower() for word in WORD.findall(lines[index])]
        yield from words
        yield from (f"{one}_{two}" for one, two in pairwise(words))


def hashed(rows: Sequence[set[str]]) -> Any:
    """One row of 0/1 counts per log, normalised."""
    from sklearn.feature_extraction import FeatureHasher
    from sklearn.preprocessing import normalize

    hasher = FeatureHasher(BUCKETS, input_type="string", alternate_sign=False)
    return normalize(hasher.transform([sorted(row) for row in rows]))


def logistic() -> Any:
    """Balanced logistic regression."""
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=10, max_iter=1000, class_weight="balanced")


def bayes() -> Any:
    """Complement naive Bayes."""
    from sklearn.naive_bayes import ComplementNB

    return ComplementNB(alpha=0.3)


def by_group(rows: Sequence[Row]) -> list[Any]:
    """Ten folds; near-duplicates stay together. Each is the rows that are left out."""
    from sklearn.model_selection import GroupKFold

    groups = [row.group for row in rows]
    return [left_out for _, left_out in GroupKFold(FOLDS).split(groups, groups=groups)]


def by_platform(rows: Sequence[Row]) -> list[Any]:
    """Each platform left out once."""
    platforms = np.array([row.platform for row in rows])
    return [np.flatnonzero(platforms == name) for name in sorted(set(platforms))]


def cross_validated(
    features: Any, want: Sequence[str], splits: list[Any], model: Callable[[], Any]
) -> Predictions:
    """Each row predicted by a model that has not seen its part."""
    labels = np.array(want)
    found: Predictions = [("", 0.0)] * len(want)
    for left_out in splits:
        learnt = np.setdiff1d(np.arange(len(want)), left_out)
        fitted = model().fit(features[learnt], labels[learnt])
        for row, chances in zip(left_out, fitted.predict_proba(features[left_out]), strict=True):
            found[row] = (str(fitted.classes_[chances.argmax()]), float(chances.max()))
    return found


def filled(signatures: Sequence[str], predicted: Predictions) -> list[str]:
    """The classifier where no signature speaks and it is sure."""
    pairs = zip(signatures, predicted, strict=True)
    return [p if s == Cause.UNKNOWN and sure >= SURE else s for s, (p, sure) in pairs]


def second_opinion(signatures: Sequence[str], predicted: Predictions) -> list[str]:
    """The classifier says which of the failed tests are flaky."""
    pairs = zip(signatures, predicted, strict=True)
    tests = (Cause.TEST_FAILURE, Cause.FLAKY_TEST)
    return [p if s in tests and p in tests else s for s, (p, _) in pairs]


def show(left_out: str, who: str, want: Sequence[str], got: Sequence[str]) -> None:
    """One line of the table."""
    named = [w for w, g in zip(want, got, strict=True) if g == Cause.FLAKY_TEST]
    flaky = f"{sum(w == Cause.FLAKY_TEST for w in named)}, {sum(w != Cause.FLAKY_TEST for w in named)}"
    print(f"| {left_out} | {who} | {accuracy(want, got):.3f} | {macro_f1(want, got):.3f} | {flaky} |")


if __name__ == "__main__":
    main()
