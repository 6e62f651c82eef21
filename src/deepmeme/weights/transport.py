"""One request over http or https: redirects, shares, and what the answer's headers say."""

import http.client
import json
import ssl
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit

MAX_REDIRECTS = 5
MAX_LOOKUP_BYTES = 2**16
HEADERS = {"User-Agent": "deepmeme"}
NETWORK = (urllib.error.URLError, http.client.HTTPException, ConnectionError, ssl.SSLError)


class RejectedError(Exception):
    """An address did not give the file; the text says why."""


def direct_address(url: str, timeout_s: float) -> str:
    """The file's own address: the one given, or the one that a share names for it."""
    address, _, fragment = url.partition("#")
    if fragment != "href":
        return address
    request = urllib.request.Request(address, headers=HEADERS)
    with opener().open(request, timeout=timeout_s) as response:
        text = response.read(MAX_LOOKUP_BYTES)
    try:
        named = str(json.loads(text)["href"])
    except (ValueError, KeyError, TypeError) as error:
        raise RejectedError("the share does not name the file's address") from error
    refuse_downgrade(address, named)
    return named


def range_start(response: Any) -> int | None:
    """First byte of a partial answer."""
    text = str(response.headers.get("Content-Range", ""))
    digits = text.removeprefix("bytes ").split("-")[0]
    return int(digits) if digits.isdigit() else None


def announced_total(response: Any, start: int) -> int | None:
    """Bytes of the whole file, if the answer that begins at ``start`` says so."""
    length = str(response.headers.get("Content-Length") or "")
    return start + int(length) if length.isdigit() else None


def validator(response: Any) -> str | None:
    """A strong ETag, or the date of the last change."""
    tag = response.headers.get("ETag")
    if tag and not tag.startswith("W/"):
        return str(tag)
    return response.headers.get("Last-Modified") or None


def refuse_downgrade(old: str, new: str) -> None:
    """Follow nothing from https to http, nor to any other scheme.

    Raises:
        RejectedError: names the address.
    """
    schemes = urlsplit(old).scheme, urlsplit(new).scheme
    if schemes[1] not in ("http", "https") or schemes == ("https", "http"):
        raise RejectedError(f"it points to {new[:200]}, which is not followed")


class _Redirects(urllib.request.HTTPRedirectHandler):
    """A few redirects, never from https to http or to anything else."""

    max_redirections = MAX_REDIRECTS

    def redirect_request(
        self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        refuse_downgrade(req.full_url, newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def opener() -> urllib.request.OpenerDirector:
    """http and https alone: no file:, ftp: or data: addresses."""
    director = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        _Redirects(),
    ):
        director.add_handler(handler)
    return director


def whole_size(error: urllib.error.HTTPError) -> int | None:
    """The file's size, when a server answers 416 because nothing is left to send."""
    if error.code != 416:
        return None
    digits = str(error.headers.get("Content-Range", "")).removeprefix("bytes */")
    return int(digits) if digits.isdigit() else -1


def say(error: Exception) -> str:
    """What went wrong on the way, in a few words."""
    if isinstance(error, urllib.error.HTTPError):
        return f"the server answers {error.code} {error.reason}"
    reason = getattr(error, "reason", error)
    return str(reason) or type(error).__name__
