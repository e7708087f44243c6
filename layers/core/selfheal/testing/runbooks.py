"""Systems Manager Automation in memory, as far as remedies go."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass
class FakeRunbooks:
    """Runbooks: which documents were started with which parameters. A token is never forgotten."""

    started: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    tokens: dict[str, str] = field(default_factory=dict)

    def start(self, document: str, parameters: Mapping[str, str], token: str) -> str:
        """Runbooks."""
        if token not in self.tokens:
            self.started.append((document, parameters))
            self.tokens[token] = f"automation-{len(self.started)}"
        return self.tokens[token]
