"""Pixels as a PNG file in a page's own text."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import Any

GREY, COLOUR = 0, 2  # PNG's numbers for them


def data_url(pixels: Any) -> str:
    """Return pixels as an address that holds them, for `src` or `href`.

    Args:
        pixels: a uint8 array of shape (height, width), grey, or (height, width, 3), red, green and blue.
    """
    return f"data:image/png;base64,{base64.b64encode(png(pixels)).decode()}"


def png(pixels: Any) -> bytes:
    """Return a PNG file of 8-bit pixels (ISO/IEC 15948), each row behind a zero that says it isn't filtered."""
    height, width, *channels = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    header = struct.pack(">IIBBBBB", width, height, 8, COLOUR if channels else GREY, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
