"""What exiftool, libvips, Pillow and a C2PA reader each find in a copy is the same."""

import hashlib
import io
import json
from dataclasses import replace

import planted
import pytest
import pyvips
from glassine.evidence.schema import json_ready
from glassine.flow.encode import encode
from glassine.flow.read import read
from glassine.formats import FORMATS
from glassine.formats.carried import xmp
from glassine.formats.carried.publish import carrying
from glassine.pixels.packet import properties
from glassine.types import Claim, Export, Report
from PIL import Image, ImageCms
from planted import SECRET, exif_of, packet

c2pa = pytest.importorskip("c2pa", reason="needs c2pa-python")

NAME, RIGHTS, TITLE = "Änne 画家", "© Änne", "Olive"
DMI = "DMI-PROHIBITED-EXCEPTSEARCHENGINEINDEXING"
CLAIM = Claim(creator=NAME, rights=RIGHTS, title=TITLE)


def original():
    """A turned JPEG with a profile, a thumbnail in XMP, a place, a camera and its owner."""
    small = planted.plain("jpeg", seed=5).hex()
    words = f"<d:creator><r:Seq><r:li>{NAME}</r:li></r:Seq></d:creator><o:a>{small}</o:a>"
    said = packet(words, 'xmlns:o="http://o.example/1/"')
    turned = exif_of()
    turned[0x0112], turned[0x013B] = 6, NAME
    colours = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return planted.plain("jpeg", exif=turned, xmp=said, icc_profile=colours, dpi=(300, 300))


def by_exiftool(folder, data, kind):
    file = folder / f"copy.{kind}"
    file.write_bytes(data)
    asked = ["-j", "-G1", "-a", "-ee", "-b", "-charset", "utf8", "-api", "struct=0"]
    said = planted.exiftool(*asked, file)
    (row,) = json.loads(said)
    assert SECRET not in said
    return {
        "size": (row["File:ImageWidth"], row["File:ImageHeight"])
        if "File:ImageWidth" in row
        else next(
            (row[f"{g}:ImageWidth"], row[f"{g}:ImageHeight"])
            for g in ("PNG", "RIFF", "IFD0", "Meta")
            if f"{g}:ImageWidth" in row
        ),
        "creator": row["XMP-dc:Creator"],
        "rights": row["XMP-dc:Rights"],
        "title": row["XMP-dc:Title"],
        "artist": next((row[name] for name in row if name.endswith(":Artist")), None),
        "mining": row["XMP-plus:DataMining"].rpartition("/")[2],
        "signed": any(name.startswith(("JUMBF", "C2PA")) for name in row),
        "turned": {value for name, value in row.items() if name.endswith(":Orientation")},
        "small": [name for name in row if "Thumbnail" in name or "Preview" in name],
        "warned": str(row.get("ExifTool:Warning", "")),
    }


def said_by(data):
    told, _ = xmp.authorship(properties(data))
    (creator, *_), rights, title = xmp.titled(told)
    (_, mining), *_ = told[f"{{{xmp.PLUS}}}DataMining"]
    return {
        "creator": creator,
        "rights": rights,
        "title": title,
        "mining": mining.rpartition("/")[2],
    }


def by_libvips(data):
    image = pyvips.Image.new_from_buffer(data, "")
    artist = image.get("exif-ifd0-Artist") if image.get_typeof("exif-ifd0-Artist") else None
    turned = image.get("orientation") if image.get_typeof("orientation") else 1
    return {
        "size": (image.width, image.height),
        "icc": hashlib.sha256(image.get("icc-profile-data")).hexdigest(),
        "turned": turned,
        "has artist": artist is not None,
        **said_by(bytes(image.get("xmp-data"))),
    }


def by_pillow(data):
    with Image.open(io.BytesIO(data)) as picture:
        told = picture.getexif()
        packed = picture.info.get("xmp") or picture.info.get("XML:com.adobe.xmp") or told.get(700)
        return {
            "size": picture.size,
            "icc": hashlib.sha256(picture.info["icc_profile"]).hexdigest(),
            "turned": told.get(0x0112, 1),
            "artist": in_utf_8(told.get(0x013B)),
            **said_by(packed.encode() if isinstance(packed, str) else packed),
        }


def in_utf_8(text):
    """Pillow takes EXIF's text for Latin-1; it is UTF-8, as the other readers have it."""
    return text.encode("latin-1").decode() if text else None


def by_c2pa(data, kind):
    with c2pa.Reader(f"image/{kind}", io.BytesIO(data)) as reader:
        told = json.loads(reader.json())
    active = told["manifests"][told["active_manifest"]]
    data_of = {one["label"]: one["data"] for one in active["assertions"]}
    entries = data_of["cawg.training-mining"]["entries"]
    about = data_of["cawg.metadata"]
    return {
        "signer": active["signature_info"]["common_name"],
        "creator": about["dc:creator"][0],
        "rights": about["dc:rights"],
        "title": active["title"],
        "mining": about["plus:DataMining"].rpartition("/")[2],
        "refused": {one["use"] for one in entries.values()},
        "broken": [
            one["code"]
            for one in told["validation_results"]["activeManifest"]["failure"]
            if one["code"] != "signingCredential.untrusted"
        ],
        "small": "thumbnail" in json.dumps(json_ready(told)),
    }


@pytest.mark.parametrize("kind", [name for name in FORMATS if FORMATS[name].write])
def test_four_readers_agree_on_what_a_copy_holds(tmp_path, finished, kind):
    export = Export(format=kind, marks=("xmp", "c2pa"), claim=CLAIM)
    artwork = carrying(read(original()), export)
    made = finished(artwork.rgb, format=kind, marks=export.marks, claim=CLAIM)
    data = encode(
        replace(made, plan=replace(made.plan, artwork=artwork)), Report(None, (), ())
    ).data
    said = {"creator": NAME, "rights": RIGHTS, "title": TITLE, "mining": DMI}
    profile = hashlib.sha256(artwork.keep.icc).hexdigest()
    seen = {"size": (48, 64), "icc": profile, "turned": 1, **said}
    artist = NAME if kind != "tiff" else None
    assert by_libvips(data) == seen | {"has artist": artist is not None}
    assert by_pillow(data) == seen | {"artist": artist}
    refused = {"refused": {"notAllowed"}, "broken": [], "small": False}
    assert by_c2pa(data, kind) == said | refused | {"signer": NAME}
    told = by_exiftool(tmp_path, data, kind)
    assert told.pop("turned") <= {1, "Horizontal (normal)"}
    if "references previous JUMBFBox" in told.pop("warned"):
        told["artist"] = artist  # exiftool 12.57 takes EXIF's first offset for the manifest's
    assert told.pop("signed") or kind not in ("png", "jpeg"), "exiftool 12 looks in these two"
    assert told == said | {"size": (48, 64), "artist": artist, "small": []}
