"""The options that say whose a picture is and what machines may do, for the marks.

What stays the same from picture to picture can stand in the environment once: GLASSINE_ARTIST,
GLASSINE_RIGHTS, GLASSINE_URL, GLASSINE_CERTIFICATE, GLASSINE_KEY (and GLASSINE_KEEP_PATH=1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .choices import OneOf
from .names import Name
from .numbers import Decimal

if TYPE_CHECKING:
    from ..types import Claim

_POLICIES = ("search-only", "no-mining", "no-training", "no-generative")

OPTIONS = (
    click.option("--artist", default="", envvar="GLASSINE_ARTIST", help="Your name, in marks."),
    click.option("--rights", default="", envvar="GLASSINE_RIGHTS", help="Your rights, in marks."),
    click.option(
        "--url", default="", envvar="GLASSINE_URL", help="Where your licence or you can be found."
    ),
    click.option("--title", default="", help="The picture's title, in marks and the ledger."),
    click.option("--terms", default="", help="Terms of use in words, in marks."),
    click.option(
        "--policy",
        type=OneOf(_POLICIES),
        default=_POLICIES[0],
        show_default=True,
        help="What the marks refuse, in this order: all but search engines; all mining; all "
        "training; training of generative models only.",
    ),
    click.option(
        "--certificate",
        metavar="FILE",
        type=Name(),
        default="",
        envvar="GLASSINE_CERTIFICATE",
        help="Sign with your own PEM chain or .p12; see: glassine marks certificate.",
    ),
    click.option(
        "--key",
        metavar="FILE",
        type=Name(),
        default="",
        envvar="GLASSINE_KEY",
        help="The certificate's private key, where it is in another file.",
    ),
    click.option("--visible", metavar="TEXT", default="", help="The text of the mark 'visible'."),
    click.option(
        "--signature",
        metavar="PNG",
        type=Name(),
        default="",
        help="A picture of your signature for that mark, instead of text.",
    ),
    click.option(
        "--layout",
        type=OneOf(("corner", "tiled")),
        default="corner",
        show_default=True,
        help="Where the visible mark goes.",
    ),
    click.option(
        "--opacity",
        type=Decimal(0, 1, min_open=True),
        help="How opaque the visible mark is.",
    ),
)


NOTHING = {
    **dict.fromkeys(("artist", "rights", "url", "title", "terms", "certificate", "key"), ""),
    **dict.fromkeys(("visible", "signature"), ""),
    "policy": _POLICIES[0],
    "layout": "corner",
    "opacity": None,
}
"""What stands for these options where a command does not have them."""


def claim(given: dict[str, Any]) -> Claim:
    """What the marks will say."""
    from ..types import Claim, Visible

    usual = Visible()
    visible = Visible(
        text=given["visible"] or usual.text,
        layout=given["layout"],
        opacity=given["opacity"] or usual.opacity,
        picture=given["signature"],
    )
    return Claim(
        creator=given["artist"],
        rights=given["rights"],
        url=given["url"],
        title=given["title"],
        usage_terms=given["terms"],
        policy=given["policy"],
        certificate=given["certificate"],
        key=given["key"],
        visible=visible,
    )
