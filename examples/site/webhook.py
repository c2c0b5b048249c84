"""A site's own resizing, with protection as its last step, so that the posted file is protected.

    python examples/site/webhook.py UPLOAD FOLDER [SITE]

A change that is made before a picture is resized is mostly gone afterwards. So a site resizes
first, as before, sends each size that it will show to `glassine site`, and stores the protected
copy under the name that the size would have had. Needs only the standard library and Pillow. The
environment variable GLASSINE_SITE_KEY has the key for the service, if it wants one. The site does
not show a size before it is protected: models may learn from any copy that was online once. A site
would call `protected` from its own queue.
"""

import json
import os
import sys
import urllib.request
import uuid
from io import BytesIO
from pathlib import Path

from PIL import Image

SIDES = (1280, 640)
"""Longest sides that the site shows, in pixels."""


def main(upload: Path, folder: Path, site: str = "http://127.0.0.1:8642") -> None:
    for side in SIDES:
        name = folder / f"{upload.stem}-{side}.webp"
        part = name.with_suffix(".part")  # nobody is shown a file of that name
        part.write_bytes(protected(resized(upload, side), site))
        part.replace(name)
        print(name)


def resized(upload: Path, side: int) -> bytes:
    """The picture at the size that is shown, as PNG: only the service writes the posted file."""
    with Image.open(upload) as picture:
        small = picture.convert("RGB")
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    out = BytesIO()
    small.save(out, "PNG")
    return out.getvalue()


def protected(picture: bytes, site: str, **settings: str) -> bytes:
    """The protected copy of that picture; raises if there is none, so that nothing is shown."""
    settings = {"format": "webp", "quality": "95", **settings}
    body, kind = form(picture, settings)
    job = json.loads(asked(site + "/v1/protect", body, kind))
    with opened(site + job["links"]["events"]) as events:
        told = [json.loads(line[6:]) for line in events if line.startswith(b"data: ")]
    end = told[-1]
    if end["state"] != "done" or not end["protected"]:
        raise RuntimeError(str(end.get("problem") or end.get("why_not")))
    copy = asked(site + end["links"]["result"])
    opened(site + end["links"]["job"], method="DELETE").close()
    return copy


def form(picture: bytes, settings: dict[str, str]) -> tuple[bytes, str]:
    """(body, content type) of multipart/form-data; the picture's own name is not sent."""
    edge = uuid.uuid4().hex
    head = '--{}\r\nContent-Disposition: form-data; name="{}"{}\r\n\r\n'
    parts = []
    for name, value in settings.items():
        parts.append((head.format(edge, name, "") + value + "\r\n").encode())
    parts.append(head.format(edge, "picture", '; filename="picture"').encode() + picture)
    return b"".join(parts) + f"\r\n--{edge}--\r\n".encode(), f"multipart/form-data; boundary={edge}"


def asked(url: str, body: bytes | None = None, kind: str = "") -> bytes:
    with opened(url, body, kind) as answer:
        found: bytes = answer.read()
    return found


def opened(url: str, body: bytes | None = None, kind: str = "", method: str | None = None):  # noqa: ANN201
    request = urllib.request.Request(url, body, method=method)
    if kind:
        request.add_header("Content-Type", kind)
    if key := os.environ.get("GLASSINE_SITE_KEY"):
        request.add_header("Authorization", f"Bearer {key}")
    return urllib.request.urlopen(request)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
