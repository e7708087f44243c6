"""Text that no chat or mail client acts on: nothing to click, nobody mentioned, no markup."""

import re

_SCHEME = r"\b(?:https?|ftps?|wss?|file|data|javascript|vbscript|mailto|ssh|slack|tel)"
_LINK = re.compile(rf"(?i)(?:{_SCHEME}\s{{0,2}}:|\bwww\.)\S{{0,2048}}")
_MARKUP = str.maketrans({"<": "(", ">": ")", "`": "'", "@": "(at)", "[": "(", "]": ")"})

_COLON = re.compile(rf"(?i)({_SCHEME}):(?=\S)")
# A host is linked when it stands behind "//" or "www.", or when a path follows it.
_HOST = re.compile(
    r"(?i)(?<=//)[a-z0-9_.:@-]{1,253}"
    r"|\bwww\.[a-z0-9.-]{1,253}"
    r"|\b(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24}(?=[/?#])"
)
_MENTION = re.compile(r"@(?=\w)")
_TAG = re.compile(r"<(?=[A-Za-z/!@#?])")
_MARKDOWN = re.compile(r"\](?=[(\[:])")


def without_links(text: str) -> str:
    """For words that are worth nothing but their sense, such as a model's: links go, markup becomes punctuation."""
    return _LINK.sub("(link removed)", text).translate(_MARKUP)


def defanged(text: str) -> str:
    """For evidence, which must stay readable: ``https[:]//evil[.]example/x``, ``< script>``, ``(at)here``."""
    text = _HOST.sub(lambda host: host.group().replace(".", "[.]"), text)
    text = _MENTION.sub("(at)", _COLON.sub(r"\1[:]", text))
    return _MARKDOWN.sub("] ", _TAG.sub("< ", text))
