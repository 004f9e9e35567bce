"""Search step by step, for one SKU or for all rows of a column."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    import numpy as np
    import numpy.typing as npt

    from aepromo.pricing.money import Truth, Whole

    Values: TypeAlias = tuple[Whole, ...]
    Step: TypeAlias = Callable[[Values, Values], tuple[Values, Values, Truth]]


def stepped(searching: Truth, answers: Values, state: Values, step: Step) -> Values:
    """The answers when no row continues.

    ``step`` takes the answers and the state so far, and returns both with the rows that continue.
    For a column it gets only those rows, so that a few slow rows don't delay the others.
    """
    if isinstance(searching, bool):
        while searching:
            answers, state, going_on = step(answers, state)
            searching = bool(going_on)
        return answers
    library = searching.__array_namespace__()

    def column(values: Whole) -> npt.NDArray[np.int64]:
        whole: npt.NDArray[np.int64] = library.broadcast_to(values, searching.shape)
        return whole

    final = [column(each).copy() for each in answers]
    places = library.nonzero(searching)[0]
    answers = tuple(column(each)[searching] for each in answers)
    state = tuple(column(each)[searching] for each in state)
    while places.size:
        answers, state, going_on = step(answers, state)
        for column_of, each in zip(final, answers, strict=True):
            column_of[places] = each
        places = places[going_on]
        answers = tuple(library.asarray(each)[going_on] for each in answers)
        state = tuple(library.asarray(each)[going_on] for each in state)
    return tuple(final)
