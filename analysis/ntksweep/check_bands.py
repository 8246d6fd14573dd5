"""analysis/check-bands STUDY.yaml DIR: a line a band (verdict, what is judged, asked, got); exit code 0 if all hold."""

import csv
import sys
from pathlib import Path

from .__main__ import Parser
from .criteria import KINDS, OVER_AXIS, Band, judge
from .load import load_study, title_of
from .point import InputError, where_of
from .words import plural

COLUMNS = ("band", "kind", "of", "at", "over", "from", "to", "low", "high", "error")
NUMBERS = {"from": "start", "to": "end", "low": "low", "high": "high", "error": "error"}  # column: member of Band


def bands_file(study):
    """Beside the study: jobs/studies/NAME.bands.csv of NAME.yaml."""
    return study.with_name(f"{study.stem}.bands.csv")


def read_bands(path):
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})") from error
    rows = [(i, next(csv.reader([text]))) for i, text in enumerate(lines, 1) if text.strip() and text[0] != "#"]
    cells = [(f"{path}:{i}", [cell.strip() for cell in row]) for i, row in rows]
    if not cells or tuple(cells[0][1]) != COLUMNS:
        raise InputError(f"{path}: expected the columns {','.join(COLUMNS)}")
    if len(cells) == 1:
        raise InputError(f"{path}: no band is there")
    return [band_of(place, row) for place, row in cells[1:]]


def band_of(place, row):
    if len(row) > len(COLUMNS):
        raise InputError(f"{place}: {len(row)} columns; expected at most {len(COLUMNS)}")
    cells = {name: cell for name, cell in zip(COLUMNS, row) if cell}
    for name in ("band", "kind", "of"):
        if name not in cells:
            raise InputError(f"{place}: no {name}")
    if cells["kind"] not in KINDS:
        raise InputError(f"{place}: no kind `{cells['kind']}`; expected one of {', '.join(KINDS)}")
    if not cells.keys() & {"low", "high"}:
        raise InputError(f"{place}: no bound; expected low, high or both")
    if cells["kind"] in OVER_AXIS and not {"over", "from", "to"} <= cells.keys():
        raise InputError(f"{place}: {cells['kind']} wants over, from and to")
    numbers = {NUMBERS[name]: number_in(place, name, cells[name]) for name in NUMBERS if name in cells}
    names = (cells[name] for name in ("band", "kind", "of"))
    return Band(place, *names, at_of(place, cells.get("at")), cells.get("over", ""), **numbers)


def number_in(place, name, text):
    try:
        return float(text)
    except ValueError:
        raise InputError(f"{place}: {name}: {text} is not a number") from None


def at_of(place, text):
    if not text:
        return {}
    if not all("=" in part for part in text.split()):
        raise InputError(f"{place}: at: `{text}`; expected AXIS=VALUE and so on, with spaces between")
    return where_of(" ".join(text.split()))


def load_checked(study, directory):
    """The results in DIR, if they are the study's."""
    try:
        text = study.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{study}: cannot be read ({getattr(error, 'strerror', None) or error})") from error
    results = load_study(directory, directory.name)
    title = title_of(results.data.assign_attrs(title=""), text, study.stem)
    if title != results.title:
        raise InputError(f"{directory}: holds `{results.title}`, {study} is `{title}`; expected one study")
    return results


def line(verdict):
    band = verdict.band
    at = " ".join(f"{name}={value}" for name, value in band.at.items())
    what = " ".join(filter(None, [band.kind, band.of, f"over {band.over}" * bool(band.over), f"at {at}" * bool(at)]))
    return f"{'holds' if verdict.holds else 'FAILS'}  {band.name}: {what}: asked {band.asked}; got {verdict.got}"


def arguments(words):
    parser = Parser(prog="analysis/check-bands", description="Judges what a study recorded by the bands beside it.")
    parser.add_argument("study", metavar="STUDY.yaml", type=Path, help="its bands stand in STUDY.bands.csv")
    parser.add_argument("directory", metavar="DIR", type=Path, help="folder of its run, collected")
    return parser.parse_args(words)


def main(words=None):
    try:
        options = arguments(words)
        bands = read_bands(bands_file(options.study))
        results = load_checked(options.study, options.directory)
        verdicts = [judge(results, band) for band in bands]
    except InputError as error:
        print(f"check-bands: {error}", file=sys.stderr)
        return 1
    print(*map(line, verdicts), sep="\n")
    failed = sum(not verdict.holds for verdict in verdicts)
    print(f"{options.study.stem}: {plural(len(bands), 'band')}, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
