"""Ensembles beside Gaussian processes, predictions, other axes and cross-entropy: what is computed, drawn and said."""

import numpy as np
import pytest
import synthetic
from ntksweep import bands, curves, ensembles, predictions, times
from ntksweep.context import Context
from ntksweep.figures import rmse_against_axes
from ntksweep.load import load_studies
from test_report import figures, report, table

GRID = {"train_size": [32], "width": [64, 256], "seed": list(range(24))}
FIGURE_3 = "{ family: fc, depth: 5, activation: relu, sigma_w2: 2.0, sigma_b2: 0.1 }"
CIFAR_FULL = "data: { source: cifar10 }\ntraining: { batch_size: full }\n"
CROSS_ENTROPY = "training:\n  loss: cross_entropy\n  momentum: 0.9\n"


METRICS = ["rmse_test", "loss_train", "learning_rate_used", "status"]


def study(folder, data, **options):
    return load_studies([synthetic.write_study(folder, data, **options)])[0]


def dataset(axes, metrics=METRICS, **options):
    """Of few metrics: figures take time."""
    return synthetic.dataset(axes, **options)[metrics]


def ensemble_data(axes=GRID, **options):
    wanted = {name: options.pop(name) for name in ("probes", "outputs") if name in options}
    data = dataset(axes, METRICS + ["outputs", "outputs_linear"], **{"probes": 6, **wanted})
    return synthetic.with_ensemble(data, **options)


def context(folder, data, **options):
    return Context([study(folder, data, **options)], [])


def legend(section):
    return [text.get_text() for text in section.figure.legends[0].get_texts()]


# Ensembles


def test_scores_and_ratios_are_the_formulas(tmp_path):
    data = ensemble_data(outputs=2)
    last = data.isel(train_size=0, width=1, step=-1)
    members, mean = last["outputs"].values, last["ntk_gp_mean"].values
    z = (members.mean(0) - mean) / (members.std(0, ddof=1) / np.sqrt(24))
    ratio = members.var(0, ddof=1).sum() / (2 * np.trace(last["ntk_gp_covariance"].values))
    _, wide = ensembles.ensembles_of(study(tmp_path / "study", data))
    assert wide.where == {"train_size": 32, "width": 256} and wide.size == 24
    assert np.allclose(wide.scores(wide.networks)[-1], z) and np.isclose(wide.ratios(wide.networks)[-1], ratio)
    row = ensembles.ensemble_row(wide)
    assert np.isclose(row["largest_z_networks"], np.abs(z).max()) and row["values"] == 12


def drawn_ensemble(random, covariance, seeds, outputs=3):
    root = np.linalg.cholesky(covariance)
    members = root @ random.standard_normal((seeds, 1, len(covariance), outputs))
    nothing = np.zeros(members.shape[1:])
    process = ensembles.Spread(nothing, np.diagonal(covariance)[None, :, None], covariance[None])
    networks = ensembles.Spread(members.mean(0), members.var(0, ddof=1))
    examples = np.arange(len(covariance))
    return ensembles.Ensemble("", {}, seeds, "step", np.ones(1), "probe", examples, networks, None, process, None)


def test_linearizations_are_counted_by_themselves(tmp_path):
    """Networks and linearizations diverge by themselves, so each has its own standard error."""
    data = ensemble_data()
    data["ensemble_size_linear"] = data["ensemble_size"] / 4
    _, few = ensembles.ensembles_of(study(tmp_path / "few", data))
    _, same = ensembles.ensembles_of(study(tmp_path / "same", data.drop_vars("ensemble_size_linear")))
    assert np.allclose(few.scores(few.linear) * 2, same.scores(same.linear), equal_nan=True)
    assert np.allclose(few.scores(few.networks), same.scores(same.networks), equal_nan=True)


def test_limits_hold_in_95_of_100_ensembles_of_the_process():
    random, place = np.random.default_rng(17), np.arange(7)
    covariance = 2.385 * np.exp(-(((place[:, None] - place) / 1.3) ** 2)) + 0.1 * np.diag(1 + place)
    drawn = [drawn_ensemble(random, covariance, 5) for _ in range(1500)]
    inside = [low < cell.ratios(cell.networks)[0] < high for cell in drawn for low, high in [cell.ratio_limits()[:, 0]]]
    below = [ensembles.largest(cell.scores(cell.networks))[0] < cell.bound for cell in drawn]
    assert abs(np.mean(inside) - 0.95) < 0.015, np.mean(inside)
    assert 0.94 < np.mean(below) < 0.985, np.mean(below)  # correlated scores: the bound is on the safe side


