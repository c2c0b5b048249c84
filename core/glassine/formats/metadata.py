"""What a file carries beside its pixels: profile, EXIF, XMP, size on paper.

A copy is published. It says who made it, what it may be used for and what its colours mean, in
metadata that is written anew. Where, on what and from what it was made stays with the original,
unless the artist wants it published. Thumbnails and other pictures in the metadata would show the
unprotected picture and are never passed on.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element

import pyvips

from ..messages import Message, message
from ..pixels.packet import Refused, properties
from ..types import Keep, Private
from . import directories
from .carried import exif, icc, loose, xmp
from .carried.loose import Loose, Titled

_ICC, _EXIF, _XMP, _THUMBNAIL = "icc-profile-data", "exif-data", "xmp-data", "jpeg-thumbnail-data"
_EXIF_PPI, _EXIF_UNIT = "exif-ifd0-XResolution", "exif-ifd0-ResolutionUnit"
_MM_PER_INCH = 25.4
_LARGEST = 16 << 20  # bytes; no honest profile or EXIF block is larger


def keep(image: pyvips.Image, depth: int, data: bytes) -> tuple[Keep, tuple[Message, ...]]:
    """The metadata that copies may carry, and notes about what was left out; `data` is the file."""
    beside = beside_of(data)
    block, small, lost = block_of(image, beside)
    found, bad = properties_of(image, beside)
    said, licensors = xmp.authorship(found)
    sources = [xmp.titled(said), *beside.titled]
    sources[1:1] = [exif.signed_by(block.text)] if block else []
    creators, rights, title = first_said(sources)
    said = xmp.completed(said, creators, rights, title)
    private, pictures = private_of(block, found, said, licensors)
    given = blob(image, _ICC) or beside.icc
    profile = icc.cleaned(given) if given else icc.Profile(None)
    pictures |= any(map(xmp.with_picture, found)) or small or beside.small or profile.picture
    kinds = beside.kinds | xmp.kinds(found) | (exif.told_kinds(block) if block else set())
    kinds |= {"device"} if profile.device else set()
    notes = {
        message("metadata.small_copy"): pictures,
        message("metadata.mask"): beside.mask,
        message("metadata.gain_map"): xmp.gain_map(found),
        message("metadata.damaged", what="EXIF"): lost,
        message("metadata.damaged", what="XMP"): bad,
        message("metadata.no_profile"): bool(given and not profile.data),
        message("metadata.too_large", size=_LARGEST >> 20): any(
            large(image, name) for name in (_ICC, _EXIF, _XMP)
        ),
    }
    return (
        Keep(
            icc=profile.data,
            exif=exif.built(exif.authored(creators, rights)) if creators or rights else None,
            xmp=xmp.packet_of(said, licensors) if said or licensors else None,
            ppi=ppi(image),
            depth=depth,
            creators=xmp.titled(said)[0],
            private=Private(*private, tuple(sorted(kinds))) if kinds else None,
        ),
        tuple(note for note, true in notes.items() if true),
    )


def beside_of(data: bytes) -> Loose:
    """What the file carries that libvips does not read, by the kind of file."""
    if data.startswith(b"\xff\xd8"):
        return loose.of_jpeg(data)
    if data.startswith(b"\x89PNG"):
        return loose.of_png(data)
    return beside_tiff(data) if data[:2] in (b"II", b"MM") else Loose()


def beside_tiff(data: bytes) -> Loose:
    """The same for a TIFF, with its thumbnails and masks."""
    found, parts = loose.of_tiff(data), directories.held(data)
    found.small |= parts.small > 0
    found.mask = parts.masks > 0
    return found


def block_of(image: pyvips.Image, beside: Loose) -> tuple[exif.Block | None, bool, bool]:
    """The EXIF block, whether there is a thumbnail, and whether some of EXIF cannot be read."""
    data = blob(image, _EXIF) or beside.exif
    small = bool(image.get_typeof(_THUMBNAIL))
    if not data:
        return beside.block, small, False
    block = exif.parsed(data)
    return block, small or bool(block and block.thumbnail), block is None or block.damaged


def block_in(image: pyvips.Image) -> exif.Block | None:
    """The EXIF block that libvips found; None where there is none."""
    data = blob(image, _EXIF)
    return exif.parsed(data) if data else None


def profile_named(image: pyvips.Image) -> str:
    """The profile's name in XMP, whether or not the file still holds the profile; "" without."""
    packet = blob(image, _XMP)
    try:
        found = properties(packet) if packet else []
    except Refused:
        return ""
    return next(((one.text or "").strip() for one in found if one.tag == xmp.PROFILE), "")


