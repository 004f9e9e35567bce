"""Names in cells and options that a question doesn't know, such as a market that is none.

A check takes one name and returns why it can't be used, nothing for a good one.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, TypeAlias, cast

import numpy as np

from aepromo.engine.filling import Fault
from aepromo.inputs.values import refuse_values

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from aepromo.engine.question import Inputs
    from aepromo.inputs.values import Values
    from aepromo.table.number_columns import Words

    Checks: TypeAlias = Mapping[str, Callable[[str], str]]


def refuse_unknown(values: Values, checks: Checks) -> None:
    """Raise a ``CallError`` for unknown names in options or a configuration; checks by column."""
    refuse_values(
        [
            f"{values.policy.place(column)}: {reason}"
            for column, why in checks.items()
            for name in cast("Sequence[str]", values.facts.get(column, ()))
            if (reason := why(name))
        ]
    )


def unknown_in(inputs: Inputs, checks: Checks) -> list[Fault]:
    """The faults of unknown names in cells; checks by column."""
    return [
        fault
        for column, why in checks.items()
        for fault in _faults_in(inputs.words[column], column, why)
    ]


def _faults_in(words: Words, column: str, why: Callable[[str], str]) -> list[Fault]:
    """The faults of the names in a column; a row may have one for each of its names."""
    wrong = {name: why(name) for name in set(chain.from_iterable(words.values))}
    reasons = [[wrong[name] for name in names if wrong[name]] for names in words.values]
    faults = []
    for place in range(max(map(len, reasons), default=0)):
        has = np.array([*(len(each) > place for each in reasons), False])

        def reason(row: int | None, place: int = place) -> str:
            return reasons[int(words.codes[row or 0])][place]

        faults.append(Fault(column, has[words.codes], reason))
    return faults
