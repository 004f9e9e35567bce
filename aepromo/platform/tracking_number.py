"""Faults of a tracking number that its letters and digits reveal."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

from aepromo.table.arrow_arrays import taken, truths
from aepromo.table.cells import shown, tidy
from aepromo.words import _

if TYPE_CHECKING:
    import numpy.typing as npt
    import pyarrow as pa

SHORTEST, LONGEST = 8, 40
FEWEST_DIGITS = 6
"""Limits of a tracking number's length and digits; only postal operators share a published form."""

_S10 = re.compile(r"[A-Z]{2}(?P<serial>\d{8})(?P<check>\d)[A-Z]{2}", re.ASCII)
_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)
_SHORTENED = re.compile(r"\d(?:\.\d+)?E\+\d+", re.ASCII)
_SEPARATORS = re.compile(r"[\s-]+")
_LETTERS_AND_DIGITS = re.compile(r"[A-Z0-9]+", re.ASCII)

_PLAIN = rf"^[A-Z]{{0,4}}[0-9]{{{SHORTEST},{LONGEST - 4}}}$"
_ONE_DIGIT = "^[A-Z]*(" + "|".join(f"{digit}+" for digit in range(10)) + ")$"
_OF_A_POST = "^[A-Z]{2}[0-9]{9}[A-Z]{2}$"


def number_faults(texts: pa.Array) -> list[str]:
    """Why each tracking number is invalid; empty if it may be valid."""
    rest = np.flatnonzero(~_may_be(texts))
    faults = [""] * len(texts)
    for at, text in zip(rest.tolist(), taken(texts, rest).to_pylist(), strict=True):
        faults[at] = number_fault(text)
    return faults


def _may_be(texts: pa.Array) -> npt.NDArray[np.bool_]:
    """Which numbers have one of the two usual forms and are valid.

    Most are, so they are checked together: a file with a different number in each row takes a third
    of the time.
    """
    plain = pc.match_substring_regex(texts, _PLAIN)
    found = pc.and_not(plain, pc.match_substring_regex(texts, _ONE_DIGIT))
    may_be = truths(found)
    of_a_post = np.flatnonzero(truths(pc.match_substring_regex(texts, _OF_A_POST)))
    letters = "".join(taken(texts, of_a_post).to_pylist()).encode()
    digits = np.frombuffer(letters, np.uint8).reshape(-1, 13)[:, 2:11].astype(np.int64) - ord("0")
    check = 11 - digits[:, :8] @ np.array(_WEIGHTS) % 11
    check = np.where(check == 10, 0, np.where(check == 11, 5, check))
    is_one_digit = (digits == digits[:, :1]).all(axis=1)
    may_be[of_a_post] = (digits[:, 8] == check) & ~is_one_digit
    return may_be


def number_fault(text: str) -> str:
    """Why a tracking number is invalid, with a remedy if there is one; empty if it may be valid.

    A number in the form of postal operators (two letters, nine digits, two letters) must have the
    check digit of the standard S10; any other is refused only for impossible characters.
    """
    number = tidy(text).upper()
    if not number:
        return _("no tracking number")
    if _SHORTENED.fullmatch(number):
        fault = _("number {number} was shortened by a spreadsheet: export it as text")
        return fault.format(number=shown(text))
    number = _SEPARATORS.sub("", number)
    if not _LETTERS_AND_DIGITS.fullmatch(number):
        return _("number {number} has characters other than letters and digits").format(
            number=shown(text)
        )
    if not SHORTEST <= len(number) <= LONGEST:
        fault = _("number {number} has {count} characters, needs {least} to {most}")
        count = len(number)
        return fault.format(number=shown(text), count=count, least=SHORTEST, most=LONGEST)
    digits = [letter for letter in number if letter.isdigit()]
    if len(digits) < FEWEST_DIGITS:
        fault = _("number {number} has {count} digits, needs {least}")
        return fault.format(number=shown(text), count=len(digits), least=FEWEST_DIGITS)
    if len(set(digits)) == 1:
        fault = _("number {number} repeats one digit, as placeholders do")
        return fault.format(number=shown(text))
    match = _S10.fullmatch(number)
    if match and (right := check_digit(match["serial"])) != int(match["check"]):
        fault = _("number {number} has check digit {check}, needs {right}")
        return fault.format(number=shown(text), check=match["check"], right=right)
    return ""


def check_digit(serial: str) -> int:
    """The check digit of eight digits by the Universal Postal Union's standard S10.

    S is the sum of the digits times 8, 6, 4, 2, 3, 5, 9, 7. The check digit is 11 − S mod 11, with
    0 for 10 and 5 for 11: 47312482 gives S = 200, 200 mod 11 = 2, hence 9, as in RR473124829GB.
    Source: https://en.wikipedia.org/wiki/S10_(UPU_standard)#Check-digit_calculation
    """
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, serial, strict=True))
    return {10: 0, 11: 5}.get(11 - total % 11, 11 - total % 11)
