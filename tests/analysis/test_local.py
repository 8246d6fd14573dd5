"""Local slopes beside the paper's: what is read, drawn and said of convolutional and wide residual networks."""

import numpy as np
import pytest
import synthetic
from ntksweep import local, paper, style
from ntksweep.context import Context
from ntksweep.figures import layer_change, rmse_against_width
from ntksweep.load import load_studies
from test_report import figures, report, table

AXES = {"train_size": [32, 128], "width": [16, 32, 64, 128], "seed": [0, 1, 2]}
METRICS = ["rmse_test", "loss_train", "parameter_change", "status"]
FROZEN = 'title: "a family: fc"\nnetwork:\n  family: conv\n  depth: 6\n  pooling: global\nrun:\n  depth: 9\n'


def study(folder, axes=AXES, network=synthetic.CONV, layers=None, metrics=METRICS, **options):
    data = synthetic.dataset(axes, layers=layers or synthetic.conv_layers(4), **options)
    return synthetic.write_study(folder, data[metrics], network=network)


def context(*folders):
    return Context(load_studies(folders), [])


def names(axis):
    return [text.get_text() for text in axis.get_yticklabels()]


@pytest.mark.parametrize(
    "text, where, family, depth",
    [
        (FROZEN, {}, "conv", 6),
        (FROZEN.replace("  depth: 6\n", ""), {"depth": 16, "width": 8}, "conv", 16),
        (f"network: {synthetic.WRN}\nsweep: {{ width: [8] }}\n", {}, "wrn", 10),
        ("network:\n  family: wrn\n", {"blocks": 2}, "wrn", 16),
        ("network: { depth: 3, activation: erf }\n", {}, "fc", 3),
        ("", {}, "fc", np.nan),
    ],
)
def test_family_and_depth_come_from_the_study(tmp_path, text, where, family, depth):
    folder = study(tmp_path / "study")
    (folder / "study.yaml").write_text(text)
    (found,) = load_studies([folder])
    assert found.family == family and np.array_equal(found.depth(where), depth, equal_nan=True)


def test_the_papers_points():
    """Values of the file's column log2_y, divided by hand."""
    points = paper.paper_curves(["conv", "wrn"])
    assert [(curve.family, curve.depth) for curve in points] == [
        ("conv", 4), ("conv", 8), ("conv", 16), ("conv", 32), ("wrn", 10), ("wrn", 16),
    ]  # fmt: skip
    slopes = {curve.depth: [fit.exponent for fit in curve.slopes] for curve in (points[0], points[4])}
    assert np.allclose(slopes[4], [-0.376, -0.342, -0.366, -0.390], atol=1e-3)
    assert np.allclose(slopes[10], [-0.179, -0.188, -0.246, -0.466, -0.388], atol=1e-3)
    assert abs(paper.overall(points, "conv") + 0.35) < 0.01 and abs(paper.overall(points, "wrn") + 0.28) < 0.01
    assert paper.paper_curves(["fc"]) == []


@pytest.mark.parametrize(
    "network, axis, nearest",
    [
        (synthetic.CONV, {"depth": [1, 5, 6, 100]}, {4, 8, 32}),
        (synthetic.CONV, {"activation": ["relu", "erf"]}, {4}),
        (synthetic.WRN, {"blocks": [1, 2]}, {10, 16}),
        (synthetic.FC, {"activation": ["relu", "erf"]}, set()),
    ],
)
def test_the_nearest_depth_of_the_family_is_chosen(tmp_path, network, axis, nearest):
    found = context(study(tmp_path / "study", {**axis, **AXES}, network))
    assert {curve.depth for curve in paper.beside(paper.paper_curves(["conv", "wrn"]), found.rmse)} == nearest


def test_local_slopes_stand_at_geometric_means(tmp_path):
    found = context(study(tmp_path / "study", exponent=-0.6, spread=0.0))
    ((draw, _),) = local.slope_figures(local.local_curves(found), found.paper)
    (panel,) = draw().axes
    lines = {len(line.get_xdata()): line for line in panel.lines if line.get_marker() in "osD"}
    own, given = lines[3], lines[4]
    assert np.allclose(own.get_xdata(), 16 * 2 ** np.array([0.5, 1.5, 2.5]), rtol=0.03)
    assert np.allclose(own.get_ydata(), -0.6)
    assert np.allclose(given.get_xdata(), 32 * 2 ** np.array([0.5, 1.5, 2.5, 3.5])) and given.get_ydata()[0] < -0.37
    assert given.get_markerfacecolor() == "none" and own.get_markerfacecolor() != "none"
    assert panel.get_xlabel() == "channels $n$" and panel.get_xscale() == "log"
    assert [text.get_text() for text in panel.get_xticklabels()] == ["16", "32", "64", "128", "256", "512"]
    assert any(np.all(np.asarray(line.get_ydata()) == -1) for line in panel.lines)
    assert panel.get_ylim()[0] < -1


