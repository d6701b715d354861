"""What pages load, compressed once when it is collected, and pages themselves, compressed as they are sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from whitenoise.compress import Compressor
from whitenoise.storage import CompressedStaticFilesStorage


class _Once(Compressor):  # type: ignore[misc]
    """Leaves alone what was compressed from this very file: the plots' library alone takes seconds."""

    def compress(self, path: str) -> list[str]:
        """Compress a file by Brotli and gzip; what was written carries the file's own time."""
        made = [Path(path + suffix) for suffix in (".br", ".gz")]
        at = Path(path).stat().st_mtime
        if all(each.is_file() and each.stat().st_mtime == at for each in made):
            return [str(each) for each in made]
        return list(super().compress(path))


class CompressedOnce(CompressedStaticFilesStorage):  # type: ignore[misc]
    """The folder that ``jiaozi up`` collects into."""

    def create_compressor(self, **words: Any) -> Compressor:
        """Give what compresses."""
        return _Once(**words)


class CompressedPages(GZipMiddleware):
    """Compresses pages alone: the API's entity tags stand for bytes, and files are sent as they are.

    Random bytes in the header hide the length of what is compressed (Django's answer to BREACH).
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Compress a page for a browser that takes it so."""
        is_page = isinstance(response, HttpResponse) and response.get("Content-Type", "").startswith("text/html")
        if not is_page or request.path.startswith("/api/"):
            return response
        return super().process_response(request, response)
