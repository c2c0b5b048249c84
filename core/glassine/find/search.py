"""The search for works in a folder: by hashes, features, watermark and metadata."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .. import ledger
from ..errors import NotUsable
from ..ledger import fingerprint
from ..marks import watermark, xmp
from ..marks.watermark import CLEAR, Match
from ..messages import Message, message
from ..types import Progress, Watch, quiet
from . import index
from .features import (
    ENOUGH,
    INLIERS,
    MANY,
    WAYS,
    Agreement,
    Votes,
    Way,
    compare,
    described,
    distinct,
)
from .hits import ALIKE, ORDER, Hit, Search
from .index import Seen
from .opened import contents
from .works import Work

_MAYBE = 96
"""Bits of 256: crops and overlays of a work lie below (crop by a tenth: 86), other files above."""

_BATCH = 256  # files whose features are asked about at once
_TRIES = 5  # works a file is compared with in detail, best candidates first
_KEPT_PROBLEMS = 200


def search(
    folder: Path,
    works: list[Work],
    *,
    creator: str = "",
    listen_to_all: bool = False,
    watch: Watch = quiet,
) -> Search:
    """Every file of the folder that is, contains or names the artist's work.

    creator        the name that metadata is searched for; "": the names in the ledger's exports
    listen_to_all  decode the watermark of every file (about a second each), not only of those
                   that look like a work
    """
    refuse_no_works(works)
    files, passed = index.update(folder, watch)
    marked, hits = works_have_marks(works), list[Hit]()
    problems, listened, done = [*passed], 0, 0
    with matcher(works, _names(creator)) as look:
        for batch in batched(index.seen_files(folder), _BATCH):
            problems += [seen.problem for seen in batch if seen.problem]
            whole = [seen for seen in batch if not seen.problem]
            for seen, found in zip(whole, look(whole), strict=True):
                if marked and (listen_to_all or any(map(_could_be_marked, found))):
                    listened += 1
                    found = with_mark(seen, found, works)
                hits += found
            done += len(batch)
            watch(Progress(done, files, "compare"))
    hits = corrected(hits, listened)
    hits.sort(key=lambda hit: (ORDER.index(hit.verdict), -hit.inliers, str(hit.path)))
    return Search(
        folder,
        files,
        len(works),
        listened,
        tuple(hits),
        tuple(problems[:_KEPT_PROBLEMS]),
        _doubts(works, problems, listened, files),
    )


def refuse_no_works(works: list[Work]) -> None:
    if not works:
        raise NotUsable("find.no_works")


def batched(line: Iterable[Seen], count: int) -> Iterator[list[Seen]]:
    rest = iter(line)
    while batch := list(islice(rest, count)):
        yield batch


@contextmanager
def matcher(
    works: list[Work], names: frozenset[str]
) -> Iterator[Callable[[Sequence[Seen]], Iterator[list[Hit]]]]:
    """A function from files to each one's hits, with all works' hashes and features in tables.

    It takes many files at once, at which the tables are quick; pairs are confirmed in threads,
    which end with it.
    """
    tables = _table(works, False), _table(works, True)
    views = [fingerprint.open_small(work.view) for work in works]
    votes = Votes.of([described(view, MANY // 4)[1] for view in views])
    mirrored = Votes.of([described(view[:, ::-1], MANY // 4)[1] for view in views])
    exact = {entry.sha256: entry.id for entry in ledger.entries()}

    def one(seen: Seen, voted: list[int], mirrored_voted: list[int]) -> list[Hit]:
        far = np.stack([_far(seen, tables[way.mirrored], way.negative) for way in WAYS])
        wanted = _candidates(seen, works, far, voted, mirrored_voted)
        pairs = (
            _hit(seen, works[at], int(far[WAYS.index(way), at]), way, exact) for at, way in wanted
        )
        found = _best(hit for hit in pairs if hit)
        named = _named(seen, names)
        if not found and named:
            return [Hit(seen.path, None, named=named)]
        return [replace(hit, named=named) for hit in found]

    def look(several: Sequence[Seen]) -> Iterator[list[Hit]]:
        few = [seen.features for seen in several]
        return pool.map(one, several, votes.ask(few), mirrored.ask(few))

    pool = ThreadPoolExecutor(os.cpu_count())
    try:
        yield look
    finally:
        pool.shutdown(cancel_futures=True)


def _table(works: list[Work], mirrored: bool) -> NDArray[np.uint8]:
    """(works, 32): every work's hash, or that of its mirror image."""
    size = fingerprint.HASH
    start = size * mirrored
    raw = b"".join(work.hashes[start : start + size] for work in works)
    return np.frombuffer(raw, np.uint8).reshape(-1, size)


def _far(seen: Seen, table: NDArray[np.uint8], negative: bool) -> NDArray[np.int64]:
    """Bits in which the file's hash differs from every work's, or from that of its negative, which
    has every bit flipped; 256 where either is a flat colour."""
    own = seen.hashes[: fingerprint.HASH]
    far = fingerprint.bits_apart(own, table)
    far = 8 * fingerprint.HASH - far if negative else far
    far[~table.any(axis=1)] = 8 * fingerprint.HASH
    return far if any(own) else np.full_like(far, 8 * fingerprint.HASH)


