"""Data that ships with Theatrum, found by name."""

from importlib.resources import files
from pathlib import Path


def path(name: str) -> Path:
    """The file or folder `name` below `assets/`; raises FileNotFoundError if it is not shipped."""
    found = Path(str(files(__name__))) / name
    if not found.exists():
        raise FileNotFoundError(f"Theatrum ships no asset named {name}.")
    return found
