"""The command and the language of a call, known before any text or option is loaded."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import TYPE_CHECKING

from aepromo.words import LANGUAGES, speak

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Language(StrEnum):
    """A language of the program's texts."""

    EN = "en"
    ZH = "zh"


FLAG = "--lang"
VARIABLE = "AEPROMO_LANG"
LOCALE = ("LC_ALL", "LC_MESSAGES", "LANG")
"""The variables that name the locale of messages; the first that isn't empty counts."""


COMPLETES = "_AEPROMO_COMPLETE"
_LINES = ("COMP_WORDS", "_TYPER_COMPLETE_ARGS", "_TYPER_COMPLETE_WORD_TO_COMPLETE")
"""Where shells put the line so far: bash; zsh and fish; PowerShell gives only one word."""


def call_of(arguments: list[str], settings: Mapping[str, str]) -> list[str]:
    """The arguments; during completion, those of the line to complete."""
    if COMPLETES not in settings:
        return arguments
    line = next(filter(None, map(settings.get, _LINES)), "")
    return line.split()[1:]


def speak_as_asked(arguments: Sequence[str]) -> None:
    """Use the language of the arguments, else of ``AEPROMO_LANG``, else of the locale."""
    speak(language_of(arguments, os.environ))


def language_of(arguments: Sequence[str], settings: Mapping[str, str]) -> str:
    """The language of a run. An unknown one is ignored here; the option refuses it."""
    locale = next(filter(None, map(settings.get, LOCALE)), "")
    fallback = "zh" if locale.casefold().startswith("zh") else "en"
    asked = (_without_language(arguments)[1], settings.get(VARIABLE), fallback)
    return next(language for language in asked if language in LANGUAGES)


def command_in(arguments: Sequence[str]) -> str:
    """The first argument that is not about the language."""
    return next(iter(_without_language(arguments)[0]), "")


def _without_language(arguments: Sequence[str]) -> tuple[list[str], str]:
    """The arguments without ``--lang`` and its value; and that value, the last if several."""
    others, asked = [], ""
    words = iter(arguments)
    for word in words:
        name, equals, value = word.partition("=")
        if word == "--":
            others += [word, *words]
        elif name == FLAG:
            asked = value if equals else next(words, "")
        else:
            others.append(word)
    return others, asked
