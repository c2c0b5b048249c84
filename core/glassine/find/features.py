"""Features that are recognised again after cropping, turning, scaling and overpainting (ORB).

Rublee et al., "ORB: an efficient alternative to SIFT or SURF" (2011). Two steps: a few features of
every file vote for works through hash tables, and must stand out in them; the pair is then
confirmed by many features that agree on one homography.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..causes import details_of
from ..errors import NotUsable, Unreadable
from ..ledger import fingerprint
from ..messages import Field, message
from .opened import small

FEW, MANY = 200, 1500
ENOUGH = 4
"""Features, of a file's few, that must stand out in a work before the pair is compared in detail:
every kind of copy tried had five or more, nine of ten unrelated pairs fewer (lab/bench/find.py)."""

INLIERS = 25
"""Agreeing features that confirm a pair: unrelated pairs had 0-6 (research/provenance.md, D1)."""

_SMALLEST = 8  # pixels on a side; ORB looks at reductions down to 3.6 times smaller
_WIDE = 768  # pixels, longest side at which a pair is confirmed
_RATIO, _PIXELS = 0.75, 5.0  # Lowe's ratio; distance at which a feature still agrees
_CLOSE = 40  # bits of 256
_CELL = 48  # pixels; features are taken from all of a picture, cell by cell
_TABLES, _KEY = 16, 16  # hash tables; bits of a key
_VOTES = 4  # features that make a work a candidate
_TIE = 4  # bits; a feature votes for every work that is no further from its nearest than this
_CROWD = 64  # entries under one key at most; a key with more is one that every picture has

_NEAR = 0.08  # of a side: a crop by less still shows the whole picture

PICTURE = message("picture.this")

Descriptors = NDArray[np.uint8]
Pairs = tuple[NDArray[np.int64], NDArray[np.int64]]


def _cv2() -> object:
    try:
        import cv2
    except ImportError as error:
        raise NotUsable("find.no_opencv") from error
    cv2.setNumThreads(1)  # files are spread over threads instead
    return cv2


def described(
    pixels: fingerprint.Bytes, count: int, what: Field = PICTURE
) -> tuple[NDArray[np.float32], Descriptors]:
    """(n, 2) places in pixels and (n, 32) descriptors, at most `count`, all over the picture.

    A picture narrower than 8 pixels has none. Raises Unreadable, with `what` in its message, where
    OpenCV refuses the picture.
    """
    cv2, found = _cv2(), None
    make = getattr(cv2, "ORB_create", None) or cv2.ORB.create  # type: ignore[attr-defined]
    grey = np.ascontiguousarray(fingerprint.grey(pixels).astype(np.uint8))
    if min(grey.shape) >= _SMALLEST:
        try:
            points, found = make(max(count, MANY)).detectAndCompute(grey, None)
        except cv2.error as error:  # type: ignore[attr-defined]
            told = details_of(error)
            raise Unreadable("find.refused_by_opencv", what=what, details=told) from error
    if found is None:
        return np.zeros((0, 2), np.float32), np.zeros((0, 32), np.uint8)
    places = np.array([point.pt for point in points], dtype=np.float32).reshape(-1, 2)
    order = _spread(places, np.array([point.response for point in points]))[:count]
    return places[order], np.ascontiguousarray(found[order])


def _spread(places: NDArray[np.float32], response: NDArray[np.float64]) -> NDArray[np.int64]:
    """Indices of the strongest feature of every cell, then of every cell's second, and so on: a
    small part is not drowned out by busy surroundings."""
    cell = (places // _CELL).astype(np.int64)
    order = np.lexsort((-response, cell[:, 0], cell[:, 1]))
    sorted_cells = cell[order]
    fresh = np.any(np.diff(sorted_cells, axis=0, prepend=-1), axis=1)
    start = np.maximum.accumulate(np.where(fresh, np.arange(len(order)), 0))
    rank = np.arange(len(order)) - start
    return np.asarray(order[np.lexsort((-response[order], rank))])


@dataclass(frozen=True)
class Picture:
    """One side of a comparison: its size, and where its features lie."""

    width: int
    height: int
    places: NDArray[np.float32]
    features: Descriptors


@dataclass(frozen=True)
class Agreement:
    """`inliers`: features that agree on one mapping; `whole`: it covers the file with the work."""

    inliers: int = 0
    whole: bool = False


@dataclass(frozen=True)
class Way:
    """How a file may show a work: as it is, mirrored, as a negative, or both."""

    mirrored: bool = False
    negative: bool = False


WAYS = tuple(Way(mirrored, negative) for negative in (False, True) for mirrored in (False, True))


def compare(view: bytes, path: Path, way: Way = WAYS[0]) -> Agreement:
    """How far a work's small picture and a file agree."""
    return agreement(_of_view(view), _of_file(path, way))


