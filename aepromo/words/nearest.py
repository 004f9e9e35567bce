"""The nearest known name for a mistyped one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aepromo.words import _

if TYPE_CHECKING:
    from collections.abc import Iterable

NEAR = 0.7
"""How similar two names must be; below this a suggestion is more often wrong than right."""


def nearest(word: str, known: Iterable[str], otherwise: str) -> str:
    """``did you mean '…'?``; if nothing is near, ``otherwise``, which may list the ``names``."""
    names = list(dict.fromkeys(known))
    meant = near(word, names)
    if meant is not None:
        return _("did you mean '{name}'?").format(name=meant)
    return otherwise.format(names=_(", ").join(names))


def one_of(word: str, known: Iterable[str], also: Iterable[str] = ()) -> str:
    """The same for a value that must be one of a few: without a near one ``write a, b or c``.

    ``also`` are other spellings of these.
    """
    *first, last = known
    names = _(" or ").join([_(", ").join(first), last]) if first else last
    return nearest(word, (*known, *also), _("write {names}").format(names=names))


def near(word: str, known: Iterable[str]) -> str | None:
    """The known name most similar to the word; else the first that contains it as a part."""
    from difflib import get_close_matches  # slow to import, and only an error needs it

    names: dict[str, str] = {}
    for name in known:
        names.setdefault(_bare(name), name)
    close = get_close_matches(_bare(word), names, n=1, cutoff=NEAR)
    close += [bare for bare in names if _bare(word) and f"_{_bare(word)}_" in f"_{bare}_"]
    return names[close[0]] if close else None


def _bare(name: str) -> str:
    """A name without leading dashes, in lower case, with one kind of separator."""
    return name.casefold().lstrip("-").replace("-", "_").replace(".", "_").replace(" ", "_")
