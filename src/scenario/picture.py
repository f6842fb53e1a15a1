"""The picture of an order's way through its market, as SVG, PNG or a page of HTML.

Above, the price in bars, every fill a white dot, and the order's average price beside
the market's; below, the schedule and what was done.  Drawn with matplotlib, which the
extra ``charts`` brings.
"""

from __future__ import annotations

import html
import io
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import attrs

from ..market.fix import Side
from ..runtime.errors import FloorproofError
from .progress import Bar, Progress, bars

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = ("svg", "png", "html")

_EPOCH = datetime(1970, 1, 1)
_SECOND_NS = 1_000_000_000
_ROUND_SPANS_S = (1, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 14_400, 86_400)
_MOST_BARS = 100

# One dark sheet, muted bars, and the dots the brightest thing on it.
_SHEET, _GRID, _INK, _QUIET = "#10151f", "#232b3a", "#e8ecf3", "#8b96a8"
_UP, _DOWN, _FLAT = "#3d8f7c", "#a4525e", "#66728a"
_OWN, _MARKET, _DONE, _PLAN = "#ffffff", "#f2b84b", "#5b8def", "#c6cfdd"


class NoPlottingLibrary(FloorproofError):
    """matplotlib is not installed."""

    def __init__(self) -> None:
        super().__init__("drawing needs matplotlib: pip install 'floorproof[charts]'")


