"""Which of the two models diverged: the network's own stays where its linearization alone did."""

import numpy as np
import pytest
import synthetic
from ntksweep import curves, style, tables, times, words
from ntksweep.context import Context
from ntksweep.figures import rmse_against_axes, rmse_against_width
from ntksweep.load import load_studies
from test_report import report, table

AXES = {"learning_rate": [0.5, 1.5], "train_size": [32], "width": [64, 256], "seed": [0, 1, 2]}
CATAPULT = dict(learning_rate=1.5, train_size=32)  # the linearization diverges, the network converges


def catapult(seeds=(0, 1, 2), is_new=True, axes=AXES):
    """As the program writes it: the values that need the linearization end with it."""
    data = synthetic.dataset(axes).drop_vars(["ntk_distance_infinite", "rmse_test_infinite"])
    at = {**CATAPULT, "seed": list(seeds)}
    data["status"].loc[at] = 2 if is_new else 1
    data["diverged_step_linear"].loc[at] = 60
    for name in ("rmse_test", "rmse_train", "loss_train_linear", "loss_test_linear", "outputs_linear"):
        data[name].loc[{**at, "step": data["step"][data["step"] >= 60].values}] = np.nan
    return synthetic.with_flags(data) if is_new else data


def study(folder, data, **options):
    return load_studies([synthetic.write_study(folder, data, **options)])[0]


@pytest.mark.parametrize("steps, bits", [((60, None), 1), ((None, 60), 2), ((60, 90), 3), ((None, None), 3)])
def test_the_status_of_the_program_before_is_read_from_the_steps(tmp_path, steps, bits):
    data, at = synthetic.dataset(AXES), dict(learning_rate=0.5, train_size=32, width=64, seed=1)
    data["status"].loc[at] = 1
    data["status"].loc[{**at, "seed": 2}] = -1
    for name, step in zip(("diverged_step", "diverged_step_linear"), steps):
        data[name].loc[at] = np.nan if step is None else step
    status = study(tmp_path / "old", data).data["status"]
    assert status.sel(at) == bits and status.sel({**at, "seed": 2}) == -1 and int((status != 0).sum()) == 2


def test_bits_are_read_as_they_are(tmp_path):
    data = synthetic.with_flags(synthetic.dataset(AXES))
    data["status"].values.ravel()[:6] = [1, 2, 3, 4, -1, 0]  # 4: of a later model
    status = study(tmp_path / "new", data).data["status"]
    assert list(status.values.ravel()[:6]) == [1, 2, 3, 4, -1, 0]


@pytest.mark.parametrize("is_new", [True, False])
def test_the_networks_own_stays_where_its_linearization_diverged(tmp_path, is_new):
    found = study(tmp_path / "study", catapult(is_new=is_new))
    for metric in ("loss_train", "loss_test", "outputs", "parameter_change", "ntk_change", "lambda_max"):
        assert curves.final(found, metric).sel(CATAPULT).notnull().all(), metric
    for metric in ("rmse_test", "rmse_train", "loss_train_linear", "outputs_linear"):
        assert curves.final(found, metric).sel(CATAPULT).isnull().all(), metric
        assert curves.final(found, metric).sel(learning_rate=0.5).notnull().all(), metric


def test_a_diverged_network_takes_its_own_away(tmp_path):
    data = synthetic.with_flags(synthetic.dataset(AXES))
    data["status"].loc[CATAPULT] = 1
    found = study(tmp_path / "study", data)
    kept = {name for name in ("loss_train", "rmse_test", "loss_train_linear", "lambda_max")
            if curves.final(found, name).sel(CATAPULT).notnull().any()}  # fmt: skip
    assert kept == {"loss_train_linear", "lambda_max"}


def test_metrics_that_the_table_does_not_know_need_both():
    assert words.models_of("something_new", {}) == words.BOTH == 3
    assert words.models_of("rmse_test_flow", {}) == words.models_of("f_rms", {}) == words.NETWORK
    assert words.models_of("accuracy_test_linear", {}) == words.LINEARIZATION


def test_words_say_which_of_the_two(tmp_path):
    page = report(tmp_path / "report", synthetic.write_study(tmp_path / "study", catapult(seeds=[0])))
    assert "of 12 points 2 diverged (0 networks, 2 linearizations)" in page
    assert "<td>1 of 3 linearizations diverged</td>" in page and "linearization at step 60" in page
    rows = table(tmp_path / "report", "levels.csv")
    rmse = [row for row in rows if row["metric"] == "rmse_test" and row["against"] == "width"]
    assert [row["diverged_linearization"] for row in rmse] == ["0", "0", "1", "1"]
    assert {row["diverged_network"] for row in rows} == {"0"}
    assert all(row["diverged"] == "0" for row in rows if row["metric"] in ("ntk_change", "parameter_change"))


def test_what_is_the_networks_own_names_it_alone(tmp_path):
    data = synthetic.with_flags(synthetic.dataset(AXES))
    data["status"].loc[{**CATAPULT, "seed": 0}] = 3
    found = study(tmp_path / "study", data)
    kernel, rmse = (curves.curves_of([found], name, "width")[1] for name in ("ntk_change", "rmse_test"))
    assert kernel.diverged_text(0) == "1 of 3 networks diverged"
    assert rmse.diverged_text() == "2 of 6 networks, 2 of 6 linearizations diverged"


def test_both_are_counted():
    assert words.diverged_text({1: 2, 2: 3}, 5) == "2 of 5 networks, 3 of 5 linearizations diverged"
    assert words.diverged_text({1: 0, 2: 0}, 5) == ""