@lru_cache(maxsize=4)  # one file is compared with several works in a row
def _of_file(path: Path, way: Way) -> Picture:
    pixels = small(path, _WIDE)
    pixels = ~pixels if way.negative else pixels
    return pictured(np.ascontiguousarray(pixels[:, ::-1]) if way.mirrored else pixels)


@lru_cache(maxsize=2048)  # some 60 kB each
def _of_view(view: bytes) -> Picture:
    return pictured(fingerprint.open_small(view))


def pictured(pixels: fingerprint.Bytes) -> Picture:
    return Picture(pixels.shape[1], pixels.shape[0], *described(pixels, MANY))


def distinct(asked: Descriptors, view: bytes, *, mirrored: bool = False) -> int:
    """How many of a file's few features stand out in a work; the file is not opened for that."""
    return len(_matched(asked, _of_mirrored(view) if mirrored else _of_view(view).features))


@lru_cache(maxsize=2048)
def _of_mirrored(view: bytes) -> Descriptors:
    return described(fingerprint.open_small(view)[:, ::-1], MANY)[1]


def _matched(mine: Descriptors, theirs: Descriptors) -> list[tuple[int, int]]:
    """Lowe's ratio test: (index in `mine`, index in `theirs`) whose second best is much worse."""
    cv2 = _cv2()
    if min(len(mine), len(theirs)) < 2:
        return []
    pairs = cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(mine, theirs, k=2)  # type: ignore[attr-defined]
    return [
        (best.queryIdx, best.trainIdx)
        for best, second in pairs
        if best.distance < _RATIO * second.distance
    ]


def agreement(one: Picture, two: Picture) -> Agreement:
    """Lowe's ratio test, then RANSAC on a homography."""
    cv2 = _cv2()
    good = np.array(_matched(one.features, two.features), dtype=np.int64).reshape(-1, 2)
    if len(good) < INLIERS:
        return Agreement()
    ours, other = one.places[good[:, 0]], two.places[good[:, 1]]
    plane, kept = cv2.findHomography(ours, other, cv2.RANSAC, _PIXELS)  # type: ignore[attr-defined]
    if plane is None or not _possible(plane):
        return Agreement()
    inside = kept.ravel().astype(bool)
    spots = len(np.unique(np.round(other[inside]), axis=0))  # many on one spot count as one
    return Agreement(spots, _covers(plane, one, two))


def _covers(plane: NDArray[np.float64], one: Picture, two: Picture) -> bool:
    """Whether the mapping lays the corners of one near the corners of the other."""
    corners = np.array([(0, 0, 1), (1, 0, 1), (1, 1, 1), (0, 1, 1)], dtype=float)
    laid = (corners * (one.width, one.height, 1)) @ plane.T
    with np.errstate(divide="ignore", invalid="ignore"):
        off = laid[:, :2] / laid[:, 2:] / (two.width, two.height) - corners[:, :2]
    return bool((np.abs(off) < _NEAR).all())


