"""Files from the network: checked, resumed where a download broke off, and in their place whole or not at all."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from klods.errors import DataError, FileError
from klods.pictures.progress import Progress

TRIES = 4  # connections made for one file, each going on where the last one broke off
SECONDS = (10, 60)  # to wait for a connection, and for the next bytes
CHUNK = 1 << 13  # bytes written at once; what a broken connection leaves of a chunk is lost


@dataclass(frozen=True)
class Checksum:
    """What the bytes of a file come down to.

    Args:
        digest: in hexadecimal digits.
        algorithm: `sha256` or `md5`; by the number of digits for `auto`.

    Raises:
        DataError: for another algorithm, or digits that are not of it.

    Example:
        >>> Checksum("d41d8cd98f00b204e9800998ecf8427e").algorithm
        'md5'
    """

    digest: str
    algorithm: str = "auto"

    def __post_init__(self) -> None:
        by_length = {64: "sha256", 32: "md5"}.get(len(self.digest) if isinstance(self.digest, str) else 0)
        if by_length is None or self.algorithm not in ("auto", by_length):
            raise DataError(
                f"{self.digest!r} is no {self.algorithm} checksum.", "give the 64 digits of sha256, or the 32 of md5."
            )
        object.__setattr__(self, "algorithm", by_length)

    def fits(self, path: Path) -> bool:
        """Tell whether a file is the one that is meant."""
        found = hashlib.new(self.algorithm, usedforsecurity=False)
        with open(path, "rb") as file:
            while chunk := file.read(CHUNK):
                found.update(chunk)
        return found.hexdigest() == self.digest.lower()


def download(url: str, path: Path, checksum: Checksum | None = None, verbose: int = 1) -> None:
    """Get a file, by the proxies that the environment names.

    What a broken download got stays beside the path if there is a checksum, and the next call goes on from there.

    Args:
        url: where it is.
        path: where it goes.
        checksum: what it has to come down to.
        verbose: 1 for a progress bar, 0 for silence.

    Raises:
        FileError: if it can't be had or is not what it should be; what stood at the path before stays.
    """
    part = path.with_name(f"{path.name}.part" if checksum else f"{path.name}.{os.getpid()}.part")
    if verbose:
        print(f"Downloading data from {url}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        resumed = part.exists()
        _receive_all(url, part, path, checksum is not None, verbose)
        if resumed and checksum is not None and not checksum.fits(part):
            part.unlink()  # what was left was of another file
            _receive_all(url, part, path, True, verbose)
        if checksum is not None and not checksum.fits(part):
            part.unlink()
            raise FileError(
                f"{url} is not the file that it should be: its {checksum.algorithm} differs from {checksum.digest}.",
                f"try again later, or get the right file elsewhere and put it at '{path}'.",
            )
        os.replace(part, path)
    except FileError:
        raise
    except OSError as error:
        raise FileError(f"'{path}' can't be written: {error.strerror}.", "set KERAS_HOME to another folder.") from None
    finally:
        if checksum is None and part.is_file():
            part.unlink()


def _receive_all(url: str, part: Path, path: Path, resume: bool, verbose: int) -> None:
    """Connect until all of the file is there."""
    from requests import RequestException

    for tries_left in reversed(range(TRIES)):
        try:
            _receive(url, part, resume, verbose)
            return
        except RequestException as error:
            if not tries_left or not _passing(error):
                raise FileError(
                    f"{url} can't be downloaded: {_reason(error)}.",
                    f"check the connection and proxy settings, or get the file elsewhere and put it at '{path}'.",
                ) from None


def _receive(url: str, part: Path, resume: bool, verbose: int) -> None:
    """Add to what is there of a file what comes over one connection."""
    import requests

    start = part.stat().st_size if resume and part.exists() else 0
    wanted = {"Accept-Encoding": "identity", **({"Range": f"bytes={start}-"} if start else {})}
    with requests.get(url, headers=wanted, stream=True, timeout=SECONDS) as response:
        if start and response.status_code == requests.codes.requested_range_not_satisfiable:
            return  # all of it is there, or something else: the checksum tells
        response.raise_for_status()
        if response.status_code != requests.codes.partial_content:
            start = 0
        length = response.headers.get("Content-Length", "")
        progress = Progress(start + int(length) if length.isdecimal() else None, verbose)
        with open(part, "ab" if start else "wb") as file:
            for chunk in response.iter_content(CHUNK):
                file.write(chunk)
                progress.step(file.tell(), dict)
    progress.close({})


def _passing(error: Exception) -> bool:
    """Tell whether an error may be gone at the next try: a connection that broke, no answer, a busy server."""
    from requests import exceptions

    if isinstance(error, exceptions.HTTPError) and error.response is not None:
        return error.response.status_code >= 500
    return isinstance(error, (exceptions.ChunkedEncodingError, exceptions.ReadTimeout))


def _reason(error: Exception) -> str:
    from requests import exceptions

    if isinstance(error, exceptions.HTTPError) and error.response is not None:
        return f"the server says {error.response.status_code} {error.response.reason}"
    if isinstance(error, exceptions.ProxyError):
        return "the proxy doesn't answer"
    if isinstance(error, exceptions.SSLError):
        return "the server's certificate can't be checked"
    if isinstance(error, (exceptions.ChunkedEncodingError, exceptions.ReadTimeout)):
        return "the connection breaks off"
    return "there is no connection" if isinstance(error, exceptions.ConnectionError) else str(error)