def test_a_mean_beside_the_process_is_seen(tmp_path):
    (_, right), (_, wrong) = (
        ensembles.ensembles_of(study(tmp_path / name, ensemble_data(tilt=tilt)))
        for name, tilt in (("a", 0), ("b", 1.5))
    )
    assert ensembles.ensemble_row(right)["largest_z_networks"] < right.bound
    assert ensembles.ensemble_row(wrong)["largest_z_networks"] > wrong.bound


def test_the_ensemble_is_drawn_and_told(tmp_path):
    page = report(tmp_path / "report", synthetic.write_study(tmp_path / "study", ensemble_data(probes=9, outputs=2)))
    assert {"ensemble", "ensemble_agreement"} <= figures(tmp_path / "report")
    narrow, wide = table(tmp_path / "report", "ensembles.csv")
    assert (narrow["width"], wide["width"], wide["ensemble_size"], wide["values"]) == ("64", "256", "24", "18")
    assert "24 networks of width 256 beside the NTK Gaussian process at the last step: means at most" in page
    assert page.count("<td>24</td><td>18</td>") == 2 and "18 test outputs; summed variance" in page


def test_the_bands_are_what_was_planted(tmp_path):
    data = ensemble_data(probes=9)
    section, _ = bands.sections(context(tmp_path / "study", data))
    assert len(section.figure.axes) == bands.POINTS and "n = 256" in section.title
    assert legend(section) == [
        "mean of 24 networks", "networks ± 2 sd", "linearized, mean", "NTK-GP, mean", "NTK-GP ± 2 sd",
        "NNGP posterior ± 2 sd",
    ]  # fmt: skip
    scores = np.abs(ensembles.ensembles_of(study(tmp_path / "again", data))[1].scores(_spread(data))[-1])
    assert f"test point {scores.argmax()}" in " ".join(panel.get_title() for panel in section.figure.axes)
    panel = section.figure.axes[0]
    shown = data.isel(train_size=0, width=1, probe=0, output=0).sel(step=data["step"] > 0)
    assert np.allclose(panel.lines[0].get_ydata(), shown["outputs_mean"])
    assert panel.get_xlim()[1] > panel.lines[0].get_xdata()[-1] * 1.2


def _spread(data):
    cell = data.isel(train_size=0, width=1)
    return ensembles.Spread(cell["outputs_mean"].values, cell["outputs_variance"].values)


def test_outputs_of_other_cells_are_left_out(tmp_path):
    data = ensemble_data(outputs=2)
    for name in [name for name in data if "output" in data[name].dims and "seed" not in data[name].dims]:
        data[name].loc[{"width": 256, "output": 1}] = np.nan
    whole, part = ensembles.ensembles_of(study(tmp_path / "study", data))
    assert (whole.networks.mean.shape[-1], part.networks.mean.shape[-1]) == (2, 1)
    assert np.isfinite(ensembles.ensemble_row(part)["variance_ratio_networks"])
    assert np.isfinite(part.networks.mean[-1]).all()


def test_survivors_are_called_so(tmp_path):
    data = dataset(GRID, METRICS + ["outputs", "outputs_linear"])
    data["status"].loc[{"width": 256, "seed": [0, 1, 2]}] = 1
    data = synthetic.with_ensemble(data)
    whole, survivors = ensembles.ensembles_of(study(tmp_path / "study", data))
    assert whole.size_text == str(whole.size) and survivors.size_text.endswith(f" of {survivors.size + 3}")
    assert survivors.size_text in bands.bands_caption([survivors])


@pytest.mark.parametrize(
    "seeds, process, drawn",
    [(1, True, {"ensemble"}), (1, False, set()), (4, True, {"ensemble"}), (24, False, {"ensemble"})],
)
def test_small_ensembles_and_no_process_are_not_judged(tmp_path, seeds, process, drawn):
    data = ensemble_data({**GRID, "seed": list(range(seeds))}, process=process)
    page = report(tmp_path / "report", synthetic.write_study(tmp_path / "study", data))
    assert {name for name in figures(tmp_path / "report") if name.startswith("ensemble")} == drawn
    assert "standard errors apart" not in page and ("largest |z|" in page) == (process and seeds > 1)


