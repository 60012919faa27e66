"""`keras.utils.get_file`: downloads, caches, checksums and archives."""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from klods.errors import FileError
from klods.keras import config
from klods.keras.utils import get_file

CONTENT = bytes(range(256)) * 400  # larger than what is written at once
SHA256, MD5 = hashlib.sha256(CONTENT).hexdigest(), hashlib.md5(CONTENT).hexdigest()


@pytest.fixture
def url(web, home):
    web.files["file.bin"] = CONTENT
    return f"{web.url}data/file.bin"


def test_it_downloads_once(url, web, home, capsys):
    path = get_file(origin=url)
    assert path == str(home / "datasets" / "file.bin")
    assert Path(path).read_bytes() == CONTENT
    assert get_file(origin=url) == path
    assert web.asked == [("/data/file.bin", None)]
    shown = capsys.readouterr().out
    assert shown.startswith(f"Downloading data from {url}\n{len(CONTENT)}/{len(CONTENT)} ━━━━")


def test_names_and_folders(url, home, tmp_path, monkeypatch):
    assert get_file("other.bin", url) == str(home / "datasets" / "other.bin")
    assert get_file(Path("path.bin"), url, cache_subdir="sub") == str(home / "sub" / "path.bin")
    assert get_file(origin=url, cache_dir=tmp_path / "own") == str(tmp_path / "own" / "datasets" / "file.bin")
    assert get_file(origin=url, cache_subdir=str(tmp_path / "there")) == str(tmp_path / "there" / "file.bin")
    monkeypatch.delenv("KERAS_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert get_file(origin=url) == str(tmp_path / ".keras" / "datasets" / "file.bin")


def test_force_download(url, web):
    path = Path(get_file(origin=url))
    path.write_bytes(b"mine")
    assert get_file(origin=url) == str(path)
    assert path.read_bytes() == b"mine"
    get_file(origin=url, force_download=True)
    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize(
    "checksum",
    [
        {"file_hash": SHA256},
        {"file_hash": MD5},
        {"file_hash": SHA256.upper(), "hash_algorithm": "sha256"},
        {"md5_hash": MD5},
    ],
)
def test_checksums(url, web, checksum):
    path = Path(get_file(origin=url, **checksum))
    get_file(origin=url, **checksum)
    assert len(web.asked) == 1
    path.write_bytes(b"damaged")
    get_file(origin=url, **checksum)
    assert path.read_bytes() == CONTENT
    assert len(web.asked) == 2


def test_another_file_than_meant_is_not_kept(url, web, home):
    web.files["file.bin"] = b"altered"
    with pytest.raises(FileError, match=r"sha256 differs") as caught:
        get_file(origin=url, file_hash=SHA256)
    assert url in str(caught.value)
    assert list((home / "datasets").iterdir()) == []


def test_a_file_in_the_cache_survives_a_failure(url, web):
    path = Path(get_file(origin=url))
    web.status = [500] * 10
    with pytest.raises(FileError, match="500"):
        get_file(origin=url, force_download=True)
    assert path.read_bytes() == CONTENT


# ---------------------------------------------------------------- broken connections


def test_a_broken_download_is_resumed_within_a_call(url, web):
    web.breaks = [50_000, 30_000]
    assert Path(get_file(origin=url, file_hash=SHA256)).read_bytes() == CONTENT
    starts = [int(wanted[6:-1]) for _, wanted in web.asked[1:]]
    assert 30_000 < starts[0] <= 50_000
    assert starts[0] + 10_000 < starts[1] <= starts[0] + 30_000


def test_a_broken_download_is_resumed_by_the_next_call(url, web, home):
    web.breaks = [30_000, 0, 0, 0]
    with pytest.raises(FileError, match="the connection breaks off"):
        get_file(origin=url, file_hash=MD5)
    assert not (home / "datasets" / "file.bin").exists()
    web.asked.clear()
    assert Path(get_file(origin=url, file_hash=MD5)).read_bytes() == CONTENT
    ((_, wanted),) = web.asked
    assert 10_000 < int(wanted[6:-1]) <= 30_000
    assert [file.name for file in (home / "datasets").iterdir()] == ["file.bin"]


def test_without_a_checksum_it_starts_anew(url, web, home):
    web.breaks = [10_000]
    assert Path(get_file(origin=url)).read_bytes() == CONTENT
    assert [wanted for _, wanted in web.asked] == [None, None]
    web.breaks = [10_000] * 4
    with pytest.raises(FileError):
        get_file("again.bin", url)
    assert [file.name for file in (home / "datasets").iterdir()] == ["file.bin"]


def test_a_server_that_gives_no_parts(url, web):
    web.breaks, web.ranges = [10_000], False
    assert Path(get_file(origin=url, file_hash=SHA256)).read_bytes() == CONTENT


def test_what_is_left_of_a_download_may_be_whole_or_wrong(url, web, home):
    part = home / "datasets" / "file.bin.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(CONTENT)
    assert Path(get_file(origin=url, file_hash=SHA256)).read_bytes() == CONTENT
    part.write_bytes(b"something else")
    get_file(origin=url, file_hash=SHA256, force_download=True)
    assert [wanted for _, wanted in web.asked][-2:] == ["bytes=14-", None]


def test_a_server_that_is_busy_for_a_moment(url, web):
    web.status = [503, 500]
    assert Path(get_file(origin=url)).read_bytes() == CONTENT


def test_a_file_that_does_not_exist_is_asked_for_once(url, web):
    with pytest.raises(FileError, match="the server says 404"):
        get_file(origin=f"{web.url}nothing.bin")
    assert len(web.asked) == 1


def test_offline_it_says_where_the_file_belongs(home):
    with pytest.raises(FileError) as caught:
        get_file(origin="http://127.0.0.1:9/data/file.bin", file_hash=SHA256)
    message = str(caught.value)
    assert "http://127.0.0.1:9/data/file.bin can't be downloaded: there is no connection" in message
    assert f"put it at '{home / 'datasets' / 'file.bin'}'" in message
    assert len(message.splitlines()) <= 10


def test_the_proxy_of_the_environment_is_used(web, home, monkeypatch):
    web.files["file.bin"] = CONTENT
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.delenv("no_proxy", raising=False)
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, web.url)
    assert Path(get_file(origin="http://data.example/file.bin")).read_bytes() == CONTENT
    assert web.asked == [("http://data.example/file.bin", None)]


