"""analysis/report DIR... -o REPORT [--reference FILE.csv] [--figures N|all] [--processes N]"""

import argparse
import os
import sys
from pathlib import Path

from . import tables
from .ensembles import ensemble_row
from .load import InputError, load_references, load_studies
from .words import TIMES, not_drawn, plural

FIGURES_MOST = 40


class Parser(argparse.ArgumentParser):
    def error(self, message):
        raise InputError(f"{message}; see analysis/report --help")


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
    return parser.parse_args(words)


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


def write_report(folder, studies, references, most, at_once):
    """Returns what is to be said at the end."""
    from .context import Context  # after the input was looked at: matplotlib is slow to start
    from .drawing import draw_all
    from .figures import all_sections, chosen
    from .page import write_page
    from .progress import Progress

    for part in ("figures", "tables"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    context = Context(studies, references)
    sections = all_sections(context)
    drawn = chosen(sections, len(sections) if most is None else most)
    words = f"{len(drawn)} of {plural(len(sections), 'figure')}, {min(at_once, len(drawn))} at a time"
    failed = draw_all(drawn, folder / "figures", at_once, Progress(len(drawn), words))
    write_tables(folder / "tables", context, sections)
    rest = [section for section in sections if section not in drawn]
    write_page(folder / "index.html", context, drawn, rest, failed)
    return rest, failed


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


def main(words=None):
    try:
        options = arguments(words)
        studies, references = load_studies(options.studies), load_references(options.reference)
        rest, failed = write_report(Path(options.output), studies, references, options.figures, options.processes)
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
    print(Path(options.output) / "index.html")
    return 1 if failed else 0


def say(text):
    print(f"report: {text}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