def test_an_ensemble_with_holes_and_all_test_points(tmp_path):
    data = dataset(GRID, METRICS + ["outputs", "outputs_linear", "diverged_step"], probes=6)
    for seed in range(24):
        data = synthetic.change_point(data, dict(train_size=32, width=256, seed=seed), -1)
    data = synthetic.change_point(data, dict(train_size=32, width=64, seed=3), 1, 60)
    data = synthetic.with_ensemble(data, examples="test_example")
    data = data.drop_vars(["ntk_gp_covariance", "test_example", "test_example_2"], errors="ignore")
    report(tmp_path / "report", synthetic.write_study(tmp_path / "study", data))
    (row,) = table(tmp_path / "report", "ensembles.csv")
    assert (row["width"], row["ensemble_size"], row["variance_ratio_networks"]) == ("64", "23", "")
    assert float(row["largest_z_networks"]) > 0 and "ensemble_agreement" in figures(tmp_path / "report")


# Predictions


def prediction_data(width=(256, 1024, 2048), **options):
    axes = {"train_size": [64, 256], "width": list(width), "seed": [0, 1, 2]}
    return synthetic.with_predictions(dataset(axes).assign_coords(output=[0]), **options)


def test_predictions_are_drawn_and_told(tmp_path):
    data = prediction_data()
    page = report(tmp_path / "report", synthetic.write_study(tmp_path / "study", data))
    assert {"predictions_time", "predictions_width"} <= figures(tmp_path / "report")
    assert "At the last step the RMSE of the network with n = 2048, N = 256 is 0.0" in page and "Fig. 3" not in page
    assert f"its linearization and discrete steps with {predictions.THETA_0}; 0.0" in page
    last = data["rmse_test_flow_infinite"].isel(step=-1).sel(train_size=64, width=1024)
    assert f"<td>{np.exp(np.log(last).mean('seed').item()):.3g}\n" in page
    rows = [row for row in table(tmp_path / "report", "time.csv") if row["metric"] == "rmse_test_flow"]
    assert {row["width"] for row in rows} == {"256", "1024", "2048"} and rows[0]["against"] == "time"


def test_step_0_does_not_stretch_the_axis(tmp_path):
    data = prediction_data()
    data["rmse_test_discrete"].loc[{"step": 0}] = 1e-17
    (section,) = predictions.against_time(context(tmp_path / "study", data))
    assert section.figure.axes[0].get_ylim()[0] > 1e-6 and len(section.figure.axes) == 6


@pytest.mark.parametrize(
    "network, more, width, said",
    [
        (FIGURE_3, CIFAR_FULL, 2048, True),
        (FIGURE_3, CIFAR_FULL.replace("full", "full, momentum: 0.9"), 2048, False),
        (FIGURE_3, CIFAR_FULL.replace("cifar10", "mnist"), 2048, False),
        (FIGURE_3, CIFAR_FULL.replace("full", "32"), 2048, False),
        (FIGURE_3, CIFAR_FULL, 1024, False),
        (FIGURE_3.replace("relu", "tanh"), CIFAR_FULL, 2048, False),
    ],
)
def test_the_papers_figure_3_is_named_in_its_setting_alone(tmp_path, network, more, width, said):
    (section,) = predictions.against_time(
        context(tmp_path / "study", prediction_data([width]), network=network, more=more)
    )
    assert ("0.121" in section.caption) == said


def test_flows_alone(tmp_path):
    data = prediction_data(metrics=("flow", "flow_infinite"))
    (section,) = predictions.against_time(context(tmp_path / "study", data, more=CROSS_ENTROPY))
    assert legend(section) == [
        "its linearization",
        f"gradient flow, {predictions.THETA_0}",
        f"gradient flow, {predictions.THETA_INFINITE}",
    ]
    assert "closed form" not in section.caption and len(section.table[0]) == 4
    assert not list(predictions.against_time(context(tmp_path / "none", dataset(GRID))))


# Other axes


