"""Everything below a folder: its plain files, and what is passed over, with the reason."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ..messages import Message, message
from .strangers import HEAD


@dataclass(frozen=True)
class Passed:
    """What was not looked into, and why."""

    path: Path
    reason: Message


def below(folder: Path, *, hidden: bool = True) -> tuple[list[Path], list[Passed]]:
    """Plain files and links to such, in order; and folders and names that give none.

    Linked folders are not followed: they may lead in a circle, or to all of a disk. `hidden`:
    also what lies in hidden folders.
    """
    found, passed = list[Path](), list[Passed]()

    def closed(error: OSError) -> None:
        passed.append(Passed(Path(os.fsdecode(error.filename)), message("passed.closed")))

    for base, folders, names in os.walk(folder, onerror=closed):
        for name in list(folders):
            if is_link(Path(base, name)):
                passed.append(Passed(Path(base, name), message("passed.linked_folder")))
            elif not hidden and name.startswith("."):
                folders.remove(name)
                passed.append(Passed(Path(base, name), message("passed.hidden")))
        for path in (Path(base, name) for name in names):
            if reason := no_file(path):
                passed.append(Passed(path, reason))
            else:
                found.append(path)
    return sorted(found), sorted(passed, key=lambda one: one.path)


def is_link(folder: Path) -> bool:
    """Whether the folder lies elsewhere: a link, or what Windows calls a junction."""
    junction = getattr(os.path, "isjunction", lambda _: False)  # since Python 3.12
    return folder.is_symlink() or bool(junction(folder))


def no_file(path: Path) -> Message | None:
    """Why that name stands for no file with contents; None where it does."""
    try:
        if path.is_file():
            return None
        nowhere = path.is_symlink() and not path.exists()
    except OSError:  # a link that leads to itself
        nowhere = True
    return message("passed.nowhere" if nowhere else "passed.device")


def beginning(path: Path) -> bytes:
    """The first bytes of a file, as many as say what it is; raises OSError."""
    with path.open("rb") as stream:
        return stream.read(HEAD)
