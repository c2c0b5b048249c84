"""Canaries: random motifs and phrases that an export may carry, and whether a model reproduces one.

How well a model knows a picture does not prove that it learnt it, because nobody knows how well it
would know the picture otherwise (Zhang et al., 2024, 2409.19798). For a motif that was drawn at
random this is known: a model that never saw it reproduces it no better than any other such motif.
So the share of 999 other motifs that match the model's pictures as well gives an exact p-value,
without any assumption about the model.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate, normalize

from .. import ledger
from ..errors import NotUsable
from ..ledger import fingerprint
from ..ledger.store import CANARY
from ..pixels.grid import to_array
from ..version import engine_version
from .statistics import rank_p

CELLS = 4
"""Cells on a side of a motif; each has one of eight colours, which makes 48 random bits."""

DECOYS = 999  # motifs to compare with
_CELL, _RIM = 48, 24  # pixels; side of a cell, width of the border
_GRIDS = (8, 12, 16)
"""Cells on a side of the picture where a motif takes up a half, a third or a quarter of it."""
_WORDS, _LETTERS = 4, ("bdfgklmnprstvz", "aeiou")


@dataclass(frozen=True)
class Canary:
    """A random motif and a random phrase.

    key      32 hexadecimal digits, from which motif and phrase are derived
    created  when the ledger recorded it; "": it did not
    """

    key: str
    created: str = ""

    @property
    def phrase(self) -> str:
        """Four made-up words of two syllables."""
        numbers = iter(key_bytes(f"{self.key} phrase"))
        syllables = ["".join(row[next(numbers) % len(row)] for row in _LETTERS) for _ in range(8)]
        pairs = zip(syllables[::2], syllables[1::2], strict=True)
        return " ".join("".join(pair) for pair in pairs)

    @property
    def motif(self) -> Tensor:
        """(3, CELLS, CELLS), each value 0 or 1."""
        return motif_of(self.key)


def key_bytes(words: str) -> bytes:
    """32 random bytes that follow from those words: their SHA-256."""
    return hashlib.sha256(words.encode()).digest()


def motif_of(key: str) -> Tensor:
    """(3, CELLS, CELLS): the motif that is derived from a key, each value 0 or 1."""
    bits = [byte >> place & 1 for byte in key_bytes(f"{key} motif") for place in range(8)]
    count = 3 * CELLS**2
    return torch.tensor(bits[:count], dtype=torch.float32).view(3, CELLS, CELLS)


def picture_of(canary: Canary) -> bytes:
    """The motif as a PNG with a transparent border, to be drawn as a visible mark."""
    whole = interpolate(canary.motif[None], scale_factor=_CELL, mode="nearest")[0]
    plain = Image.fromarray(to_array(whole, 8)).convert("RGBA")
    page = Image.new("RGBA", (plain.width + 2 * _RIM, plain.height + 2 * _RIM))
    page.paste(plain, (_RIM, _RIM))
    stream = BytesIO()
    page.save(stream, "PNG")
    return stream.getvalue()


def registered() -> tuple[Canary, bytes]:
    """A new canary and its PNG, recorded in the ledger's chain: the chain dates it, and so shows
    that it was drawn before a model was probed."""
    made = Canary(secrets.token_hex(16))
    data = picture_of(made)
    pixels = fingerprint.open_small(data)
    entry = ledger.record_export(
        ledger.Entry(
            sha256=hashlib.sha256(data).hexdigest(),
            hashes=fingerprint.hashes(pixels),
            title=made.phrase,
            format=CANARY,
            version=engine_version(),
            settings={"key": made.key},
            view=fingerprint.small_jpeg(pixels),
        )
    )
    return Canary(made.key, entry.created), data


def known_canaries() -> Iterator[Canary]:
    """The canaries in the ledger. Raises NotUsable where the ledger's chain is broken, because then
    nothing dates them."""
    if (number := ledger.broken()) is not None:
        raise NotUsable("probe.chain", number=number)
    for entry in ledger.entries():
        if entry.format == CANARY:
            yield Canary(str(entry.settings["key"]), entry.created)


def matched(samples: Tensor, motifs: Tensor) -> Tensor:
    """(M,): each motif's best correlation with any place of any sample, mirrored or not; -1 to 1.

    samples  (N, 3, H, W) in [0, 1]
    motifs   (M, 3, CELLS, CELLS)
    """
    ways = torch.cat([motifs, motifs.flip(3)]).flatten(1)
    wanted = normalize(ways - ways.mean(1, keepdim=True))
    best = torch.full((len(ways),), -1.0)
    for grid in _GRIDS:
        small = interpolate(samples, (grid, grid), mode="area")
        places = torch.nn.functional.unfold(small, CELLS).transpose(1, 2).flatten(0, 1)
        seen = normalize(places - places.mean(1, keepdim=True))
        best = torch.maximum(best, (wanted @ seen.T).amax(1))
    return torch.maximum(*best.chunk(2))


def canary_chance(canary: Canary, samples: Tensor) -> tuple[float, float]:
    """How well the samples match the canary's motif, and the p-value of that: the chance that
    another random motif would be matched as well."""
    decoys = [motif_of(f"{canary.key} decoy {at}") for at in range(DECOYS)]
    own, *others = matched(samples, torch.stack([canary.motif, *decoys])).tolist()
    return own, rank_p(own, others)
