"""The engine that is installed: where it lies, what it is, how it is started and removed.

It lives in a folder of its own in Krita's user data, with a Python environment of its own: nothing
is added to the system, to Krita or to another plugin, and removing the folder removes it.
`state.json` says what is in it; until the last step is done it says that the engine is unfinished.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
import threading
import uuid
from pathlib import Path
from typing import Any

from .. import VERSION
from ..canvas.layers import app
from ..qt import QtCore

REMOVED = "removed-"  # begins the name of a folder that is being deleted


def engine_folder() -> Path:
    """The engine's folder; outside the plugin's, which an import replaces."""
    krita = app()
    if hasattr(krita, "getAppDataLocation"):
        base = krita.getAppDataLocation()
    else:
        places = QtCore.QStandardPaths
        base = places.writableLocation(places.StandardLocation.AppDataLocation)
    return Path(base) / "glassine"


def engine_record() -> dict[str, Any]:
    """{} without an engine; else version, build, and whether the installation was finished."""
    try:
        record = json.loads((engine_folder() / "state.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def is_complete() -> bool:
    """Whether an installation was finished and its Python is still there."""
    return bool(engine_record().get("finished")) and engine_python().exists()


def note_engine(build: str, *, finished: bool) -> None:
    """Writes down what lies in the folder now."""
    record = {"version": VERSION, "build": build, "finished": finished}
    (engine_folder() / "state.json").write_text(json.dumps(record), encoding="utf-8")


def engine_python() -> Path:
    inside = ("Scripts", "python.exe") if sys.platform == "win32" else ("bin", "python")
    return engine_folder().joinpath("venv", *inside)


def start_command() -> tuple[str, ...]:
    """How to start the installed engine; () when there is none, or it is of another version."""
    record = engine_record()
    if not is_complete() or record.get("version") != VERSION:
        return ()
    return (str(engine_python()), "-I", "-u", "-m", "glassine.service")


def is_outdated() -> bool:
    record = engine_record()
    return is_complete() and record.get("version") != VERSION


def remove_engine() -> threading.Thread | None:
    """Removes the engine, if the state file shows that there is one. It counts as gone at once; a
    thread deletes its gigabytes, which takes seconds in which nobody could paint."""
    if not engine_record():
        return None
    (engine_folder() / "state.json").unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # no folder, or Windows has a file in it open
        (engine_folder() / "venv").rename(engine_folder() / f"{REMOVED}{uuid.uuid4().hex}")
    return delete_folders(engine_folder() / "venv")


def delete_folders(*left: Path) -> threading.Thread:
    """Deletes these, and what an earlier Krita had not finished deleting when it was closed."""
    left += tuple(engine_folder().glob(REMOVED + "*"))

    def delete() -> None:
        for folder in left:
            shutil.rmtree(folder, ignore_errors=True)

    freeing = threading.Thread(target=delete)
    freeing.start()
    return freeing


def engine_wheel() -> str:
    """The wheel inside the plugin, which fits it; without one, this version from the index."""
    inside = sorted((Path(__file__).parents[1] / "wheels").glob("glassine-*.whl"))
    return str(inside[-1]) if inside else f"glassine=={VERSION}"
