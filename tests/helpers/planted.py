"""Files that tell more than they should: every tag that exiftool can write has a word in it."""

import io
import shutil
import subprocess
import zlib
from functools import cache

import numpy as np
import pytest
from PIL import Image

SECRET = "Zq7Secret"
GROUPS = ("EXIF", "GPS", "XMP", "IPTC", "PNG", "JPEG", "Photoshop")
SPOILING = {"EXIF:ApplicationNotes", "EXIF:IPTC-NAA", "EXIF:PhotoshopSettings"}
"""Tags that are the whole of another group."""

PILLOW = {"png": "png", "jpeg": "jpeg", "webp": "webp", "tiff": "tiff", "avif": "avif"}


def exiftool():
    if not shutil.which("exiftool"):
        pytest.skip("exiftool is not installed")
    return "exiftool"


def pixels(seed=3, size=(48, 64)):
    return np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)


def plain(kind, seed=3, **options):
    stream = io.BytesIO()
    Image.fromarray(pixels(seed)).save(stream, PILLOW[kind], **options)
    return stream.getvalue()


@cache
def writable(group):
    """Names of all tags of a group that exiftool writes."""
    said = subprocess.run([exiftool(), "-listw", f"-{group}:all"], capture_output=True, text=True)
    return said.stdout.partition("\n")[2].split()


def planted(folder, kind, data=None, wanted=GROUPS):
    """The bytes of a file with the word and a number in every tag of those groups."""
    file, listed = folder / f"planted.{kind}", folder / "arguments"
    file.write_bytes(data or plain(kind))
    names = [f"{group}:{name}" for group in wanted for name in writable(group)]
    listed.write_text(
        "\n".join(f"-{n}={SECRET}{i}" for i, n in enumerate(names) if n not in SPOILING)
    )
    command = [exiftool(), "-q", "-m", "-overwrite_original", "-@", str(listed), str(file)]
    subprocess.run(command, capture_output=True, check=False)  # some tags want a number
    return file.read_bytes()


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
    command = [exiftool(), "-ee", "-a", "-u", "-U", "-G1", "-s", "-charset", "utf8", str(file)]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    found = {}
    for line in said.splitlines():
        name, _, value = line.partition(":")
        group, _, tag = name.strip().removeprefix("[").partition("]")
        found[f"{group.strip()}:{tag.strip()}"] = value.strip()
    return found