@attrs.frozen(kw_only=True)
class Sheet:
    """What is drawn, and how its figures are written."""

    progress: Progress
    start: datetime
    """The run's; times are shown at its offset."""

    price_decimals: int
    """Of the instrument's units; an average is shown with two more."""

    shown_decimals: int | None = None
    """How many decimals prices are shown with, if not all; averages with two more."""

    bar_ns: int | None = None
    """The span of one bar; None for the shortest round one that gives no more than 100."""

    @property
    def span_ns(self) -> int:
        if self.bar_ns is not None:
            return self.bar_ns
        length_ns = self.progress.end_ns - self.progress.start_ns
        for seconds in _ROUND_SPANS_S:
            if length_ns <= seconds * _SECOND_NS * _MOST_BARS:
                return seconds * _SECOND_NS
        return _ROUND_SPANS_S[-1] * _SECOND_NS

    @property
    def decimals(self) -> int:
        return self.price_decimals if self.shown_decimals is None else self.shown_decimals

    def price(self, units: Fraction, more_decimals: int = 0) -> str:
        """Return a price as a person writes it, rounded half to even."""
        decimals = self.decimals + more_decimals
        scaled = round(units / 10**self.price_decimals * 10**decimals)
        return str(Decimal(scaled).scaleb(-decimals))

    def time(self, time_ns: int) -> datetime:
        # An offset of its own is all that a picture shows of time zones.
        moment = self.start + timedelta(microseconds=time_ns // 1_000)
        return moment.replace(tzinfo=None)

    def place(self, time_ns: int) -> float:
        """Return where a moment stands on matplotlib's axis of dates: days since 1970."""
        return (self.time(time_ns) - _EPOCH) / timedelta(days=1)

    @property
    def headline(self) -> str:
        order = self.progress
        side = "Buy" if order.side is Side.BUY else "Sell"
        return f"{side} {order.order_qty:,} {order.symbol}"

    @property
    def figures(self) -> Sequence[tuple[str, str]]:
        """What the picture comes to, as labels and values."""
        order = self.progress
        figures = [("Order", order.order), ("Filled", f"{order.cum_qty:,} of {order.order_qty:,}")]
        figures.append(("Fills", f"{len(order.fills):,}"))
        own, market = order.average_price, order.market_average
        if own is not None:
            figures.append(("Average fill price", self.price(own, 2)))
        if market is not None:
            figures.append(("Market's time-weighted average", self.price(market, 2)))
        if own is not None and market is not None:
            better = market - own if order.side is Side.BUY else own - market
            word = "Better than the market by" if better >= 0 else "Worse than the market by"
            part = f" ({float(abs(better) / market * 10_000):.1f} bp)" if market > 0 else ""
            figures.append((word, self.price(abs(better), 2) + part))
        return figures


def draw(sheet: Sheet, form: str) -> bytes:
    """Return the picture in a form of `FORMATS`; the same bytes for the same sheet.

    Raises:
        NoPlottingLibrary: if matplotlib is not there.
        ValueError: if there is no such form.
    """
    if form not in FORMATS:
        raise ValueError(f"expected one of {', '.join(FORMATS)}, found {form!r}")
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError:
        raise NoPlottingLibrary from None
    settings: dict[Any, object] = {
        "svg.hashsalt": "floorproof",  # ids in the file do not differ from run to run
        "svg.fonttype": "none" if form == "html" else "path",
        "font.family": ["DejaVu Sans"],
        "font.size": 9.5,
        "axes.edgecolor": _GRID,
        "text.color": _INK,
    }
    with mpl.rc_context(settings):
        figure = Figure(figsize=(12.8, 7.2), facecolor=_SHEET)
        _lay_out(figure, sheet)
        data = io.BytesIO()
        if form == "png":
            figure.savefig(data, format="png", dpi=150, metadata={"Software": None})
            return data.getvalue()
        figure.savefig(data, format="svg", metadata={"Date": None, "Creator": "floorproof"})
    return data.getvalue() if form == "svg" else _page(sheet, data.getvalue())


def _lay_out(figure: Figure, sheet: Sheet) -> None:
    above, below = figure.subplots(
        2, 1, sharex=True, gridspec_kw={"height_ratios": [3.2, 1], "hspace": 0.07}
    )
    figure.subplots_adjust(left=0.035, right=0.93, top=0.865, bottom=0.065)
    left = 0.035
    figure.text(left, 0.945, sheet.headline, fontsize=17, fontweight="bold", color=_INK)
    said = "     ".join(f"{label.lower()} {value}" for label, value in sheet.figures)
    figure.text(left, 0.903, said, fontsize=10, color=_QUIET)
    for axes in (above, below):
        axes.set_facecolor(_SHEET)
        axes.grid(True, color=_GRID, linewidth=0.6)
        axes.set_axisbelow(True)
        axes.tick_params(colors=_QUIET, length=0)
        axes.yaxis.tick_right()
        for spine in axes.spines.values():
            spine.set_visible(False)
    _draw_prices(above, sheet)
    _draw_progress(below, sheet)
    _mark_time(below, sheet)


def _draw_prices(axes: Axes, sheet: Sheet) -> None:
    order = sheet.progress
    drawn = list(bars(order.prices, order.start_ns, order.end_ns, sheet.span_ns))
    _draw_bars(axes, sheet, drawn)
    places = [(sheet.place(fill.time_ns), float(fill.price)) for fill in order.fills]
    if places:
        largest = max(fill.qty for fill in order.fills)
        axes.scatter(
            [time for time, _ in places],
            [price for _, price in places],
            # A dot's area says how much was filled.
            s=[12 + 24 * fill.qty / largest for fill in order.fills],
            color=_OWN,
            edgecolors=_SHEET,
            linewidths=0.8,
            zorder=5,
            gid="fills",
        )
    lines = []
    if order.average_price is not None:
        lines.append(_Line(order.average_price, "average fill", _OWN, "--"))
    if order.market_average is not None:
        lines.append(_Line(order.market_average, "market, time-weighted", _MARKET, ":"))
    _draw_lines(axes, sheet, lines, at_right=_is_emptier_at_right(drawn, lines))
    axes.yaxis.set_major_formatter(lambda value, _: sheet.price(Fraction(value)))
    axes.margins(y=0.09)
    _mark_prices(axes, sheet)


def _mark_prices(axes: Axes, sheet: Sheet) -> None:
    """Mark prices that differ as they are shown, where there are some."""
    from matplotlib.ticker import MaxNLocator, MultipleLocator

    low, high = axes.get_ylim()
    smallest = 10.0 ** (sheet.price_decimals - sheet.decimals)
    marked = MaxNLocator(nbins=9).tick_values(low, high)
    if marked[1] - marked[0] < smallest <= high - low:
        axes.yaxis.set_major_locator(MultipleLocator(smallest))
    else:
        axes.yaxis.set_major_locator(MaxNLocator(nbins=9))


@attrs.frozen
class _Line:
    """A price from one end of the picture to the other."""

    price: Fraction
    name: str
    colour: str
    dashes: str


def _is_emptier_at_right(drawn: Sequence[Bar], lines: Sequence[_Line]) -> bool:
    """Return whether names beside the lines hide fewer of the last bars than of the first."""
    if not drawn or not lines:
        return False
    room = (max(bar.high for bar in drawn) - min(bar.low for bar in drawn)) / 12
    low = min(line.price for line in lines) - room
    high = max(line.price for line in lines) + room

    def hidden(some: Sequence[Bar]) -> int:
        return sum(bar.low <= high and bar.high >= low for bar in some)

    covered = -(-len(drawn) // 6)  # as long as the names are
    return hidden(drawn[-covered:]) < hidden(drawn[:covered])


def _draw_lines(axes: Axes, sheet: Sheet, lines: Sequence[_Line], *, at_right: bool) -> None:
    """Draw each with its name and value at one end, the higher's above and the lower's below."""
    for index, line in enumerate(sorted(lines, key=lambda line: line.price, reverse=True)):
        height = float(line.price)
        axes.axhline(height, color=line.colour, linewidth=1.2, linestyle=line.dashes, zorder=4)
        axes.annotate(
            f"{line.name} {sheet.price(line.price, 2)}",
            xy=(1 if at_right else 0, height),
            xycoords=("axes fraction", "data"),
            xytext=(-4 if at_right else 4, 5 if index == 0 else -5),
            textcoords="offset points",
            ha="right" if at_right else "left",
            va="bottom" if index == 0 else "top",
            color=line.colour,
            fontsize=9,
            zorder=6,
            bbox={"facecolor": _SHEET, "edgecolor": "none", "pad": 1.5, "alpha": 0.8},
        )


def _draw_bars(axes: Axes, sheet: Sheet, drawn: Sequence[Bar]) -> None:
    width = sheet.place(sheet.span_ns) - sheet.place(0)
    for bar in drawn:
        middle = sheet.place(bar.start_ns) + width / 2
        colour = _UP if bar.close > bar.open else _DOWN if bar.close < bar.open else _FLAT
        axes.vlines(middle, float(bar.low), float(bar.high), color=colour, linewidth=1)
        axes.bar(
            middle,
            float(bar.close - bar.open),
            width=width * 0.64,
            bottom=float(bar.open),
            color=colour,
            edgecolor=colour,
            linewidth=0.8,  # so that a bar that ends where it began is seen
        )


def _draw_progress(axes: Axes, sheet: Sheet) -> None:
    from matplotlib.ticker import MaxNLocator

    order = sheet.progress
    done, times, amounts = 0, [sheet.place(order.start_ns)], [0]
    for fill in order.fills:
        done += fill.qty
        times.append(sheet.place(fill.time_ns))
        amounts.append(done)
    times.append(sheet.place(order.end_ns))
    amounts.append(done)
    axes.fill_between(times, amounts, step="post", color=_DONE, alpha=0.28, linewidth=0)
    axes.step(times, amounts, where="post", color=_DONE, linewidth=1.6, label="done")
    if order.plan:
        last = order.plan[-1]
        planned = [*order.plan, attrs.evolve(last, time_ns=max(last.time_ns, order.end_ns))]
        axes.step(
            [sheet.place(each.time_ns) for each in planned],
            [each.cum_qty for each in planned],
            where="post",
            color=_PLAN,
            linewidth=1.1,
            linestyle="--",
            label="schedule",
        )
    axes.set_ylim(0, max([order.order_qty, *amounts]) * 1.08)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True, prune="lower"))
    axes.legend(
        loc="upper left", frameon=False, labelcolor=_QUIET, fontsize=9, ncols=2, handlelength=1.6
    )


