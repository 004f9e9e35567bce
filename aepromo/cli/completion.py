"""Completion: the SKUs of the file on the command line, and the message of its installation."""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import redirect_stdout, suppress
from functools import partial
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import Any

from typer import Context

from aepromo.words import _, is_english

MOST_ROWS = 1000
_BLOCK_BYTES = 1 << 18
_MOST_BINARY = 4 << 20
_PLAIN = re.compile(r"[\w.+@%/][\w.+@%/-]*")


def sku_ids(ctx: Context, incomplete: str) -> list[str]:
    """The ids in the first rows of the file on the line that begin with what is typed.

    Standard input, pipes and large workbooks are not read. A file that can't be read has no ids,
    because an error would disturb the line. An id that a shell would not take for a word, such as
    ``$(…)``, is not offered, because it could run.
    """
    from aepromo.errors import AepromoError

    with suppress(AepromoError, OSError, ImportError):
        ids = (each for each in _ids_in(ctx) if each.startswith(incomplete))
        return list(dict.fromkeys(each for each in ids if _PLAIN.fullmatch(each)))
    return []


def _ids_in(ctx: Context) -> Iterator[str]:
    from aepromo.cli.input_files import opened_source
    from aepromo.cli.reading_options import HeaderMap, Reading, mapping_of
    from aepromo.table.headers import read_headers
    from aepromo.table.rows_one_by_one import rows_with_lines
    from aepromo.table.source import open_source

    # The option being typed has no value yet, and the parser stops there.
    file = ctx.params.get("file") or next(iter(ctx.args), "")
    path = Path(file)
    is_binary = path.suffix.lower() in (".xlsx", ".parquet")
    if not path.is_file() or (is_binary and path.stat().st_size > _MOST_BINARY):
        return
    encoding, delimiter, sheet = map(ctx.params.get, ("encoding", "delimiter", "sheet"))
    headers = HeaderMap(mapping_of(ctx.params.get("map")))
    reading = Reading(encoding, delimiter, sheet=sheet, headers=headers)
    first_block = partial(open_source, block_bytes=_BLOCK_BYTES)
    with opened_source(file, reading, first_block) as (source, _stream):
        mapping = headers.of(source.header)
        place = read_headers(source.header, ("sku",), mapping).position("sku")
        if place is None:
            return
        for block in islice(source.blocks, 1):
            for _line, cells in rows_with_lines(block, source)[:MOST_ROWS]:
                yield from cells[place : place + 1]


def say_what_is_installed(params: Iterable[Any]) -> None:
    """Let ``--install-completion`` report in the current language."""
    for each in params:
        if each.name == "install_completion" and not is_english():
            each.callback = partial(_installed, each.callback)


def _installed(install: Callable[..., Any], ctx: Any, param: Any, value: Any) -> Any:
    said = StringIO()
    try:
        with redirect_stdout(said):
            return install(ctx, param, value)
    finally:
        _before, installed, path = said.getvalue().partition(" installed in ")
        if installed:
            done = _("completion installed in {path}; it works in every new terminal")
            print(done.format(path=path.splitlines()[0]))
