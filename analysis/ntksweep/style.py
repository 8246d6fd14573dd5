"""How figures look: colours safe for colour-blind readers, readable logarithmic axes, grids of panels, equal bytes for
equal input."""

import math
from textwrap import fill

import matplotlib
import numpy as np
from matplotlib import ticker
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure

from .point import InputError
from .words import plural

GREY = "0.45"
MARKERS = "osD^vP*X"
HOLLOW = "Dv^<>ph"
LINES = ["-", "--", ":", "-."]
OKABE_ITO = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#8c6d31"]
PANELS_MAX = 12
NAMES_MAX = 45  # beside a colour bar
TITLE = 10.5  # its letters an inch
PAD = 0.09  # inches around panels and legends
BAR, BAR_WIDTH = "bar", 0.15
DPI = 150
LOOK = {
    "font.size": 10,
    "axes.titlesize": 10,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": "0.92",
    "lines.linewidth": 1.6,
    "lines.markersize": 5.5,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "svg.hashsalt": "ntksweep",
    "svg.fonttype": "none",  # text stays text
    "pdf.fonttype": 42,
    "figure.dpi": DPI,
}
SMALL = {
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.labelsize": 8,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
    "lines.linewidth": 1.1,
    "lines.markersize": 3.5,
    "axes.linewidth": 0.6,
}
FORMATS = ("svg", "png")
PANEL_LEAST, PANEL_HIGH = 1.9, 2.8  # inches of a panel with all that stands around it, so that its label has room


class Sheet(Figure):
    """A figure of our own, which lay_out arranges."""

    width = None  # in inches, where it is given: then the legend stands below
    legend_parts = None


class Page:
    """Where figures are drawn: on sheets, perhaps of a given width in inches, with the type of a paper."""

    def __init__(self, width=None):
        self.width = width

    def look(self):
        return look({**LOOK, **SMALL} if self.width else LOOK)

    def head(self, figure, title):
        """In as many lines as it needs; a paper has its own captions."""
        if title and not self.width:
            figure.suptitle(fill(title, int(TITLE * figure.get_figwidth())), fontsize=11)

    def grid(self, count, columns=3, share_y=True):
        """A figure and `count` panels, at most `columns` a row."""
        columns = 2 if count == 4 and columns == 3 else min(count, columns)
        if self.width:
            columns = max(1, min(columns, int(self.width / PANEL_LEAST)))
        rows = math.ceil(count / columns)
        figure = Sheet(self.size(count, columns, rows))
        figure.width = self.width
        FigureCanvasAgg(figure)
        axes = figure.subplots(rows, columns, squeeze=False, sharey=share_y)
        panels = list(axes.flat)
        for spare in panels[count:]:
            spare.remove()
        return figure, panels[:count]

    def size(self, count, columns, rows):
        if self.width:
            return self.width, 0.2 + rows * max(0.3 + 0.66 * self.width / columns, PANEL_HIGH)
        return (6.4, 4.6) if count == 1 else (1.0 + 3.7 * columns, 0.4 + 3.3 * rows)


PAGE = Page()


class Given:
    """Axes of someone else, who has their look and place; the legend stands in the last one."""

    def __init__(self, axes):
        self.axes = [axes] if isinstance(axes, Axes) else list(np.ravel(axes))

    def look(self):
        return look({})

    def head(self, figure, title):
        pass

    def grid(self, count, columns=3, share_y=True):
        if len(self.axes) != count:
            raise InputError(f"this figure has {plural(count, 'panel')}; expected as many axes, not {len(self.axes)}")
        return self.axes[0].figure, self.axes


def look(parameters=LOOK):
    """As a context: matplotlib's parameters while a figure is drawn or saved."""
    return matplotlib.rc_context(parameters)


def is_first(panel):
    """Whether it has the labels of its row."""
    return not isinstance(panel.figure, Sheet) or panel.get_subplotspec().is_first_col()


def panel_columns(panel):
    return panel.get_subplotspec().get_gridspec().ncols if isinstance(panel.figure, Sheet) else 3


def colours(values):
    """value -> colour: in order for numbers, apart for words, and in the order given for more words than that."""
    values = list(values)
    words = any(isinstance(value, (str, bytes)) for value in values)
    if words and len(values) <= len(OKABE_ITO):
        return dict(zip(values, OKABE_ITO))
    shades = matplotlib.colormaps["viridis"](np.linspace(0.0, 0.82, max(len(values), 2)))
    return {value: tuple(shade) for value, shade in zip(values if words else sorted(values), shades)}


