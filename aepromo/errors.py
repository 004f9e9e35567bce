"""Expected failures: one family of exceptions, raised anywhere and caught once, in ``main``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy as np
    import numpy.typing as npt

    Rows = npt.NDArray[np.int64]


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

    ``row`` counts from 0 within the table at hand, or is the line of a file or the index of a
    frame; ``column`` is empty where the fault is in the whole row.
    """

    row: Any
    column: str
    reason: str

    def __str__(self) -> str:
        return f"{self.column}: {self.reason}" if self.column else self.reason


class Refused(NamedTuple):
    """Rows of a table that one column makes bad.

    ``rows`` count from 0 and ascend. ``reason`` returns that of the row at a place among
    them; it is computed only for the rows that are reported.
    """

    rows: Rows
    column: str
    reason: Callable[[int], str]

    @classmethod
    def alike(cls, rows: Rows, column: str, reason: str) -> Refused:
        """Rows that are refused for the same reason."""
        return cls(rows, column, lambda _at: reason)

    def moved(self, places: Rows) -> Refused:
        """The same rows by their places in a larger table."""
        return self._replace(rows=places[self.rows])

    def only(self, is_wanted: npt.NDArray[np.bool_]) -> Refused:
        """Some of the rows; ``is_wanted`` tells it of each row of the table."""
        (among,) = is_wanted[self.rows].nonzero()
        return Refused(self.rows[among], self.column, lambda at: self.reason(int(among[at])))


def problems_of(refused: Iterable[Refused]) -> list[Problem]:
    """Every problem, in the order of the rows."""
    problems = [
        Problem(row, each.column, each.reason(at))
        for each in refused
        for at, row in enumerate(each.rows.tolist())
    ]
    return sorted(problems, key=lambda problem: problem.row)


class BadRows(InputError):
    """Rows with problems, all of them listed in ``problems``."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(f"row {problem.row}: {problem}" for problem in problems))

    def __reduce__(self) -> tuple[type[BadRows], tuple[list[Problem]]]:
        # Otherwise unpickling in another process would rebuild it from its message.
        return type(self), (self.problems,)
