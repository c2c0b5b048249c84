"""The campaigns that were joined on this machine: the signed files, in the user's data folder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from platformdirs import user_data_path

from ..errors import EntryMissing, GlassineError, NotUsable, reason_of
from ..machine.files import contents, write
from ..targets.concept import tidy
from ..types import Intent
from .signed import LARGEST, Signed, opened

SUFFIX = ".campaign"


def campaigns_folder() -> Path:
    return user_data_path("glassine") / "campaigns"


def campaign_of(file: Path) -> Signed:
    """The campaign in a file; raises NotUsable where it or its signature is not valid."""
    try:
        if file.stat().st_size > LARGEST:
            raise NotUsable("campaign.large", most=LARGEST >> 20)
        data = contents(file, LARGEST + 1)
    except OSError as error:
        raise NotUsable("campaign.no_file", path=file, reason=reason_of(error)) from error
    return opened(data)


def join(file: Path) -> Signed:
    """Checks a campaign's file and keeps it, in place of one of the same number and signer.

    Raises NotUsable where it is over, or where another signer's campaign has its number or another
    campaign its name.
    """
    found = campaign_of(file)
    campaign = found.campaign
    if campaign.over:
        raise NotUsable("campaign.over", name=campaign.name, until=campaign.until.isoformat())
    for other in joined():
        if other.campaign.number == campaign.number and other.key != found.key:
            raise NotUsable("campaign.foreign", name=campaign.name, who=other.who)
        if other.campaign.number != campaign.number and other.campaign.name == campaign.name:
            raise NotUsable("campaign.namesake", name=campaign.name, who=other.who)
    campaigns_folder().mkdir(parents=True, exist_ok=True)
    write(campaigns_folder() / f"{campaign.number}{SUFFIX}", found.data)
    return found


def joined() -> Iterator[Signed]:
    """Every campaign that was joined, by name; a file that was damaged since is left out."""
    found = []
    for file in sorted(campaigns_folder().glob(f"*{SUFFIX}")):
        try:
            found.append(campaign_of(file))
        except EntryMissing:
            raise  # a library is missing: no file can be checked
        except GlassineError:
            continue
    yield from sorted(found, key=lambda one: one.campaign.name)


def joined_named(name: str) -> Signed:
    """The campaign of that name; raises NotUsable where none has it, or it is over."""
    known = list(joined())
    for one in known:
        if one.campaign.name == name:
            if one.campaign.over:
                raise NotUsable("campaign.over", name=name, until=one.campaign.until.isoformat())
            return one
    raise NotUsable("campaign.unknown", name=name, known=tuple(c.campaign.name for c in known))


def agreed(wish: Intent, name: str, *, own_strength: bool) -> Intent:
    """The wish with concepts, anchor, caption and strength from the campaign of that name.

    own_strength  keep the wish's strength instead of the campaign's
    """
    campaign = joined_named(name).campaign
    pair = campaign.pair(tidy(wish.shows) if wish.shows else None)
    return replace(
        wish,
        shows=pair.shows,
        teach=pair.teach,
        anchor=pair.picture,
        caption=campaign.caption,
        strength=wish.strength if own_strength else campaign.strength,
    )
