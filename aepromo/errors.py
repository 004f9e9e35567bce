"""Expected failures: one family of exceptions, raised anywhere and caught once, in ``main``."""

from __future__ import annotations

from typing import Any, NamedTuple


class AepromoError(ValueError):
    """A fault that the user can fix. The message is one clear line."""


class CallError(AepromoError):
    """The call or the configuration is wrong."""


class NothingGivenError(CallError):
    """The call names no input, or leaves out a value without which there is no answer."""


class OutputError(AepromoError):
    """The output can't be written."""


class InputError(AepromoError):
    """The input is not a table, or lacks what the command needs."""


class Problem(NamedTuple):
    """One cell or row that can't be used: its place, the reason and the remedy.

    ``row`` counts from 0 within the table at hand, or is the index of a frame; ``column`` is empty
    where the fault is in the whole row.
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
        # Otherwise unpickling in another process would rebuild it from its message.
        return type(self), (self.problems,)
