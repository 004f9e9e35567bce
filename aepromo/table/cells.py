"""Convert one cell of text to a whole number, or say why not; and a whole number to text.

Amounts are read in minor units of a currency, which a cell may name (``US $5``, ``45元``); rates in
millionths. Whether a file writes 12,50 or 12.50 is decided from its cells, for the whole file.
A reason is a clause that ends in the remedy: ``'12,50' is not a number; write 12.50``.
"""

from __future__ import annotations

import re
from functools import cache
from math import gcd
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from aepromo.pricing.currency import USD, Currency
from aepromo.pricing.money import AMOUNT_LIMIT, FX_LIMIT, MARKUP_LIMIT, MILLION, WEIGHT_LIMIT
from aepromo.table.column import AMOUNTS, Kind
from aepromo.table.currency_signs import Sign, parted
from aepromo.words import N_, _

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Value = TypeVar("Value")

RATE_PLACES = 6
WEIGHT_PLACES = 3
FX_DIGITS = 18
"""The most significant digits of an exchange rate."""
SHOWN_LENGTH = 80
LONGEST_WHOLE = 18
COUNT_DIGITS = 12
COUNT_LIMIT = 10**8
"""The first number of units that is too large; times any profit it still fits a column."""

POINT, COMMA, UNTOLD = ".", ",", ""
"""Decimal marks. ``UNTOLD``: not known yet, so a cell that could mean either is refused."""

GAPS = " \u00a0\u2007\u2009\u202f'’"
"""Separators of thousands, besides the point or the comma."""
_GAP = f"[{GAPS}]"
# Thousands don't start with a 0: 0,125 has a decimal comma.
_WHOLE = r"\d*|[1-9]\d{{0,2}}(?:(?P<gap>{mark}|{gap})\d{{3}})(?:(?P=gap)\d{{3}})*"
_NUMBER = re.compile(
    rf"(?P<whole>{_WHOLE.format(mark=',', gap=_GAP)})(?:\.(?P<fraction>\d*))?", re.ASCII
)
# Only for refusals and decimal commas, so compiled when first needed.
_COMMA_NUMBER = rf"(?P<whole>{_WHOLE.format(mark='[.]', gap=_GAP)})(?:,(?P<fraction>[0-9]*))?"
_EITHER = r"[1-9][0-9]{0,2}[.,][0-9]{3}"
_CORE = r"(?P<before>[^0-9.,]*)(?P<number>[0-9.,][0-9.,'’\s]*?)(?P<after>[^0-9.,]*)"
_DECIMAL_COMMA = r"(?P<whole>[0-9.]+),(?P<fraction>[0-9]{1,2}|(?<=^0,)[0-9]+)"
_WITH_UNIT = r"[0-9.,]+\s*([kK]?[gG]|克|千克|公斤)"
_EXPONENT = r"[0-9.]+[eE][+-]?[0-9]+"
_STARTS = frozenset(".0123456789")
_NOTHING = frozenset(
    {"-", "--", "–", "—", "/", "n/a", "na", "n.a.", "none", "null", "nil", "free", "no",
     "free shipping", "无", "没有", "暂无", "免费", "包邮", "免运费", "不适用", "待定", "tbd"}
)  # fmt: skip
_ERRORS = frozenset({"#n/a", "#value!", "#ref!", "#div/0!", "#name?", "#null!", "#num!"})


class CellError(ValueError):
    """A cell that can't be used; the message is the reason and the remedy.

    ``reason`` is the message with a place for the ``cell``, where it has numbers to write.
    """

    def __init__(self, message: str, reason: str = "", cell: str = "") -> None:
        super().__init__(message)
        self.reason, self.cell = reason, cell

    def with_commas(self) -> CellError:
        """The same with the numbers to write as they are in a file with decimal commas."""
        if not self.reason:
            return self
        reason = re.sub(_MARK, lambda mark: "." if mark[0] == "," else ",", self.reason)
        return CellError(reason.replace(_CELL, self.cell))


_CELL = "\0"
_MARK = r"(?<=[0-9])[.,](?=[0-9])"


def tidy(text: str) -> str:
    """The cell without surrounding spaces, with full-width characters as ordinary ones."""
    return (text if text.isascii() else text.translate(_ORDINARY)).strip()


# Only these characters: full Unicode normalisation would also read 12² as 122.
_ORDINARY = {0xFF01 + offset: 0x21 + offset for offset in range(94)} | {0xFFE5: "¥", 0x3000: " "}


