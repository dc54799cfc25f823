"""Own files: what is read, and a sentence for everything that is not."""

import gzip
import io
import os
import tracemalloc
import zipfile
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.data import uploads
from core.data.uploads import read_text_bytes, read_text_file, shown_name
from core.errors import TextError


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return buffer.getvalue()


def refusal(data: bytes, name: str = "notes.txt", **options) -> str:
    """The one sentence with which the bytes are refused."""
    with pytest.raises(TextError) as caught:
        read_text_bytes(data, name, **options)
    message = str(caught.value)
    assert message.endswith(".")
    assert "\n" not in message
    return message


gzipped = partial(gzip.compress, mtime=0)  # a test is named after its bytes: no time in them
TEXT = "Grüße, 42 – \N{GRINNING FACE}\r\n"


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        b"\xef\xbb\xbf" + TEXT.encode(),
        gzipped(TEXT.encode()),
        gzipped(TEXT[:5].encode()) + gzipped(TEXT[5:].encode()),
        zipped(("anything.md", TEXT.encode())),
        zipped(("folder/", b""), ("folder/text8", TEXT.encode())),
        zipped(("a.pdf", b"%PDF-1.7"), ("b.TXT", TEXT.encode()), ("c.png", b"\x89PNG")),
        zipped(("a.txt", TEXT.encode()), ("__MACOSX/._a.txt", b"\0\5\26\7")),
        zipped(("a.txt", TEXT.encode()), method=zipfile.ZIP_STORED),
        zipped(("a.txt", TEXT.encode())).replace(b"a.txt", b"\0.txt"),  # an empty name
    ],
)
@pytest.mark.parametrize("name", ["a.txt", "a.gz", "a.zip", "a"])
def test_a_text_is_read_by_its_content_whatever_its_name(data, name, tmp_path):
    assert read_text_bytes(data, name) == TEXT
    (tmp_path / name).write_bytes(data)
    assert read_text_file(tmp_path / name) == TEXT


def test_an_empty_file_is_refused():
    assert refusal(b"") == "notes.txt is empty: choose a file with text in it."
    assert "is empty" in refusal(gzip.compress(b""))
    assert "is empty" in refusal(zipped(("a.txt", b"")))


def test_a_zero_byte_is_refused_with_its_offset():
    expected = "notes.txt is not a text (a zero byte at offset 3): choose a plain text file."
    assert refusal(b"abc\0def") == expected


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"%PDF-1.7 and so on", "a PDF document"),
        (b"{\\rtf1 and so on", "an RTF document"),
        (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
        (b"\xff\xd8\xff\xe0", "a JPEG picture"),
        (b"GIF89a", "a GIF picture"),
    ],
)
def test_a_known_kind_is_refused_by_its_name(data, kind):
    sentence = f"notes.txt holds {kind}: save it as plain text in UTF-8."
    assert refusal(data) == sentence
    assert refusal(gzip.compress(data)) == sentence


def test_an_archive_in_an_archive_is_not_opened():
    inner = gzip.compress(b"text")
    assert "holds a gzip archive" in refusal(gzip.compress(inner))
    assert "holds a zip archive" in refusal(gzip.compress(zipped(("a.txt", b"text"))))
    assert "holds a zip archive" in refusal(zipped(("a.zip", zipped(("a.txt", b"text")))))
    assert refusal(b"BZh91AY&SY") == (
        "notes.txt holds a bzip2 archive, which is not unpacked: unpack it, and choose the text in "
        "it."
    )


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_bytes_that_are_not_utf8_are_refused_with_their_offset(mark):
    assert refusal(mark + b"na\xefve") == (
        f"notes.txt is not UTF-8 (byte 0xEF at offset {len(mark) + 2}): "
        "name its encoding, latin-1 or cp1252, or save it in UTF-8."
    )


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_a_text_in_utf16_or_utf32_is_known_by_its_mark(encoding):
    data = ("\ufeff" + TEXT).encode(encoding)
    assert read_text_bytes(data, "a") == TEXT
    assert read_text_bytes(gzip.compress(data), "a", encoding="latin-1") == TEXT
    called = encoding[:6].upper()
    assert f"notes.txt is not {called} (byte 0x" in refusal(data[:-1])


@pytest.mark.parametrize(("encoding", "read"), [("latin-1", "\x80Grüße"), ("cp1252", "€Grüße")])
def test_another_encoding_is_taken_at_its_word(encoding, read):
    data = read.encode(encoding)
    assert read_text_bytes(data, "a", encoding=encoding) == read
    assert "notes.txt is not UTF-8" in refusal(data)


def test_bytes_that_an_encoding_does_not_have_are_refused():
    assert refusal(b"ab\x81", encoding="cp1252").startswith(
        "notes.txt is not Windows-1252 (byte 0x81 at offset 2): "
    )


def test_a_zip_without_a_file_is_refused():
    sentence = "notes.txt is a zip file without any file in it: pack one text file."
    assert refusal(zipped()) == sentence
    assert refusal(zipped(("folder/", b""))) == sentence


