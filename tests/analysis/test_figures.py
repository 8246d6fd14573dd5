"""How many figures are drawn, and how: the cap, the names of the rest, processes, failures, progress."""

import io
import os
import re
import signal

import pytest
import synthetic
from ntksweep import figures as all_figures
from ntksweep import words
from ntksweep.__main__ import main
from ntksweep.context import Section
from ntksweep.drawing import draw_all
from ntksweep.progress import EVERY, Progress
from test_report import figures, report, table

AXES = {"activation": ["erf", "relu", "tanh"], "train_size": [32], "width": [64, 256], "seed": [0, 1, 2]}
METRICS = ["rmse_test", "loss_train", "learning_rate_used", "status"]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return synthetic.write_study(tmp_path_factory.mktemp("many") / "study", synthetic.dataset(AXES)[METRICS])


def sections(**kinds):
    return [Section(kind, "", "", None, [], i + 1, of) for kind, of in kinds.items() for i in range(of)]


def names(found, most):
    return [section.name for section in all_figures.chosen(found, most)]


def test_one_of_each_kind_and_the_headlines_come_first():
    found = sections(rmse_width=3, rmse_time=80, loss_time=80, cost=1)
    assert names(found, 1) == ["rmse_width_1"]
    assert names(found, 4) == ["rmse_width_1", "rmse_time_1", "loss_time_1", "cost"]
    assert names(found, 6)[:3] == ["rmse_width_1", "rmse_width_2", "rmse_width_3"] and len(names(found, 6)) == 6
    assert names(found, 10)[3:] == ["rmse_time_1", "rmse_time_41", "rmse_time_80", "loss_time_1", "loss_time_41",
                                    "loss_time_80", "cost"]  # fmt: skip
    assert names(found, 0) == [] and len(names(found, 1000)) == len(found)
    assert all(len(names(found, most)) == most for most in range(164))


def test_the_rest_is_named_and_its_numbers_stay(study, tmp_path, capsys):
    page = report(tmp_path / "all", study, options=["--figures", "all"])
    every = figures(tmp_path / "all")
    assert "not drawn" not in capsys.readouterr().err and "Figures that are not drawn" not in page
    page = report(tmp_path / "few", study, options=["--figures", "4"])
    drawn, said = figures(tmp_path / "few"), capsys.readouterr().err
    assert len(drawn) == 4 and {"rmse_width", "rmse_time_1", "loss_time_1"} < drawn
    for name in every - drawn:
        assert f"<li>{name}: " in page
    assert f"report: not drawn {len(every - drawn)} figures: " in said and "--figures all" in said
    for name in ("levels.csv", "slopes.csv", "time.csv", "summary.csv"):
        assert table(tmp_path / "few", name) == table(tmp_path / "all", name)


def test_forty_are_drawn_unless_asked(tmp_path, capsys, monkeypatch):
    drawn = []

    def draw_none(found, *_, **__):
        drawn.extend(found)
        return {section.name: "" for section in found}

    monkeypatch.setattr("ntksweep.drawing.draw_all", draw_none)
    axes = {**AXES, "depth": list(range(1, 9))}
    data = synthetic.dataset({name: axes[name] for name in ("depth", *AXES)})[METRICS]
    main([str(synthetic.write_study(tmp_path / "study", data)), "-o", str(tmp_path / "report")])
    assert len(drawn) == 40 and {section.kind for section in drawn} >= {"rmse_width", "rmse_time", "loss_time"}


def test_names_are_ranges():
    rest = [s for s in sections(rmse_time=9, cost=1) if s.number not in (1, 6)] + sections(rounding=1)
    assert words.not_drawn(rest) == "not drawn 8 figures: rmse_time 2-5, 7-9; rounding"


def test_the_precision_of_infinite_width_is_told_from_the_networks():
    where = {"precision": "f64", "limit_precision": "f32"}
    assert words.where_text(where) == "f64, limit in f32"


def test_one_process_and_three_give_equal_bytes(study, tmp_path):
    for count in ("1", "3"):
        report(tmp_path / count, study, options=["--processes", count])
    found = [path.relative_to(tmp_path / "1") for path in (tmp_path / "1").rglob("*") if path.is_file()]
    assert len(found) > 10
    for name in found:
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "3" / name).read_bytes(), name


def wrong(on):
    raise ValueError("no\nfigure")


@pytest.mark.parametrize(
    "draw, reason",
    [
        (wrong, "ValueError: no figure"),
        (lambda on: os.kill(os.getpid(), signal.SIGKILL), "its process was ended by SIGKILL"),
        (lambda on: os._exit(3), "its process ended with code 3"),
    ],
)
def test_a_figure_that_fails_names_itself_and_takes_no_other(study, tmp_path, capsys, monkeypatch, draw, reason):
    bad = Section("bad", "Bad", "", draw)
    monkeypatch.setattr(all_figures, "FIGURES", (lambda _: [bad], *all_figures.FIGURES))
    assert main([str(study), "-o", str(tmp_path / "report")]) == 1
    assert f"report: figure bad: {reason}\n" in capsys.readouterr().err
    assert f"Figure bad could not be drawn: {reason}" in (tmp_path / "report" / "index.html").read_text()
    assert {"rmse_width", "rmse_time_1", "loss_time_3"} <= figures(tmp_path / "report")


def test_each_is_told_once():
    told = []
    assert draw_all([], None, 2, told.append) == {} and told == []
    failed = draw_all([Section(name, "", "", wrong) for name in "abc"], None, 2, told.append)
    assert sorted(failed) == ["a", "b", "c"] and told == [1, 2, 3]


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()])
def test_progress_is_one_line_on_a_terminal_and_few_elsewhere(stream):
    now = iter(range(1000))
    progress = Progress(60, "60 of 60 figures", stream, lambda: next(now))
    for done in range(1, 61):
        progress(done)
    text = stream.getvalue()
    assert "report: 30 of 60 figures drawn, 30 s to go" in text and "report: 60 of 60 figures drawn in 60 s\n" in text
    lines = 1 if stream.isatty() else 2 + 60 // EVERY - 1
    assert text.count("\n") == lines and text.count("\r\033[K") == (61 if stream.isatty() else 0)


@pytest.mark.parametrize("option, value", [("--figures", "-1"), ("--figures", "some"), ("--processes", "0")])
def test_a_wrong_count_is_one_line(study, tmp_path, capsys, option, value):
    assert main([str(study), "-o", str(tmp_path / "report"), f"{option}={value}"]) == 1
    assert re.fullmatch(r"report: .+whole number.+\n", capsys.readouterr().err)
