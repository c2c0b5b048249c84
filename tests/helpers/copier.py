"""A batch whose pictures are copied and not protected: what is sent where is the point."""

from contextlib import contextmanager

import torch
from glassine.batch import far
from glassine.batch.worker import Outcome
from glassine.formats import FORMATS
from glassine.types import Keep


class Copier:
    """Instead of the engine: a copy, a page and a receipt of each picture.

    sources  pictures that it was given, in that order
    more     bytes that each copy has beyond its picture's
    """

    def __init__(self):
        self.sources, self.more = [], b""

    def spread(self, run):
        for path in run.batch.pictures:
            if run.stopped is not None or (job := run.begun(path)) is None:
                continue
            self.sources.append(path)
            copy = run.targets[path]
            copy.write_bytes(b"copy of " + path.read_bytes() + self.more)
            copy.with_suffix(".html").write_text("page")
            copy.with_name(f"{copy.name}.receipt.json").write_text("{}")
            run.ended(path, job, Outcome(), 0.0)


def copier(monkeypatch, data):
    """The copier, in the place of a cluster; the user's data folder is `data`."""
    made = Copier()

    @contextmanager
    def named(*_):
        yield made

    monkeypatch.setattr("glassine.cli.commands.batch.cluster_named", named)
    monkeypatch.setattr(far, "user_data_path", lambda _: data)
    return made


def drawn(names):
    """Small pictures, each different, as PNG."""
    return {
        name: FORMATS["png"].write(torch.full((3, 8, 8), at / 10), None, Keep(), 95)
        for at, name in enumerate(names, 1)
    }
