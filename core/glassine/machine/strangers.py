"""Kinds of files that Glassine does not open, by their first bytes and their names."""

from __future__ import annotations

from pathlib import PurePath

from ..messages import Message, message

HEAD = 600
"""Bytes at the beginning of a file that are needed to recognise it; a tar is known by byte 257."""

_STARTS = {
    b"GIF8": "gif",
    b"8BPS": "photoshop",
    b"%PDF": "pdf",
    b"\x76\x2f\x31\x01": "openexr",
    b"gimp xcf": "gimp",
    b"\xff\x0a": "jpeg_xl",
    b"\0\0\0\x0cJXL ": "jpeg_xl",
    b"\0\0\0\x0cjP  ": "jpeg_2000",
    b"\xff\x4f\xff\x51": "jpeg_2000",
    b"CSFCHUNK": "clip_studio",
    b"SAI-CANVAS": "sai",
    b"mdipack": "medibang",
    b"\0\xffKA": "affinity",
    b"BLENDER": "blender",
    b"\x06\x06\xed\xf5": "indesign",
    b"%!PS": "postscript",
    b"\xc5\xd0\xd3\xc6": "postscript",
    b"\0\0\x01\0": "icon",
    b"\0\0\x02\0": "icon",
    b"DDS ": "texture",
    b"#?RADIANCE": "radiance",
    b"qoif": "qoi",
    b"FUJIFILMCCD-RAW": "raw",
    b"IIRO": "raw",
    b"IIRS": "raw",
    b"MMOR": "raw",
    b"IIU\0": "raw",
    b"FOVb": "raw",
    b"\x1aE\xdf\xa3": "video",
    b"FLV\x01": "video",
    b"\0\0\x01\xba": "video",
    b"\0\0\x01\xb3": "video",
    b"0&\xb2u\x8ef\xcf\x11": "video",
    b"Rar!": "archive",
    b"7z\xbc\xaf\x27\x1c": "archive",
    b"\x1f\x8b": "archive",
    b"BZh": "archive",
    b"\xfd7zXZ\0": "archive",
    b"\x28\xb5\x2f\xfd": "archive",
    b"Paint Shop Pro Image File": "document",
    b"PDN3": "document",
    b"BPG\xfb": "rare",
    b"FLIF": "rare",
    b"\x8aMNG": "rare",
    b"\x8bJNG": "rare",
    b"AT&TFORM": "rare",
    b"\x59\xa6\x6a\x95": "rare",
    b"SDPX": "rare",
    b"XPDS": "rare",
    b"SIMPLE  =": "rare",
    b"\xd7\xcd\xc6\x9a": "rare",
    b"\xabKTX": "rare",
    b"/* XPM */": "rare",
    b"II\xbc\x01": "rare",
    b"\x01\xda\x01\x01": "rare",
    b"PAR1": "data_set",
    b"ARROW1": "data_set",
    b"\x89HDF": "data_set",
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
}
"""First bytes of files -> NAME of their message "stranger.NAME"."""

_FILM: tuple[bytes, ...] = (
    b"isom",
    b"iso2",
    b"iso4",
    b"iso5",
    b"iso6",
    b"mp41",
    b"mp42",
    b"avc1",
    b"M4V ",
    b"qt  ",
)
_FILM += (b"dash", b"MSNV", b"3gp4", b"3gp5", b"3gp6", b"3g2a", b"f4v ", b"M4A ")
_RAW: tuple[str, ...] = (
    ".cr2",
    ".nef",
    ".nrw",
    ".arw",
    ".srf",
    ".sr2",
    ".dng",
    ".pef",
    ".3fr",
    ".fff",
    ".iiq",
)
_RAW += (".kdc", ".dcr", ".srw", ".mrw", ".erf", ".mef", ".mos", ".rwl", ".gpr", ".k25")
"""Suffixes of cameras' raw files that begin like a TIFF: a TIFF reader finds only a preview."""

_TIFF = (b"II*\0", b"MM\0*")
_NAMED = {
    ".sai": "sai",
    ".tga": "targa",
    ".procreate": "procreate",
    ".afphoto": "affinity",
    ".afdesign": "affinity",
    ".svgz": "svg",
    ".pcx": "pcx",
    ".psd": "photoshop",
    ".psb": "photoshop",
    ".clip": "clip_studio",
    ".sai2": "sai",
    ".mdp": "medibang",
    ".ai": "illustrator",
    **dict.fromkeys((".cdr", ".pdn", ".ase", ".aseprite", ".pxd", ".pxm", ".sketch"), "document"),
    **dict.fromkeys((".fig", ".rif", ".ptg", ".reb", ".ipv", ".psdc", ".pspimage"), "document"),
    **dict.fromkeys((".emf", ".wmf", ".cin", ".sgi", ".ras", ".pict", ".xbm", ".jxr"), "rare"),
}
"""Suffix -> kind, for files whose first bytes do not tell, or too little."""

_WRAPPINGS = ("zip", "pdf", "postscript", "archive", "icon")
"""Kinds by first bytes that yield to a kind by suffix: containers in which such files are packed,
and beginnings that they share."""


def stranger(head: bytes, name: str = "") -> Message | None:
    """What a file is instead of a picture that can be opened; None where it is not recognised.

    head  its first HEAD bytes, or all of a shorter file
    """
    suffix = PurePath(name).suffix.lower()
    if is_raw(head, suffix):
        return message("stranger.raw")
    told = _in_boxes(head) or _in_letters(head) or _begins(head)
    if told in (None, *_WRAPPINGS):
        told = _NAMED.get(suffix, told)
    return message(f"stranger.{told}") if told else None


def is_raw(head: bytes, suffix: str) -> bool:
    """Whether it is a camera's raw file, which begins like a TIFF."""
    canon = head[8:10] == b"CR"
    return head.startswith(_TIFF) and (canon or suffix in _RAW)


def is_bitmap(head: bytes) -> bool:
    """Whether it is a Windows bitmap: two letters, a size, and four bytes that are always 0."""
    return head.startswith(b"BM") and head[6:10] == bytes(4)


def _begins(head: bytes) -> str | None:
    if head[257:262] == b"ustar":
        return "archive"
    if is_bitmap(head):
        return "bitmap"
    if head[:1] == b"P" and head[1:2] in b"123456f" and head[2:3] in b"\n\r\t ":
        return "portable"
    return next((kind for start, kind in _STARTS.items() if head.startswith(start)), None)


def _in_boxes(head: bytes) -> str | None:
    """Kinds by the boxes of HEIF, video and RIFF files."""
    if head[:4] == b"RIFF" and head[8:12] in (b"AVI ", b"WAVE"):
        return "video"
    if head[4:12] == b"ftypcrx ":
        return "raw"
    if head[4:8] == b"ftyp" and head[8:12] in _FILM:
        return "video"
    if head[:4] == b"RIFF" and head[8:11] == b"CDR":
        return "document"
    return "heic" if head[4:8] == b"ftyp" and head[8:10] in (b"he", b"mi", b"ms") else None


def _in_letters(head: bytes) -> str | None:
    """Kinds of XML text: SVG by its early root element, after any byte order mark."""
    text = head.replace(b"\0", b"").lstrip(b"\xff\xfe\xef\xbb\xbf \t\r\n")
    if text.startswith((b"<svg", b"<?xml", b"<!--", b"<!DOCTYPE svg")):
        if b"<svg" in text or b"DOCTYPE svg" in text:
            return "svg"
        return "xml" if text.startswith(b"<?xml") else None
    return None
