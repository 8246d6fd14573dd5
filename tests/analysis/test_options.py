"""Single figures for a paper, formats, several studies in one panel; what the page has for print and keyboard."""

import re

import pytest
import synthetic
from ntksweep.__main__ import main
from ntksweep.context import Context
from ntksweep.figures import rmse_against_width
from ntksweep.load import load_studies
from ntksweep.times import rmse
from test_report import figures, report

AXES = {"train_size": [32, 128], "width": [64, 256, 1024], "seed": [0, 1, 2]}


@pytest.fixture(scope="module")
def studies(tmp_path_factory):
    folder = tmp_path_factory.mktemp("options")
    deep = {"depth": [1, 2], **AXES}
    grids = {"erf": AXES, "relu": AXES, "deep": deep}
    return [synthetic.write_study(folder / name, synthetic.dataset(axes), network="{ family: fc }") for name, axes in grids.items()]


def test_one_figure_in_its_formats_and_no_page(studies, tmp_path, capsys):
    words = ["--only", "cost", "--only", "rmse_width", "--size", "3.4", "--format", "pdf,svg", "-o", str(tmp_path / "a")]
    assert main([str(studies[0]), *words]) == 0
    names = {path.name for path in (tmp_path / "a").iterdir()}
    assert names == {"cost.pdf", "cost.svg", "rmse_width.pdf", "rmse_width.svg"}
    assert capsys.readouterr().out.split() == [str(tmp_path / "a" / name) for name in
                                               ("rmse_width.pdf", "rmse_width.svg", "cost.pdf", "cost.svg")]  # fmt: skip
    picture = (tmp_path / "a/rmse_width.svg").read_text()
    assert 'width="244.8pt"' in picture and ">RMSE of network and linearization, test<" in picture
    assert b"CIDFontType2" in (tmp_path / "a/cost.pdf").read_bytes()


def test_all_of_a_kind_by_its_name(studies, tmp_path):
    assert main([str(studies[2]), "--only", "rmse_time", "--format", "svg", "-o", str(tmp_path)]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {"rmse_time_1.svg", "rmse_time_2.svg"}


@pytest.mark.parametrize(
    "words, said",
    [
        (["--only", "rmse"], "--only rmse: no such figure; there are rmse_width, "),
        (["--size", "3"], "--size is for figures of --only"),
        (["--size", "1", "--only", "cost"], "'1' is not a number of inches from 2 to 40"),
        (["--format", "pdf,jpg"], "'jpg' is none of pdf, svg, png"),
    ],
)
def test_options_that_make_no_sense(studies, tmp_path, capsys, words, said):
    assert main([str(studies[0]), *words, "-o", str(tmp_path / "none")]) == 1
    assert said in capsys.readouterr().err and not (tmp_path / "none").exists()


def test_a_report_in_other_formats_links_them(studies, tmp_path):
    page = main([str(studies[0]), "--figures", "2", "--format", "pdf", "-o", str(tmp_path)]) or (
        tmp_path / "index.html"
    ).read_text()
    files = {path.name for path in (tmp_path / "figures").iterdir()}
    assert files == {f"{name}.{kind}" for name in figures(tmp_path) for kind in ("svg", "pdf")} and len(files) == 4
    assert all(f'href="figures/{name}"' in page for name in files)


def test_studies_share_panels_and_one_without_the_axis_is_named(studies):
    (section,) = rmse_against_width(Context(load_studies(studies[:2]), []))
    (panel,) = section.figure.axes
    assert len({line.get_linestyle() for line in panel.lines if line.get_linestyle() != "None"}) >= 2
    (section,) = rmse_against_width(Context(load_studies(studies), []))
    assert [panel.get_title() for panel in section.figure.axes] == ["erf, relu", "depth 1", "depth 2"]


def test_a_study_that_says_its_value_shares_the_panel_of_those_with_the_axis(studies, tmp_path):
    network = "{ family: fc, depth: 2, activation: erf }"
    first = synthetic.write_study(tmp_path / "first", synthetic.dataset(AXES), network="{ family: fc, depth: 0 }")
    (section,) = rmse_against_width(Context(load_studies([studies[2], first]), []))
    assert [panel.get_title() for panel in section.figure.axes] == ["depth 0", "depth 1", "depth 2"]
    fixed = synthetic.write_study(tmp_path / "fixed", synthetic.dataset(AXES, exponent=-0.5), network=network)
    context = Context(load_studies([studies[2], fixed]), [])
    (section,) = rmse_against_width(context)
    assert [panel.get_title() for panel in section.figure.axes] == ["depth 1", "depth 2"]
    slopes = {(curve.source, curve.where["depth"]): round(curve.fit.exponent, 1) for curve in section.curves}
    assert set(slopes) == {("deep", 1), ("deep", 2), ("fixed", 2)} and slopes["fixed", 2] == -0.5
    page = report(tmp_path / "report", studies[2], fixed)
    assert "depth 2" in page and figures(tmp_path / "report") >= {"rmse_width", "rmse_time_1", "outputs_time_1"}


def test_time_is_shared_too(studies):
    (section,) = rmse(Context(load_studies(studies[:2]), []))
    assert "erf" not in section.title and len(section.curves) == 12
    for panel in section.figure.axes:
        assert {line.get_linestyle() for line in panel.lines} == {"-", "--"} and len(panel.lines) == 6
    texts = [text.get_text() for text in section.figure.legends[0].get_texts()]
    assert texts == ["64", "256", "1024", "erf", "relu"]
    titles = [section.title for section in rmse(Context(load_studies([studies[0], studies[2]]), []))]
    assert titles == [f"RMSE against time: {place}" for place in ("erf", "deep, depth 1", "deep, depth 2")]


def test_the_page_can_be_printed_and_read_with_keys(studies, tmp_path):
    page = report(tmp_path, studies[2])
    assert page.count('<div class="scroll"') == page.count('<div class="scroll" tabindex="0" ') > 3
    assert "<details>" in page and "beforeprint" in page and "@media print" in page
    contents = re.search(r"<nav aria-label=\"Contents\"><ul>(.*?)</ul></nav>", page).group(1)
    assert re.findall(r"<li><a href=\"#(.*?)\">", contents) == re.findall(r"<h2 id=\"(.*?)\">", page)
