"""The service as a process: its folder, its workers, who is let in, and the server around them."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import uvicorn

from ..batch.worker import Worker
from ..flow.catalogue import entry_words
from ..machine import ending
from . import sweep
from .app import Site, make_app
from .arrivals import hasty
from .callers import LOOPBACK, Door
from .gate import LOG
from .hands import Hand, Hands
from .jobs import Jobs
from .keys import KeyRing, keys_path
from .limits import Limits
from .metrics import Metrics

_PREFIX = "glassine-site-"
_CONNECTIONS = 65_536  # that may be open at once, where the system allows it
_GRACE = 5  # seconds for answers under way when it is stopped


@dataclass(frozen=True)
class Place:
    """Where it listens and what it has.

    names    host names by which it is called from outside, beside loopback's
    workers  pictures that are done at the same time
    folder   in which the pictures lie while they are here; "" for the system's own
    is_open  whether somebody without a key is let in
    """

    host: str = "127.0.0.1"
    port: int = 8642
    names: tuple[str, ...] = ()
    workers: int = 1
    folder: str = ""
    is_open: bool = False
    device: str = "auto"

    @property
    def here_only(self) -> bool:
        return self.host in LOOPBACK

    def opened(self, wish: bool | None) -> Place:
        """Open or not as wished; without a wish, open only where no other machine can reach it."""
        return replace(self, is_open=self.here_only and not self.names if wish is None else wish)


def serve(place: Place, limits: Limits, make: Callable[[], Hand] = Worker) -> None:
    """Serves until a signal ends it."""
    log_to_stderr()
    os.environ["OMP_NUM_THREADS"] = "1"  # several pictures at once gain more than threads of one
    allow_connections()
    if place.folder:  # a large upload lies in a file without a name until all of it is there
        os.environ["TMPDIR"] = tempfile.tempdir = place.folder
    with running(place, limits, make) as site:
        server = uvicorn.Server(
            uvicorn.Config(
                make_app(site),
                host=place.host,
                port=place.port,
                access_log=False,
                log_level="warning",
                server_header=False,
                http=hasty(limits.patience),
                timeout_graceful_shutdown=_GRACE,
            )
        )
        server.run()


def allow_connections() -> None:
    """More open connections than the 1024 that many systems give a process that does not ask."""
    with suppress(ImportError, ValueError, OSError):  # Windows has no such limit
        import resource

        now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = _CONNECTIONS if most == resource.RLIM_INFINITY else min(most, _CONNECTIONS)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(now, wanted), most))


def log_to_stderr() -> None:
    """Our own lines and no library's: libvips logs every picture that it opens."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(message)s"))
    LOG.addHandler(handler)
    LOG.setLevel(logging.INFO)
    LOG.propagate = False


@contextmanager
def running(place: Place, limits: Limits, make: Callable[[], Hand]) -> Iterator[Site]:
    """All but the server; everything is cleared away at the end, however that comes."""
    above = Path(place.folder or tempfile.gettempdir())
    for left in above.glob(f"{_PREFIX}*"):  # of a run that was killed together with its sweeper
        sweep.swept(left, limits.keep)
    entry_words()
    root = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=above))
    sweeper, metrics = sweep.started(root, limits.keep), Metrics()
    hands = Hands(place.workers, make, metrics, place.device)

    def clear() -> None:
        hands.stop()
        shutil.rmtree(root, ignore_errors=True)
        sweeper.terminate()
        sweeper.communicate()  # closes the pipe, and waits

    door = Door(KeyRing(keys_path()), is_open=place.is_open, names=(place.host, *place.names))
    with ending.at_end(clear):
        try:
            yield Site(Jobs(root, limits), hands, door, metrics)
        finally:
            clear()
