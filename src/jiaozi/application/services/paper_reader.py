"""Run by itself, in a process of its own: a paper's bytes in, its text and picture out as one line of JSON.

Whatever a hostile file does, it does it here: under limits of time, memory and open files, without the database, the
settings or any other paper. The parent (``likeness``) kills what takes too long and believes nothing but the format.
"""

from __future__ import annotations

import io
import json
import math
import resource
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.Image import Image

CPU_S = 5
MEMORY_BYTES = 1 << 30
FILES_MAX = 64
PAGES_MAX = 60
TEXT_MAX = 50_000
WORDS_LEAST = 200
"""Letters and figures from which a page counts as text; below, it is a picture of one (a scan)."""
PIXELS_MAX = 60_000_000
SIDE_PX = 512
BITS_A_SIDE = 16
_SAMPLES_A_SIDE = 64


def limit() -> None:
    """Bound this process before it looks at anything."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILES_MAX, FILES_MAX))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def read(kind: str, content: bytes) -> dict[str, Any]:
    """Give a paper's text, or the fingerprint of its first page where it has none, as a picture's."""
    return _of_pdf(content) if kind == "PDF" else {"text": "", "picture": fingerprint(_opened(content))}


def _of_pdf(content: bytes) -> dict[str, Any]:
    import pypdfium2  # noqa: PLC0415 - after the limits

    document = pypdfium2.PdfDocument(content)
    parts: list[str] = []
    for number in range(min(len(document), PAGES_MAX)):
        page = document[number].get_textpage()
        parts.append(page.get_text_bounded()[: TEXT_MAX - sum(map(len, parts))])
        if sum(map(len, parts)) >= TEXT_MAX:
            break
    text = "\n".join(parts)
    if sum(each.isalnum() for each in text) >= WORDS_LEAST or not len(document):
        return {"text": text, "picture": None}
    first = document[0]
    scale = SIDE_PX / max(*first.get_size(), 1.0)
    return {"text": text, "picture": fingerprint(first.render(scale=scale, grayscale=True).to_pil())}


def _opened(content: bytes) -> Image:
    from PIL import Image  # noqa: PLC0415 - after the limits

    Image.MAX_IMAGE_PIXELS = PIXELS_MAX
    image = Image.open(io.BytesIO(content), formats=("PNG", "JPEG"))
    if image.width * image.height > PIXELS_MAX:
        raise ValueError("TOO_MANY_PIXELS")
    image.draft("L", (SIDE_PX, SIDE_PX))
    return image


def fingerprint(image: Image) -> str | None:
    """Give 256 bits, as hex: which of a picture's 16 × 16 lowest waves (DCT) are over their median; None for a blank.

    A scan that is turned by a degree, moved, darker or blurred keeps most of them; see docs/decisions/0032.
    """
    side = _SAMPLES_A_SIDE
    plain = image.convert("L").resize((side, side))
    pixels = plain.tobytes()
    if max(pixels) - min(pixels) < BITS_A_SIDE:
        return None
    waves = [
        [math.cos(math.pi * wave * (2 * place + 1) / (2 * side)) for place in range(side)]
        for wave in range(1, BITS_A_SIDE + 1)
    ]
    rows = [pixels[start : start + side] for start in range(0, side * side, side)]
    across = [[sum(map(float.__mul__, wave, map(float, row))) for row in rows] for wave in waves]
    found = [sum(map(float.__mul__, wave, line)) for wave in waves for line in across]
    middle = sorted(found)[len(found) // 2]
    return f"{sum(1 << place for place, each in enumerate(found) if each > middle):064x}"


def main() -> None:
    """Read one paper from the standard input; what can't be read ends with its reason and status 3."""
    limit()
    content = sys.stdin.buffer.read()
    try:
        found = read(sys.argv[1], content)
    except (Exception, RecursionError, MemoryError) as wrong:  # noqa: BLE001 - a hostile file may end in any of them
        json.dump({"reason": f"{type(wrong).__name__}: {wrong}"[:200]}, sys.stdout)
        sys.exit(3)
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
