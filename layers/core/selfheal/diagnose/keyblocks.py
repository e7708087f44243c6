"""Private key blocks: many lines of which only the first says what they are."""

from collections.abc import Callable, Iterable, Iterator

from selfheal.diagnose.clean import without_prefix
from selfheal.diagnose.linear import compiled

_MARK = "-----"
_BEGIN = compiled(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----")
_END = compiled(r"-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----")
_BODY = compiled(
    r"^[\s|>+*#\"'-]{0,16}(?:[A-Za-z0-9+/=]{1,128}(?:\\n)?|[A-Za-z-]{1,32}: [^\n]*)?[\"',\\+]*\s*$"
    r"|\s[A-Za-z0-9+/=]{40,}\s*$"
)


def hide_key_blocks(lines: Iterable[str], placeholder: Callable[[str], str]) -> Iterator[str]:
    """The lines without private key blocks, on one line or over many, ended or not; as many lines as before.

    ``placeholder`` gives what stands for a block whose first line is the argument.
    """
    inside = ""
    for line in lines:
        if not inside and _MARK not in line:
            yield line
            continue
        begin = _BEGIN.search(line)
        if begin is None and inside and not _is_body(line):
            inside = ""
        if begin is None and not inside:
            yield line
            continue
        inside = inside or placeholder(line)
        end = _END.search(line, begin.end() if begin else 0)
        rest = line[end.end() :] if end else ""
        yield (line[: begin.start()] if begin else "") + inside + ("" if _BEGIN.search(rest) else rest)
        if end:
            inside = ""


def _is_body(line: str) -> bool:
    return _END.search(line) is not None or _BODY.search(without_prefix(line)) is not None
