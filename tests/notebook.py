"""Executes analysis/study-to-figure.ipynb where only the program is, and holds its numbers to those of the report on the same study.
usage: notebook.py NTKSWEEP [--write], which also stores the outputs in the notebook"""

import ast
import base64
import contextlib
import csv
import io
import json
import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ["MPLBACKEND"] = "agg"
ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "analysis/study-to-figure.ipynb"
sys.path.insert(0, str(ROOT / "analysis"))


def execute(source, names):
    """As a notebook does: the value of the last expression is shown. Returns (printed, value)."""
    tree, printed, value = ast.parse(source), io.StringIO(), None
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, FILE.name, "exec"), names)
        if last:
            value = eval(compile(ast.Expression(last.value), FILE.name, "eval"), names)
    return printed.getvalue(), None if source.rstrip().endswith(";") else value


def shown(value):
    """What a notebook has of a value, by type."""
    data = {"text/plain": repr(value)}
    if hasattr(value, "_repr_html_") and not hasattr(value, "data_vars"):
        data["text/html"] = value._repr_html_()
    if hasattr(value, "savefig"):
        image = io.BytesIO()
        value.savefig(image, format="png", dpi=90, metadata={"Software": None})
        data = {"text/plain": "<Figure>", "image/png": base64.b64encode(image.getvalue()).decode()}
    return data


def outputs_of(printed, value, count):
    found = [{"output_type": "stream", "name": "stdout", "text": printed}] if printed else []
    if value is not None:
        found.append({"output_type": "execute_result", "data": shown(value), "metadata": {}, "execution_count": count})
    return found


def run(notebook):
    names, count = {}, 0
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            count += 1
            cell["outputs"] = outputs_of(*execute("".join(cell["source"]), names), count)
            cell["execution_count"] = count
    return names


def reported(folder, name, against):
    with open(folder / "tables" / name, newline="") as file:
        return [row for row in csv.DictReader(file) if (row["metric"], row["against"]) == ("rmse_test", against)]


def same(ours, rows):
    assert len(ours) == len(rows) > 0, (len(ours), len(rows))
    for mine, row in zip(ours.to_dict("records"), rows):
        for column, value in mine.items():
            theirs = row[column]
            fits = theirs == value if isinstance(value, str) else math.isclose(float(theirs or "nan"), value, rel_tol=1e-7)
            assert fits or theirs == "" and math.isnan(value), (column, theirs, value)


def main(program, write):
    notebook = json.loads(FILE.read_text())
    os.environ["NTKSWEEP"] = str(Path(program).resolve())
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        names = run(notebook)
        report = [ROOT / "analysis/report", "study", "-o", "report", "--figures", "0"]
        subprocess.run(report, check=True, stdout=subprocess.DEVNULL)
        same(names["fits"], reported(Path("report"), "slopes.csv", "width"))
        same(names["levels"], reported(Path("report"), "levels.csv", "width"))
        fit = names["fits"].query("kind == 'fit'").iloc[0]
        assert f"n<sup>\N{MINUS SIGN}{-fit.slope:.2f}</sup>" in Path("report/index.html").read_text()
        assert any(f"{fit.slope:.2f}" in text.get_text() for text in names["panel"].get_legend().get_texts())
        assert Path("rmse.pdf").read_bytes().startswith(b"%PDF") and float(names["error"]) < 1e-9
        os.chdir(ROOT)
    if write:
        FILE.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n")


main(sys.argv[1], "--write" in sys.argv)