def test_a_folder_that_can_not_be_made(url, tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(FileError, match="can't be written"):
        get_file(origin=url, cache_dir=tmp_path / "taken")


def test_silence(url, capsys):
    config.disable_interactive_logging()
    try:
        get_file(origin=url)
    finally:
        config.enable_interactive_logging()
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({}, TypeError, "where the file is"),
        ({"origin": 5}, TypeError, "where the file is; got 5"),
        ({"fname": 7, "origin": "http://x.example/a"}, ValueError, "fname=7 is no name of a file"),
        ({"origin": "http://x.example/a", "file_hash": 12}, ValueError, "12 is no auto checksum"),
        ({"origin": "http://x.example/"}, ValueError, "doesn't end in a file's name"),
        ({"fname": "a/b", "origin": "http://x.example/"}, ValueError, "no plain file name"),
        ({"fname": "..", "origin": "http://x.example/"}, ValueError, "no plain file name"),
        ({"origin": "http://x.example/a", "file_hash": "12"}, ValueError, "'12' is no auto checksum"),
        (
            {"origin": "http://x.example/a", "file_hash": MD5, "hash_algorithm": "sha256"},
            ValueError,
            "no sha256 checksum",
        ),
    ],
)
def test_arguments(home, arguments, error, message):
    with pytest.raises(error, match=message):
        get_file(**arguments)
    assert not home.exists()


# ---------------------------------------------------------------- archives


def tar(**members) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def tar_link(target: str) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        info = tarfile.TarInfo("link")
        info.type, info.linkname = tarfile.SYMTYPE, target
        archive.addfile(info)
    return stream.getvalue()


def zipped(**members) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


MEMBERS = {"folder/a.txt": b"A", "b.txt": b"B"}


@pytest.mark.parametrize("pack", [tar, zipped])
@pytest.mark.parametrize(
    ("fname", "archive", "folder"),
    [
        (None, "data.tgz_archive", "data.tgz"),
        ("named", "named_archive", "named"),
        ("named.tar.gz", "named.tar.gz", "named_extracted"),
    ],
)
def test_archives_are_unpacked(web, home, pack, fname, archive, folder):
    web.files["data.tgz"] = pack(**MEMBERS)
    path = get_file(fname, f"{web.url}data.tgz", extract=True)
    assert path == str(home / "datasets" / folder)
    assert Path(path, "folder", "a.txt").read_bytes() == b"A"
    assert sorted(file.name for file in (home / "datasets").iterdir()) == sorted([archive, folder])


def test_an_archive_is_unpacked_anew_when_it_is_another(web):
    web.files["data.tgz"] = tar(**MEMBERS)
    path = Path(get_file("data", f"{web.url}data.tgz", untar=True))
    (path / "b.txt").unlink()
    web.files["data.tgz"] = tar(**MEMBERS)
    get_file("data", f"{web.url}data.tgz", untar=True)
    assert not (path / "b.txt").exists(), "what is there is taken as it is"
    get_file("data", f"{web.url}data.tgz", untar=True, force_download=True)
    assert (path / "b.txt").read_bytes() == b"B"


HOSTILE = {
    "tar above": tar(**{"good.txt": b"", "../evil.txt": b"!"}),
    "tar absolute": tar(**{"/tmp/klods-evil.txt": b"!"}),
    "tar deep": tar(**{"a/../../../evil.txt": b"!"}),
    "tar link": tar_link("../../outside"),
    "zip above": zipped(**{"good.txt": b"", "../evil.txt": b"!"}),
    "zip absolute": zipped(**{"/tmp/klods-evil.txt": b"!"}),
    "zip backslashes": zipped(**{"..\\evil.txt": b"!"}),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_an_archive_that_would_write_elsewhere_writes_nothing(web, home, tmp_path, kind):
    web.files["data.bin"] = HOSTILE[kind]
    with pytest.raises(FileError, match=r"outside its folder|can't be unpacked"):
        get_file("data", f"{web.url}data.bin", extract=True)
    assert [str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*") if file.is_file()] == [
        str(Path("keras", "datasets", "data_archive"))
    ]
    assert not Path("/tmp/klods-evil.txt").exists()
    assert not (home / "datasets" / "data").exists()


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        (b"no archive", {"extract": True}, "is no tar or zip archive"),
        (zipped(**MEMBERS), {"untar": True}, "is no tar archive"),
        (tar(**MEMBERS), {"extract": True, "archive_format": "zip"}, "is no zip archive"),
        (tar(**MEMBERS), {"extract": True, "archive_format": "rar"}, "no archive_format rar"),
        (tar(**MEMBERS, c=CONTENT)[:300], {"extract": True}, "can't be unpacked|is no"),
    ],
)
def test_files_that_are_no_such_archive(web, home, content, options, message):
    web.files["data.bin"] = content
    with pytest.raises(ValueError, match=message):
        get_file("data", f"{web.url}data.bin", **options)
    assert not (home / "datasets" / "data").exists()
