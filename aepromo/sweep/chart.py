"""Profit, or SKUs that survive, against the forced rate: in the terminal, or as a picture.

The figures are exact until here; they become floats only for drawing.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil, floor
from typing import TYPE_CHECKING

from aepromo.errors import CallError
from aepromo.words import N_, _, is_english

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from matplotlib.axes import Axes

HEIGHT = 18
_COLOURS = {"target": "yellow", "zero": "red", "floor": "magenta"}
_NAMES = {"target": N_("target"), "zero": N_("zero"), "floor": N_("floor")}
_SECOND = "\ue000"
"""A placeholder for the second cell of a wide letter."""
_POWERS = tuple(10**power for power in range(12))
_SLACK = 1e-9
"""The tolerance for a quotient of floats that should be a whole number."""
_CHINESE_FONTS = (
    *("Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC"),
    *("WenQuanYi Micro Hei", "SimHei"),
)


@dataclass(frozen=True, slots=True)
class Chart:
    """The data of a chart: heights by forced rate in percent, and the level of each named mark.

    ``counts``: the heights are whole numbers.
    """

    title: str
    rates: Sequence[float]
    heights: Sequence[float]
    marks: Mapping[str, float]
    counts: bool = False


def terminal_chart(chart: Chart, width: int, coloured: bool) -> str:
    """The chart in characters, legible without colour: each mark carries its name."""
    import plotext

    plotext.clear_figure()
    plotext.theme("clear")
    plotext.plotsize(width, HEIGHT)
    plotext.title(_by_cells(chart.title))
    plotext.xlabel(_by_cells(_("forced rate, %")))
    plotext.xticks(*_ticks(chart.rates, width // 10))
    if chart.counts:
        plotext.yticks(*_ticks(chart.heights, HEIGHT // 3, finest=1))
    for name, level in chart.marks.items():
        plotext.hline(level, _COLOURS[name])
    plotext.plot(list(chart.rates), list(chart.heights), marker="braille", color="cyan")
    # Names are at the left end of their line, where the curve is highest.
    for name, level in chart.marks.items():
        shown = _by_cells(_(_NAMES[name]))
        plotext.text(shown, chart.rates[0], level, color=_COLOURS[name], alignment="left")
    drawn: str = plotext.build()
    if not coloured:
        drawn = plotext.uncolorize(drawn)
    return "\n".join(line.rstrip() for line in drawn.replace(_SECOND, "").split("\n"))


def _ticks(
    values: Sequence[float], most: int, finest: float = 0.01
) -> tuple[list[float], list[str]]:
    """Round figures for an axis, about ``most`` of them, and their text."""
    low, high = min(values), max(values)
    steps = (finest * ten * digit for ten in _POWERS for digit in (1, 2, 5))
    step = next(step for step in steps if (high - low) / step <= most)
    first, last = ceil(low / step - _SLACK), floor(high / step + _SLACK)
    there = [step * number for number in range(first, last + 1)]
    return there, [f"{tick:.10g}" for tick in there]


def _by_cells(text: str) -> str:
    """The text with one letter for each cell: a Chinese letter takes two cells."""
    from unicodedata import east_asian_width

    return "".join(
        letter + _SECOND if east_asian_width(letter) in "WF" else letter for letter in text
    )


def check_picture(path: str) -> None:
    """Check beforehand that a chart can be drawn at ``path``. Raises ``CallError``."""
    import logging
    from importlib import import_module

    # It warns if the home folder can't be written; the picture is still good.
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    try:
        import_module("matplotlib.figure")
    except ImportError:
        reason = _("pictures need matplotlib: pip install 'aepromo[charts]'")
        raise CallError(reason) from None
    with _lettering(_is_png(path)):
        pass


def _is_png(path: str) -> bool:
    return path.lower().endswith(".png")


def picture(chart: Chart, path: str) -> bytes:
    """The chart as SVG or PNG, by the path's ending; call ``check_picture`` before."""
    from io import BytesIO

    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    is_png = _is_png(path)
    with _lettering(is_png):
        figure = Figure(figsize=(8, 4.5), layout="constrained")
        FigureCanvasAgg(figure)
        _draw(chart, figure.subplots())
        out = BytesIO()
        # Without a date, the same figures make the same file.
        form = "png" if is_png else "svg"
        figure.savefig(out, format=form, metadata=None if is_png else {"Date": None})
    return out.getvalue()


def _draw(chart: Chart, axes: Axes) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(steps=[1, 2, 5, 10]))
    if chart.counts:
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.plot(chart.rates, chart.heights, linewidth=2)
    for name, level in chart.marks.items():
        axes.axhline(level, linestyle="--", linewidth=1, color=_COLOURS[name])
        axes.annotate(_(_NAMES[name]), (chart.rates[0], level), ha="left", va="bottom")
    axes.set_title(chart.title)
    axes.set_xlabel(_("forced rate, %"))
    axes.grid(visible=True, alpha=0.3)


@contextmanager
def _lettering(is_png: bool) -> Iterator[None]:
    """Fonts that have the letters of the language. Raises ``CallError`` where there are none.

    An SVG has its Chinese as text, for any font of its reader.
    """
    if is_english():
        yield
        return
    import warnings

    from matplotlib import font_manager, rc_context

    there = set(font_manager.get_font_names())
    fonts = [name for name in _CHINESE_FONTS if name in there]
    if is_png and not fonts:
        reason = _(
            "--png: no font on this machine has Chinese characters; install Noto Sans CJK, or "
            "use --svg"
        )
        raise CallError(reason)
    families = [*(fonts if is_png else _CHINESE_FONTS), "DejaVu Sans", "sans-serif"]
    with rc_context({"font.family": families, "svg.fonttype": "none"}), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a glyph is missing: not in the SVG
        yield