def needs_bar(palette):
    """Whether the palette is words in order of which there are too many for a legend."""
    return len(palette) > len(OKABE_ITO) and isinstance(next(iter(palette)), (str, bytes))


def colour_bar(panels, palette, names, title):
    """A bar right of the panels with the first name on top; of very many only every second or third is named."""
    count, figure = len(names), panels[0].figure
    shades = ScalarMappable(Normalize(-0.5, count - 0.5), ListedColormap(list(palette.values())))
    ticks = range(0, count, math.ceil(count / NAMES_MAX))
    if isinstance(figure, Sheet):
        figure.set_figheight(max(figure.get_figheight(), 0.6 + 0.115 * min(count, NAMES_MAX)))
        bar = figure.colorbar(shades, cax=figure.add_axes((0, 0, 1, 1), label=BAR), ticks=ticks)
    else:
        bar = figure.colorbar(shades, ax=panels, ticks=ticks)
    bar.ax.set_yticklabels([names[tick] for tick in bar.get_ticks()], fontsize=8 if count <= 24 else 6.5)
    bar.ax.invert_yaxis()
    bar.ax.set_title(title, fontsize=9, loc="left")
    bar.ax.grid(False)


def chunks(items, size=PANELS_MAX):
    return [items[i : i + size] for i in range(0, len(items), size)]


def values_axis(axis, values):
    """All of the grid's own values (32, 64, ...), with ticks there, thinned out where they are many; logarithmic if
    there is no 0."""
    values = np.unique(values)
    low, high = values[0], values[-1]
    if low > 0:
        log_scale(axis)
        room = (high / low) ** 0.06 if high > low else 1.5
        limits(axis, low / room, high * room)
    elif high > low:
        limits(axis, low - 0.06 * (high - low), high + 0.06 * (high - low))
    room = 9 if panel_columns(axis.axes) < 3 else 6
    keep = values[:: math.ceil(len(values) / room)]
    axis.set_major_locator(ticker.FixedLocator(keep))
    axis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_locator(ticker.NullLocator())


def log_axis(axis, low, high):
    """Logarithmic with limits; ticks at 1, 2 and 5 of a decade where there are few decades."""
    limits(axis, low, high)
    log_scale(axis)
    decades = math.log10(high / low)
    steps = (1, 2, 5) if decades < 2.2 else (1,)
    axis.set_major_locator(ticker.LogLocator(base=10, subs=steps, numticks=9 if decades > 7 else 99))
    axis.set_major_formatter(ticker.FuncFormatter(tick_text))
    axis.set_minor_locator(ticker.NullLocator())  # minor ticks would take more time than all else in a figure


def keep_in_view(panel, own, others):
    """The vertical axis of what is [..] own, and of others as far as its span beyond it: a model that diverges would
    leave nothing of the rest to be seen."""
    own, others = (values[np.isfinite(values)] for values in map(np.ravel, (own, others)))
    if len(own):
        low, high = own.min(), own.max()
        near = np.clip(others, 2 * low - high, 2 * high - low)
        low, high = min(low, near.min(initial=low)), max(high, near.max(initial=high))
        room = 0.05 * (high - low) or 0.1
        panel.set_ylim(low - room, high + room)


def log_scale(axis):
    """Lines begin at the first place above 0."""
    if axis.axis_name == "x":
        axis.axes.set_xscale("log", nonpositive="mask")
    else:
        axis.axes.set_yscale("log")


def limits(axis, low, high):
    (axis.axes.set_xlim if axis.axis_name == "x" else axis.axes.set_ylim)(low, high)


def tick_text(value, _):
    if 1e-3 <= value < 1e4:
        return f"{value:g}"
    power = math.floor(math.log10(value) + 1e-9)
    lead = round(value / 10**power)
    return rf"$10^{{{power}}}$" if lead == 1 else rf"${lead}\cdot10^{{{power}}}$"


def legend_beside(panels, handles, title):
    """Right of all panels, or below, so that it covers no data: the figure grows by its size in `lay_out`."""
    figure = panels[0].figure
    if handles and isinstance(figure, Sheet):
        figure.legend_parts = {"handles": handles, "title": title, "alignment": "left"}
        figure.legend(**figure.legend_parts, loc="lower center" if figure.width else "center right")
    elif handles:
        panels[-1].legend(handles=handles, title=title)


