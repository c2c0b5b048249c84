"""A code and the values that belong to it. It is put into words only where a person reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from os import PathLike, fspath


@dataclass(frozen=True)
class Message:
    """What is to be said, in no language.

    code    "room.what_happened": a row of every table of words
    fields  what fills the gaps of that row; numbers stay numbers, a list is a tuple. The field
            `details` fills no gap: it is what a library said, for a bug report
    """

    code: str
    fields: Mapping[str, Field] = field(default_factory=dict)

    def __hash__(self) -> int:
        return hash((self.code, tuple(sorted(self.fields))))

    def __str__(self) -> str:
        """In English, for logs, exceptions and programs that only pass it on."""
        from .words import in_words

        return in_words(self)

    def with_inner(self) -> Iterator[Message]:
        """The message, and those among its fields and theirs."""
        yield self
        for value in self.fields.values():
            for one in value if isinstance(value, tuple) else (value,):
                if isinstance(one, Message):
                    yield from one.with_inner()

    def details(self) -> tuple[str, ...]:
        """What libraries said, here and in inner messages, for a bug report: no row shows it."""
        told = (one.fields.get("details") for one in self.with_inner())
        return tuple(dict.fromkeys(str(one) for one in told if one))


Field = str | int | float | Message | tuple["Field", ...]


def message(code: str, /, **fields: Field | PathLike[str]) -> Message:
    """A Message. A path becomes text, because a message can leave the process."""
    plain = {
        name: fspath(one) if isinstance(one, PathLike) else one for name, one in fields.items()
    }
    return Message(code, plain)