def read(text: str, kind: Kind, currency: Currency, decimal: str = POINT) -> int | None:
    """The value of a cell, None for a blank one. Raises ``CellError``."""
    tidied, reader = tidy(text), _READERS[kind]
    if not tidied:
        return None
    if decimal == POINT:
        return reader(text, tidied, currency)
    return in_points(text, tidied, decimal, lambda number: reader(text, number, currency))


def in_points(text: str, tidied: str, decimal: str, reader: Callable[[str], Value]) -> Value:
    """Read a cell of a file with decimal commas, or an unknown mark, by what knows points alone.

    Raises ``CellError``, with examples as the file writes them.
    """
    try:
        return reader(_with_point(text, tidied, decimal))
    except CellError as error:
        raise error.with_commas() if decimal == COMMA else error from None


def sign_of(text: str) -> Sign | None:
    """The currency sign of a cell: ``$`` of ``$5``, ``元`` of ``45元``; None without one."""
    tidied = tidy(text)
    return parted(tidied)[0] if tidied else None


def signs_in(texts: Iterable[str]) -> frozenset[str]:
    """The currencies that cells name: ``$``, ``¥``, or the code of any other."""
    likely = (text for text in texts if not (text[-1:].isdigit() and text[:1].isdigit()))
    return frozenset(sign.short for text in likely if (sign := sign_of(text)))


def in_two_currencies(signs: Iterable[str]) -> str:
    """Why amounts with several signs can't be used if no currency is named."""
    reason = _(
        "amounts with {signs} are in two currencies and can't be added; name the currencies "
        "with --currency and --cost-currency"
    )
    return reason.format(signs=_(" and ").join(sorted(signs)))


def either_way(text: str) -> str:
    """Why a figure can't be used that may be a number or a thousand times that."""
    digits = re.sub(r"[^0-9.,]", "", tidy(text)).replace(",", ".")
    reason = _("{cell} may be {whole} or {decimal}; say which with --decimal , or --decimal .")
    return reason.format(cell=shown(text), whole=digits.replace(".", ""), decimal=digits)


def _with_point(text: str, tidied: str, decimal: str) -> str:
    """A figure of a file with decimal commas, or an unknown mark, written with a point."""
    core = re.fullmatch(_CORE, tidied)
    if core is None:
        return tidied
    number = core["number"]
    if decimal == UNTOLD:
        if re.fullmatch(_EITHER, number):
            raise CellError(either_way(text))
        if _mark_patterns()[1].fullmatch(number) and _is_all_of(tidied, number):
            meant = re.sub("[^0-9,]", "", number).replace(",", ".")
            reason = _("{cell} has a decimal comma; set --decimal , or write {meant}")
            raise refusal(text, reason, meant=core["before"] + meant + core["after"])
        return tidied
    match = re.fullmatch(_COMMA_NUMBER, number)
    if match is not None:
        gap = match["gap"] or ""
        fraction = "" if match["fraction"] is None else "." + match["fraction"]
        return core["before"] + match["whole"].replace(gap, "") + fraction + core["after"]
    if _NUMBER.fullmatch(number) and _is_all_of(tidied, number):
        meant = number.translate({ord(","): ".", ord("."): ","})
        reason = _("{cell} has a decimal point, but this file uses decimal commas; write {meant}")
        meant = core["before"] + meant + core["after"]
        raise CellError(reason.format(cell=shown(text), meant=meant))
    return tidied


def pointed(text: str, decimal: str) -> str:
    """A figure of a file, or a range of them, with decimal points. Raises ``CellError``."""
    return "..".join(_with_point(text, tidy(end), decimal) for end in text.split(".."))


def _is_all_of(tidied: str, number: str) -> bool:
    """Whether a cell has nothing but a number, with a percent sign or the sign of a currency."""
    return parted(tidied.removesuffix("%").rstrip())[1] == number


def read_rate(text: str) -> int | None:
    """A rate in millionths, None for a blank cell. Raises ``CellError``."""
    tidied = tidy(text)
    return rate_in(text, tidied) if tidied else None


def read_range(text: str, decimal: str = POINT) -> tuple[int, int] | None:
    """One rate or a range ``lo..hi``, in millionths, as its two ends. Raises ``CellError``."""
    tidied = tidy(text)
    if not tidied:
        return None
    try:
        return _range(text, tidied, decimal)
    except CellError as error:
        problem = _otherwise_written(text, tidied, decimal) or error
        raise problem.with_commas() if decimal == COMMA else problem from None


