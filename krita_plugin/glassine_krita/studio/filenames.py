"""Names of exported files: what is suggested, and what must not be written over."""

from __future__ import annotations

import os
import re
from typing import Any

from ..canvas import layers
from ..words.texts import t
from .settings import Exporting

SUFFIX = "-protected"
NO_NAME = re.compile(r'[\\/:*?"<>|\x00-\x1f]')  # what some system's file names cannot hold


def suggested(doc: Any, how: Exporting, suffix: str) -> str:
    """Beside the document, or in the last folder, under a name that tells the copy apart."""
    title = NO_NAME.sub("-", doc.name() or "picture")
    stem = os.path.splitext(os.path.basename(doc.fileName() or ""))[0] or title
    folder = how.folder if os.path.isdir(how.folder) else os.path.dirname(doc.fileName() or "")
    if not os.path.isdir(folder):
        folder = os.path.expanduser("~")
    return os.path.join(folder, stem + SUFFIX + suffix)


def refusal(path: str) -> str:
    """Why nothing can be written under that name, in words, or ""."""
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        return t("no_folder", folder=folder or "?")
    if os.path.isdir(path):
        return t("no_name", folder=path)
    docs = [doc for doc in layers.app().documents() if layers.alive(doc)]
    return t("own_file") if any(same(doc.fileName() or "", path) for doc in docs) else ""


def same(one: str, other: str) -> bool:
    """Whether both names are one file: through links, and in upper or lower case where that is."""
    try:
        return bool(one) and os.path.samefile(one, other)
    except OSError:  # one of them is not there (yet)
        return os.path.normcase(os.path.abspath(one)) == os.path.normcase(os.path.abspath(other))
