"""Refusals of Theatrum: each one a sentence that a surgeon can act on, with the facts behind it."""

from typing import Any, ClassVar


class TwinError(Exception):
    """The root of every refusal. `code` is stable, `message` is for people, `facts` is for logs."""

    code: ClassVar[str] = "twin"

    def __init__(self, message: str, **facts: Any) -> None:
        super().__init__(message)
        self.message = message
        self.facts = facts

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.message, self.facts)

    def wire(self) -> dict[str, Any]:
        """The refusal as JSON-ready values: code, message, facts."""
        return {"code": self.code, "message": self.message, "facts": self.facts}


class GeometryError(TwinError, ValueError):
    """A shape, frame or number that cannot exist in a body."""

    code = "anatomy.geometry"


class ReadError(TwinError, OSError):
    """A file that cannot be read as what it claims to be."""

    code = "anatomy.read"

    def __str__(self) -> str:
        return self.message


class Question(ReadError):
    """A file that could be read in two ways; `facts["flag"]` names the answer that settles it."""

    code = "anatomy.question"


class WriteError(TwinError, OSError):
    """A file that could not be written whole; nothing of it is left behind."""

    code = "anatomy.write"

    def __str__(self) -> str:
        return self.message


class TermError(TwinError, LookupError):
    """A structure, scheme or code that the term table does not hold."""

    code = "anatomy.term"

    def __str__(self) -> str:
        return self.message


class Cancelled(TwinError):
    """The person who asked for the work called it off."""

    code = "anatomy.cancelled"


def _rebuild(kind: type[TwinError], message: str, facts: dict[str, Any]) -> TwinError:
    return kind(message, **facts)
