"""Texts of the program in the language of the run: English or Chinese.

English is the source: a text stands in the code where it is used, and ``_`` returns its translation
from the catalogue of the language in force. So a text is a whole sentence or clause with named
places, which are filled in after the lookup::

    from aepromo.words import _

    raise CallError(_("{flag} '{text}': write THRESHOLD:OFF").format(flag=flag, text=text))

Where a number decides between two English forms, ``ngettext``. A text that is evaluated before
the language is known (a report's question, at import) is only marked with ``N_`` there, and looked
up with ``_`` where it is shown. The labels of result columns, what a column means and what a rule
means are data, and found in the tables and the rule book themselves: ``label`` shows a label, ``_``
a meaning.

The Chinese pairs stand in ``zh/LC_MESSAGES/aepromo.po``. ``python tests/catalogue.py`` finds every
text, adds those that are new, drops those that are gone, and compiles the ``.mo`` that is read
here; then the new ones want their ``msgstr``, and another run. Where two branches clash, take both
sides of the ``.po``, either ``.mo``, and run it.

The language is one for the whole run: the command line chooses it before anything else. From Python
everything is English, until ``speak("zh")``.
"""

from __future__ import annotations

import os
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from gettext import GNUTranslations

LANGUAGES = ("en", "zh")
CATALOGUES = Path(__file__).parent

_catalogue: GNUTranslations | None = None


def speak(language: str) -> None:
    """Say everything from here on in one of ``LANGUAGES``."""
    global _catalogue
    _catalogue = None if language == "en" else _read(language)


@cache
def _read(language: str) -> GNUTranslations:
    from gettext import GNUTranslations  # English can do without

    with (CATALOGUES / language / "LC_MESSAGES" / "aepromo.mo").open("rb") as stream:
        return GNUTranslations(stream)


def texts_in(language: str, context: str) -> Callable[[str], str]:
    """Return the function that translates texts of a context into a language.

    That need not be the language in force.
    """
    if language == "en":
        return str
    return partial(_read(language).pgettext, context)


def is_english() -> bool:
    """Whether texts are said as they stand in the code."""
    return _catalogue is None


def _(text: str) -> str:
    """The text in the language in force; nothing for nothing, which gettext has its header for."""
    return text if _catalogue is None or not text else _catalogue.gettext(text)


def ngettext(one: str, many: str, number: int) -> str:
    """The form of a text that goes with a number, in the language in force."""
    if _catalogue is None:
        return one if number == 1 else many
    return _catalogue.ngettext(one, many, number)


def label(name: str, column: str = "") -> str:
    """A label or a heading for people: ``below_target`` is ``below target``.

    ``column`` tells labels apart that are one word in English: an open gate, an open event.
    """
    words = name.replace("_", " ")
    # Under no text a catalogue holds what it says of itself.
    return _labelled(_catalogue, words, column) if words and _catalogue is not None else words


def label_in(language: str, name: str) -> str:
    """The same in a language that has a catalogue, whichever is in force."""
    return _labelled(_read(language), name.replace("_", " "), "")


def _labelled(catalogue: GNUTranslations, words: str, column: str) -> str:
    for context in (f"label of {column}", "label"):
        own = catalogue.pgettext(context, words)
        if own != words:
            return own
    return catalogue.gettext(words)


def cause(error: OSError) -> str:
    """Why the system won't do what was asked of it."""
    text = os.strerror(error.errno) if error.errno else str(error)
    return _(text)


def N_(text: str) -> str:  # noqa: N802 (what gettext's tools look for)
    """The text itself; a mark that it is one to be looked up when it is shown."""
    return text
