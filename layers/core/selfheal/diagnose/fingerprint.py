"""Fingerprints: equal for equal failures, whatever run, time, host or temporary folder they came from."""

import hashlib
import re

from selfheal.diagnose.clean import without_prefix
from selfheal.domain.diagnosis import Cause

# Where build systems check out the source: CodeBuild, GitHub, Azure, GitLab, Jenkins, CircleCI, Travis, Bitbucket,
# Buildkite, Cloud Build. What is below it is the project's own, and the same on every machine.
_NAME = r"[\w.@-]{1,100}"
_ROOT = re.compile(
    r"(?<![\w/\\.-])(?:file:///?)?(?:"
    r"(?:/tmp)?/codebuild/output/src\d{1,12}/src(?:/(?:github\.com|bitbucket\.org)/N/N|/git-codecommit\.N/v1/repos/N)?"
    r"|(?:/(?:home|Users)/runner/work|/__w|(?:/N){0,4}/_work)/N/N"
    r"|[A-Za-z]:[/\\]a[/\\](N)[/\\]\1"
    r"|(?:[A-Za-z]:[/\\]a|/home/vsts/work)[/\\]\d{1,4}[/\\]s"
    r"|(?:/home/gitlab-runner|/Users/N)?/builds/(?:[\w-]{8,12}/\d{1,3}/)?N/N"
    r"|(?:[A-Za-z]:)?(?:[/\\]N){0,3}[/\\][\w.-]{0,32}(?i:jenkins)[\w.-]{0,32}(?:[/\\]N){0,2}[/\\]workspace[/\\]N"
    r"|/home/circleci/project|/home/travis/build/N/N|/opt/atlassian/pipelines/agent/build"
    r"|/var/lib/buildkite-agent/builds/N/N/N|(?:/github)?/workspace"
    r")[/\\]".replace("N", _NAME)
)
_VARYING = (
    (_ROOT, ""),
    (
        re.compile(r"(?:/tmp|/var/folders|/codebuild/output|/private/tmp|\\Temp)[/\\][^\s:'\"]{0,512}[/\\]"),
        "<tmp>/",
    ),
    (re.compile(r"(?:/tmp|/var/folders|/private/tmp)/[^\s:'\"]{1,512}"), "<tmp>"),
    # AWS names the request that failed; Kubernetes ends the names of pods with random letters, none a vowel.
    (
        re.compile(r"(?i)\b(request ?(?:id|token)|host ?id|trace ?id)([:=]\s{0,4}|\s)[\w+/=:-]{4,256}"),
        r"\1 <id>",
    ),
    (re.compile(r"-[b-df-hj-np-tv-xz0-9]{5,10}-[b-df-hj-np-tv-xz0-9]{5}\b"), "-<id>"),
    (re.compile(r"\[redacted:[a-z-]{1,24}#\d{1,9}\]"), "<redacted>"),
    (re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"), "<id>"),
    (re.compile(r"\b(?:0x[0-9a-fA-F]{1,32}|(?=[0-9a-f]{0,63}\d)(?=\d{0,63}[a-f])[0-9a-f]{7,64})\b"), "<hex>"),
    (re.compile(r"\d{1,64}(?:[.,:]\d{1,64}){0,8}"), "<n>"),
    (re.compile(r"\s{1,256}"), " "),
)


def shape(line: str) -> str:
    """The line without what varies from run to run: prefixes, numbers, times, ids, temporary paths."""
    line = without_prefix(line)
    for regex, word in _VARYING:
        line = regex.sub(word, line)
    return line.strip()


def fingerprint(cause: Cause, source: str, key: str) -> str:
    """16 hex digits from the cause, what decided it and the shape of the line or test that proves it."""
    return hashlib.sha256("\n".join((cause, source, shape(key))).encode()).hexdigest()[:16]