def test_slopes_without_intervals_and_with_holes(tmp_path):
    data = synthetic.dataset({"train_size": [32], "width": [16, 32, 64, 128], "seed": [4]}, exponent=-0.5)
    data["rmse_test"].loc[{"width": 32}] = np.nan
    found = context(synthetic.write_study(tmp_path / "study", data, network=synthetic.CONV))
    ((draw, _),) = local.slope_figures(local.local_curves(found), found.paper)
    header, rows = local.slope_table(found)
    assert header == ["channels n", *(f"{n}\N{EN DASH}{2 * n}" for n in (16, 32, 64, 128, 256)), "fitted over all"]
    assert rows[0][1] == rows[0][2] == "" and rows[0][3].split("\n")[1] == "(no interval)"
    style.save(draw(), tmp_path / "slopes")


@pytest.mark.parametrize("network, kind, depths", [(synthetic.CONV, "CNN", 4), (synthetic.WRN, "WRN", 2)])
def test_the_page_is_headed_by_local_slopes(tmp_path, network, kind, depths):
    layers = synthetic.conv_layers(4) if kind == "CNN" else synthetic.wrn_layers(1)
    page = report(tmp_path / "report", study(tmp_path / "study", network=network, layers=layers, exponent=-0.6))
    family = {"CNN": "Convolutional", "WRN": "Wide residual"}[kind]
    assert f"{family} networks, 64\N{EN DASH}128 channels: RMSE" in page and "goes with the width n" not in page
    top, rest = page.split("<h2 ", 1)
    assert top.count("<tr><td>") == 2 + depths and top.count(f"Lee et al. 2019, {kind}") == depths
    assert "pre-asymptotic" in top and "fitted over all" in top and "<th>fitted exponent" not in rest.split("<h2 ")[0]
    assert "RMSE against channels" in page and "<th>channels</th>" in page
    assert "local_slopes" in figures(tmp_path / "report")
    rows = [row for row in table(tmp_path / "report", "slopes.csv") if row["metric"] == "rmse_test"]
    own = [row for row in rows if row["study"] == "study" and row["against"] == "width" and row["kind"] == "local"]
    assert len(own) == 6 and all(float(row["low"]) < float(row["slope"]) < float(row["high"]) for row in own)
    assert len([row for row in rows if kind in row["study"] and row["kind"] == "fit"]) == depths
    for row in own[:3]:
        slope = f"{abs(float(row['slope'])):.2f}\n(" if float(row["slope"]) < 0 else f"{float(row['slope']):.2f}\n("
        assert slope in top


def test_fully_connected_networks_keep_their_headline(tmp_path):
    page = report(tmp_path / "report", study(tmp_path / "study", network=synthetic.FC))
    assert "goes with the width n as" in page and "<th>fitted exponent" in page
    assert "Lee et al." not in page and "channels" not in page
    assert "local_slopes" not in figures(tmp_path / "report")


def test_families_side_by_side(tmp_path):
    dense = study(tmp_path / "dense", network=synthetic.FC)
    page = report(tmp_path / "report", dense, study(tmp_path / "conv"), study(tmp_path / "wrn", network=synthetic.WRN))
    assert "goes with the width n as" in page and "RMSE against width or channels" in page
    assert "Convolutional networks, " in page and "Wide residual networks, " in page
    ((draw, _),) = local.slope_figures(local.local_curves(context(dense, tmp_path / "conv")), [])
    assert draw().axes[0].get_xlabel() == "channels $n$"


def test_the_papers_points_are_in_the_figure(tmp_path):
    found = context(study(tmp_path / "study"))
    (section,) = rmse_against_width(found)
    words = [text.get_text() for text in section.figure.legends[0].get_texts()]
    assert words == ["32", "128", "$n^{-1}$", "Lee et al. 2019, CNN,\nN = 128, depth 4"]
    assert "Lee et al." in section.caption
    (panel,) = section.figure.axes
    (given,) = [line for line in panel.lines if line.get_markerfacecolor() == "none"]
    assert np.allclose(np.log2(given.get_ydata()), [-0.594, -0.97, -1.312, -1.678, -2.068], atol=1e-3)
    assert panel.get_ylim()[1] > 0.67


@pytest.mark.parametrize("layers", [synthetic.conv_layers(13), synthetic.wrn_layers(1), synthetic.wrn_layers(5)])
def test_many_layers_are_in_a_colour_bar(tmp_path, layers):
    (section,) = layer_change(context(study(tmp_path / "study", layers=layers)))
    *panels, bar = section.figure.axes
    assert len(panels) == 2 and names(bar) == layers and bar.yaxis_inverted()
    assert [text.get_text() for text in section.figure.legends[0].get_texts()] == ["$n^{-1}$", "$n^{-1/2}$"]
    colours = {tuple(colour) for colour in style.colours(layers).values()}
    assert len(colours) == len(layers)


def test_few_layers_are_in_the_legend(tmp_path):
    (section,) = layer_change(context(study(tmp_path / "study")))
    assert len(section.figure.axes) == 2
    assert [text.get_text() for text in section.figure.legends[0].get_texts()][:5] == synthetic.conv_layers(4)


def test_very_many_layers_are_thinned(tmp_path):
    layers = synthetic.conv_layers(100)
    (section,) = layer_change(context(study(tmp_path / "study", {**AXES, "train_size": [32]}, layers=layers)))
    assert names(section.figure.axes[-1]) == layers[::3]