def _candidates(
    seen: Seen, works: list[Work], far: NDArray[np.int64], votes: list[int], mirrored: list[int]
) -> list[tuple[int, Way]]:
    """Works worth a closer look, each with the way in which the file would show it.

    A negative has other features: it is looked for by its hash alone, so only as a whole.
    """
    order = np.argsort(far.min(0), kind="stable")
    near = [(int(at), WAYS[int(far[:, at].argmin())]) for at in order if far[:, at].min() <= _MAYBE]
    voted = [
        (at, way)
        for way, elected in ((Way(), votes), (Way(mirrored=True), mirrored))
        for at in elected[:_TRIES]
        if distinct(seen.features, works[at].view, mirrored=way.mirrored) >= ENOUGH
    ]
    return list(dict.fromkeys([*near[:_TRIES], *voted]))


def _best(hits: Iterable[Hit]) -> list[Hit]:
    """The best hit of each work: one may be found both straight and mirrored."""
    kept: dict[tuple[int, str], Hit] = {}
    for hit in hits:
        assert hit.work is not None, "pairs have a work"
        key = hit.work.export, hit.work.name
        if key not in kept or hit.inliers > kept[key].inliers:
            kept[key] = hit
    return list(kept.values())


def _hit(seen: Seen, work: Work, differ: int, way: Way, exact: dict[str, int]) -> Hit | None:
    """File and work compared in detail; None when neither features nor hashes agree."""
    agree = _compared(work, seen.path, way)
    sure = agree.inliers >= INLIERS
    if not sure and differ > ALIKE:
        return None
    return Hit(
        seen.path,
        work,
        same=bool(work.export) and exact.get(seen.sha256) == work.export,
        differ=None if differ == 8 * fingerprint.HASH else differ,
        mirrored=way.mirrored,
        negative=way.negative,
        inliers=agree.inliers if sure else 0,
        whole=sure and agree.whole,
    )


def _compared(work: Work, path: Path, way: Way) -> Agreement:
    try:
        return compare(work.view, path, way)
    except (NotUsable, OSError):  # gone since it was indexed
        return Agreement()


def _could_be_marked(hit: Hit) -> bool:
    return hit.work is None or hit.work.watermark is not None


def works_have_marks(works: list[Work]) -> bool:
    return any(work.watermark is not None for work in works)


def with_mark(seen: Seen, found: list[Hit], works: list[Work]) -> list[Hit]:
    """The hits with the file's watermark, if it has one; a new hit where nothing else speaks for
    its work."""
    marked = {work.watermark: work for work in works if work.watermark is not None}
    ways = {hit.mirrored for hit in found if hit.work} or {False, True}
    try:
        heard = tuple(watermark.hear(contents(seen.path), mirrored=way) for way in sorted(ways))
        match = watermark.best(heard, marked)
    except (NotUsable, OSError):
        return found
    if match is None or match.chance > CLEAR:
        return found
    match = replace(match, mirrored=match.mirrored or ways == {True})
    work = marked[match.watermark]
    if any(hit.work == work for hit in found):
        return [replace(hit, mark=match) if hit.work == work else hit for hit in found]
    rest = [hit for hit in found if hit.work is not None]
    return [*rest, Hit(seen.path, work, mark=match, named=found[0].named if found else None)]


def corrected(hits: Iterable[Hit], listened: int) -> list[Hit]:
    """The hits with a watermark's chance multiplied by the number of files decoded; a mark that no
    longer stands out is dropped, and a hit without other evidence with it."""
    kept = []
    for hit in hits:
        if hit.mark is not None:
            chance = min(1.0, hit.mark.chance * max(1, listened))
            mark: Match | None = replace(hit.mark, chance=chance) if chance <= CLEAR else None
            hit = replace(hit, mark=mark)
        if hit.same or hit.mark or hit.named or hit.inliers or _near(hit):
            kept.append(hit)
    return kept


def _near(hit: Hit) -> bool:
    return hit.differ is not None and hit.differ <= ALIKE


def _names(creator: str) -> frozenset[str]:
    wrote = (entry.settings.get("creator", "") for entry in ledger.entries())
    return frozenset(name.casefold() for name in ([creator] if creator else wrote) if name)


def _named(seen: Seen, names: frozenset[str]) -> Message | None:
    """What the file's own metadata says about the artist."""
    if not seen.says or not names:
        return None
    who = tuple(maker for maker in _makers(seen.says) if maker.casefold() in names)
    code = "hit.named_and_signed" if seen.signed else "hit.named"
    return message(code, names=who) if who else None


def _makers(packet: str) -> list[str]:
    """dc:creator of an XMP packet."""
    told = xmp.said(packet.encode()).get("Xmp.dc.creator") or ()
    return [told] if isinstance(told, str) else list(told)


def _doubts(
    works: list[Work], problems: list[Message], listened: int, files: int
) -> tuple[Message, ...]:
    said = [message("find.never_absent")]
    if problems:
        said.append(message("find.not_looked_at", count=len(problems)))
    if listened < files and works_have_marks(works):
        said.append(message("find.listened", listened=listened, files=files))
    return tuple(said)
