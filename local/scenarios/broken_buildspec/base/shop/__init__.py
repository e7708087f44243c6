"""Page titles."""


def title(name: str) -> str:
    """The title of a page."""
    return f"{name.strip().capitalize()} | Shop"
