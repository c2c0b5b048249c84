"""Names of exported files: what is suggested, and what must not be written over."""

from __future__ import annotations

import os
import re
from collections.abc import Container

from ..canvas.layers import open_documents
from ..canvas.libkis import Document
from ..words.texts import t
from .choices import Exporting

SUFFIX = "-protected"
NO_NAME = re.compile(r'[\\/:*?"<>|\x00-\x1f]')  # what some system's file names cannot hold


def suggested_path(doc: Document, how: Exporting, suffix: str) -> str:
    """Beside the document, or in the last folder, under a name that tells the copy apart."""
    title = NO_NAME.sub("-", doc.name() or "picture")
    stem = os.path.splitext(os.path.basename(doc.fileName() or ""))[0] or title
    folder = how.folder if os.path.isdir(how.folder) else os.path.dirname(doc.fileName() or "")
    if not os.path.isdir(folder):
        folder = os.path.expanduser("~")
    return os.path.join(folder, stem + SUFFIX + suffix)


def path_refusal(path: str) -> str:
    """Why nothing can be written under that name, in words, or ""."""
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        return t("no_folder", folder=folder or "?")
    if os.path.isdir(path):
        return t("no_name", folder=path)
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
    """Whether both names are one file: through links, and in upper or lower case where that is."""
    try:
        return bool(one) and os.path.samefile(one, other)
    except OSError:  # one of them is not there (yet)
        return os.path.normcase(os.path.abspath(one)) == os.path.normcase(os.path.abspath(other))
