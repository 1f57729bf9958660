"""User files are read within limits, and no error repeats their content."""

import os
import time
from contextlib import suppress
from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.files import (
    MAX_DEPTH,
    MAX_TOML_BYTES,
    TomlError,
    UnreadableFile,
    is_shallow,
    parse_json,
    parse_toml,
    read_bytes,
    read_text,
    write_file,
)


def test_a_file_is_read_whole(tmp_path):
    path = tmp_path / "a.toml"
    path.write_bytes(b"\xef\xbb\xbfa = 'b'\n")
    assert read_bytes(path, 100) == path.read_bytes()
    assert parse_toml(read_text(path, 100)) == {"a": "b"}


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("fifo", "not a regular file"),
        ("/dev/zero", "not a regular file"),
        ("/proc/self/environ", "empty"),
        ("/proc/self/fd/0", "not a regular file|empty|larger"),
        (".", "a folder"),
        ("large", "larger than"),
        ("locked/inner", "Not a directory"),
        ("x" * 300, "File name too long"),
        ("\0", "a character that is not allowed"),
        ("nowhere", "No such file"),
    ],
)
def test_anything_but_a_regular_file_of_this_size_is_not_opened(tmp_path, monkeypatch, name, why):
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "locked").write_text("")
    (tmp_path / "large").write_bytes(b"a" * 101)
    opened = []
    monkeypatch.setattr("harness.files._open", lambda path, flags: opened.append(path) or os.open(path, flags))
    with pytest.raises(UnreadableFile, match=why):
        read_bytes(tmp_path / name, 100)
    assert opened == []


def test_a_file_that_becomes_a_fifo_between_the_two_checks_does_not_block(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "fifo")
    regular = Path(__file__).stat()
    monkeypatch.setattr("pathlib.Path.stat", lambda self, **_: regular)
    with pytest.raises(UnreadableFile, match="not a regular file"):
        read_bytes(tmp_path / "fifo", regular.st_size)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("a = " + "[" * 900 + "]" * 900, f"line 1: .*{MAX_DEPTH} deep"),
        ("a = " + "{b = " * 900 + "1" + "}" * 900, f"line 1: .*{MAX_DEPTH} deep"),
        ("\n" + ".".join(["a"] * 20_000) + " = 1", "line 2: more than 500 dots"),
        ("\n" + " . ".join(['"a"'] * 20_000) + " = 1", "line 2: more than 500 dots"),
        (".".join(["a"] * 100) + " = 1", f"{MAX_DEPTH} deep"),
        ("a = 1\nb = " + "9" * 5_000, "line 2: a number or a key has more than 64"),
        ("rate = 0x" + "f" * 5_000, "line 1: a number or a key has more than 64"),
        ("a = '''\n\n'''\nb = 1" + "0" * 80, "line 4"),
        ("a = 2026-13-45T00:00:00", "cannot be read|Invalid|Expected"),
        ("a = 'b", "^Expected|^Unterminated|^Invalid|^Found|^Illegal"),
        ("secret = 1\nsecret = 2\n", "line 2, column .*: Cannot overwrite a value"),
        ("[secret]\n[secret]\n", "line 2, column .*: Cannot declare$"),
        ("a = {secret = 1, secret = 2}\n", "Duplicate inline table key$"),
        ("a = 1 \x01", "line 1, column .*: (Illegal|Found invalid|Expected)"),
    ],
)
def test_wrong_toml_is_reported_with_its_place_and_without_its_content(source, said):
    with pytest.raises(TomlError, match=said) as raised:
        parse_toml(source)
    assert "secret" not in str(raised.value)


def test_strings_and_comments_may_have_any_content():
    dots, brackets, digits = "." * 1_000, "[{" * 100, "9" * 100
    for quote in ('"', "'", '"""', "'''"):
        assert parse_toml(f"a = {quote}{dots}{brackets}{digits}{quote} # {dots}{brackets}{digits}")["a"].startswith(
            dots
        )
    assert len(parse_toml("a = [" + "1.5, " * 400 + "]")["a"]) == 400


@pytest.mark.parametrize(
    "piece",
    [
        "[",
        "a.",
        '"a".',
        "'",
        '"""',
        "a={",
        "[a]\n",
        "[[a]]\n",
        "1",
        "\\",
        "#\n",
        ".".join(["a"] * 500) + "=1\n",
        "a=[[1,]]\n",
    ],
)
def test_the_largest_text_is_read_or_refused_in_a_few_seconds(piece):
    before = time.process_time()
    with suppress(TomlError):
        parse_toml(piece * (MAX_TOML_BYTES // len(piece)))
    assert time.process_time() - before < 5


@pytest.mark.parametrize("source", [b"", b"{", b"[" * 100_000, b"\xff", b'"\\ud800"', b"{'a': 1}", b"NaN"])
def test_wrong_json_is_refused(source):
    with pytest.raises(UnreadableFile, match="JSON"):
        parse_json(source)


def test_depth_is_counted_over_tables_and_lists():
    deep = 1
    for _ in range(MAX_DEPTH - 1):
        deep = [deep, {"a": 1}]
    assert is_shallow(deep)
    assert is_shallow({"a": deep}) is False


def test_a_file_that_cannot_be_written_is_left_unchanged(tmp_path, monkeypatch):
    kept = tmp_path / "kept.json"
    kept.write_text("mine")

    def forbidden(*_arguments, **_named):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", forbidden)
    with pytest.raises(UsageError, match=r"--json .*Permission denied"):
        write_file("--json", kept, b"{}")
    monkeypatch.undo()
    assert kept.read_text() == "mine"
