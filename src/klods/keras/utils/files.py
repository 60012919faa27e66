"""`get_file`: files from the network, kept in Keras's folder, and archives unpacked there."""

from __future__ import annotations

import os
import tarfile
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from klods.downloads import Checksum, download
from klods.errors import ArgumentError, DataError, FileError, StateError
from klods.keras import config


def home() -> Path:
    """Return the folder of Keras's files: that of the variable KERAS_HOME, or `~/.keras`."""
    return Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser()


def get_file(
    fname: str | os.PathLike[str] | None = None,
    origin: str | None = None,
    untar: bool = False,
    md5_hash: str | None = None,
    file_hash: str | None = None,
    cache_subdir: str = "datasets",
    hash_algorithm: str = "auto",
    extract: bool = False,
    archive_format: str | Sequence[str] | None = "auto",
    cache_dir: str | os.PathLike[str] | None = None,
    force_download: bool = False,
) -> str:
    """Return the path of a file, which is downloaded if it isn't there.

    A download that broke off goes on where it stopped if the file's checksum is given.

    Args:
        fname: its name; that at the end of the origin by default. For an archive a name without a dot is the folder
            that it is unpacked into.
        origin: the URL.
        untar: as `extract`, for tar archives alone.
        md5_hash: as `file_hash`.
        file_hash: the sha256 or md5 checksum that the file has to have.
        cache_subdir: the folder inside `cache_dir`, or an absolute path.
        hash_algorithm: `sha256`, `md5` or `auto`.
        extract: whether to unpack an archive, and return the folder it was unpacked into.
        archive_format: `tar`, `zip`, several of them, or `auto` for both.
        cache_dir: `KERAS_HOME` if that variable is set, `~/.keras` otherwise.
        force_download: whether to download it even if it is there.

    Raises:
        ArgumentError: without an origin.
        DataError: for a name with folders in it, or a checksum that is none.
        FileError: if the file can't be had, isn't what it should be, or is an archive that would write elsewhere.
    """
    if not isinstance(origin, str):
        raise ArgumentError(f"get_file needs to know where the file is; got {origin!r}.", "give its URL as origin.")
    folder = Path(home() if cache_dir is None else cache_dir).expanduser() / cache_subdir
    name = _name(fname, origin)
    unpacks = extract or untar
    file = folder / (name if not unpacks or (fname and "." in name) else f"{name}_archive")
    digest, algorithm = (file_hash, hash_algorithm) if file_hash or not md5_hash else (md5_hash, "md5")
    fresh = _fetch(origin, file, Checksum(digest, algorithm) if digest else None, force_download)
    if not unpacks:
        return str(file)
    target = folder / (f"{name.partition('.')[0]}_extracted" if fname and "." in name else name)
    if fresh or not target.exists():
        _unpack(file, target, _formats("tar" if untar else archive_format))
    return str(target)


def _name(fname: Any, origin: str) -> str:
    if fname and not isinstance(fname, (str, os.PathLike)):
        raise DataError(f"fname={fname!r} is no name of a file.", "write fname='data.csv', say.")
    name = os.fspath(fname) if fname else os.path.basename(urlsplit(origin).path)
    if not name:
        raise DataError(f"'{origin}' doesn't end in a file's name.", "give one as fname.")
    if name in (".", "..") or any(separator in name for separator in "/\\"):
        raise DataError(f"fname={name!r} is no plain file name.", "give folders as cache_dir or cache_subdir.")
    return name


def _fetch(origin: str, file: Path, checksum: Checksum | None, force: bool) -> bool:
    """Download a file unless the right one is there; tell whether it was downloaded."""
    verbose = int(config.is_interactive_logging_enabled())
    if not force and file.exists():
        if checksum is None or checksum.fits(file):
            return False
        if verbose:
            print(f"'{file}' is incomplete or another file: its {checksum.algorithm} differs.")
    download(origin, file, checksum, verbose)
    return True


def _formats(names: str | Sequence[str] | None) -> Sequence[str]:
    formats = ("tar", "zip") if names == "auto" else (names,) if isinstance(names, str) else names or ()
    if unknown := set(formats) - {"tar", "zip"}:
        raise DataError(f"There is no archive_format {', '.join(sorted(unknown))}.", "use 'tar', 'zip' or 'auto'.")
    return formats


def _unpack(file: Path, target: Path, formats: Sequence[str]) -> None:
    """Unpack an archive into a folder of its own, which replaces the target once it is whole."""
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f"{target.name}.") as draft:
        inside = Path(draft, "inside")
        try:
            if "tar" in formats and tarfile.is_tarfile(file):
                _unpack_tar(file, inside)
            elif "zip" in formats and zipfile.is_zipfile(file):
                _unpack_zip(file, inside)
            else:
                raise FileError(f"'{file}' is no {' or '.join(formats) or 'known'} archive.", "leave extract out.")
        except (tarfile.TarError, zipfile.BadZipFile, EOFError) as error:
            raise FileError(f"'{file}' can't be unpacked: {error}.", "get the file again, or another.") from None
        if target.exists():
            os.rename(target, Path(draft, "before"))
        os.rename(inside, target)


def _unpack_tar(file: Path, inside: Path) -> None:
    if not hasattr(tarfile, "data_filter"):
        raise StateError("This Python can't unpack tar archives safely.", "install its latest release.")
    with tarfile.open(file) as archive:
        for member in archive:
            _check_inside(file, inside, member.name)
        archive.extractall(inside, filter="data")  # refuses links that lead out, devices and the like


def _unpack_zip(file: Path, inside: Path) -> None:
    with zipfile.ZipFile(file) as archive:
        for name in archive.namelist():
            _check_inside(file, inside, name)
        archive.extractall(inside)


def _check_inside(file: Path, folder: Path, name: str) -> None:
    place = os.path.normpath(folder / name.replace("\\", "/"))
    if not Path(place).is_relative_to(os.path.normpath(folder)):
        raise FileError(f"'{file}' would write outside its folder: {name!r}.", "don't use it: it is made to do harm.")
