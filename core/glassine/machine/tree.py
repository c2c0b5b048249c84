"""All plain files below a folder, and what is skipped, with the reason."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ..messages import Message, message
from .strangers import HEAD


@dataclass(frozen=True)
class Passed:
    """A path that was skipped, and why."""

    path: Path
    reason: Message


def below(folder: Path, *, hidden: bool = True) -> tuple[list[Path], list[Passed]]:
    """Plain files and links to such, sorted; and what was skipped.

    Linked folders are not followed: they may lead in a circle, or to a whole disk.

    hidden  whether to look into hidden folders too
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
    """Whether the folder is a link, or a junction on Windows."""
    junction = getattr(os.path, "isjunction", lambda _: False)  # since Python 3.12
    return folder.is_symlink() or bool(junction(folder))


def no_file(path: Path) -> Message | None:
    """Why the path is no plain file or link to one; None where it is."""
    try:
        if path.is_file():
            return None
        nowhere = path.is_symlink() and not path.exists()
    except OSError:  # a link that leads to itself
        nowhere = True
    return message("passed.nowhere" if nowhere else "passed.device")


def beginning(path: Path) -> bytes:
    """The first HEAD bytes of a file, by which `stranger` recognises it; raises OSError."""
    with path.open("rb") as stream:
        return stream.read(HEAD)
