"""What runs on a machine of a cluster: one picture, in a temporary folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from .. import ledger
from ..ledger import Entry
from ..machine.passing import passing_folder
from ..messages import Message
from ..types import Progress, Watch, quiet
from .worker import Outcome, Task, delivered


@dataclass(frozen=True)
class Made:
    """What comes back from a machine: the copy and its page as bytes, the receipt, and why the
    copy is weak, if it is."""

    copy: bytes
    page: bytes
    entry: Entry | None
    weak: Message | None


def followed_there(data: bytes, task: Task, suffix: str) -> Iterator[Progress | Made | Outcome]:
    """Protects one picture: yields its progress, then the result."""
    told = SimpleQueue[Progress | None]()
    with ThreadPoolExecutor(1) as one:
        made = one.submit(made_there, data, task, suffix, told.put)
        made.add_done_callback(lambda _: told.put(None))
        while (now := told.get()) is not None:
            yield now
        yield made.result()


def made_there(data: bytes, task: Task, suffix: str, watch: Watch = quiet) -> Made | Outcome:
    """Protects one picture; on this machine it lies in a temporary folder only."""
    with passing_folder("glassine-task-") as folder:
        source, target = folder / "original", folder / f"copy{suffix}"
        os.environ["GLASSINE_LEDGER"] = str(folder / "ledger.sqlite3")
        source.write_bytes(data)
        export = replace(task.intent.export, keep_path=False, sidecar=False)
        here = replace(
            task, source=source, target=target, intent=replace(task.intent, export=export)
        )
        outcome = delivered(here, watch)
        if outcome.problem:
            return Outcome(called_here(outcome.problem, source, task.source))
        noted = ledger.entries(views=True)
        page = target.with_suffix(".html").read_bytes()
        return Made(target.read_bytes(), page, noted[-1] if noted else None, outcome.weak)


def called_here(said: Message, there: Path, here: Path) -> Message:
    """A message with the original's path and name (`here`) for the temporary file's (`there`)."""

    def again(value: Any) -> Any:  # noqa: ANN401 - fields of a message
        if isinstance(value, Message):
            return called_here(value, there, here)
        if isinstance(value, tuple):
            return tuple(again(one) for one in value)
        return str(here) if value == str(there) else here.name if value == there.name else value

    return Message(said.code, {name: again(value) for name, value in said.fields.items()})
