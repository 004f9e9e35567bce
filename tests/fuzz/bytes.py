"""Random tables and damaged real ones, to check that the program loses and changes no row."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random

from fuzz.accounts import COMMANDS, FORMS, Case, HangError, check

TESTS = Path(__file__).parent.parent

HEADERS = (
    *("sku", "SKU", "purchase_price", "purchase price", "Purchase-Price", "采购价", "进价"),
    *("logistics_cost", "运费", "other_cost", "list_price", "标价", "售价", "forced_rate"),
    *("commission_rate", "佣金率", "target_price", "target_profit", "target_margin", "units_30d"),
    *("title", "商品名称", "备注", "note, long", 'the "real" one', "two\nlines", "", " ", "profit"),
    *("status", "margin", "protected_list_price", "forced_rate_min", "forced_rate_max", "é", "a;b"),
)
NUMBERS = (
    *("8", "3.50", "12.99", "0.15", "20", "0", "", "", "13.2%", "10%..20%", "0.132", "1,234.50"),
)  # fmt: skip
ODD_NUMBERS = (
    *("12,50", "1e3", "-3", "nan", "inf", "+4", "３.５", "１２", "$3.50", "US$ 4", "¥12", "€5"),
    *("13.2", "99999999999999999999", "10000000", "9999999.99", "0.000001", "٣", "1_000", "0x10"),
    *("5.", ".5", ".", "..", "1..2", "20%..10%", "--", "N/A", "=1+1", "100%", "0.9999999", "½"),
    *("1 000", "1'000", "1.234,50", "1,23,456", "8\u00a0", "\u200b8", "8\n", "9223372036854775808"),
    *("4 ", "八", "0%..99%", "99.9999%", "0.01", "9,999,999.99"),
)  # fmt: skip
TEXTS = (
    *("red shirt", "红色 短袖", "size 4, wide", 'the "best"', "two\nlines", "two\r\nlines", "a\rb"),
    *("00123", "1005006123456789012", "3.50", "=SUM(A1)", "@x", "'quoted'", " spaces ", "\t"),
    *("x" * 99, "😀", "e\u0301", "\u2028", "\x85", "\x1c", "\x0b\x0c", "\ufeff", "\ufffd", "\x7f"),
    *("", "", "\\", '"', '""', ',"', '",', "\r", "\n", "\r\n"),
)
PIECES = (
    *(b'"', b'""', b",", b";", b"\t", b"\n", b"\r\n", b"\r", b"\0", b" ", b'"\n', b',"', b'",'),
    *(b"\n\n", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\x80", b"\xff", b"\xe5\x95", b"\xc9"),
    *(b"\xc9\xcc", b"\x84\x31", b"\x84\x31\xa4\x37", "商".encode(), "é".encode("latin-1")),
    *(b"12.5", b"-1", b"\x1a", b"a" * 300, b'"\r\n', b'"\r', b"\n\r", b'\n"', b'""\n""'),
)
ENCODINGS = ("utf-8", "utf-8", "utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be")
AT_A_TIME = (1, 2, 7, 40, 300, 5_000, 1 << 20)


def seeds() -> list[bytes]:
    """Tables to damage: the examples, and the nasty ones."""
    places = [*TESTS.parent.glob("examples/*/*.csv"), *TESTS.glob("nasty/[ar]*/*.*sv")]
    return [path.read_bytes()[:4_000] for path in sorted(places)]


def draw_case(rng: Random, real: list[bytes]) -> Case:
    """Draw a random or damaged table, and a call for it."""
    case = draw_table(rng) if rng.random() < 0.6 else Case(rng.choice(real))
    if rng.random() < 0.5 or case.parted_by is None:
        case = replace(case, data=damaged(rng, case.data, real), parted_by=None)
    return with_options(rng, case)


def with_options(rng: Random, case: Case) -> Case:
    """The case with random options."""
    return replace(
        case,
        command=rng.choice(COMMANDS),
        form=rng.choice(list(FORMS)),
        rejects=rng.random() < 0.8,
        at_a_time=rng.choice(AT_A_TIME),
        delimiter=case.delimiter or (rng.choice(",;\t|. ") if rng.random() < 0.1 else None),
        encoding=case.encoding
        or (rng.choice(("utf-8", "gbk", "latin-1", "utf-16")) if rng.random() < 0.05 else None),
    )


def draw_table(rng: Random) -> Case:
    """A table as some program might have written it, well or badly."""
    width = rng.randint(2, 7)
    header = rng.sample(HEADERS, width)
    delimiter, line_end = rng.choice(",,,;\t"), rng.choice(("\n", "\n", "\r\n"))
    odd, careless = rng.choice((0, 0, 0.05, 0.5)), rng.choice((0, 0, 0.1))
    lines = [delimiter.join(_quoted(name, delimiter, rng, 0) for name in header)]
    for _ in range(rng.randint(0, 12)):
        count = width if rng.random() > odd else rng.randint(1, width + 2)
        cells = [_cell(rng, odd) for _ in range(count)]
        lines.append(delimiter.join(_quoted(cell, delimiter, rng, careless) for cell in cells))
        if rng.random() < odd:
            lines.append(rng.choice(("", "", " ", delimiter)))
    text = line_end.join(lines) + (line_end if rng.random() < 0.8 else "")
    encoding = rng.choice(ENCODINGS)
    named = encoding if encoding in ("utf-16-le", "utf-16-be") else None
    outside = "".join(lines[0].split('"')[::2])
    is_plain = outside.count(delimiter) > max(map(outside.count, {*",;\t"} - {delimiter}))
    known = delimiter if is_plain and not careless else None
    return Case(text.encode(encoding, "replace"), known, encoding=named)


def _cell(rng: Random, odd: float) -> str:
    if rng.random() < odd:
        return rng.choice(ODD_NUMBERS)
    return rng.choice(NUMBERS if rng.random() < 0.8 else TEXTS)


def _quoted(cell: str, delimiter: str, rng: Random, careless: float) -> str:
    """The cell as written; sometimes without the quotes that it needs."""
    needs = any(special in cell for special in (delimiter, '"', "\n", "\r"))
    if rng.random() < careless:
        return rng.choice((cell, f'"{cell}"', f'{cell}"', f'x"{cell}"', f'"{cell}" '))
    doubled = cell.replace('"', '""')
    return f'"{doubled}"' if needs or rng.random() < 0.2 else cell


def damaged(rng: Random, data: bytes, real: list[bytes]) -> bytes:
    """The bytes with some of them changed, lost, doubled, or from another file."""
    for _ in range(rng.choice((1, 1, 2, 3, 8))):
        place, end = sorted((rng.randint(0, len(data)), rng.randint(0, len(data))))
        end = min(end, place + rng.choice((1, 2, 10, 1_000)))
        match rng.randrange(6):
            case 0:
                data = data[:place] + rng.choice(PIECES) + data[place:]
            case 1:
                data = data[:place] + data[end:]
            case 2:
                data = data[:end] + data[place:]
            case 3:
                data = data[:place] + rng.randbytes(end - place) + data[end:]
            case 4:
                other = rng.choice(real)
                data = data[:place] + other[rng.randint(0, len(other)) :]
            case _:
                data = data.replace(rng.choice(PIECES), rng.choice(PIECES), rng.choice((1, -1)))
    return data[:20_000]


def problem_of(case: Case) -> str:
    """Return what is wrong with a case; empty if all is well."""
    try:
        check(case)
    except AssertionError as problem:
        return f"{type(problem).__name__}: {problem}"[:1_000]
    except (Exception, HangError) as problem:
        return f"{type(problem).__name__}: {problem}"[:1_000]
    return ""


def cut_down(case: Case) -> Case:
    """The case with the smallest data that still fails in the same way."""
    kind = _kind(problem_of(case))
    size = max(len(case.data) // 2, 1)
    while size:
        place = 0
        while place < len(case.data):
            less = replace(case, data=case.data[:place] + case.data[place + size :], parted_by=None)
            if _kind(problem_of(less)) == kind:
                case = less
            else:
                place += size
        size //= 2
    return case


def _kind(problem: str) -> str:
    """A problem without the bytes in it."""
    return " ".join(problem.split()[:4])


def failure(seed: int, number: int) -> str:
    """Return how a case fails, reduced; empty if all is well."""
    case = draw_case(Random(f"{seed}:{number}"), real_tables())  # noqa: S311 (no secrets)
    if not problem_of(case):
        return ""
    least = cut_down(case)
    return f"{problem_of(least)}\n  {least!r}"


real_tables = cache(seeds)