def _mark_time(axes: Axes, sheet: Sheet) -> None:
    from matplotlib.dates import AutoDateLocator, DateFormatter

    start_ns, end_ns = sheet.progress.start_ns, sheet.progress.end_ns
    end_ns = max(end_ns, start_ns + 1_000_000)  # an order of a moment has some width as well
    edge_ns = (end_ns - start_ns) // 100  # so that the first and the last fill are whole
    axes.set_xlim(sheet.place(start_ns - edge_ns), sheet.place(end_ns + edge_ns))
    locator = AutoDateLocator(minticks=5, maxticks=11)  # type: ignore[no-untyped-call]  # matplotlib's
    axes.xaxis.set_major_locator(locator)
    form = "%H:%M" if end_ns - start_ns >= 600 * _SECOND_NS else "%H:%M:%S"
    axes.xaxis.set_major_formatter(DateFormatter(form))  # type: ignore[no-untyped-call]  # as above


# --- the page ------------------------------------------------------------------------

_STYLE = f"""
body {{ background: {_SHEET}; color: {_INK}; font: 15px/1.5 system-ui, sans-serif;
        max-width: 1180px; margin: 1.5rem auto; padding: 0 1rem; }}
svg {{ width: 100%; height: auto; }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums; }}
th, td {{ padding: .15rem 1.2rem .15rem 0; text-align: right; }}
th {{ color: {_QUIET}; font-weight: normal; border-bottom: 1px solid {_GRID}; }}
"""


def _page(sheet: Sheet, svg: bytes) -> bytes:
    """Return one file that needs nothing besides: the picture, and its fills as a table."""
    title = html.escape(f"{sheet.headline}, {sheet.progress.order}")
    rows, done = [], 0
    for fill in sheet.progress.fills:
        done += fill.qty
        time = sheet.time(fill.time_ns).strftime("%H:%M:%S.%f")
        cells = (time, f"{fill.qty:,}", sheet.price(fill.price), f"{done:,}")
        rows.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    picture = svg.decode()
    text = "\n".join(
        [
            "<!doctype html>",
            f'<html lang="en"><head><meta charset="utf-8"><title>{title}</title>',
            f"<style>{_STYLE}</style></head><body>",
            picture[picture.index("<svg") :],
            "<table><thead><tr><th>time</th><th>filled</th><th>price</th><th>in all</th></tr>",
            "</thead><tbody>",
            *rows,
            "</tbody></table></body></html>",
            "",
        ]
    )
    return text.encode()
