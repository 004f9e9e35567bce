"""The texts of the program in the language of the run: English or Chinese.

English is the source: a text stands in the code where it is used, and ``_`` returns its translation
from the catalogue of the language in force. So a text is a whole sentence or clause with named
places, which are filled in after the lookup::

    from aepromo.words import _

    raise CallError(_("{flag} '{text}': write THRESHOLD:OFF").format(flag=flag, text=text))

``ngettext`` chooses between two English forms by a number. A text that is evaluated before the
language is known (a report's question, at import) is only marked with ``N_`` there, and looked up
with ``_`` where it is shown. The labels of result columns and the meanings of columns and rules are
data, found in the tables and the rule book themselves: ``label`` translates a label, ``_`` a
meaning.

The Chinese pairs are in ``zh/LC_MESSAGES/aepromo.po``. ``python tests/catalogue.py`` finds every
text, adds new ones, removes old ones, and compiles the ``.mo`` that is read here; then write the
``msgstr`` of the new ones, and run it again. If two branches conflict, take both sides of the
``.po``, either ``.mo``, and run it.

There is one language for the whole run: the command line chooses it before anything else. From
Python everything is English, until ``speak("zh")``.
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
    """Use one of ``LANGUAGES`` for all texts from here on."""
    global _catalogue
    _catalogue = None if language == "en" else _read(language)


@cache
def _read(language: str) -> GNUTranslations:
    from gettext import GNUTranslations  # not needed for English

    with (CATALOGUES / language / "LC_MESSAGES" / "aepromo.mo").open("rb") as stream:
        return GNUTranslations(stream)


def texts_in(language: str, context: str) -> Callable[[str], str]:
    """Return the function that translates texts of a context into a language.

    It may be another than the current language.
    """
    if language == "en":
        return str
    return partial(_read(language).pgettext, context)


def is_english() -> bool:
    """Whether texts are shown as written in the code."""
    return _catalogue is None


def _(text: str) -> str:
    """The text in the current language; empty for an empty text, where gettext has its header."""
    return text if _catalogue is None or not text else _catalogue.gettext(text)


def ngettext(one: str, many: str, number: int) -> str:
    """The form of a text for a number, in the current language."""
    if _catalogue is None:
        return one if number == 1 else many
    return _catalogue.ngettext(one, many, number)


def label(name: str, column: str = "") -> str:
    """A label or a heading for people: ``below_target`` is ``below target``.

    ``column`` distinguishes labels that are one word in English: an open gate, an open event.
    """
    words = name.replace("_", " ")
    # Under an empty text a catalogue has its own header.
    return _labelled(_catalogue, words, column) if words and _catalogue is not None else words


def label_in(language: str, name: str) -> str:
    """A label or a heading in a language with a catalogue, whatever the current one."""
    return _labelled(_read(language), name.replace("_", " "), "")


def _labelled(catalogue: GNUTranslations, words: str, column: str) -> str:
    for context in (f"label of {column}", "label"):
        own = catalogue.pgettext(context, words)
        if own != words:
            return own
    return catalogue.gettext(words)


def cause(error: OSError) -> str:
    """The reason of a system error, in the current language."""
    text = os.strerror(error.errno) if error.errno else str(error)
    return _(text)


def N_(text: str) -> str:  # noqa: N802 (what gettext's tools look for)
    """The text itself, marked to be looked up when it is shown."""
    return text
