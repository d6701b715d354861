"""Draw how something grows with its size, on two logarithmic scales, as SVG, and as PNG with a browser."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from math import floor, log10
from pathlib import Path

_WIDE, _HIGH, _LEFT, _RIGHT, _TOP, _FOOT = 720, 420, 70, 24, 48, 56
_INK, _QUIET, _LINE, _OURS = "#1f2329", "#51565d", "#d9dce1", "#0b57a4"


def draw(path: Path, title: str, points: Sequence[tuple[int, float]], unit: str) -> Path:
    """Draw measured points and a line of slope 1 through the first; give the file that was written."""
    sizes, values = [size for size, _ in points], [value for _, value in points]
    low_x, high_x = floor(log10(min(sizes))), log10(max(sizes)) + 0.1
    low_y, high_y = floor(log10(min(values))), log10(max(values)) + 0.3

    def x(size: float) -> float:
        return _LEFT + (log10(size) - low_x) / (high_x - low_x) * (_WIDE - _LEFT - _RIGHT)

    def y(value: float) -> float:
        return _HIGH - _FOOT - (log10(value) - low_y) / (high_y - low_y) * (_HIGH - _FOOT - _TOP)

    parts = [f'<text x="{_LEFT}" y="26" font-size="16" font-weight="600" fill="{_INK}">{title}</text>']
    for power in range(low_x, floor(high_x) + 1):
        at = x(10**power)
        parts.append(f'<line x1="{at}" x2="{at}" y1="{_TOP}" y2="{_HIGH - _FOOT}" stroke="{_LINE}"/>')
        parts.append(
            f'<text x="{at}" y="{_HIGH - _FOOT + 20}" text-anchor="middle" fill="{_QUIET}">{10**power:,}</text>'
        )
    for power in range(low_y, floor(high_y) + 1):
        at = y(10**power)
        parts.append(f'<line x1="{_LEFT}" x2="{_WIDE - _RIGHT}" y1="{at}" y2="{at}" stroke="{_LINE}"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{at + 4}" text-anchor="end" fill="{_QUIET}">{10.0**power:g}</text>')
    first, last = points[0], sizes[-1]
    straight = first[1] * last / first[0]
    parts.append(
        f'<line x1="{x(first[0])}" y1="{y(first[1])}" x2="{x(last)}" y2="{y(straight)}" stroke="{_QUIET}" '
        'stroke-dasharray="6 4"/>'
    )
    way = " ".join(f"{x(size):.1f},{y(value):.1f}" for size, value in points)
    parts.append(f'<polyline points="{way}" fill="none" stroke="{_OURS}" stroke-width="2.5"/>')
    for size, value in points:
        parts.append(f'<circle cx="{x(size):.1f}" cy="{y(value):.1f}" r="4" fill="{_OURS}"/>')
        parts.append(
            f'<text x="{x(size):.1f}" y="{y(value) - 10:.1f}" text-anchor="middle" fill="{_INK}">'
            f"{value:.2f} {unit}</text>"
        )
    parts.append(
        f'<text x="{_WIDE - _RIGHT}" y="{_HIGH - 12}" text-anchor="end" fill="{_QUIET}">'
        "requests; dashed: exactly linear from the first point</text>"
    )
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDE}" height="{_HIGH}" font-family="sans-serif" '
        f'font-size="12"><rect width="100%" height="100%" fill="#fff"/>{"".join(parts)}</svg>'
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(svg, encoding="utf-8")
    return _as_png(path) or path


def _as_png(path: Path) -> Path | None:
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        return None
    target = path.resolve().with_suffix(".png")
    with tempfile.TemporaryDirectory() as profile:
        words = [browser, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}"]
        words += [
            "--hide-scrollbars",
            f"--window-size={_WIDE},{_HIGH}",
            f"--screenshot={target}",
            path.resolve().as_uri(),
        ]
        done = subprocess.run(words, capture_output=True, timeout=60, check=False)
    return target if done.returncode == 0 and target.exists() else None
