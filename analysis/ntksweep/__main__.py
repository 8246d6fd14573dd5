"""analysis/report DIR... -o REPORT [OPTION...]; --help has them."""

import argparse
import os
import sys
from pathlib import Path

from . import tables
from .ensembles import ensemble_row
from .load import InputError, load_references, load_studies
from .words import TIMES, not_drawn, plural

FIGURES_MOST = 40
SIZES = (2, 40)


class Parser(argparse.ArgumentParser):
    def error(self, message):
        raise InputError(f"{message}; see {self.prog} --help")


def arguments(words):
    parser = Parser(
        prog="analysis/report", description="Figures, tables and one HTML page from the results of studies."
    )
    parser.add_argument(
        "studies", metavar="DIR", nargs="+", help="folder of a run, also of one that is going on (collect it first)"
    )
    parser.add_argument(
        "-o", "--output", metavar="REPORT", required=True, help="folder to write: index.html, figures/, tables/"
    )
    parser.add_argument(
        "--reference",
        metavar="FILE.csv",
        action="append",
        default=[],
        help="points to draw beside: columns figure,panel,series,x_name,x,log2_y,y; x_name is width or channels",
    )
    parser.add_argument(
        "--figures",
        metavar="N|all",
        type=figure_count,
        default=FIGURES_MOST,
        help="how many figures at most, one of each kind first; the others are named (default: %(default)s)",
    )
    parser.add_argument(
        "--processes",
        metavar="N",
        type=process_count,
        default=usable_cores(),
        help="how many figures are drawn at a time (default: one on each core that may be used, here %(default)s)",
    )
    parser.add_argument(
        "--format",
        metavar="FORMAT,...",
        type=formats,
        help="files of each figure: pdf, svg (both with text as text) and png (default: svg,png; the page holds the svg)",
    )
    parser.add_argument(
        "--only",
        metavar="FIGURE",
        action="append",
        default=[],
        help="write this figure alone into the folder, without page and tables; may be given again. FIGURE is the name "
        "of its files, or that without its number for all of a kind",
    )
    parser.add_argument(
        "--size", metavar="INCHES", type=inches, help="width of a figure for a paper, in its small type (with --only)"
    )
    options = parser.parse_args(words)
    if options.size and not options.only:
        parser.error("--size is for figures of --only")
    return options


def formats(text):
    names = text.split(",")
    for name in names:
        if name not in ("pdf", "svg", "png"):
            raise argparse.ArgumentTypeError(f"{name!r} is none of pdf, svg, png")
    return names


def inches(text):
    try:
        value = float(text)
    except ValueError:
        value = 0
    if not SIZES[0] <= value <= SIZES[1]:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of inches from {SIZES[0]} to {SIZES[1]}")
    return value


def usable_cores():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def figure_count(text):
    """A number, or None for all."""
    return None if text == "all" else whole_number(text, 0)


def process_count(text):
    return whole_number(text, 1)


def whole_number(text, least):
    if not text.isdecimal() or int(text) < least:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number >= {least}")
    return int(text)


def write_report(folder, studies, references, options):
    """Returns the sections that are not drawn, and those that failed with the reason."""
    from .context import Context  # after the input was looked at: matplotlib is slow to start
    from .drawing import draw_all
    from .figures import all_sections, chosen
    from .page import write_page
    from .progress import Progress

    for part in ("figures", "tables"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    context = Context(studies, references)
    sections = all_sections(context)
    drawn = chosen(sections, len(sections) if options.figures is None else options.figures)
    words = f"{len(drawn)} of {plural(len(sections), 'figure')}, {min(options.processes, len(drawn))} at a time"
    formats = list(dict.fromkeys(["svg", *(options.format or ["png"])]))
    told = Progress(len(drawn), words)
    failed = draw_all(drawn, folder / "figures", options.processes, told, formats=formats)
    write_tables(folder / "tables", context, sections)
    rest = [section for section in sections if section not in drawn]
    write_page(folder / "index.html", context, drawn, rest, failed, formats)
    return rest, failed


def write_figures(folder, studies, references, options):
    """Those of --only alone; returns their files, and those that failed with the reason."""
    from .context import Context
    from .drawing import draw_all
    from .figures import all_sections
    from .progress import Progress
    from .style import Page

    sections = all_sections(Context(studies, references))
    for name in options.only:
        if not any(name in (section.name, section.kind) for section in sections):
            known = ", ".join(section.name for section in sections)
            raise InputError(f"--only {name}: no such figure; there are {known}")
    drawn = [section for section in sections if {section.name, section.kind} & set(options.only)]
    formats = options.format or ["svg", "png"]
    folder.mkdir(parents=True, exist_ok=True)
    told = Progress(len(drawn), plural(len(drawn), "figure"))
    failed = draw_all(drawn, folder, options.processes, told, Page(options.size), formats)
    return [folder / f"{s.name}.{kind}" for s in drawn if s.name not in failed for kind in formats], failed


def write_tables(folder, context, sections):
    scaling = list(dict.fromkeys(curve for section in sections for curve in section.scaling))
    drawn = dict.fromkeys(curve for section in sections for curve in section.curves)
    trained = [curve for curve in drawn if curve.x_name in TIMES]
    tables.write_csv(folder / "levels.csv", tables.level_rows([curve for curve in drawn if curve.x_name not in TIMES]))
    tables.write_csv(folder / "slopes.csv", tables.slope_rows(scaling))
    tables.write_csv(folder / "time.csv", tables.level_rows(trained))
    tables.write_csv(folder / "ensembles.csv", [ensemble_row(cell) for cell in context.ensembles])
    tables.write_csv(folder / "summary.csv", tables.summary_csv_rows(context.rows))
    tables.write_csv(folder / "not_recorded.csv", tables.unrecorded(context.studies))
    tables.write_csv(folder / "cost.csv", tables.cost_rows(context.studies))
    tables.write_csv(folder / "ranks.csv", tables.rank_rows(context.studies))
    for kind in dict.fromkeys(section.kind for section in sections):
        rows = [row for section in sections if section.kind == kind for row in section.rows()]
        tables.write_csv(folder / f"{kind}.csv", rows)


def main(words=None):
    try:
        options = arguments(words)
        studies, references = load_studies(options.studies), load_references(options.reference)
        folder, rest = Path(options.output), []
        if options.only:
            written, failed = write_figures(folder, studies, references, options)
        else:
            rest, failed = write_report(folder, studies, references, options)
            written = [folder / "index.html"]
    except InputError as error:
        say(error)
        return 1
    except OSError as error:
        say(f"{error.filename or options.output}: {error.strerror or error}")
        return 1
    for study in studies:
        for note in study.notes:
            say(f"{study.directory}: {note}")
    for name, reason in failed.items():
        say(f"figure {name}: {reason}")
    if rest:
        say(f"{not_drawn(rest)}; `--figures all` draws all")
    print(*written, sep="\n")
    return 1 if failed else 0


def say(text):
    print(f"report: {text}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
