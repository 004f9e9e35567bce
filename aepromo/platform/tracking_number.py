"""What is wrong with a tracking number, as far as its letters and digits can tell."""

from __future__ import annotations

import re

from aepromo.table.cells import shown, tidy
from aepromo.words import _

SHORTEST, LONGEST = 8, 40
FEWEST_DIGITS = 6
"""What a number must at least look like; carriers that aren't posts publish no common form."""

_S10 = re.compile(r"[A-Z]{2}(?P<serial>\d{8})(?P<check>\d)[A-Z]{2}", re.ASCII)
_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)
_SHORTENED = re.compile(r"\d(?:\.\d+)?E\+\d+", re.ASCII)
_SEPARATORS = re.compile(r"[\s-]+")
_LETTERS_AND_DIGITS = re.compile(r"[A-Z0-9]+", re.ASCII)


def number_fault(text: str) -> str:
    """Why a tracking number can't be one, with the remedy where there is one; empty if it may be.

    A number of the form of a post's (two letters, nine digits, two letters) must carry the check
    digit of the standard S10; of any other only what no number is made of can be told.
    """
    number = tidy(text).upper()
    if not number:
        return _("no tracking number")
    if _SHORTENED.fullmatch(number):
        fault = _("number {number} was shortened by a spreadsheet: export it as text")
        return fault.format(number=shown(text))
    number = _SEPARATORS.sub("", number)
    if not _LETTERS_AND_DIGITS.fullmatch(number):
        return _("number {number} has more than letters and digits").format(number=shown(text))
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
    """The check digit of eight digits, as the Universal Postal Union's standard S10 has it.

    S is the sum of the digits times 8, 6, 4, 2, 3, 5, 9, 7. The check digit is 11 − S mod 11, with
    0 for 10 and 5 for 11: 47312482 gives S = 200, 200 mod 11 = 2, hence 9, as in RR473124829GB.
    Source: https://en.wikipedia.org/wiki/S10_(UPU_standard)#Check-digit_calculation
    """
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, serial, strict=True))
    return {10: 0, 11: 5}.get(11 - total % 11, 11 - total % 11)
