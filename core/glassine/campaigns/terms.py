"""What artists agree on in a campaign, as a value and as JSON; nothing is signed here.

Poison adds up over many pictures only where all of them pull a concept towards the very same
anchor (Nightshade, 2310.13828, section 5), and several concepts at once do more than one
(2409.12314). So the anchors themselves are in the file, pixel by pixel.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from string import hexdigits
from typing import Any, get_args

from torch import Tensor

from ..errors import GlassineError, NotUsable
from ..formats import FORMATS
from ..messages import message
from ..types import Intent, Keep, Strength

SIDE = 1024  # pixels; an anchor's longer side at most
PAIRS = 24  # at most
LONGEST = 120  # characters of a name or a word at most
DIGITS = 32  # of a campaign's number, in hexadecimal


@dataclass(frozen=True)
class Pair:
    """One concept and what it is to be taken for.

    anchor  a PNG; every picture of the concept is pulled towards it
    """

    shows: str
    teach: str
    anchor: bytes

    @property
    def picture(self) -> Tensor:
        """The anchor as (3, h, w) in [0, 1]; raises NotUsable where it is no PNG or too large."""
        try:
            rgb = FORMATS["png"].read(self.anchor, message("picture.anchor")).rgb
        except GlassineError as error:
            raise NotUsable("campaign.anchor", teach=self.teach) from error
        if max(rgb.shape[1:]) > SIDE:
            raise NotUsable("campaign.anchor", teach=self.teach)
        return rgb


@dataclass(frozen=True)
class Campaign:
    """What all artists in a campaign agree to do.

    number   hexadecimal digits that stay when the campaign is changed and signed again
    caption  the words to post with a picture; {concept} becomes what it shows, with its article
    until    the last day on which it may be used
    """

    number: str
    name: str
    pairs: tuple[Pair, ...]
    strength: Strength
    until: date
    caption: str = Intent.caption

    @property
    def over(self) -> bool:
        return datetime.now(UTC).date() > self.until

    def pair(self, shows: str | None) -> Pair:
        """The pair for pictures that show this; None: the campaign's only pair."""
        for pair in self.pairs:
            if shows == pair.shows or (shows is None and len(self.pairs) == 1):
                return pair
        known = tuple(pair.shows for pair in self.pairs)
        raise NotUsable("campaign.which", name=self.name, known=known)


def anchored(shows: str, teach: str, picture: Tensor) -> Pair:
    """A pair with a picture, (3, h, w) in [0, 1], as its anchor, in 8 bits."""
    write = FORMATS["png"].write
    assert write
    return Pair(shows, teach, write(picture, None, Keep(), 100))


def told(campaign: Campaign) -> dict[str, Any]:
    """The campaign as plain values, which are what is signed."""
    pairs = [
        {
            "shows": pair.shows,
            "teach": pair.teach,
            "anchor": base64.b64encode(pair.anchor).decode(),
            "sha256": hashlib.sha256(pair.anchor).hexdigest(),
        }
        for pair in campaign.pairs
    ]
    return {**asdict(campaign), "pairs": pairs, "until": campaign.until.isoformat()}


def understood(content: Any) -> Campaign:  # noqa: ANN401 - a stranger's JSON
    """The campaign of these plain values; raises NotUsable where any is not allowed."""
    try:
        pairs = tuple(pair_of(row) for row in content["pairs"])
        made = Campaign(
            number=content["number"],
            name=content["name"],
            pairs=pairs,
            strength=content["strength"],
            until=date.fromisoformat(content["until"]),
            caption=content["caption"],
        )
        texts = [made.name, made.caption, *(word for p in pairs for word in (p.shows, p.teach))]
        fine = (
            all(isinstance(text, str) and 0 < len(text) <= LONGEST for text in texts)
            and not any(character < " " for text in texts for character in text)
            and isinstance(made.number, str)
            and len(made.number) == DIGITS
            and set(made.number) <= set(hexdigits.lower())
            and made.strength in get_args(Strength)
            and made.caption.count("{concept}") == 1
            and 0 < len(pairs) <= PAIRS
            and len({pair.shows for pair in pairs}) == len(pairs)
            and all(pair.shows != pair.teach for pair in pairs)
        )
    except (KeyError, TypeError, ValueError) as error:
        raise NotUsable("campaign.unreadable") from error
    if not fine:
        raise NotUsable("campaign.unreadable")
    for pair in pairs:
        _ = pair.picture
    return made


def pair_of(row: Any) -> Pair:  # noqa: ANN401
    anchor = base64.b64decode(row["anchor"], validate=True)
    if hashlib.sha256(anchor).hexdigest() != row["sha256"]:
        raise NotUsable("campaign.anchor", teach=str(row["teach"])[:LONGEST])
    return Pair(row["shows"], row["teach"], anchor)