@pytest.mark.parametrize(("names", "texts"), [(("a.txt", "b.txt"), 2), (("a.md", "b.md"), 0)])
def test_a_zip_with_several_files_is_refused(names, texts):
    assert refusal(zipped(*((name, b"x") for name in names))) == (
        f"notes.txt is a zip file with 2 files, {texts} of them .txt: pack a single text file."
    )


def test_an_encrypted_zip_is_refused():
    data = bytearray(zipped(("a.txt", b"secret")))
    central = data.find(b"PK\x01\x02")
    data[6] |= 1  # the flag in the member's own header
    data[central + 8] |= 1  # and in the directory
    assert refusal(bytes(data)) == ("notes.txt is encrypted: pack the text without a password.")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_by_an_unusual_method_is_refused(method):
    assert refusal(zipped(("a.txt", b"text"), method=method)) == (
        "notes.txt is packed by an unusual method: pack it with ordinary zip."
    )


@pytest.mark.parametrize(
    "data",
    [
        gzipped(b"a long text " * 50)[:-9],
        gzipped(b"text")[:-1] + b"\xaa",
        b"\x1f\x8b rubbish",
        zipped(("a.txt", b"a long text " * 50))[:-9],
        zipped(("a.txt", b"a text"), method=zipfile.ZIP_STORED).replace(b"a text", b"b text"),
        b"PK\x03\x04 rubbish",
    ],
)
def test_a_damaged_archive_is_refused(data):
    assert refusal(data) == (
        "notes.txt is a damaged archive: pack it again, or upload the plain text."
    )


def test_no_more_is_unpacked_than_the_limit_allows():
    bomb = b"\0" * 50_000_000
    archives = [gzip.compress(bomb), zipped(("a.txt", bomb))]
    # A zip whose directory says that the bomb has 10 bytes.
    lying = bytearray(archives[1])
    for at in (lying.find(b"PK\x03\x04") + 22, lying.find(b"PK\x01\x02") + 24):
        lying[at : at + 4] = (10).to_bytes(4, "little")
    del bomb
    tracemalloc.start()
    try:
        for archive in archives:
            assert refusal(archive, limit=100_000) == (
                "notes.txt holds more than 100,000 characters with its digits spelled out: "
                "cut it, or choose another."
            )
        assert "is a damaged archive" in refusal(bytes(lying), limit=100_000)
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()


def test_the_limit_is_200_million_bytes_and_counts_plain_files_too(tmp_path):
    assert uploads.MAX_BYTES == 200_000_000
    assert "more than 4 characters" in refusal(b"abcde", limit=4)
    assert read_text_bytes(b"abcd", "a", limit=4) == "abcd"
    (tmp_path / "a").write_bytes(b"abcde")
    with pytest.raises(TextError, match="a holds more than 4 characters"):
        read_text_file(tmp_path / "a", limit=4)


def test_a_digit_counts_as_four_before_anything_is_decoded():
    assert read_text_bytes(b"a1", "a", limit=5) == "a1"
    assert "more than 4 characters with its digits spelled out" in refusal(b"a1", limit=4)


@given(st.data())
def test_no_damage_to_an_archive_gets_past_the_sentences(data):
    good = data.draw(
        st.sampled_from([gzip.compress(b"some text " * 9), zipped(("a.txt", b"some text " * 9))])
    )
    damaged = bytearray(good)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    try:
        outcome = read_text_bytes(bytes(damaged), "a.zip") + "."
    except TextError as error:
        outcome = str(error)
    assert outcome.endswith(".")


def test_a_missing_file_is_refused():
    with pytest.raises(TextError, match=r"There is no file .*missing\.txt: check the path\."):
        read_text_file("/no/missing.txt")
    with pytest.raises(TextError, match="There is no file"):
        read_text_file("~nobody-of-this-name/a.txt")


def test_a_path_that_cannot_be_one_is_refused(tmp_path):
    with pytest.raises(TextError, match="cannot be read"):
        read_text_file("a\0b")
    with pytest.raises(TextError, match="cannot be read"):
        read_text_file("a" * 5_000)
    (tmp_path / "file").write_text("text")
    with pytest.raises(TextError, match=r"cannot be read \(Not a directory\): check the path"):
        read_text_file(tmp_path / "file" / "deeper.txt")


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(TextError, match="is a folder: name a text file in it"):
        read_text_file(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(TextError, match="it is not a regular file"):
        read_text_file(tmp_path / "pipe")


def test_a_file_without_permission_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # a long path would be cut
    path = Path("secret.txt")
    path.write_text("text")

    def deny(*_args, **_options):  # the administrator may read anything, so chmod is no test
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", deny)
    with pytest.raises(TextError, match=r"secret\.txt may not be read: change its permissions"):
        read_text_file(path)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\texts\\a.txt", "a.txt"),
        ("a\nb\x1b[31m.txt", "a b[31m.txt"),
        ("x" * 500, "x" * 79 + "…"),
        ("", "the file"),
        ("///", "the file"),
    ],
)
def test_names_are_shown_without_folders_or_control_characters(name, shown):
    assert shown_name(name) == shown