def test_the_loss_stands_in_the_summary_where_there_is_no_rmse(tmp_path):
    data = catapult()
    report(tmp_path / "report", synthetic.write_study(tmp_path / "study", data))
    rows = [row for row in table(tmp_path / "report", "summary.csv") if row["learning_rate"] == "1.5"]
    last = data["loss_train"].isel(step=-1).sel(CATAPULT)
    assert [(row["rmse_test"], row["diverged_linearization"]) for row in rows] == [("", "3"), ("", "3")]
    assert np.allclose([float(row["loss_train"]) for row in rows], np.exp(np.log(last).mean("seed")))


def test_a_cross_stands_where_all_diverged(tmp_path):
    data = catapult(axes={**AXES, "learning_rate": [0.5, 1.0, 1.5]})
    (section,) = rmse_against_axes(Context([study(tmp_path / "study", data)], []))
    (panel,) = section.figure.axes
    crosses = [line for line in panel.lines if line.get_marker() == "x"]
    assert len(crosses) == 2 and all(np.allclose(line.get_xdata(), 1.5, rtol=0.05) for line in crosses)
    low, high = panel.get_xlim()
    assert low < 0.5 and high > 1.5
    assert "all seeds diverged" in [text.get_text() for text in section.figure.legends[0].get_texts()]


def test_the_figure_names_the_model(tmp_path):
    (section,) = rmse_against_width(Context([study(tmp_path / "study", catapult(seeds=[0]))], []))
    texts = {text.get_text() for panel in section.figure.axes for text in panel.texts}
    assert texts == {"1 of 3 linearizations\ndiverged"}


def test_points_are_named_with_their_models(tmp_path):
    data = catapult(seeds=[0])
    data["status"].loc[{**CATAPULT, "width": 64, "seed": 0}] = 3
    data["diverged_step"].loc[{**CATAPULT, "width": 64, "seed": 0}] = 31
    reasons = [row["reason"] for row in tables.unrecorded([study(tmp_path / "study", data)])]
    assert reasons == ["network at step 31, linearization at step 60", "linearization at step 60"]


def labelled(data, name="learning rate / critical", **attributes):
    data["learning_rate"].attrs.update(long_name=name, **attributes)
    return data


@pytest.mark.parametrize("name", ["learning rate / critical", "learning rate", "learning rate / empirical critical"])
def test_the_learning_rate_says_in_what_it_is_measured(tmp_path, name):
    axes = {"learning_rate": [0.5, 1.5], "train_size": [32, 128], "width": [64, 256], "seed": [0]}
    data = labelled(synthetic.dataset(axes), name, form="critical_fraction")
    found = Context([study(tmp_path / "study", data)], [])
    (section,) = rmse_against_axes(found)
    assert section.figure.axes[0].get_xlabel() == name
    (section,) = rmse_against_width(found)
    assert [panel.get_title() for panel in section.figure.axes] == [f"{name} 0.5", f"{name} 1.5"]


def test_a_sentence_is_no_label(tmp_path):
    data = labelled(synthetic.dataset(AXES), "the rate, or its share of the largest stable one for the loss")
    (section,) = rmse_against_axes(Context([study(tmp_path / "study", data)], []))
    assert section.figure.axes[0].get_xlabel() == "learning rate"


def test_a_model_that_blows_up_leaves_the_rest_in_view(tmp_path):
    """Of losses a million times the first, of outputs three times what the networks have, and no more."""
    data = synthetic.dataset({"train_size": [32], "width": [64, 256], "seed": [0, 1, 2]})
    blown = 10 ** (12.0 * data["step"] / 1000)
    for name in ("loss_test_linear", "outputs_linear"):
        data[name] = data[name] * blown
    found = Context([study(tmp_path / "study", data)], [])
    (losses,), (outputs,) = times.losses(found), times.outputs(found)
    low, high = losses.figure.axes[1].get_ylim()
    first = float(data["loss_test_linear"].isel(step=1).max())
    assert low < float(data["loss_test"].min()) and 1e5 * first < high < 1e7 * first
    panel = outputs.figure.axes[0]
    values = np.concatenate([line.get_ydata() for line in panel.lines if line.get_linestyle() == "-"])
    low, high = panel.get_ylim()
    assert low < values.min() < values.max() < high < low + 6 * np.ptp(data["outputs"].sel(seed=0).values)


@pytest.mark.parametrize("widths", [[64, 256], [16, 32, 64, 128, 256, 512, 1024]])
def test_where_many_diverged_a_fraction_says_so(tmp_path, widths):
    axes = {**AXES, "width": widths}
    (section,) = rmse_against_width(Context([study(tmp_path / "study", catapult([0], axes=axes))], []))
    panel = section.figure.axes[0]
    texts = {text.get_text() for text in panel.texts}
    legend = [text.get_text() for text in section.figure.legends[0].get_texts()]
    assert texts == ({"1/3"} if len(widths) > 6 else {"1 of 3 linearizations\ndiverged"})
    assert ("median; a/b: of b seeds a diverged" in legend) == (len(widths) > 6)


def test_a_long_title_is_not_cut(tmp_path):
    title = "A title of many words which does not fit into one line and has a word like " + 3 * "learning_rates_"
    found = study(tmp_path / "study", synthetic.dataset(AXES), title=title)
    (section,) = rmse_against_width(Context([found], []))
    figure = section.figure
    style.lay_out(figure)
    box = figure.texts[0].get_window_extent(figure.canvas.get_renderer())
    assert "\n" in figure.texts[0].get_text()
    assert box.x0 >= 0 and box.y1 <= figure.bbox.y1 and box.x1 <= figure.bbox.x1
