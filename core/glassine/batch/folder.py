"""Which pictures a batch has, and where each protected copy goes."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from itertools import chain, count
from pathlib import Path

from ..errors import NotUsable, NotWritable
from ..flow.names import copy_name, has_copy_name
from ..machine import files


def pictures_in(folder: Path, out: Path) -> list[Path]:
    """Every picture below the folder, in order; nothing hidden, and nothing that we wrote."""
    from ..formats import FORMATS

    suffixes = {suffix for entry in FORMATS.values() for suffix in entry.suffixes}
    if not folder.is_dir():
        raise NotUsable("batch.no_folder", folder=folder)
    if files.same_file(out, folder):
        raise NotUsable("batch.originals", folder=out)
    pictures = [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in suffixes
        and path.is_file()
        and not has_copy_name(path)
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and out not in path.parents
    ]
    if not pictures:
        raise NotUsable("batch.no_pictures", folder=folder, formats=tuple(FORMATS))
    return pictures


def make_folder(out: Path) -> None:
    """The folder of the results, when the one that it lies in is there."""
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
    """Where each protected copy goes. No two share a name, also where case does not count:
    a.png and A.jpg in one folder keep their suffixes, and what still collides is counted."""
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
    """Pixels, from the header where libvips knows the format; else a guess from the bytes."""
    from ..formats.vips import pixel_count

    try:
        return pixel_count(path) or path.stat().st_size
    except OSError:  # its turn comes, and then it is reported
        return 0


def file_digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
