"""Frames between Krita and the engine. This file exists twice, byte for byte; a test compares.

One frame is: length of the JSON part (4 bytes), length of the binary part (8 bytes), both big
endian, then the JSON part in UTF-8, then the binary part. Standard library only, no Qt.
Lengths above the limits mean that something else was written into the stream (a stray print),
and are an error at once: waiting for the rest of such a frame would be waiting for ever.

A picture is larger than a frame may be. It travels as a blob: the request or the result announces
`"blobs": {name: bytes}`, and frames `{"id": n, "blob": name}` bring its parts in order. Whoever
receives a part answers `{"id": n, "got": bytes}`, and nobody has more than WINDOW bytes under way.
"""

import json
import struct
from typing import Any

PROTOCOL = 2
HEAD = struct.Struct(">IQ")
TEXT_LIMIT, BLOB_LIMIT = 1 << 24, 1 << 24
PART, WINDOW = 1 << 20, 1 << 22
Message = tuple[dict[str, Any], bytes]


class NotAFrame(ValueError):
    """Something that does not speak this protocol is at the other end."""


def pack(body: dict[str, Any], blob: bytes | memoryview = b"") -> bytes:
    text = json.dumps(body, sort_keys=True).encode()
    return b"".join((HEAD.pack(len(text), len(blob)), text, blob))


class Unpacker:
    """Turns chunks of any size into whole messages."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, chunk: bytes) -> list[Message]:
        self._buffer += chunk
        messages: list[Message] = []
        while len(self._buffer) >= HEAD.size:
            text, blob = HEAD.unpack_from(self._buffer)
            if text > TEXT_LIMIT or blob > BLOB_LIMIT:
                raise NotAFrame(f"Not a frame: {bytes(self._buffer[:40])!r}")
            end = HEAD.size + text + blob
            if len(self._buffer) < end:
                break
            messages.append((self._body(text), bytes(self._buffer[HEAD.size + text : end])))
            del self._buffer[:end]
        return messages

    def _body(self, text: int) -> dict[str, Any]:
        raw = bytes(self._buffer[HEAD.size : HEAD.size + text])
        try:
            body = json.loads(raw)
        except ValueError as error:
            raise NotAFrame(f"Not a frame: {raw[:40]!r}") from error
        if not isinstance(body, dict):
            raise NotAFrame(f"Not a frame: {raw[:40]!r}")
        return body
