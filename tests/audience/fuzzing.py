"""Damages the files of the matrix: each seed makes one file, the same at every run."""

import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from random import Random
from typing import NamedTuple
from zipfile import BadZipFile, ZipFile

from tests.audience.matrix import text_cases, workbook_cases
from tests.audience.matrix.writers import zipped

# A longer run: FUZZ_ROUNDS=20000 FUZZ_SEED=1000 run.py test tests/audience/test_fuzz.py
ROUNDS, FIRST_SEED = int(os.environ.get("FUZZ_ROUNDS", "150")), int(os.environ.get("FUZZ_SEED", "0"))
LABELS = (
    *("comma", "semicolon", "sep=;", "UTF-8 with a mark", "UTF-16 little-endian with a mark", "old Mac line ends"),
    *("every reason", "short and long rows", "no header, phones", "a cell over several lines with blank ones"),
    *("workbook", "workbook with shared texts", "workbook with numbers", "several sheets", "formula of a number"),
    *("number shown as a date", "OpenDocument", "OpenDocument with numbers", "runs of equal rows"),
    *("zip of a csv", "zip of a workbook", "zip of an OpenDocument"),
)
SIGNS = (b"\0", b'"', b"\n", b";", b"<", b"&", b"</", b"\xff\xfe", b"-1", b"9" * 400, b"PK\x03\x04", b"\xed\xa0\x80")


class File(NamedTuple):
    """A file as an operator would post it."""

    name: str
    content: bytes


@contextmanager
def told(seed: int) -> Iterator[None]:
    """Say which seed failed."""
    try:
        yield
    except Exception as error:
        error.add_note(f"The file is that of FUZZ_SEED={seed} FUZZ_ROUNDS=1.")
        raise


def seeds(share: int = 1) -> range:
    """The seeds of this run, or a share of them where each takes longer."""
    return range(FIRST_SEED, FIRST_SEED + max(1, ROUNDS // share))


@cache
def whole() -> tuple[File, ...]:
    """Files that nobody has damaged."""
    cases = {**text_cases.CASES, **workbook_cases.CASES}
    return tuple(File(cases[label].name, cases[label].build()) for label in LABELS)


def damaged(seed: int) -> File:
    """The file of this seed: some bytes changed, of the file itself or inside its archive."""
    chance = Random(seed)  # noqa: S311
    name, content = chance.choice(whole())
    return File(name, (_inside if chance.random() < 0.7 else _hurt)(content, chance))


def _inside(content: bytes, chance: Random) -> bytes:
    """Damage to one part of an archive, in a whole archive; to the bytes where it is none."""
    try:
        with ZipFile(io.BytesIO(content)) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
    except BadZipFile:
        return _hurt(content, chance)
    name = chance.choice(sorted(parts))
    return zipped(**(parts | {name: _inside(parts[name], chance)}))


def _hurt(content: bytes, chance: Random) -> bytes:
    for _ in range(chance.choice((1, 1, 2, 5, 20))):
        content = chance.choice(WAYS)(content, chance, *_span(content, chance))
    return content


def _span(content: bytes, chance: Random) -> tuple[int, int]:
    start = chance.randrange(len(content) + 1)
    return start, min(len(content), start + chance.choice((1, 2, 8, 100)))


def _flip(content: bytes, chance: Random, start: int, end: int) -> bytes:
    return content[:start] + bytes(byte ^ 1 << chance.randrange(8) for byte in content[start:end]) + content[end:]


def _cut(content: bytes, chance: Random, start: int, end: int) -> bytes:
    return content[:start] + (b"" if chance.random() < 0.2 else content[end:])


def _insert(content: bytes, chance: Random, start: int, end: int) -> bytes:
    return content[:start] + chance.choice((*SIGNS, chance.randbytes(end - start))) + content[start:]


def _repeat(content: bytes, chance: Random, start: int, end: int) -> bytes:
    return content[:end] + content[start:end] * chance.choice((1, 3, 50)) + content[end:]


def _splice(content: bytes, chance: Random, start: int, end: int) -> bytes:
    other = chance.choice(whole()).content
    place = chance.randrange(len(other))
    return content[:start] + other[place : place + chance.choice((4, 40, 4_000))] + content[end:]


WAYS: tuple[Callable[[bytes, Random, int, int], bytes], ...] = (_flip, _cut, _insert, _repeat, _splice)
