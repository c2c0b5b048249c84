"""Names of exported files: what is suggested, and what must not be written over."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Container

from ..canvas.layers import is_open, open_documents
from ..canvas.libkis import Document
from ..words.texts import t
from .choices import Exporting

SUFFIX = "-protected"
ROOM = 50_000_000  # bytes that have to be free before minutes of work; most files are smaller
NO_NAME = re.compile(r'[\\/:*?"<>|\x00-\x1f]')  # what some system's file names cannot hold


def suggested_path(doc: Document, how: Exporting, suffix: str) -> str:
    """Beside the document, or in the last folder, under a name that tells the copy apart."""
    title = NO_NAME.sub("-", doc.name() or "picture")
    stem = os.path.splitext(os.path.basename(doc.fileName() or ""))[0] or title
    folder = how.folder if os.path.isdir(how.folder) else os.path.dirname(doc.fileName() or "")
    if not os.path.isdir(folder):
        folder = os.path.expanduser("~")
    return os.path.join(folder, stem + SUFFIX + suffix)


def document_file(doc: Document | None, how: Exporting) -> str:
    """The file beside which a copy belongs; one that is not saved yet has its place in the last
    folder."""
    named = (doc.fileName() or "") if is_open(doc) else ""
    if named:
        return named
    title = NO_NAME.sub("-", (doc.name() if is_open(doc) else "") or "picture")
    folder = how.folder if os.path.isdir(how.folder) else os.path.expanduser("~")
    return os.path.join(folder, title)


def free_path(beside: str, suffix: str) -> str:
    """The name of a protected copy of that file, which nothing has yet."""
    folder, name = os.path.split(beside)
    stem = os.path.join(folder, os.path.splitext(name)[0] + SUFFIX)
    found, number = stem + suffix, 2
    while os.path.lexists(found):
        found, number = f"{stem}-{number}{suffix}", number + 1
    return found


def full_path(typed: str, doc: Document | None, how: Exporting) -> str:
    """As in Krita's own dialogs, a name without a folder lies in the document's, else in the last
    one; nothing typed is nothing."""
    path = os.path.expanduser(typed.strip())
    beside = os.path.dirname((doc.fileName() or "") if is_open(doc) else "")
    folders = (beside, how.folder, os.path.expanduser("~"))
    return os.path.join(next(filter(os.path.isdir, folders), ""), path) if path else ""


def path_refusal(path: str) -> str:
    """Why nothing can be written under that name, in words, or ""."""
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        return t("no_folder", folder=folder or "?")
    if os.path.isdir(path):
        return t("no_name", folder=path)
    real = os.path.realpath(path)  # a link's target is written to, so that counts
    folder = os.path.dirname(real)
    if not os.path.isdir(folder):
        return t("no_folder", folder=folder)
    needed = [folder, real] if os.path.exists(real) else [folder]
    if not all(os.access(one, os.W_OK) for one in needed):
        return t("no_permission", folder=folder)
    if shutil.disk_usage(folder).free < ROOM:
        return t("no_space", folder=folder)
    names = [doc.fileName() or "" for doc in open_documents()]
    return t("own_file") if any(same_file(name, path) for name in names) else ""


def bare_name(path: str, known: Container[str]) -> str:
    """Without the suffix of a known format; "Study v1.2" has none."""
    bare, suffix = os.path.splitext(path)
    return bare if suffix.lower() in known else path


def whole_name(path: str, suffix: str, known: Container[str]) -> str:
    """With a suffix, unless it has one already or is the name of a folder."""
    file = not os.path.isdir(path) and bool(os.path.basename(path))
    return path + suffix if file and bare_name(path, known) == path else path


def same_file(one: str, other: str) -> bool:
    """Whether both name one file: also by links, and in other case where the system ignores it."""
    try:
        return bool(one) and os.path.samefile(one, other)
    except OSError:  # one of them is not there (yet)
        return os.path.normcase(os.path.abspath(one)) == os.path.normcase(os.path.abspath(other))