def lay_out(figure):
    """Panels on the figure's own width, and right of them, for which it grows, a colour bar and a legend. Where its
    width is given, it grows downwards for the legend. What stands around panels is measured once, in places near the
    last ones: a second time would change little and cost much."""
    (width, height), renderer = figure.get_size_inches(), figure.canvas.get_renderer()
    panels = [axes for axes in figure.axes if axes.get_label() != BAR]
    bars = [axes for axes in figure.axes if axes.get_label() == BAR]
    for bar in bars:
        bar.set_position((0, 0, BAR_WIDTH / width, 1))
    foot = fold_legend(figure, renderer) if figure.width else 0
    beside = sum(size_of(part, renderer)[0] + PAD for part in bars + figure.legends * (not figure.width))
    wide = width if figure.width else width + beside
    high = foot + max([height] + [size_of(legend, renderer)[1] + 0.3 for legend in figure.legends if not foot])
    width = wide - beside
    figure.set_size_inches(wide, high)
    head = sum(size_of(text, renderer)[1] + PAD for text in figure.texts)
    (left, right, gap_x), (bottom, top, gap_y) = rooms(panels, renderer)
    bottom += foot
    columns, rows = panels[0].get_gridspec().ncols, panels[0].get_gridspec().nrows
    figure.subplots_adjust(
        left=left / wide,
        right=(width - right) / wide,
        bottom=bottom / high,
        top=1 - (top + head) / high,
        wspace=gap_x / ((width - left - right - (columns - 1) * gap_x) / columns),
        hspace=gap_y / ((high - bottom - top - head - (rows - 1) * gap_y) / rows),
    )
    for text in figure.texts:
        text.set(x=width / 2 / wide, y=1 - PAD / high)
    for bar in bars:
        bar.set_position((width / wide, bottom / high, BAR_WIDTH / wide, 1 - (bottom + top + head) / high))


def fold_legend(figure, renderer):
    """In as many columns as the width has room for, in smaller type where it has none; the legend's height."""
    if not figure.legends:
        return 0
    room, size, columns = figure.width - 2 * PAD, matplotlib.rcParams["legend.fontsize"], 6
    while columns > 1 or size > 4:
        figure.legends.clear()
        look = {"fontsize": size, "title_fontsize": size, "loc": "lower center", "ncol": columns, "columnspacing": 1.2}
        legend = figure.legend(**figure.legend_parts, **look, borderaxespad=0.3)
        if size_of(legend, renderer)[0] <= room:
            break
        columns, size = max(columns - 1, 1), size - 0.5 * (columns == 1)
    return size_of(legend, renderer)[1] + PAD


def size_of(part, renderer):
    """Width and height in inches, with all that stands around axes."""
    return np.array(part.get_tightbbox(renderer).size) / part.figure.dpi


def rooms(panels, renderer):
    """(before the first column, behind the last, between two), and the same of rows from below, in inches."""
    dpi, over = panels[0].figure.dpi, []
    panels[0].figure.subplots_adjust(left=0.08, right=0.98, bottom=0.08, top=0.92)
    for panel in panels:
        inner = panel.get_window_extent(renderer)
        outer = panel.get_tightbbox(renderer, for_layout_only=True, bbox_extra_artists=[])
        over.append([inner.x0 - outer.x0, outer.x1 - inner.x1, inner.y0 - outer.y0, outer.y1 - inner.y1])
    over = np.array(over) / dpi + PAD
    places = [panel.get_subplotspec() for panel in panels]
    first, last = [place.is_first_col() for place in places], [place.is_last_col() for place in places]
    lowest, highest = [place.is_last_row() for place in places], [place.is_first_row() for place in places]
    return room(over[:, 0], first, over[:, 1], last), room(over[:, 2], lowest, over[:, 3], highest)


def room(before, is_first, behind, is_last):
    is_first, is_last = np.array(is_first), np.array(is_last)
    gap = before[~is_first].max(initial=0) + behind[~is_last].max(initial=0)
    return before[is_first].max(initial=PAD), behind[is_last].max(initial=PAD), gap


def save(figure, stem, formats=FORMATS):
    """Writes stem.FORMAT for each, without dates. The layout is found once, and each file drawn once: savefig would
    draw each twice."""
    lay_out(figure)
    for name in formats:
        WRITERS[name](figure, stem.with_name(f"{stem.name}.{name}"))


WRITERS = {
    "pdf": lambda figure, path: FigureCanvasPdf(figure).print_pdf(path, metadata={"CreationDate": None}),
    "png": lambda figure, path: FigureCanvasAgg(figure).print_png(path, metadata={"Software": None}),
    "svg": lambda figure, path: FigureCanvasSVG(figure).print_svg(path, metadata={"Date": None}),
}
