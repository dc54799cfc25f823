"""Whatever comes in is counted as it comes: no header is believed, nothing grows without limit."""

import io
import tracemalloc
import zipfile

import pytest

from core import bounded
from core.bounded import Archive, Damaged, Encrypted, OddlyPacked, TooMuch


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytearray:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return bytearray(file.getvalue())


def member(data: bytes, most: int = 10_000, name: str = "a") -> bytes:
    with Archive(io.BytesIO(data)) as archive:
        return archive.read(name, most)


def test_all_is_read_up_to_the_limit_and_not_a_byte_more():
    assert list(bounded.chunks(io.BytesIO(b"abcd").read, 4)) == [b"abcd"]
    with pytest.raises(TooMuch, match=r"^it holds more than 3 bytes$"):
        list(bounded.chunks(io.BytesIO(b"abcd").read, 3))


def test_bytes_may_weigh_more_than_they_are():
    with pytest.raises(TooMuch):
        list(bounded.chunks(io.BytesIO(b"abcd").read, 7, weigh=lambda chunk: 2 * len(chunk)))


@pytest.mark.parametrize("cut", [1, 2, 3, 5, 100])
def test_blocks_hold_whole_lines_however_they_come(cut):
    text = b"one\ntwo\n\nfour"
    pieces = (text[at : at + cut] for at in range(0, len(text), cut))
    blocks = list(bounded.line_blocks(pieces, 10))
    assert b"".join(blocks) == text
    assert all(block.endswith(b"\n") for block in blocks[:-1])


def test_a_line_without_end_is_refused():
    with pytest.raises(TooMuch, match=r"^it has a line of more than 10 bytes$"):
        list(bounded.line_blocks(iter([b"ab\n"] + [b"12345"] * 3), 10))


def test_json_is_refused_before_it_is_parsed_where_it_may_hold_too_much():
    assert bounded.parse_json(b'{"a": [1, 2]}', 3) == {"a": [1, 2]}
    with pytest.raises(TooMuch, match=r"^it holds more than 2 values$"):
        bounded.parse_json(b'{"a": [1, 2]}', 2)
    with pytest.raises(ValueError, match="nested without end"):
        bounded.parse_json(b"[" * 100_000, 200_000)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_ordinary_members_are_read(method):
    assert member(zipped({"a": b"text", "b/c": b""}, method)) == b"text"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_that_unpack_without_limit_are_refused(method):
    with pytest.raises(OddlyPacked):
        member(zipped({"a": b"text"}, method))


def test_an_encrypted_member_is_refused():
    data = zipped({"a": b"text"})
    data[data.find(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(Encrypted):
        member(data)


@pytest.mark.parametrize("damage", [slice(-1, None), slice(None, None, 2), slice(0, 40)])
def test_what_is_not_whole_is_refused(damage):
    data = zipped({"a": b"text" * 100})
    del data[damage]
    with pytest.raises(Damaged):
        member(data)


def test_a_bomb_is_refused_in_little_memory_whatever_its_header_says():
    honest = zipped({"a": b"\0" * 50_000_000})
    lying = bytearray(honest)
    at = lying.find(b"PK\x01\x02") + 24
    lying[at : at + 4] = (10).to_bytes(4, "little")
    tracemalloc.start()
    try:
        for data in (honest, lying):
            with pytest.raises(bounded.Refused):
                member(data)
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()


def test_a_list_of_members_without_end_is_refused_before_it_is_read():
    data = zipped({"a": b"text"})
    at = data.rfind(b"PK\x05\x06") + 12
    data[at : at + 4] = (2**31).to_bytes(4, "little")
    with pytest.raises(TooMuch, match="lists more files"):
        member(data)


def test_a_zip64_list_of_members_is_refused():
    data = zipped({"a": b"text"})
    at = data.rfind(b"PK\x05\x06")
    with pytest.raises(TooMuch, match="lists more files"):
        member(data[:at] + b"PK\x06\x07" + bytes(16) + data[at:])


def test_what_macos_adds_is_no_member():
    data = zipped({"run/": b"", "run/a": b"text", "__MACOSX/run/._a": b"shadow"})
    with Archive(io.BytesIO(data)) as archive:
        assert archive.names == ["run/a"]
