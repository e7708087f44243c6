"""Log text made plain: no terminal codes, no invisible characters, no overwritten progress output."""

import re
import unicodedata

# Only what build tools write: control sequences have no intermediate bytes, a title holds no key block.
_ESCAPES = re.compile(
    r"\x1b\](?:(?!-----BEGIN)[^\x07\x1b]){0,2048}(?:\x07|\x1b\\)"
    r"|(?:\x1b\[|\x9b)[0-?]{0,64}[@-~]"
    r"|\x1b[()*+][0-9A-Za-z]"
    r"|\x1b[@-Z\\-_]"
)
_PARAMETERS = re.compile(r"(\x1b\[|\x9b)[0-?]{1,64}(?=[@-~])")
_LINE_BREAKS = re.compile(r"[\x0b\x0c\x85\u2028\u2029]")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Cn", "Co", "Cs"})


class _Visible(dict[int, str | None]):
    """A table for ``str.translate`` that learns each character's fate when it first meets it."""

    def __missing__(self, code: int) -> str | None:
        char = chr(code)
        self[code] = char if char == "\t" or _is_visible(char) else None
        return self[code]


_VISIBLE = _Visible()

# Stamps (Jenkins puts two spaces after its own), step marks, and whose output a line is where several speak: Docker
# Compose's services, GitLab's stream numbers, CloudWatch's log streams, Kubernetes' pods, the packages of Turborepo,
# pnpm, Lerna and Yarn, the job and step of GitHub's CLI. Not what only the log as a whole can tell (speakers.py): a
# number in brackets may be the code of an error (libcurl's [35]).
_TASK = (
    r"(?:build|bundle|check|compile|deploy|dev|e2e|format|lint|prepare|start|test|type-?check|unit|verify)"
)
_PREFIX = re.compile(
    r"^(?:[^\t]{1,100}\t[^\t]{1,100}\t(?=\d{4}-\d{2}-\d{2}T))?"
    r"(?:\s{0,8}(?:"
    r"\[Container\]|\[task|\[INFO\]|#\d{1,5}(?=\s{1,8}\d{1,6}\.\d)"
    r"|\[?\d{4}[-/]\d{2}[-/]\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?(?:Z|[+-]\d{2}:?\d{2})?\]?"
    r"|(?<=Z )[0-9a-f]{2}[OE](?=[\s+]|$)\+?"
    r"|(?<=\+00:00 )(?:[\w.-]{1,100}/){0,6}(?:\[[$\w]{1,10}\])?[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}"
    r"|(?:[IWEF]\d{4} )?\[?\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?\]?"
    r"|[A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2}"
    r"|\d{1,6}\.\d{1,6}(?=\s)"
    r"|[A-Za-z0-9][\w.-]{0,62}[-_]\d{1,3} {1,40}\|(?! {0,2}(?:PASS|FAIL|SKIP) \|)"
    r"|(?:@[\w.-]{1,64}/)?[\w.-]{1,64}:" + _TASK + r"(?::[\w.-]{1,32})?:"
    r"|[\w@.-]{1,64}(?:/[\w@.-]{1,64}){1,4} " + _TASK + r"(?::[\w.-]{1,32})?:"
    r"|\[?@[\w.-]{1,64}/[\w.-]{1,64}\]?:|\[pod/[^\]\s]{1,200}\]"
    r")(?:(?<=[OE]\+)|(?=\s|$))){1,6}(?:(?<=:\d\d)  (?! )|(?<![OE]\+)\s)?"
)
# An event of CloudWatch Logs as the AWS CLI prints it with --output text: what stands before and after its message.
_EVENT = re.compile(r"^EVENTS\t(?:\d{13}|[^\t]{20,64}\t\d{13}\t[^\t]{1,512})\t|\t\d{13}$")


def clean(text: str) -> str:
    """The text as a terminal would leave it, NFKC, one output line per input line. Idempotent."""
    return "\n".join(clean_line(line) for line in text.split("\n"))


def last_overwrite(line: str) -> str:
    """What stays on screen after carriage returns, codes and all: the last segment that shows something."""
    if "\r" not in line:
        return line
    return next((part for part in reversed(line.split("\r")) if _ESCAPES.sub("", part).strip()), "")


def without_parameters(line: str) -> str:
    """Every control sequence cut to its introducer and its last byte: ``ESC[0;31m`` becomes ``ESC[m``."""
    return _PARAMETERS.sub(r"\1", line)


def without_prefix(line: str) -> str:
    """The line without what CI systems put before it: timestamps, step marks, whose output it is."""
    if line.startswith(("EVENTS\t", "\t1")):
        line = _EVENT.sub("", line)
    return _PREFIX.sub("", line, count=1)


def clean_line(line: str) -> str:
    """One line of ``clean``."""
    if line.isascii() and line.replace("\t", " ").isprintable():
        return line
    line = _LINE_BREAKS.sub(" ", _ESCAPES.sub("", last_overwrite(line)))
    if line.isascii():
        return _CONTROL.sub("", line)
    line = line.translate(_VISIBLE)
    if unicodedata.is_normalized("NFKC", line):
        return line
    return unicodedata.normalize("NFKC", line).translate(_VISIBLE)


def _is_visible(char: str) -> bool:
    if "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef":
        return False
    return unicodedata.category(char) not in _INVISIBLE_CATEGORIES
