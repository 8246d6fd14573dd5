"""Metrics that the package has never heard of: label, models, default figure and its guide are what results.h5 says."""

import ntksweep
import numpy as np
import pytest
import synthetic
from ntksweep import words
from ntksweep.context import Context
from ntksweep.curves import curves_of
from ntksweep.figures import BY_HAND
from ntksweep.load import load_studies
from test_report import figures, report, table

AXES = {"activation": ["erf", "relu"], "train_size": [32, 128], "width": [64, 256, 1024], "seed": [0, 1, 2]}
SAID = {
    "long_name": "the network's sharpness",
    "label": "sharpness $s$",
    "figure_against": "width",
    "guide_slope": -0.5,
    "models": np.int32(1),
}


def dataset(says=SAID, like="rmse_test", axes=AXES, **more):
    """With a metric `sharpness`, of which results.h5 says this."""
    data = synthetic.with_flags(synthetic.dataset(axes, **more))
    return data.assign(sharpness=data[like].copy().assign_attrs(says))


def opened(folder, data, **options):
    return ntksweep.open(synthetic.write_study(folder / "study", data, **options))


def legend(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def labels(figure):
    return {axes.get_ylabel() for axes in figure.axes} - {""}


def test_an_unknown_metric_has_the_figure_that_its_row_asks_for(tmp_path):
    study = synthetic.write_study(tmp_path / "study", dataset())
    page = report(tmp_path / "report", study, options=["--figures", "all"])
    assert "sharpness_width" in figures(tmp_path / "report")
    assert '<h2 id="the-networks-sharpness-against-width">The network&#x27;s sharpness against width</h2>' in page
    assert f"Expected: n<sup>\N{MINUS SIGN}1/2</sup>." in page
    rows = [row for row in table(tmp_path / "report", "slopes.csv") if row["metric"] == "sharpness"]
    assert {row["kind"] for row in rows} == {"fit", "local"} and len(rows) == 2 * 2 * 3
    assert rows == [{**row, "metric": "sharpness"} for row in table(tmp_path / "report", "slopes.csv")
                    if row["metric"] == "rmse_test" and row["against"] == "width"]  # fmt: skip
    figure = ntksweep.plot.metric(ntksweep.open(study), "sharpness")
    assert labels(figure) == {"sharpness $s$"} and "$n^{-1/2}$" in legend(figure)
    (guide,) = (line for line in figure.axes[0].lines if line.get_linestyle() == ":" and len(line.get_xdata()) == 3)
    x, y = np.log(guide.get_xdata()), np.log(guide.get_ydata())
    np.testing.assert_allclose(np.diff(y) / np.diff(x), -0.5)


def test_over_time_it_has_one_for_each_value_of_the_other_axes(tmp_path):
    data = opened(tmp_path, dataset({**SAID, "figure_against": "step"}))
    names = ntksweep.plot.names(data)
    assert [name for name in names if "sharpness" in name] == ["sharpness_time_1", "sharpness_time_2"]
    figure = ntksweep.plot.metric(data, "sharpness", number=2)
    assert labels(figure) == {"sharpness $s$"} and len(figure.axes) == 2 and legend(figure) == ["64", "256", "1024"]


@pytest.mark.parametrize("against, kind", [("train_size", "sharpness_train_size"), ("kernel_step", "sharpness_time")])
def test_other_axes_and_steps(tmp_path, against, kind):
    data = dataset({**SAID, "figure_against": against}, like="ntk_change" if against == "kernel_step" else "rmse_test")
    assert kind in {name.removesuffix("_1") for name in ntksweep.plot.names(opened(tmp_path, data))}


def test_over_layers_each_network_has_its_own(tmp_path):
    axes = {**AXES, "train_size": [32], "width": [64]}
    data = dataset({**SAID, "figure_against": "layer"}, "parameter_change", axes)
    names = list(data["layer"].values)
    data["sharpness"].values[...] += 1e-3
    data["sharpness"].loc[dict(activation="relu", layer=names[1])] = np.nan
    figure = ntksweep.plot.metric(opened(tmp_path, data), "sharpness")
    assert {panel.get_title() for panel in figure.axes} == {"step 0", f"step {synthetic.STEPS[-1]}"}
    drawn = [len(line.get_xdata()) for line in figure.axes[1].lines if line.get_linestyle() == "-"]
    ends = [line.get_xdata()[-1] for line in figure.axes[1].lines if line.get_linestyle() == "-"]
    assert len(names) in drawn and len(names) - 1 in drawn and {len(names) - 1, len(names) - 2} <= set(ends)


def test_over_states_at_the_first_and_the_last_step(tmp_path):
    data = dataset(axes={**AXES, "train_size": [32], "width": [64]})
    change = data["parameter_change"].isel(step=[2, -1])
    data["sharpness"] = change.drop_vars(["step", "layer"]).rename(step="state_step", layer="state_index")
    data = data.assign_coords(state_step=[0, 11])
    data["sharpness"].attrs = {**SAID, "figure_against": "state_index"}
    data = opened(tmp_path, data)
    assert "sharpness_state_index" in ntksweep.plot.names(data)
    figure = ntksweep.plot.metric(data, "sharpness")
    assert {panel.get_title() for panel in figure.axes} == {"step 0", "step 11"}
    assert {panel.get_xlabel() for panel in figure.axes} == {"state $h_l$, $l$"}


@pytest.mark.parametrize("against", ["width", "step"])
def test_of_each_test_point_and_output(tmp_path, against):
    data = dataset({**SAID, "figure_against": against}, "outputs", {**AXES, "activation": ["erf"]}, probes=2, outputs=2)
    data["sharpness"] = abs(data["sharpness"]).assign_attrs(data["sharpness"].attrs)
    data = opened(tmp_path, data)
    names = [name for name in ntksweep.plot.names(data) if "sharpness" in name]
    assert len(names) == (4 if against == "step" else 1)
    assert len(ntksweep.plot.metric(data, "sharpness").axes) == (2 if against == "step" else 4)


def test_no_figure_where_none_is_asked_for_or_one_is_made_by_hand(tmp_path):
    data = dataset({**SAID, "figure_against": "activation"})
    before = ntksweep.plot.names(opened(tmp_path / "words", data))
    assert not any("sharpness" in name for name in before)
    for name in BY_HAND & set(data.data_vars):
        data[name].attrs.update(SAID)
    del data["sharpness"].attrs["figure_against"]
    assert ntksweep.plot.names(opened(tmp_path / "hand", data)) == before
    with pytest.raises(ntksweep.InputError, match="nothing to draw"):
        ntksweep.plot.metric(opened(tmp_path / "none", data), "sharpness")


@pytest.mark.parametrize("models, left", [(1, 3), (2, 2), (3, 2), (None, 3)])
def test_the_models_that_it_says_take_it_away(tmp_path, models, left):
    says = {name: value for name, value in {**SAID, "models": models}.items() if value is not None}
    at = dict(activation="erf", train_size=32, width=64, seed=1)
    data = dataset(says)
    data["status"].loc[at] = 2
    curves = curves_of(load_studies([synthetic.write_study(tmp_path / "study", data)]), "sharpness", "width")
    assert [int(curve.level.count[0]) for curve in curves] == [left, 3, 3, 3]
    assert int(curves[0].diverged[0]) == 3 - left and curves[0].models == (models or 0)


def test_what_the_file_says_goes_before_what_older_ones_meant(tmp_path):
    data = synthetic.dataset(AXES)
    older = opened(tmp_path / "older", data)
    assert labels(ntksweep.plot.rmse_width(older)) == {words.LABELS["rmse_test"]}
    data["rmse_test"].attrs["label"] = data["loss_train"].attrs["label"] = "another loss"
    newer = opened(tmp_path / "newer", data)
    assert labels(ntksweep.plot.rmse_width(newer)) == {"another loss"}
    assert "another loss" in labels(ntksweep.plot.loss_time(newer))
    entropy = opened(tmp_path / "entropy", data, more="training: { loss: cross_entropy }\n")
    assert "another cross-entropy, nats" in labels(ntksweep.plot.loss_time(entropy))
    assert Context([entropy.ntksweep], []).rows[0].loss_label == "another cross-entropy, nats"
