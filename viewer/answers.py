"""Answers to the theatre's questions: where a ray meets the anatomy, how long a line is."""

from typing import Any

from twin.records import Case
from twin.repository import Repository


def pick(repository: Repository, case: Case, message: dict[str, Any]) -> dict[str, Any]:
    raise ValueError


def measure(case: Case, message: dict[str, Any]) -> dict[str, Any]:
    raise ValueError
