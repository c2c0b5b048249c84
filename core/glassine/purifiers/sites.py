"""What large sites do to an upload. Sites do not publish this, and change it: hence the dates.

This is the only table of their sizes: the size of an export and the handlings of a report use it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Generator, Tensor

from .base import Apply, Purifier, Scene
from .codec import through_jpeg, through_webp
from .resample import to_size


@dataclass(frozen=True)
class Site:
    """What is known of one site.

    says     its name
    longest  longest side in pixels that it does not reduce
    quality  of its codec; None where nobody measured it: then it has no handling
    source   where the numbers come from
    """

    says: str
    longest: int
    quality: int | None
    source: str
    seen: str  # when the source was read or written
    codec: Callable[[Tensor, int], Tensor] = through_jpeg


SITES = {
    "x": Site(
        "X (Twitter)",
        4096,
        80,
        "size measured by phototacopodcast.com (2021), quality: picovert.com",
        "2026-11-21",
    ),
    "instagram": Site(
        "Instagram",
        1080,
        70,
        "imageguide.dev/platforms/instagram: 70-75 %; its help pages keep widths up to 1080",
        "2026-11-28",
    ),
    "facebook": Site(
        "Facebook", 2048, 80, "size: fixtools.io; the quality is our assumption", "2026-11-21"
    ),
    "bluesky": Site(
        "Bluesky",
        2000,
        80,
        "size: atproto packages/bsky/src/image/uri.ts 08b423c; the quality is our assumption",
        "2026-11-21",
        through_webp,
    ),
    "mastodon": Site(
        "Mastodon",
        1280,
        90,
        "media_attachment.rb at 00793a8 (2019; newer versions keep more pixels)",
        "2026-11-21",
    ),
    "pixelfed": Site(
        "Pixelfed", 1350, 80, "Image.php at 00af376, config/pixelfed.php at 072d55d", "2026-11-21"
    ),
    "deviantart": Site(
        "DeviantArt preview", 1280, None, "size: mikf/gallery-dl#7975 (2025)", "2026-11-28"
    ),
    "artstation": Site(
        "ArtStation",
        1920,
        90,
        "help.artstation.com as quoted in mikf/gallery-dl#1422 (2021): 1920 wide, 90 %",
        "2026-11-28",
    ),
}


def site(name: str) -> Purifier:
    """The handling of that site: reduced to its longest side, coded, and enlarged again."""
    row = SITES[name]
    quality = row.quality
    assert quality is not None, "no handling without a measured quality"

    def prepare(scene: Scene) -> Apply:
        def apply(rgb: Tensor, draw: Generator) -> Tensor:
            height, width = rgb.shape[1:]
            factor = min(1.0, row.longest / (scene.longest or max(height, width)))
            size = max(1, round(height * factor)), max(1, round(width * factor))
            small = rgb if size == (height, width) else to_size(rgb, *size)
            coded = row.codec(small.detach(), quality)
            return coded if size == (height, width) else to_size(coded, height, width)

        return apply

    return Purifier(
        says=f"Upload to {row.says}: {row.longest} px, quality {quality}",
        kind="handling",
        differentiable=False,
        apply=prepare(Scene()),
        source=f"{row.source} ({row.seen})",
        prepare=prepare,
    )