def properties_of(image: pyvips.Image, beside: Loose) -> tuple[list[Element], bool]:
    """The properties of all XMP packets, and whether one of these cannot be read."""
    first = blob(image, _XMP) or beside.xmp
    found, bad = list[Element](), False
    for packet in (*((first,) if first else ()), *beside.extended):
        try:
            found += properties(packet)
        except Refused:
            bad = True
    return found, bad


def first_said(sources: list[Titled]) -> Titled:
    """Creators, rights and title, each from the first source that has it."""
    names = next((tuple(filter(xmp.sound, one[0])) for one in sources if one[0]), ())
    rights = next((one[1] for one in sources if xmp.sound(one[1])), "")
    title = next((one[2] for one in sources if xmp.sound(one[2])), "")
    return tuple(map(legible, names)), legible(rights), legible(title)


def legible(text: str) -> str:
    """The text without characters that XML cannot hold."""
    return "".join(one for one in text if one.isprintable() or one == "\n")


def private_of(
    block: exif.Block | None,
    found: list[Element],
    said: xmp.Said,
    licensors: list[dict[str, str]],
) -> tuple[tuple[bytes | None, bytes | None], bool]:
    """(EXIF, XMP) with everything that is still true of a copy, and whether EXIF held pictures."""
    others = [
        one for one in found if not (xmp.false(one) or xmp.with_picture(one) or xmp.known(one))
    ]
    packet = xmp.packet_of(said, licensors, others) if said or licensors or others else None
    creators, rights, _ = xmp.titled(said)
    if block is None:
        whole, pictures = exif.Block("<"), False
    else:
        whole, pictures = exif.whole(block)
    whole = exif.authored(creators, rights, whole)
    any_of_it = whole.main or whole.exif or whole.place
    return (exif.built(whole) if any_of_it else None, packet), pictures


def ppi(image: pyvips.Image) -> float | None:
    """Pixels per inch, None where the file does not tell: libvips then says 1 pixel per mm."""
    if abs(image.xres - 1) > 1e-6:
        return float(round(image.xres * _MM_PER_INCH, 2))
    if not image.get_typeof(_EXIF_PPI):
        return None
    number, _, over = image.get(_EXIF_PPI).partition(" ")[0].partition("/")
    unit = image.get(_EXIF_UNIT)[:1] if image.get_typeof(_EXIF_UNIT) else "2"
    try:
        value = float(number) / float(over or 1)
    except (ValueError, ZeroDivisionError):
        return None
    return round(value * (_MM_PER_INCH / 10 if unit == "3" else 1), 2) if value > 1 else None


def large(image: pyvips.Image, name: str) -> bool:
    """Whether that field is there and larger than _LARGEST."""
    return bool(image.get_typeof(name)) and len(image.get(name)) > _LARGEST


def blob(image: pyvips.Image, name: str) -> bytes | None:
    """The field's bytes; None where it is missing or too large."""
    if not image.get_typeof(name) or large(image, name):
        return None
    return bytes(image.get(name))


def carry(image: pyvips.Image, keep: Keep) -> pyvips.Image:
    """The image with its metadata, marked as upright."""
    image = image.copy()
    for name, data in ((_ICC, keep.icc), (_EXIF, keep.exif), (_XMP, keep.xmp)):
        if data:
            image.set_type(pyvips.GValue.blob_type, name, data)
    image.set_type(pyvips.GValue.gint_type, "orientation", 1)
    return image


def flags(keep: Keep, *, ppi_in_exif: bool = False) -> str:
    """libvips' `keep` option for a writer; without the option libvips writes an EXIF block of its
    own.

    ppi_in_exif  the format has no other place for the size on paper
    """
    wanted = ["icc", "xmp"]
    if keep.exif or (ppi_in_exif and keep.ppi):
        wanted.append("exif")
    return "|".join(wanted)
