"""Profit, or SKUs that survive, against the forced rate: in the terminal, or as a picture.

The figures come in exact and leave as pixels; only here are they drawn as floats.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aepromo.errors import CallError
from aepromo.words import _

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

HEIGHT = 18
_COLOURS = {"target": "yellow", "zero": "red", "floor": "magenta"}


@dataclass(frozen=True, slots=True)
class Chart:
    """What to draw: heights by forced rate in percent, and the level of each named mark."""

    title: str
    rates: Sequence[float]
    heights: Sequence[float]
    marks: Mapping[str, float]


def terminal_chart(chart: Chart, width: int, coloured: bool) -> str:
    """The chart in characters, legible without colour: each mark carries its name."""
    import plotext

    plotext.clear_figure()
    plotext.theme("clear")
    plotext.plotsize(width, HEIGHT)
    plotext.title(chart.title)
    plotext.xlabel(_("forced rate, %"))
    for name, level in chart.marks.items():
        plotext.hline(level, _COLOURS[name])
    plotext.plot(list(chart.rates), list(chart.heights), marker="braille", color="cyan")
    # Names stand at the left edge on their line: there the curve is highest.
    for name, level in chart.marks.items():
        plotext.text(name, chart.rates[0], level, color=_COLOURS[name], alignment="left")
    drawn: str = plotext.build()
    if not coloured:
        drawn = plotext.uncolorize(drawn)
    # It fills a line up by its letters, of which a Chinese one is two cells wide.
    return "\n".join(line.rstrip() for line in drawn.split("\n"))


def picture(chart: Chart, path: str) -> bytes:
    """The chart as SVG or PNG, as the path's ending says. Raises ``CallError``."""
    import logging
    from io import BytesIO

    # It warns where the home folder can't be written; the picture is none the worse.
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        reason = _("pictures need matplotlib: pip install 'aepromo[charts]'")
        raise CallError(reason) from None
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.plot(chart.rates, chart.heights, linewidth=2)
    for name, level in chart.marks.items():
        axes.axhline(level, linestyle="--", linewidth=1, color=_COLOURS[name])
        axes.annotate(name, (chart.rates[0], level), ha="left", va="bottom")
    axes.set_title(chart.title)
    axes.set_xlabel(_("forced rate, %"))
    axes.grid(visible=True, alpha=0.3)
    out = BytesIO()
    # No date inside: the same figures make the same file.
    figure.savefig(
        out,
        format="png" if path.lower().endswith(".png") else "svg",
        metadata=None if path.lower().endswith(".png") else {"Date": None},
    )
    return out.getvalue()
