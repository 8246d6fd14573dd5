"""Trainings that end before the last recorded step, and those of no steps."""

import numpy as np
import ntksweep
import pytest
import synthetic
from ntksweep.__main__ import main
from ntksweep.curves import final
from test_report import figures

AXES = {"train_size": [32], "width": [64, 256], "seed": [0, 1, 2]}
METRICS = ["rmse_test", "loss_train", "learning_rate_used", "ntk_distance_infinite", "status"]


def stopped(data, at):
    """seed 0 of each cell at recorded step number `at`, the others never."""
    seed, order = data["seed"], np.arange(data.sizes["step"])
    data["stopped_step"] = (0 * data["status"]).where(seed == 0) + data["step"].values[at]
    later = (seed == 0) & (data["step"].copy(data=order) > at)
    return data.assign({name: data[name].where(~later) for name in ("rmse_test", "loss_train")})


def test_what_stopped_is_final_where_it_stopped(tmp_path):
    whole = synthetic.dataset(AXES)[METRICS]
    data = stopped(whole.copy(), 7)
    study = ntksweep.open(synthetic.write_study(tmp_path / "study", data)).ntksweep
    found = final(study, "rmse_test")
    assert np.array_equal(found.sel(seed=0), whole["rmse_test"].isel(step=7).sel(seed=0))
    assert np.array_equal(found.sel(seed=[1, 2]), whole["rmse_test"].isel(step=-1).sel(seed=[1, 2]))


def test_no_steps_have_no_figure_against_time_and_none_of_zeros(tmp_path, capsys):
    data = synthetic.with_ensemble(synthetic.dataset(AXES)).isel(step=[0])
    main([str(synthetic.write_study(tmp_path / "study", data)), "-o", str(tmp_path / "report")])
    assert "Error" not in capsys.readouterr().err
    names = figures(tmp_path / "report")
    assert "infinite_width" in names
    assert not [name for name in names if "time" in name or name.startswith(("rmse", "ensemble", "layer_change"))]
