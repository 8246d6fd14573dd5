"""Whole reports from made-up results: what is in them, and what is left out."""

import csv
import re
from html.parser import HTMLParser

import numpy as np
import pytest
import synthetic
from ntksweep.__main__ import main

SMALL = {"train_size": [32, 512], "width": [64, 256, 1024], "seed": [0, 1, 2]}
VOID = {"meta", "img", "br"}


class Balance(HTMLParser):
    """Every tag that is opened is closed, in order."""

    def __init__(self, text):
        super().__init__()
        self.open = []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def report(folder, *studies, options=()):
    assert main([*map(str, studies), "-o", str(folder), *options]) == 0
    page = (folder / "index.html").read_text()
    Balance(page)
    for name in (folder / "figures").glob("*.png"):
        assert name.read_bytes().startswith(b"\x89PNG") and name.with_suffix(".svg").exists()
    return page


def figures(folder):
    return {path.stem for path in (folder / "figures").glob("*.svg")}


def table(folder, name):
    with open(folder / "tables" / name, newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def holes(tmp_path_factory):
    """A study with a diverged, a failed and a missing point, and its report."""
    folder = tmp_path_factory.mktemp("holes")
    data = synthetic.dataset(SMALL, spread=0.02)
    data = synthetic.change_point(data, dict(train_size=512, width=64, seed=1), 1, 60)
    data = synthetic.change_point(data, dict(train_size=32, width=1024, seed=0), -1)
    data = synthetic.change_point(data, dict(train_size=32, width=1024, seed=2), -1)
    failures = [("train_size=32 width=1024 seed=2", "no memory: <3 GB>")]
    study = synthetic.write_study(folder / "study", data, "Depth & width", failures)
    return study, folder / "report", report(folder / "report", study)


def test_every_figure_is_there(holes):
    _, folder, page = holes
    assert figures(folder) == {
        "rmse_width", "rmse_train_size", "rmse_time", "loss_time", "outputs_time", "kernel_change", "layer_change",
        "infinite_width", "eigenvalues", "rounding", "cost",
    }  # fmt: skip
    assert page.count("data:image/svg+xml;base64,") == len(figures(folder))


def test_the_page_stands_alone(holes):
    page = holes[2]
    assert not re.search(r"(src)=\"(?!data:)", page) and "http" not in page.replace("http://www.w3.org", "")
    links = re.findall(r"href=\"([^\"]*)\"", page)
    assert len(links) > 20 and "tables/slopes.csv" in links and "figures/rmse_width.png" in links
    for link in links:
        assert f' id="{link[1:]}"' in page if link.startswith("#") else (holes[1] / link).is_file(), link
    assert "<h1>Depth &amp; width</h1>" in page and "&lt;3 GB&gt;" in page


def test_points_without_a_record_are_counted_and_named(holes):
    page = holes[2]
    assert "of 18 points 1 diverged (1 network, 0 linearizations), 1 failed, 1 missing" in page
    for point in (
        "train_size=512 width=64 seed=1",
        "train_size=32 width=1024 seed=2",
        "train_size=32 width=1024 seed=0",
    ):
        assert point in page


def test_sets_that_are_not_fitted_are_flagged(holes):
    rows = table(holes[1], "summary.csv")
    assert {row["train_size"] for row in rows if row["not_fitted"] == "1"} == {"512"}
    assert "N = 512 (3 widths)" in holes[2]


def test_the_tables_hold_the_planted_exponents(holes):
    rows = table(holes[1], "slopes.csv")
    fits = [row for row in rows if row["kind"] == "fit" and row["metric"] == "rmse_test" and row["against"] == "width"]
    assert [(row["train_size"], row["seeds"]) for row in fits] == [("32", "3"), ("512", "2")]
    assert all(abs(float(row["slope"]) + 0.95) < 0.03 for row in fits)
    assert float(fits[0]["low"]) < float(fits[0]["slope"]) < float(fits[0]["high"]) and fits[1]["low"] == ""
    local = [
        row for row in rows if row["kind"] == "local" and row["metric"] == "rmse_test" and row["against"] == "width"
    ]
    assert [(row["from"], row["to"]) for row in local[:2]] == [("64", "256"), ("256", "1024")]
    assert f"n<sup>\N{MINUS SIGN}{abs(float(fits[0]['slope'])):.2f}</sup>" in holes[2]


def test_survivors_stand_beside_the_median(holes):
    (row,) = [row for row in table(holes[1], "summary.csv") if row["diverged"] == "1"]
    assert (row["train_size"], row["width"], row["seeds"]) == ("512", "64", "2")
    assert float(row["median"]) > float(row["rmse_test"])
    assert "survivors" in holes[2]


def test_equal_input_gives_equal_bytes(holes, tmp_path):
    study, folder, _ = holes
    report(tmp_path / "again", study)
    names = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    assert len(names) > 20
    for name in names:
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes(), name


def test_what_was_not_measured_is_left_out(tmp_path):
    data = synthetic.dataset(SMALL)[["rmse_test", "status"]]
    page = report(tmp_path / "report", synthetic.write_study(tmp_path / "bare", data))
    assert figures(tmp_path / "report") == {"rmse_width", "rmse_train_size", "rmse_time"}
    assert "training loss</th>" not in page and not (tmp_path / "report" / "tables" / "cost.csv").exists()


def test_the_cost_is_shown(holes):
    assert "took 54.4 s on 2 ranks; busy share 0.998 to 0.999" in holes[2]
    shares = {row["phase"]: float(row["share"]) for row in table(holes[1], "cost.csv")}
    assert list(shares) == ["setup", "kernel", "training", "total"] and shares["total"] == 1
    assert sum(int(row["points"]) for row in table(holes[1], "ranks.csv")) == 16


def test_one_point(tmp_path):
    data = synthetic.dataset({"train_size": [32], "width": [64], "seed": [5]})
    page = report(tmp_path / "report", synthetic.write_study(tmp_path / "one", data))
    assert "at width 64. One width has no slope." in page
    assert "rmse_width" not in figures(tmp_path / "report") and "rmse_time" in figures(tmp_path / "report")


def test_nothing_recorded_yet(tmp_path):
    data = synthetic.dataset(SMALL)
    data = data.where(data["status"] < 0).assign(status=data["status"] * 0 - 1, host=data["host"])
    page = report(tmp_path / "report", synthetic.write_study(tmp_path / "none", data))
    assert "No RMSE is recorded yet." in page and "18 missing" in page and not figures(tmp_path / "report")


@pytest.mark.filterwarnings("error")
def test_everything_diverged(tmp_path):
    data = synthetic.with_ensemble(synthetic.dataset(SMALL))
    data = data.assign(ntk_gp_covariance=data["ntk_gp_covariance"] * 1e200, status=data["status"] * 0 + 1)
    data["rmse_test"] = data["rmse_test"] * np.nan
    page = report(tmp_path / "report", synthetic.write_study(tmp_path / "all", data))
    assert "No RMSE at the last step: all recorded points diverged." in page


def test_networks_trained_alone(tmp_path):
    data = synthetic.dataset(SMALL)
    data = data.drop_vars([name for name in data if "linear" in name or "rmse" in name])
    page = report(tmp_path / "report", synthetic.write_study(tmp_path / "alone", data))
    assert "The networks were trained alone" in page and "dashed" not in page and "No RMSE" not in page


def test_studies_of_different_grids_and_a_reference(tmp_path):
    axes = {"depth": [1, 3], "train_size": [128], "width": [64, 256, 1024], "seed": [0, 1]}
    keep = ["rmse_test", "status", "outputs", "outputs_linear", "learning_rate_used"]
    first = synthetic.write_study(tmp_path / "deep", synthetic.dataset(axes, outputs=3)[keep], "Deep")
    second = synthetic.write_study(tmp_path / "flat", synthetic.dataset(SMALL)[keep], "Flat")
    points = tmp_path / "points.csv"
    points.write_text(
        "figure,panel,series,x_name,x,log2_y,y\nS5,FC,L=1,width,64,-1,0.5\nS5,FC,L=1,width,256,-3,0.125\n"
    )
    page = report(tmp_path / "report", first, second, options=["--reference", str(points)])
    assert "Deep \N{MIDDLE DOT} Flat" in page and "rmse_reference" in figures(tmp_path / "report")
    slopes = [
        row for row in table(tmp_path / "report", "slopes.csv") if row["kind"] == "fit" and row["against"] == "width"
    ]
    assert [(row["study"], row["depth"], row["train_size"]) for row in slopes] == [
        ("deep", "1", "128"), ("deep", "3", "128"), ("flat", "3", "32"), ("flat", "3", "512"), ("reference", "", ""),
    ]  # fmt: skip
    assert np.isclose(float(slopes[-1]["slope"]), -1) and slopes[-1]["low"] == ""


@pytest.mark.parametrize("words", [[], ["DIR"], ["nothing", "-o", "report"], ["--wrong"]])
def test_a_users_error_is_one_line(words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(words) == 1
    assert re.fullmatch(r"report: .+\n", capsys.readouterr().err)
    assert not (tmp_path / "report").exists()


def test_a_report_that_cannot_be_written_is_one_line(holes, tmp_path, capsys):
    (tmp_path / "taken").write_text("")
    assert main([str(holes[0]), "-o", str(tmp_path / "taken")]) == 1
    assert re.fullmatch(r"report: .*taken.*\n", capsys.readouterr().err)


@pytest.mark.parametrize("seeds, why", [(1, "one seed gives no interval"), (2, "2 seeds give no interval"), (3, "")])
@pytest.mark.parametrize("network", [synthetic.FC, synthetic.CONV])
def test_the_headline_states_no_exponent_without_an_interval(tmp_path, seeds, why, network):
    axes = {**SMALL, "seed": list(range(seeds))}
    data = synthetic.dataset(axes)[["rmse_test", "status"]]
    page = report(tmp_path / "report", synthetic.write_study(tmp_path / "study", data, network=network))
    head = re.search('<p class="headline">(.*?)</p>', page).group(1)
    assert ("n<sup>" in head) == (not why) and why in head
    assert ("(no interval)" in page or "no interval" in page.split("<h2 ", 1)[1]) or not why
    rows = [row for row in table(tmp_path / "report", "slopes.csv") if row["study"] == "study"]
    assert all((row["low"] == "") == bool(why) and row["seeds"] == str(seeds) for row in rows)