def test_the_output_scale_has_its_slope(tmp_path):
    axes = {"output_scale": [1.0, 4.0, 16.0], "centred": ["false", "true"], "train_size": [64], "width": [256]}
    data = synthetic.with_scales(dataset({**axes, "seed": [0, 1, 2]}))
    own = 1 + 0.4 * np.arange(3)  # what dataset() adds along an axis
    data["rmse_test"] = data["rmse_test"] / data["output_scale"].copy(data=own)
    page = report(tmp_path / "report", synthetic.write_study(tmp_path / "study", data))
    rows = [row for row in table(tmp_path / "report", "slopes.csv") if row["against"] == "output_scale"]
    fits = {row["centred"]: float(row["slope"]) for row in rows if row["kind"] == "fit"}
    assert abs(fits["true"] + 1) < 0.15 and fits["false"] > 0.3
    assert "With the output scale α it goes as" in page and "N = 64, n = 256, not centred" in page


@pytest.mark.parametrize(
    "axis, values, x", [("momentum", [0.0, 0.9], [0, 0.9]), ("batch_size", ["full", "8"], [8, 32])]
)
def test_axes_without_a_power_law(tmp_path, axis, values, x):
    data = dataset({axis: values, "train_size": [32, 512], "width": [64, 256], "seed": [0, 1]})
    found = context(tmp_path / "study", data)
    (section,) = rmse_against_axes(found)
    curve = section.curves[0]
    assert section.name == f"rmse_{axis}" and np.array_equal(curve.x, x) and not section.scaling
    assert section.figure.axes[0].get_xscale() == ("linear" if axis == "momentum" else "log")
    place = "full" if axis == "batch_size" else 0.9
    last = data["rmse_test"].isel(step=-1).sel({axis: place, "train_size": 32, "width": 64})
    assert np.array_equal(curve.samples[1], last.values)
    unfitted = [line for line in section.figure.axes[-1].lines if line.get_markerfacecolor() == "white"]
    assert any(len(line.get_xdata()) == 2 for line in unfitted)
    report(tmp_path / "report", tmp_path / "study")
    levels = [row for row in table(tmp_path / "report", "levels.csv") if row["against"] == axis]
    assert {float(row["x"]) for row in levels if row["train_size"] == "32"} == set(x)


def test_words_and_seeds_are_no_axes_to_draw_against(tmp_path):
    axes = {"data_seed": [0, 1], "activation": ["relu", "erf"], "train_size": [32], "width": [64], "seed": [0]}
    assert curves.numeric_axes([study(tmp_path / "study", dataset(axes))]) == []


# Losses and time


def test_time_with_momentum(tmp_path):
    data = dataset({"momentum": [0.0, 0.9], "train_size": [32], "width": [64, 256], "seed": [0, 1]})
    data["learning_rate_used"] = data["learning_rate_used"] * 0 + 0.25
    plain, heavy = times.rmse(context(tmp_path / "study", data))
    assert [section.curves[0].x[-1] for section in (plain, heavy)] == [250, 500]
    assert "sqrt" in heavy.figure.axes[0].get_xlabel() and "sqrt" not in plain.figure.axes[0].get_xlabel()


def test_cross_entropy_is_never_called_fitted(tmp_path):
    axes = {"train_size": [512], "width": [64, 256], "seed": [0, 1]}
    path = synthetic.write_study(tmp_path / "study", dataset(axes), network=synthetic.CONV, more=CROSS_ENTROPY)
    page = report(tmp_path / "report", path)
    assert "Cross-entropy has no end" in page and "training cross-entropy, nats</th>" in page
    assert "itted: the" not in page and "not fitted" not in page and "Lee et al." not in page
    found = Context(load_studies([path]), [])
    assert found.paper == [] and not any(row.unfitted for row in found.rows)
    (section,) = times.losses(found)
    assert section.figure.axes[0].get_ylabel() == "training cross-entropy, nats"


def test_losses_side_by_side(tmp_path):
    axes = {"loss": ["mse", "cross_entropy"], "train_size": [512], "width": [64, 256], "seed": [0, 1]}
    found = context(tmp_path / "study", dataset(axes), network=synthetic.CONV)
    assert [row.unfitted for row in found.rows] == [True, True, False, False]
    assert [curve.is_plain for curve in found.rmse] == [True, False] and found.paper