def _range(text: str, tidied: str, decimal: str) -> tuple[int, int]:
    low_text, dots, high_text = tidied.partition("..")
    if not dots:
        rate = rate_in(text, tidied if decimal == POINT else _with_point(text, tidied, decimal))
        return rate, rate
    if not (low_text.strip() and high_text.strip()):
        raise refusal(text, _("{cell} has only one end; write both, such as 10%..20%"))
    if "..." in tidied:  # 10%...20% might end at .20%
        raise _no_range(text)
    ends = [
        tidy(end) if decimal == POINT else _with_point(text, tidy(end), decimal)
        for end in (low_text, high_text)
    ]
    low, high = (rate_in(end, each) for end, each in zip((low_text, high_text), ends, strict=True))
    if low > high:
        reason = _("{cell} has its ends swapped; write {low}..{high}")
        raise refusal(text, reason, low=ends[1], high=ends[0])
    return low, high


def _no_range(text: str) -> CellError:
    return refusal(text, _("{cell} is not a range; write one such as 10%..20%"))


_END = r"[0-9]+(?:[.,][0-9]+)?|[.,][0-9]+"
_LIKE_A_RANGE = (
    rf"(?P<low>{_END})\s*(?P<low_sign>%?)\s*(?P<between>\.{{2,}}|…+|[-–—−~∼〜,、]|to|bis|至|到)"
    rf"\s*(?P<high>{_END})\s*(?P<high_sign>%?)"
)


def is_like_a_range(text: str) -> bool:
    """Whether a cell has two numbers, and between them what people put into a range."""
    return _two_ends(tidy(text)) is not None


def _two_ends(tidied: str) -> re.Match[str] | None:
    return re.fullmatch(_LIKE_A_RANGE, tidied, re.IGNORECASE)


def _otherwise_written(text: str, tidied: str, decimal: str) -> CellError | None:
    """The error of a range that is not written ``10%..20%``, such as ``10-20%``; else None."""
    match = _two_ends(tidied)
    if match is None:
        return None
    between, ends = match["between"], _ends_meant(match)
    if not ends:
        return None if between in ("..", ",") else _no_range(text)
    texts = [end for _rate, end in sorted(ends)]
    meant = "..".join(texts)
    as_written = tidied.replace(" ", "").replace(",", ".")
    if between == ".." and as_written in (meant, "..".join(reversed(texts))):
        return None
    if between == "," and match["low"].isdigit() and not match["low_sign"]:
        if decimal == COMMA or not 0 < ends[0][0] < ends[1][0]:
            return None
        reason = _("{cell} may be a range or one rate; write {range} or {rate}")
        return refusal(text, reason, range=meant, rate=f"{match['low']}.{match['high']}%")
    return refusal(text, _("{cell} seems to be a range; write {range}"), range=meant)


def _ends_meant(match: re.Match[str]) -> list[tuple[int, str]]:
    """The two ends as rates in millionths and as text; empty if that is unclear.

    A number below 1 without a percent sign, beside another number, might be either.
    """
    pairs = [(match[end].replace(",", "."), match[f"{end}_sign"]) for end in ("low", "high")]
    may_be_ratios = [not sign and bool(re.match(r"0*\.", number)) for number, sign in pairs]
    if any(may_be_ratios) and not all(may_be_ratios):
        return []
    sign = "" if any(may_be_ratios) else "%"
    try:
        return [(read_rate(number + sign) or 0, number + sign) for number, _sign in pairs]
    except CellError:
        return []


def millionths(text: str) -> int:
    """A plain number with at most six decimal places, times a million. Raises ``CellError``."""
    return millionths_in(text, tidy(text))


def millionths_in(text: str, tidied: str) -> int:
    """The same for a cell that is tidied already."""
    match = _NUMBER.fullmatch(tidied)
    if match is None or match["gap"] or not any(letter.isdigit() for letter in tidied):
        raise _not_a_number(text, tidied, example="4.78")
    whole, fraction = match["whole"] or "0", match["fraction"] or ""
    if len(whole) > COUNT_DIGITS or fraction[RATE_PLACES:].strip("0"):
        raise refusal(
            text, _("{cell} is too large or has too many decimal places; write at most six")
        )
    return int(whole) * MILLION + int(fraction[:RATE_PLACES].ljust(RATE_PLACES, "0"))


