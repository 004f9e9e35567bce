"""Expected failures: one family of exceptions, raised anywhere and caught once, at the edge."""

from __future__ import annotations

from typing import Any, NamedTuple


class AepromoError(ValueError):
    """Something that the user can mend. The message is one clear line."""


class CallError(AepromoError):
    """The call or the configuration is wrong."""


class NothingGivenError(CallError):
    """The call names no input, or leaves out a value without which there is no answer."""


class OutputError(AepromoError):
    """The output can't be written."""


class InputError(AepromoError):
    """The input is no table, or lacks what the command needs."""


class Problem(NamedTuple):
    """One cell or row that can't be used: where it is, and why, with the remedy.

    ``row`` counts from 0 within the table at hand, or is the index of a frame; ``column`` is empty
    where the row as a whole is to blame.
    """

    row: Any
    column: str
    reason: str

    def __str__(self) -> str:
        return f"{self.column}: {self.reason}" if self.column else self.reason


class BadRows(InputError):
    """Rows with problems, all of them listed in ``problems``."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(f"row {problem.row}: {problem}" for problem in problems))

    def __reduce__(self) -> tuple[type[BadRows], tuple[list[Problem]]]:
        # Or it would be made of its message when it comes back from another process.
        return type(self), (self.problems,)
