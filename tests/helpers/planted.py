"""Files that tell more than they should: every tag that exiftool can write has a word in it."""

import atexit
import io
import shutil
import struct
import subprocess
import tempfile
import zlib
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from glassine.formats.carried import xmp
from PIL import Image, ImageCms

SECRET = "Zq7Secret"
GROUPS = ("EXIF", "GPS", "XMP", "IPTC", "PNG", "JPEG", "Photoshop")
SPOILING = {"EXIF:ApplicationNotes", "EXIF:IPTC-NAA", "EXIF:PhotoshopSettings"}
"""Tags that are the whole of another group."""

PILLOW = {"png": "png", "jpeg": "jpeg", "webp": "webp", "tiff": "tiff", "avif": "avif"}


OPEN = {
    "CBOR:Dccreator",  # whose name a signature says, told before the work
    *("IFD0:Artist", "IFD0:Copyright", "XMP-dc:Creator", "XMP-dc:Rights", "XMP-dc:Title"),
    *("XMP-xmpRights:Owner", "XMP-xmpRights:UsageTerms", "XMP-xmpRights:WebStatement"),
    *("XMP-xmpRights:Marked", "XMP-cc:License", "XMP-cc:AttributionName", "XMP-photoshop:Credit"),
    *("XMP-cc:AttributionURL", "XMP-cc:MorePermissions", "XMP-iptcExt:DigitalSourceType"),
    *("XMP-plus:LicensorName", "XMP-plus:LicensorURL", "XMP-plus:DataMining", "XMP-tdm:Policy"),
}
"""Everything that may be published of what a file says."""


@cache
def exiftool_process():
    """One for all calls: loading its tables takes longer than most of what it is asked."""
    if not shutil.which("exiftool"):
        pytest.skip("exiftool is not installed")
    command = ["exiftool", "-stay_open", "True", "-@", "-"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, encoding="utf-8", errors="replace", **pipes)
    atexit.register(process.communicate, "-stay_open\nFalse\n")
    return process


def exiftool(*arguments):
    """What it prints; what it warns of is left out, and so is its exit code."""
    process = exiftool_process()
    process.stdin.write("\n".join([*map(str, arguments), "-execute1", ""]))
    process.stdin.flush()
    lines = []
    while (line := process.stdout.readline()).strip() != "{ready1}":
        assert line, f"exiftool ended with {process.wait()}"
        lines.append(line)
    return "".join(lines)


def pixels(seed=3, size=(48, 64)):
    return np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)


def plain(kind, seed=3, **options):
    stream = io.BytesIO()
    Image.fromarray(pixels(seed)).save(stream, PILLOW[kind], **options)
    return stream.getvalue()


@cache
def writable(group):
    """Names of all tags of a group that exiftool writes."""
    return exiftool("-listw", f"-{group}:all").partition("\n")[2].split()


def planted(folder, kind, data=None, wanted=GROUPS):
    """The bytes of a file with the word and a number in every tag of those groups."""
    file = folder / f"planted.{kind}"
    file.write_bytes(data or plain(kind))
    plant([file], wanted)
    return file.read_bytes()


def plant(files, wanted=GROUPS):
    """The same in files. XMP is most of the work: it is written once, and goes into the others as
    it is, but for a JPEG, where exiftool has to spread it over segments."""
    for file in files:
        block = [f"-xmp<={full_packet()}"] if "XMP" in wanted and file.suffix != ".jpeg" else []
        spell(file, [one for one in wanted if not block or one != "XMP"], *block)


@cache
def full_packet():
    """A file with every tag of XMP."""
    file = Path(tempfile.mkdtemp()) / "full.xmp"
    atexit.register(shutil.rmtree, file.parent)
    file.write_bytes(packet(""))
    spell(file, ("XMP",))
    return file


def spell(file, groups, *more):
    names = [f"{group}:{name}" for group in groups for name in writable(group)]
    told = [f"-{n}={SECRET}{i}" for i, n in enumerate(names) if n not in SPOILING]
    exiftool("-q", "-m", "-overwrite_original", *told, *more, file)  # some tags want a number


def unfolded(data):
    """The bytes of a file with what a PNG has packed, for words that must not be in it."""
    if not data.startswith(b"\x89PNG"):
        return data
    parts, at = [data], 8
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        _, _, body = data[at + 8 : at + 8 + size].partition(b"\0")
        if data[at + 4 : at + 8] == b"zTXt":
            parts.append(inflated(body[1:]))
        elif data[at + 4 : at + 8] == b"iTXt":
            parts.append(inflated(body[2:].split(b"\0", 2)[2]))
        at += 12 + size
    return b"".join(parts)


def inflated(body):
    try:
        return zlib.decompressobj().decompress(body)
    except zlib.error:
        return b""


def told(folder, data, kind="bin"):
    """Group:Tag -> value of everything that exiftool finds in a file, also inside what is in it."""
    file = folder / f"told.{kind}"
    file.write_bytes(data)
    said = exiftool("-ee", "-a", "-u", "-U", "-G1", "-s", "-charset", "utf8", file)
    found = {}
    for line in said.splitlines():
        name, _, value = line.partition(":")
        group, _, tag = name.strip().removeprefix("[").partition("]")
        found[f"{group.strip()}:{tag.strip()}"] = value.strip()
    return found


def profile():
    """sRGB as littlecms describes it."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def packet(inner, more="", prefix="x"):
    return (
        f'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><{prefix}:xmpmeta '
        f'xmlns:{prefix}="adobe:ns:meta/"><r:RDF xmlns:r="{xmp.RDF}"><r:Description r:about="" '
        f'xmlns:d="{xmp.DC}" {more}>{inner}</r:Description></r:RDF></{prefix}:xmpmeta>'
        f'<?xpacket end="w"?>'
    ).encode()


CREATOR = "<d:creator><r:Seq><r:li>Änne 画家</r:li></r:Seq></d:creator>"


def exif_of(**values):
    made = Image.Exif()
    made[0x013B], made[0x010F], made[0x0110] = "Ann", SECRET, SECRET
    inner, place = made.get_ifd(0x8769), made.get_ifd(0x8825)
    inner[0xA431] = inner[0xA430] = SECRET
    inner[0x9286] = b"ASCII\0\0\0" + SECRET.encode()
    inner[0x927C] = values.get("note", b"")
    place[1], place[2] = "N", (48.0, 8.0, 0.0)
    return made


def iim(**told):
    return b"".join(
        b"\x1c\x02" + struct.pack(">BH", int(k[1:]), len(v.encode())) + v.encode()
        for k, v in told.items()
    )


IIM = iim(d80="Änne", d116="© Änne", d5="Olive", d90="Freiburg")
RESOURCES = b"Photoshop 3.0\x008BIM\x04\x04\0\0" + struct.pack(">I", len(IIM)) + IIM