def _cost(text: str, tidied: str, currency: Currency) -> int:
    if tidied.casefold() in _NOTHING:
        reason = _("{cell} is not an amount; write what it costs you, 0 for nothing")
        raise refusal(text, reason)
    whole, fraction = _amount_digits(text, tidied, currency, "--cost-currency")
    places = currency.places
    amount = int(whole + fraction[:places].ljust(places, "0"))
    if fraction[places:].strip("0"):
        amount += 1  # rounded up, to protect the seller
    return _within_limit(text, amount, places)


def _target(text: str, tidied: str, currency: Currency) -> int:
    whole, fraction = _amount_digits(text, tidied, currency, "--currency")
    places = currency.places
    if fraction[places:].strip("0"):
        kept = f"{whole}.{fraction[:places]}" if places else whole
        reason = _("{cell} has more than {places} decimal places; write {kept} or round it up")
        raise refusal(text, reason, places=places, kept=kept)
    return _within_limit(text, int(whole + fraction[:places].ljust(places, "0")), places)


def _price(text: str, tidied: str, currency: Currency) -> int:
    price = _target(text, tidied, currency)
    if price == 0:
        raise refusal(text, _("{cell} is not a list price; write a price above 0"))
    return price


def _count(text: str, tidied: str) -> int:
    whole, fraction = _digits(text, tidied, example="120")
    if fraction.strip("0"):
        raise refusal(text, _("{cell} is not a whole number; write {example}"), example=whole)
    if int(whole) >= COUNT_LIMIT:
        reason = _("{cell} is too large; write a number under {limit:,}")
        raise refusal(text, reason, limit=COUNT_LIMIT)
    return int(whole)


def rate_in(text: str, tidied: str) -> int:
    """A rate in millionths, of a tidied cell that isn't blank. Raises ``CellError``."""
    rate = _ratio(text, tidied)
    if rate >= MILLION:
        raise refusal(
            text, _("{cell} is not under {limit}; write a rate such as 13.2%"), limit="100%"
        )
    return rate


def _markup(text: str, tidied: str) -> int:
    rate = _ratio(text, tidied)
    if rate >= MARKUP_LIMIT or (rate >= MILLION and not tidied.endswith("%")):
        limit = percent(MARKUP_LIMIT)
        raise refusal(
            text, _("{cell} is not a markup under {limit}; write one such as 150%"), limit=limit
        )
    return rate


_RATE_EXAMPLE = N_("13.2% or 0.132")


def _ratio(text: str, tidied: str) -> int:
    """A percentage or a ratio in millionths; a figure of 1 or more without % might be either."""
    is_percent = tidied.endswith("%")
    number = tidied[:-1].rstrip() if is_percent else tidied
    if not is_percent and "," in number and re.fullmatch(r"[1-9][0-9]?,[0-9]{1,2}", number):
        number = number.replace(",", ".")  # refused below: the comma is not all that is wrong
    whole, fraction = _digits(text, number, example=_RATE_EXAMPLE)
    if not is_percent and 1 <= int(whole) < 100:
        ratio = "0." + (whole.rjust(2, "0") + fraction).rstrip("0")
        reason = _("{cell} is not a rate; write {percent} or {ratio}")
        raise refusal(text, reason, percent=f"{number}%", ratio=ratio)
    kept = RATE_PLACES - 2 if is_percent else RATE_PLACES
    if fraction[kept:].strip("0"):
        reason = _("{cell} has too many decimal places for a rate; write at most {places}")
        raise refusal(text, reason, places=kept)
    return int(whole + fraction[:kept].ljust(kept, "0"))


