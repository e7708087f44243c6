"""Lines that build systems write around a failure: where it happened, not why."""

import re

from selfheal.diagnose.linear import compiled

FAILURE = re.compile(
    r"Command did not exit successfully"
    r"|Phase complete: [A-Z_]{3,24} (?:State: (?!SUCCEEDED)[A-Z_]{3,16}|Success: false)"
    r"|Phase context status code: [A-Z_]{3,64}"
    r"|^The command \".{0,4096}\" (?:exited with [1-9]|failed)"
    r"|^##\[error\]|^Build step '.{1,200}' marked build as failure|^ERROR: Job failed"
)
SUCCESS = re.compile(
    r"^Done\. Your build exited with 0|^Finished: SUCCESS|^Job succeeded"
    r"|Phase complete: (?:POST_BUILD|UPLOAD_ARTIFACTS|FINALIZING) (?:State: SUCCEEDED|Success: true)"
    r"|Successful task run with exit code: 0|^Cleaning up orphan processes"
)
"""What build systems write at the end of a run that passed."""
SUCCEEDED = compiled(
    r"^BUILD SUCCESSFUL|^(?:\[INFO\] )?BUILD SUCCESS\b|^Build (?:succeeded\.?$|(?:completed|finished) successfully)"
    r"|\*\* (?:BUILD|TEST) SUCCEEDED \*\*|^INFO: Build completed successfully|^\[success\] "
    r"|^=* ?\d+ passed(?:, \d+ (?:skipped|deselected|xfailed|xpassed|warnings?|rerun))* in \d"
    r"|^Tests:\s+(?:\d+ (?:skipped|todo), )*\d+ passed, \d+ total|^\s*Tests\s+\d+ passed \(\d+\)|^\s*\d+ passing\b"
    r"|^Ran all test suites|^OK \(\d+ tests?|^OK$|^test result: ok\.|^ok\s+\S+\s+(?:\d[\d.]*s|\(cached\))"
    r"|^\d+ (?:examples?|tests?), 0 failures|, 0 failures, 0 errors|^# fail 0$|^100% tests passed|^Result: PASS"
    r"|^Passed!\s+- Failed:\s+0|^Success: no issues found|^All (?:checks|tests) passed"
    r"|^Successfully (?:built|tagged|installed|published|deployed)\b|^(?:Done|✨\s+Done) in [\d.]+ ?m?s"
    r"|^\s*0 Error\(s\)|^Apply complete!|^\s*Finished `?\w+`? .{0,40}target\(s\) in|^Deployment (?:succeeded|complete)"
    r"|^Process (?:finished|completed) with exit code 0"
)
"""What tools write when they are done and all went well."""
CONSEQUENCE = re.compile(
    r"^(?:Done\. Your build exited with|Finished: FAILURE|\+ exit [1-9]|exit status [1-9])"
    r"|npm (?:ERR!|error)(?: A complete log of this run|\s{1,8}\S{1,200}-debug(?:-\d{1,3})?\.log|\s{0,8}$)"
)
CONTEXT = re.compile(
    r"Entering phase [A-Z_]{3,24}|Running command |Phase complete: |Phase context |^Step \d{1,4}/\d{1,4} :"
)
ERROR = re.compile(
    r"(?i:(?<![A-Za-z0-9])(?:error|fatal|fail(?:ed|ing|s|ures?)?|exception|panic(?:ked)?|denied|killed|cannot"
    r"|could ?n[o']t|unable to|not (?:found|ok)|timed out|traceback|refused|invalid|undefined|corrupt|mismatch"
    r"|unexpected|aborted|disconnected|exceeded|no such|unresolved|conflict|violations?|offenses?"
    r"|insufficient\w{0,8}|died|unavailable)(?![A-Za-z0-9]))"
    r"|(?:Error|Exception)\b|ERR!"
)
# One search in linear time that spares most lines the three above: what none of its words is in, none of them matches.
SIGNAL = compiled(
    r"Command did not exit|Phase co|The command \"|##\[error\]|Build step '|Entering phase|Running command|Step \d"
    r"|(?i:error|fatal|fail|exception|panic|denied|killed|cannot|could ?n[o']t|unable to|not (?:found|ok)|timed out"
    r"|traceback|refused|invalid|undefined|corrupt|mismatch|unexpected|aborted|disconnected|exceeded|no such"
    r"|unresolved|conflict|violation|offense|insufficient|died|unavailable)|ERR!"
)