def _possible(plane: NDArray[np.float64]) -> bool:
    """False for a mapping that mirrors the picture or changes its area a hundredfold: no copy."""
    area = float(np.linalg.det(plane[:2, :2]))
    return 1e-2 < area < 1e2


@dataclass(frozen=True)
class Votes:
    """All works' descriptors, in hash tables by 16 of their bits each.

    owner   (n,): which work each descriptor belongs to
    all     (n, 4): the descriptors
    masks   (16, 16): which of the 256 bits make the key of each table
    tables  (where each of the 65,536 keys starts, the descriptors in the order of their keys)
    """

    owner: NDArray[np.int32]
    all: NDArray[np.uint64]
    masks: NDArray[np.int64]
    tables: tuple[tuple[NDArray[np.int64], NDArray[np.int64]], ...]

    @staticmethod
    def of(each: list[Descriptors]) -> Votes:
        owner = np.repeat(np.arange(len(each), dtype=np.int32), [len(one) for one in each])
        every = np.concatenate([np.zeros((0, 32), np.uint8), *each])
        draw = np.random.default_rng(0)
        masks = np.stack([draw.choice(256, _KEY, replace=False) for _ in range(_TABLES)])
        bits, tables = np.unpackbits(every, axis=1), []
        for mask in masks:
            keys = _keys(bits, mask)
            count = np.bincount(keys, minlength=1 << _KEY)
            start = np.concatenate([[0], np.cumsum(count)])
            tables.append((start, np.argsort(keys, kind="stable")))
        return Votes(owner, np.ascontiguousarray(every).view(np.uint64), masks, tuple(tables))

    def ask(self, files: Sequence[Descriptors], tie: int = _TIE) -> list[list[int]]:
        """For each file the works for which enough of its features vote, most votes first.

        A feature votes for the works that have one like it, at most `tie` bits further away than
        the nearest.
        """
        asked = np.concatenate([np.zeros((0, 32), np.uint8), *files])
        if not len(asked) or not len(self.owner):
            return [[] for _ in files]
        bits = np.unpackbits(asked, axis=1)
        pairs = [self._pairs(bits, number) for number in range(_TABLES)]
        mine, theirs = (np.concatenate(side) for side in zip(*pairs, strict=True))
        words = np.ascontiguousarray(asked).view(np.uint64)
        far = np.bitwise_count(words[mine] ^ self.all[theirs]).sum(axis=1)
        least = np.full(len(asked), _CLOSE, far.dtype)
        np.minimum.at(least, mine, far)
        close = (far <= _CLOSE) & (far <= least[mine] + tie)
        votes = np.unique(np.stack([mine[close], self.owner[theirs[close]]]), axis=1)
        whose = np.repeat(np.arange(len(files)), [len(one) for one in files])[votes[0]]
        works = int(self.owner.max()) + 1
        count = np.bincount(whose * works + votes[1], minlength=len(files) * works)
        return [_elected(row) for row in count.reshape(len(files), works)]

    def _pairs(self, bits: NDArray[np.uint8], number: int) -> Pairs:
        start, order = self.tables[number]
        wanted = _keys(bits, self.masks[number])
        first, count = start[wanted], start[wanted + 1] - start[wanted]
        count[count > max(_CROWD, 8 * len(order) >> _KEY)] = 0  # features that every picture has
        mine = np.repeat(np.arange(len(bits)), count)
        offset = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        return mine, order[np.repeat(first, count) + offset]


def _elected(count: NDArray[np.int64]) -> list[int]:
    some = np.flatnonzero(count >= _VOTES)
    return [int(at) for at in some[np.argsort(-count[some], kind="stable")]]


def _keys(bits: NDArray[np.uint8], mask: NDArray[np.int64]) -> NDArray[np.int64]:
    packed = np.ascontiguousarray(np.packbits(bits[:, mask], axis=1))
    return packed.view(np.uint16).ravel().astype(np.int64)
