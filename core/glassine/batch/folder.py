"""Which pictures a batch has, what it passes over, and where each protected copy goes."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path

from ..errors import NotUsable, NotWritable
from ..flow.names import copy_name, has_copy_name
from ..machine import files
from ..machine.strangers import is_raw, stranger
from ..machine.tree import Passed, beginning, below
from ..messages import Message, message

_NAMED = 12  # files that are named, with the reason, where a folder has no picture


@dataclass(frozen=True)
class Survey:
    """A folder as a batch sees it: what is protected, and everything else with the reason."""

    pictures: tuple[Path, ...]
    passed: tuple[Passed, ...]


def surveyed(folder: Path, out: Path) -> Survey:
    """What lies below the folder, without `out`, sorted; raises NotUsable without any picture.

    A file is a picture by its suffix or by its contents: a damaged one is tried too, so that its
    own error is reported.
    """
    if folder.is_file():
        raise NotUsable("batch.not_folder", path=folder)
    if not folder.is_dir():
        raise NotUsable("batch.no_folder", folder=folder)
    if files.same_file(out, folder):
        raise NotUsable("batch.originals", folder=out)
    found, passed = below(folder, hidden=False)
    pictures = list[Path]()
    for path in found:
        if out in path.parents:
            continue
        if reason := passed_over(path, folder):
            passed.append(Passed(path, reason))
        else:
            pictures.append(path)
    passed = [one for one in passed if out not in one.path.parents and out != one.path]
    refuse_none(pictures, passed, folder)
    return Survey(tuple(pictures), tuple(sorted(passed, key=lambda one: one.path)))


def refuse_none(pictures: Sequence[Path], passed: Sequence[Passed], folder: Path) -> None:
    """Raises where there is nothing to protect, and says what is there instead."""
    from ..formats import FORMATS

    if pictures:
        return
    if not passed:
        raise NotUsable("batch.nothing", folder=folder)
    told = [
        message("batch.passed_one", name=str(one.path.relative_to(folder)), reason=one.reason)
        for one in passed[:_NAMED]
    ]
    if more := len(passed) - len(told):
        told.append(message("cli.and_more", count=more))
    raise NotUsable("batch.no_pictures", folder=folder, formats=tuple(FORMATS), passed=tuple(told))


def passed_over(path: Path, folder: Path) -> Message | None:
    """Why that file is not protected; None where it is."""
    from ..formats import FORMATS

    if has_copy_name(path):
        return message("passed.ours")
    if path.name.startswith("."):
        return message("passed.hidden")
    if any(path.suffix.lower() in entry.suffixes for entry in FORMATS.values()):
        return None
    try:
        head = beginning(path)
    except OSError:
        return message("passed.closed")
    if not is_raw(head, path.suffix.lower()) and any(one.opens(head) for one in FORMATS.values()):
        return None
    if not head:
        return message("passed.empty")
    return stranger(head, path.name) or message("passed.no_picture")


def make_folder(out: Path) -> None:
    """Makes the folder of the results; raises where the folder above it is missing."""
    try:
        out.mkdir(exist_ok=True)
    except FileNotFoundError as error:
        raise NotUsable("batch.no_place", folder=out, parent=out.parent) from error
    except FileExistsError as error:
        raise NotUsable("batch.is_file", folder=out) from error
    except OSError as error:
        raise NotWritable("batch.not_made", folder=out, reason=files.why(out, error)) from error


def copies_of_tree(
    pictures: Sequence[Path], folder: Path, out: Path, suffix: str
) -> dict[Path, Path]:
    """Picture -> where its protected copy goes; no two paths are equal, even ignoring case.

    a.png and A.jpg in one folder keep their suffixes; names that still collide get a number.
    """
    stems = Counter(str(path.with_suffix("")).casefold() for path in pictures)
    made: dict[Path, Path] = {}
    taken = set[str]()
    for path in pictures:
        twin = stems[str(path.with_suffix("")).casefold()] > 1
        place, stem = out / path.relative_to(folder).parent, path.name if twin else path.stem
        names = chain((stem,), (f"{stem}.{number}" for number in count(2)))
        made[path] = files.first_free((place / copy_name(name, suffix) for name in names), taken)
    return made


def picture_size(path: Path) -> int:
    """Pixels, from the header where libvips knows the format; else the file's bytes as a guess."""
    from ..formats.vips import pixel_count

    try:
        return pixel_count(path) or path.stat().st_size
    except OSError:  # reported when its turn comes
        return 0


def file_digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