def _weight(text: str, tidied: str) -> int:
    if re.fullmatch(_WITH_UNIT, tidied):
        reason = _("{cell} is not a number; write grams, such as {example}")
        raise refusal(text, reason, example=350)
    whole, fraction = _digits(text, tidied, example="350")
    weight = int(whole + fraction[:WEIGHT_PLACES].ljust(WEIGHT_PLACES, "0"))
    weight += bool(fraction[WEIGHT_PLACES:].strip("0"))  # rounded up, as carriers do
    if weight >= WEIGHT_LIMIT:
        reason = _("{cell} is too large; write a number under {limit:,}")
        raise refusal(text, reason, limit=WEIGHT_LIMIT // 10**WEIGHT_PLACES)
    return weight


def read_exchange_rate(text: str) -> tuple[int, int] | None:
    """An exchange rate in lowest terms: ``7.12`` is 178 and 25; ``1/0.0457`` is a rate, too.

    None for a blank cell. Raises ``CellError``.
    """
    tidied = tidy(text)
    return _exchange_rate(text, tidied) if tidied else None


def _exchange_rate(text: str, tidied: str) -> tuple[int, int]:
    """The exchange rate of a cell that isn't blank."""
    dividend, slash, divisor = tidied.partition("/")
    top, bottom = _exact(text, dividend.rstrip()), (1, 1)
    if slash:
        bottom = _exact(text, divisor.lstrip())
    units, per = top[0] * bottom[1], top[1] * bottom[0]
    if not (per and 0 < units * MILLION < FX_LIMIT * per):
        reason = _(
            "{cell} is not an exchange rate; write how many units one is worth, such as 7.12"
        )
        raise refusal(text, reason)
    common = gcd(units, per)
    return units // common, per // common


def _exact(text: str, tidied: str) -> tuple[int, int]:
    """A plain decimal as a fraction."""
    whole, fraction = _digits(text, tidied, example="7.12")
    fraction = fraction.rstrip("0")
    if len((whole + fraction).lstrip("0")) > FX_DIGITS or len(fraction) > 2 * FX_DIGITS:
        reason = _("{cell} has too many digits for an exchange rate; write at most {digits}")
        raise refusal(text, reason, digits=FX_DIGITS)
    return int(whole + fraction), 10 ** len(fraction)


def _fx(text: str, tidied: str) -> int:
    """A rate with six places, for a column; ``read_exchange_rate`` accepts more places."""
    units, per = _exchange_rate(text, tidied)
    if MILLION % per:
        reason = _("{cell} has too many decimal places for a rate; write at most {places}")
        raise refusal(text, reason, places=RATE_PLACES)
    return units * (MILLION // per)


_READERS: dict[Kind, Callable[[str, str, Currency], int]] = {
    Kind.COST: _cost,
    Kind.TARGET: _target,
    Kind.PRICE: _price,
    Kind.COUNT: lambda text, tidied, _currency: _count(text, tidied),
    Kind.RATE: lambda text, tidied, _currency: rate_in(text, tidied),
    Kind.MARKUP: lambda text, tidied, _currency: _markup(text, tidied),
    Kind.WEIGHT: lambda text, tidied, _currency: _weight(text, tidied),
    Kind.FX: lambda text, tidied, _currency: _fx(text, tidied),
}


def _amount_digits(text: str, tidied: str, currency: Currency, flag: str) -> tuple[str, str]:
    sign, number = parted(tidied)
    if sign and not sign.fits(currency):
        reason = _(
            "{cell} has the sign {sign}, but must be in {currency}; write it in {currency}, "
            "or name its own currency with {flag} {code}"
        )
        raise refusal(
            text, reason, sign=sign.written, currency=currency.code, flag=flag, code=sign.code
        )
    return _digits(text, number, example="12.50")


def _digits(text: str, number: str, example: str) -> tuple[str, str]:
    """The digits before and after the decimal point, without thousands separators."""
    match = _NUMBER.fullmatch(number)
    if match is None or not any(character.isdigit() for character in number):
        raise _not_a_number(text, number, _(example))
    whole = match["whole"].replace(match["gap"] or ",", "").lstrip("0") or "0"
    if len(whole) > LONGEST_WHOLE:
        reason = _("{cell} is too large; write a number such as {example}")
        raise refusal(text, reason, example=_(example))
    return whole, match["fraction"] or ""


def _not_a_number(text: str, number: str, example: str) -> CellError:
    if not text.isascii() and (unseen := {each for each in text if ord(each) in _UNSEEN}):
        names = _(", ").join(sorted(f"U+{ord(letter):04X}" for letter in unseen))
        reason = _("{cell} contains {names}, which is invisible; delete it")
        return refusal(text, reason, names=names)
    if number.casefold() in _ERRORS:
        reason = _("{cell} is a spreadsheet error; fix its formula, or write the number")
        return refusal(text, reason)
    if number.casefold() in _NOTHING:
        reason = _("{cell} is not a number; leave the cell blank where there is none")
        return refusal(text, reason)
    if "," in number and (comma := re.fullmatch(_DECIMAL_COMMA, number)):
        sign = "%" if tidy(text).endswith("%") else ""
        meant = f"{comma['whole'].replace('.', '')}.{comma['fraction']}{sign}"
        return refusal(text, _("{cell} is not a number; write {meant}"), meant=meant)
    if number.startswith("="):
        return refusal(
            text,
            _(
                "{cell} is a formula without its result; save the workbook in Excel, or write the "
                "number"
            ),
        )
    if number.startswith(("-", "−")) or (
        number.startswith("(") and any(character.isdigit() for character in number)
    ):
        return refusal(text, _("{cell} is negative; write 0 or more"))
    if number[:1] in _STARTS and re.fullmatch(_EXPONENT, number):
        reason = _("{cell} is not a plain number; write it out, such as {example}")
        return refusal(text, reason, example=example)
    return refusal(text, _("{cell} is not a number; write one such as {example}"), example=example)


def _within_limit(text: str, amount: int, places: int) -> int:
    if amount >= AMOUNT_LIMIT:
        limit = grouped(AMOUNT_LIMIT, places)
        raise refusal(text, _("{cell} is too large; write an amount under {limit}"), limit=limit)
    return amount


def refusal(text: str, reason: str, **places: object) -> CellError:
    """The error that names the cell and the reason: ``reason`` has the place for the cell."""
    cell, reason = shown(text), reason.format(cell=_CELL, **places)
    return CellError(reason.replace(_CELL, cell), reason, cell)


def bare_digits(text: str, kind: Kind, currency: Currency, decimal: str = POINT) -> str | None:
    """Only the number of a cell: ``1234.50`` of ``$1,234.50``, ``0.132`` of ``13.2%``.

    None for a cell that is not one number, such as a range, and for an amount with the sign of
    another currency, because without the sign it would be another amount.
    """
    tidied, is_percent = tidy(text), False
    try:
        tidied = tidied if decimal == POINT else _with_point(text, tidied, decimal)
    except CellError:
        return None
    if tidied and kind in AMOUNTS:
        sign, tidied = parted(tidied)
        if sign and not sign.fits(currency):
            return None
    elif tidied.endswith("%"):
        # Under a header with % the number counts percents.
        tidied, is_percent = tidied[:-1].rstrip(), kind is not Kind.NUMBER
    match = _NUMBER.fullmatch(tidied)
    if match is None or not any(character.isdigit() for character in tidied):
        return None
    whole, fraction = match["whole"].replace(match["gap"] or ",", ""), match["fraction"] or ""
    return fixed(int(whole + fraction), len(fraction) + 2 * is_percent)


def shown(text: str) -> str:
    """The cell as it is, on one line and shortened to one line."""
    clipped = text if len(text) <= SHOWN_LENGTH else text[:SHOWN_LENGTH] + "…"
    return "'" + on_one_line(clipped) + "'"


def on_one_line(text: str) -> str:
    """The text with line ends, control and invisible characters spelled out."""
    return text if text.isascii() and text.isprintable() else text.translate(_CONTROLS)


_UNSEEN = frozenset(
    {0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x180E, 0x3164, 0xFEFF, 0xFFA0, *range(0x200B, 0x2010),
     *range(0x2028, 0x202F), *range(0x2060, 0x2070), *range(0xFFF9, 0xFFFC),
     *range(0xE0000, 0xE0080)}
)  # fmt: skip
"""Code points that are invisible, or that change the direction of a text."""

_CONTROLS = (
    {code: f"\\x{code:02x}" for code in (*range(32), 127, *range(128, 160))}
    | {ord("\n"): "\\n", ord("\r"): "\\r", ord("\t"): "\\t"}
    | {code: f"<U+{code:04X}>" for code in _UNSEEN}
)


def few(texts: Iterable[str], count: int) -> str:
    """The first of ``count`` things in a message: ``3, 7, …``."""
    texts = list(texts)
    return _(", ").join([*texts, "…"] if count > len(texts) else texts)


def fixed(value: int, places: int) -> str:
    """A whole number of the smallest unit as a plain decimal: ``fixed(404, 2)`` is ``4.04``."""
    digits = str(abs(value)).rjust(places + 1, "0")
    sign = "-" if value < 0 else ""
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else sign + digits


def grouped(value: int, places: int) -> str:
    """A whole number as a decimal with thousands separators, for people."""
    whole, point, fraction = fixed(abs(value), places).partition(".")
    return ("-" if value < 0 else "") + f"{int(whole):,}" + point + fraction


def percent(millionths: int) -> str:
    """A rate as a percentage without trailing zeros: ``percent(132000)`` is ``13.2%``."""
    text = fixed(millionths, 4)
    return text.rstrip("0").rstrip(".") + "%"


MOST_PLACES = 3
"""The most decimal places that amounts are kept to; within it every conversion fits 64 bits."""

_ALSO_CALLED = {"RMB": "CNY", "人民币": "CNY", "美元": "USD", "欧元": "EUR", "日元": "JPY"}
"""ISO 4217 codes by other names that sellers write."""


@cache
def currency_named(text: str) -> Currency:
    """The currency of a code such as ``CNY``; ``rmb`` and 人民币 are understood too.

    Raises ``CellError`` for a currency that ISO 4217 doesn't have, or has without a minor unit.
    """
    code = tidy(text).upper()
    code = _ALSO_CALLED.get(code, code)
    if code == USD.code:
        return Currency(code, USD.places, is_stated=True)
    from iso4217 import Currency as Known  # parses a table, which dollars alone don't need

    try:
        places = Known(code).exponent
    except ValueError:
        places = None
    if places is None:
        raise refusal(text, _("{cell} is not an ISO 4217 currency; write a code such as CNY"))
    if places > MOST_PLACES:
        reason = _("{cell} has {places} decimal places; amounts are kept to at most {most}")
        raise refusal(text, reason, places=places, most=MOST_PLACES)
    return Currency(code, places, is_stated=True)


_SPACE = "[ \u00a0\u2007\u2009\u202f'’]"


@cache
def _mark_patterns() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """The patterns of what stands around a number, of one by a comma, and of one by a point.

    They are made when first used, by files whose decimal mark isn't known.
    """
    frame = r"^[^\d.,+-]*|[^\d.,]*$"
    by_comma = (
        rf"(?:\d+|[1-9]\d{{0,2}}(?:(?:\.\d{{3}})+|(?:{_SPACE}\d{{3}})+)),\d*|,\d+"
        r"|[1-9]\d{0,2}(?:\.\d{3}){2,}"
    )
    by_point = (
        rf"(?:\d+|[1-9]\d{{0,2}}(?:(?:,\d{{3}})+|(?:{_SPACE}\d{{3}})+))\.\d*|\.\d+"
        r"|[1-9]\d{0,2}(?:,\d{3}){2,}"
    )
    each = [re.compile(pattern, re.ASCII) for pattern in (frame, by_comma, by_point)]
    return each[0], each[1], each[2]


class DecimalCell(NamedTuple):
    """A cell that shows how figures are written, or might: its line and its text."""

    line: int
    cell: str


def _figure(cell: str, number: str, line: int) -> DecimalCell | None:
    """A cell that holds a number; None if it holds more than that."""
    return DecimalCell(line, cell) if _is_all_of(tidy(cell), number) else None


class Evidence:
    """The evidence for a file's decimal mark, gathered from its figures cell by cell.

    ``comma``, ``point`` and ``either`` are the first cells that need a decimal comma, need a
    decimal point, or could have either, such as ``1,250``. Cells that are no numbers tell nothing.
    """

    def __init__(self) -> None:
        self.comma: DecimalCell | None = None
        self.point: DecimalCell | None = None
        self.either: DecimalCell | None = None

    def look(self, cells: Iterable[str], line: int) -> None:
        """Take a row's figures into account."""
        frame, by_comma, by_point = _mark_patterns()
        for cell in cells:
            text = tidy(cell)
            if (self.point and "," not in text) or (self.comma and "." not in text):
                continue
            number = frame.sub("", text)
            if number.isdigit() or not number:
                continue
            if re.fullmatch(_EITHER, number):
                self.either = self.either or _figure(cell, number, line)
            elif by_comma.fullmatch(number):
                self.comma = self.comma or _figure(cell, number, line)
            elif by_point.fullmatch(number):
                self.point = self.point or _figure(cell, number, line)

    @property
    def is_contradictory(self) -> bool:
        """Whether some cells need a comma and others a point; more rows would change nothing."""
        return self.comma is not None and self.point is not None

    @property
    def mark(self) -> str:
        """The resulting decimal mark, none where cells contradict each other."""
        if self.is_contradictory:
            return UNTOLD
        if self.point:
            return POINT
        return COMMA if self.comma else UNTOLD
