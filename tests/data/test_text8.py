"""text8, fetched from a small server of the test's own that can misbehave in every way."""

import hashlib
import io
import json
import socket
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from core.data import text8
from core.data.alphabet import SYMBOLS, decode, encode
from core.data.corpora import load_corpus
from core.data.text8 import TEXT8, Source, open_text8
from core.errors import TextError

TEXT = "".join(np.random.default_rng(0).choice(list(SYMBOLS), 300_000))


def packed(text: str, member: str = "text8") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(member, text)
    return buffer.getvalue()


ARCHIVE = packed(TEXT)


@dataclass
class Behaviour:
    """What the server does with the next request."""

    body: bytes = ARCHIVE
    status: int = 200
    announce: int | None = len(ARCHIVE)  # the length it claims; None claims none
    requests: int = 0


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch) -> None:
    """This machine may have a proxy, which would not find the test's server."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def server() -> Iterator[tuple[Behaviour, Source]]:
    behaviour = Behaviour()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            behaviour.requests += 1
            self.send_response(behaviour.status)
            if behaviour.announce is not None:
                self.send_header("Content-Length", str(behaviour.announce))
            self.end_headers()
            try:
                self.wfile.write(behaviour.body)
            except OSError:
                self.close_connection = True  # the client went away, as it should

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield behaviour, source_at(running.server_port)
        running.shutdown()
        thread.join()


def source_at(port: int) -> Source:
    return Source(
        url=f"http://127.0.0.1:{port}/text8.zip",
        size=len(ARCHIVE),
        sha256=hashlib.sha256(ARCHIVE).hexdigest(),
        member="text8",
        characters=len(TEXT),
        md5=hashlib.md5(TEXT.encode()).hexdigest(),
    )


def refusal(source: Source) -> str:
    with pytest.raises(TextError) as caught:
        open_text8(source=source)
    message = str(caught.value)
    assert message.startswith(f"text8 could not be fetched from {source.url} (")
    assert message.endswith("); the built-in text and your own files still work.")
    return message


def test_the_source_is_the_published_file():
    assert TEXT8.url == "http://mattmahoney.net/dc/text8.zip"
    assert TEXT8.size == 31_344_016
    assert TEXT8.characters == 100_000_000


def test_a_good_download_gives_the_ids_and_their_hash(server, home):
    _, source = server
    ids, sha256 = open_text8(source=source)
    assert ids.dtype == np.uint8
    assert decode(ids) == TEXT
    assert sha256 == hashlib.sha256(encode(TEXT)).hexdigest()
    assert sorted(path.name for path in (home / "cache" / "text8").iterdir()) == [
        "text8.ids.json",
        "text8.ids.npy",
        "text8.zip",
    ]


def test_the_second_opening_reads_the_ids_file_alone(server, home, monkeypatch):
    behaviour, source = server
    open_text8(source=source)
    (home / "cache" / "text8" / "text8.zip").unlink()
    monkeypatch.setattr(text8, "_unpack", None)  # calling it would fail
    ids, _ = open_text8(source=source)
    assert decode(ids) == TEXT
    assert behaviour.requests == 1


def test_the_corpus_is_found_by_its_key_with_its_hash_at_hand(server, monkeypatch):
    _, source = server
    monkeypatch.setattr(text8, "TEXT8", source)
    corpus = load_corpus("text8")
    assert (corpus.key, len(corpus)) == ("text8", len(TEXT))
    assert corpus.known_sha256 == corpus.sha256 == hashlib.sha256(corpus.ids).hexdigest()
    assert not corpus.ids.flags.writeable
    assert type(corpus.ids) is np.ndarray


@pytest.mark.parametrize("announce", [len(ARCHIVE), None])
def test_progress_rises_to_the_whole_size(announce, server):
    behaviour, source = server
    behaviour.announce = announce
    seen = []
    open_text8(lambda done, total: seen.append((done, total)), source)
    assert len(seen) >= 3
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})
    assert {total for _, total in seen} == {len(ARCHIVE)}
    assert seen[-1] == (len(ARCHIVE), len(ARCHIVE))
    seen.clear()
    open_text8(lambda done, total: seen.append((done, total)), source)
    assert seen == []


def test_a_download_given_up_leaves_nothing_behind(server, home):
    behaviour, source = server

    def give_up(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        open_text8(give_up, source)
    assert list((home / "cache" / "text8").iterdir()) == []
    assert decode(open_text8(source=source)[0]) == TEXT
    assert behaviour.requests == 2


@pytest.mark.parametrize("announce", [len(ARCHIVE), None])
def test_a_truncated_download_is_refused_and_tried_again_next_time(announce, server, home):
    behaviour, source = server
    behaviour.body, behaviour.announce = ARCHIVE[: len(ARCHIVE) // 2], announce
    reason = "there is no connection, or it broke off" if announce else "not the expected file"
    assert reason in refusal(source)
    assert list((home / "cache" / "text8").iterdir()) == []
    behaviour.body = ARCHIVE
    assert decode(open_text8(source=source)[0]) == TEXT


def test_another_file_of_the_same_size_is_refused(server, home):
    behaviour, source = server
    behaviour.body = bytes(len(ARCHIVE))
    assert "what arrived is not the expected file" in refusal(source)
    assert list((home / "cache" / "text8").iterdir()) == []


def test_a_server_that_sends_too_much_is_cut_off(server):
    behaviour, source = server
    behaviour.body, behaviour.announce = ARCHIVE + bytes(50_000_000), None
    seen = []
    with pytest.raises(TextError, match="what arrived is not the expected file"):
        open_text8(lambda done, total: seen.append(done), source)
    assert seen[-1] <= len(ARCHIVE)


def test_a_servers_refusal_is_passed_on(server):
    behaviour, source = server
    behaviour.status = 404
    assert "the server answered 404" in refusal(source)


def test_no_server_is_one_sentence():
    with socket.socket() as free:  # bound, not listening: nobody else can take the port
        free.bind(("127.0.0.1", 0))
        message = refusal(source_at(free.getsockname()[1]))
    assert "(there is no connection, or it broke off)" in message


def test_a_silent_server_is_given_up(monkeypatch):
    monkeypatch.setattr(text8, "_TIMEOUT", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        message = refusal(source_at(mute.getsockname()[1]))
    assert "(the server did not answer in time)" in message


def test_an_archive_with_another_text_is_refused(server):
    _, source = server
    expected = "the archive does not hold the expected text"
    assert expected in refusal(replace(source, md5="0" * 32))
    assert expected in refusal(replace(source, characters=len(TEXT) - 1))
    assert expected in refusal(replace(source, characters=len(TEXT) + 1))
    assert expected in refusal(replace(source, member="text9"))


def damage_truncate(folder: Path) -> None:
    path = folder / "text8.ids.npy"
    path.write_bytes(path.read_bytes()[:-1])


def damage_empty(folder: Path) -> None:
    (folder / "text8.ids.npy").write_bytes(b"")


def damage_one_character(folder: Path) -> None:
    data = bytearray((folder / "text8.ids.npy").read_bytes())
    data[-5] ^= 1
    (folder / "text8.ids.npy").write_bytes(data)


def damage_other_numbers(folder: Path) -> None:
    np.save(folder / "text8.ids.npy", np.zeros(len(TEXT), dtype=np.int64))


def damage_no_description(folder: Path) -> None:
    (folder / "text8.ids.json").unlink()


def damage_half_a_description(folder: Path) -> None:
    (folder / "text8.ids.json").write_text('{"length":')


def damage_another_description(folder: Path) -> None:
    (folder / "text8.ids.json").write_text("[1, 2]")


def damage_description_without_hash(folder: Path) -> None:
    about = json.loads((folder / "text8.ids.json").read_text())
    del about["sha256"]
    (folder / "text8.ids.json").write_text(json.dumps(about))


@pytest.mark.parametrize(
    "damage",
    [
        damage_truncate,
        damage_empty,
        damage_one_character,
        damage_other_numbers,
        damage_no_description,
        damage_half_a_description,
        damage_another_description,
        damage_description_without_hash,
    ],
)
def test_damaged_ids_are_made_again_from_the_archive(damage, server, home):
    behaviour, source = server
    first = open_text8(source=source)[1]
    damage(home / "cache" / "text8")
    ids, sha256 = open_text8(source=source)
    assert decode(ids) == TEXT
    assert sha256 == first
    assert behaviour.requests == 1


def test_a_damaged_archive_is_fetched_again(server, home):
    behaviour, source = server
    open_text8(source=source)
    folder = home / "cache" / "text8"
    (folder / "text8.ids.npy").unlink()
    (folder / "text8.zip").write_bytes(ARCHIVE[:-100])
    assert decode(open_text8(source=source)[0]) == TEXT
    assert behaviour.requests == 2


def test_a_full_disk_is_one_sentence(server, home, monkeypatch):
    _, source = server

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    with pytest.raises(
        TextError, match=r"text8 could not be stored in .*No space left .*make room"
    ):
        open_text8(source=source)


def test_a_cache_folder_that_cannot_be_written_is_one_sentence(server, home):
    _, source = server
    (home / "cache").mkdir(parents=True)
    (home / "cache" / "text8").write_text("in the way")
    assert f"({home / 'cache' / 'text8'}: Not a directory)" in refusal(source)
