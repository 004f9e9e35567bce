"""``--lang``, which every command takes, and which was looked at before any of them was made."""

import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from aepromo.cli.language import FLAG, VARIABLE, Language
from aepromo.cli.options import option, with_parameters

LanguageOption = Annotated[
    Language | None,
    typer.Option(
        FLAG,
        envvar=VARIABLE,
        metavar="en|zh",
        help="The language of tables and messages; else that of the locale.",
        show_default=False,
    ),
]


def with_language(command: Callable[..., None]) -> Callable[..., None]:
    """Let a command take ``--lang`` too; all there is to do about it has been done."""

    def spoken(lang: Language | None, **values: Any) -> None:  # noqa: ARG001 (read early)
        command(**values)

    spoken.__doc__ = command.__doc__
    parameters = inspect.signature(command).parameters.values()
    return with_parameters(spoken, [*parameters, option("lang", LanguageOption, None)])
