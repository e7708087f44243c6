"""What Bedrock costs per 1,000 incidents: real prompts of labelled logs, and the price table.

    python tests/bench/bench_model_cost.py [--tokenizer FILE]

For every log of a failed run in ``ci-logs/failed.jsonl`` (folder SELFHEAL_DATA or ../shared/data) the request is
made that the deployed stack would send, and its characters are counted: instructions, evidence, schema. No model's
own tokenizer can be had here, so tokens are an estimate between two bounds, by characters per token. FILE is a
``tokenizer.json`` to count with instead (it needs the package ``tokenizers``); that is how the estimate was set.
No model answers here either: the answer's size is that of the catalogue's suggestion for the same incident
with its quotes, and at most what a request allows.
"""

import argparse
import importlib
import json
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "layers/core")]

from selfheal.adapters.converse import OVERHEAD_TOKENS, most_tokens, request_of  # noqa: E402
from selfheal.diagnose.offline import diagnose_log  # noqa: E402
from selfheal.diagnose.redact import Redactor  # noqa: E402
from selfheal.domain.choice import applicable  # noqa: E402
from selfheal.domain.conversation import Question, Usage  # noqa: E402
from selfheal.remedies.registry import catalogue  # noqa: E402
from selfheal.suggest.models import answer_tokens, modes  # noqa: E402
from selfheal.suggest.prices import price_table  # noqa: E402
from selfheal.suggest.prompt import INSTRUCTIONS, VERSION, evidence_block  # noqa: E402
from selfheal.suggest.schema import reply_schema  # noqa: E402
from selfheal.suggest.suggest import Suggester, random_nonce  # noqa: E402
from selfheal.testing.memory import MemoryTokenBudget  # noqa: E402
from tests.bench.diagnosis.rows import folder, read  # noqa: E402

MODEL = "global.anthropic.claude-haiku-5-5"
# Characters per token: many tokens, the estimate, few tokens.
DENSE, ESTIMATED, SPARSE = 2.0, 2.8, 4.5
# What a service adds to a request with a tool, in tokens, by estimate; between nothing and what is charged for it.
TOOL_WORDS = 350
INCIDENTS = 1000


@dataclass(frozen=True, slots=True)
class Incident:
    """The texts of one incident's call, and what is charged for it beforehand."""

    sent: str
    answered: str
    charged: int


def incident(text: str) -> Incident:
    """The call for one log."""
    diagnosis = diagnose_log(text)
    allowed = applicable(diagnosis, catalogue())
    evidence = evidence_block(diagnosis, allowed, random_nonce())
    schema = reply_schema([remedy.id for remedy in allowed])
    question = Question("0123456789abcdef", VERSION, INSTRUCTIONS, evidence, schema)
    said = Suggester(None, MemoryTokenBudget(), Redactor()).suggest("bench", diagnosis, allowed)
    answer = {"remedy": said.remedy, "explanation": said.explanation, "quotes": list(said.quotes)}
    charged = most_tokens(request_of(MODEL, modes(MODEL)[0], question))
    return Incident(INSTRUCTIONS + evidence + json.dumps(schema), json.dumps(answer), charged)


def by_characters(per_token: float) -> Callable[[str], int]:
    """A counter that knows only how long a text is."""
    return lambda text: round(len(text) / per_token)


def by_tokenizer(path: Path) -> Callable[[str], int]:
    """A counter that really splits the text."""
    tokenizer = importlib.import_module("tokenizers").Tokenizer.from_file(str(path))
    return lambda text: len(tokenizer.encode(text).ids)


def bill(model_id: str, usages: Sequence[Usage]) -> float:
    """What 1,000 such calls cost, in US dollars."""
    price = price_table().price(model_id)
    assert price is not None
    return INCIDENTS * statistics.mean(price.of(usage) for usage in usages)


def usages(
    incidents: Sequence[Incident], count: Callable[[str], int], added: int, shortest_answer: int = 0
) -> list[Usage]:
    """The tokens of every call; ``added`` come with each request, no answer is shorter than ``shortest_answer``."""
    return [Usage(MODEL, count(i.sent) + added, max(shortest_answer, count(i.answered))) for i in incidents]


def percentiles(values: Sequence[int]) -> str:
    """Median, 95th percentile and largest."""
    ordered = sorted(values)
    return f"median {ordered[len(ordered) // 2]:,}, p95 {ordered[int(0.95 * len(ordered))]:,}, max {ordered[-1]:,}"


def main() -> None:
    """Print sizes, then the bill for each priced model."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tokenizer", type=Path)
    counter = parser.parse_args().tokenizer
    logs = folder()
    if not (logs / "failed.jsonl").exists():
        print(f"skipped: no labelled logs in {logs} (set SELFHEAL_DATA)")
        return
    incidents = [incident(row["text"]) for row in read("failed.jsonl")]
    count = by_tokenizer(counter) if counter else by_characters(ESTIMATED)
    typical = usages(incidents, count, TOOL_WORDS)
    characters = sum(len(i.sent) + len(i.answered) for i in incidents)
    tokens = sum(count(i.sent) + count(i.answered) for i in incidents)
    print(f"{len(incidents)} incidents, prompt {VERSION}, prices as of {price_table().as_of}")
    print(f"characters sent: {percentiles([len(i.sent) for i in incidents])}")
    print(f"charged before the call: {percentiles([i.charged for i in incidents])}")
    print(f"input tokens: {percentiles([u.input_tokens for u in typical])}")
    print(f"output tokens: {percentiles([u.output_tokens for u in typical])}")
    print(f"characters per token: {characters / tokens:.2f} ({counter.name if counter else 'assumed'})")
    fewest = usages(incidents, by_characters(SPARSE), 0)
    print(f"\n{'US dollars per 1,000 incidents':36}{'least':>8}{'typical':>9}{'most':>8}")
    for prefix, *_ in price_table().models:
        for geography in ("global.", ""):
            model = geography + prefix
            longest = answer_tokens(model, modes(model)[0])
            most = usages(incidents, by_characters(DENSE), OVERHEAD_TOKENS, longest)
            low, middle, high = bill(model, fewest), bill(model, typical), bill(model, most)
            print(f"{geography + prefix:36}{low:8.2f}{middle:9.2f}{high:8.2f}")


if __name__ == "__main__":
    main()
