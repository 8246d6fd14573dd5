"""Makes DIRs of studies that look as `ntksweep collect` writes them, with planted exponents and holes."""

import itertools

import numpy as np
import xarray as xr

STEPS = np.unique(np.r_[0, np.round(np.geomspace(1, 1000, 24))].astype(int))
LAYERS = ["dense1", "dense2", "dense3", "readout"]
DEFAULT_AXES = {"train_size": [32, 128, 512], "width": [32, 64, 128, 256, 512, 1024], "seed": [0, 1, 2, 3, 4]}
ATTRIBUTES = {
    "version": "0.1.0", "commit": "unknown", "compiler": "gcc 12.2.0", "blas": "OpenBLAS 0.3.21", "core": "SkylakeX",
    "hosts": "node1,node2", "precision": "f64",
}  # fmt: skip


def grid_array(axes, name):
    """The axis `name` as an array that broadcasts over the grid."""
    shape = [-1 if other == name else 1 for other in axes]
    return np.arange(len(axes[name])).reshape(shape), np.asarray(axes[name]).reshape(shape)


PREDICTIONS = ("discrete", "flow", "discrete_infinite", "flow_infinite")
FC = "{ family: fc, depth: 3 }"
CONV = "{ family: conv, depth: 4, kernel_size: 3, pooling: global }"
WRN = "{ family: wrn, blocks: 1 }"


def conv_layers(depth):
    return [f"conv_{layer}" for layer in range(1, depth + 1)] + ["readout"]


def wrn_layers(blocks):
    names = ["conv_1"]
    for group, block in itertools.product(range(1, 4), range(1, blocks + 1)):
        parts = ["conv1", "conv2"] + ["shortcut"] * (group > 1 and block == 1)
        names += [f"group{group}_block{block}_{part}" for part in parts]
    return names + ["readout"]


def layer_exponents(layers):
    return [-0.5] + [-1.0] * (len(layers) - 2) + [-0.5]


def dataset(axes=None, exponent=-0.95, spread=0.08, layers=LAYERS, probes=4, outputs=1, generator_seed=7):
    """Results on the grid `axes` (name -> values; train_size, width, seed last) with RMSE ~ width^exponent."""
    axes = axes or DEFAULT_AXES
    random = np.random.default_rng(generator_seed)
    shape = tuple(len(values) for values in axes.values())
    names = tuple(axes)
    width, size = grid_array(axes, "width")[1], grid_array(axes, "train_size")[1]
    other = 1 + sum(0.4 * grid_array(axes, name)[0] for name in names if name not in ("train_size", "width", "seed"))

    def noise(scale=spread):
        return np.exp(scale * random.standard_normal(shape))

    rmse = 0.02 * (width / 256.0) ** exponent * (size / 128.0) ** 0.8 * other * noise()
    growth = 1 - np.exp(-STEPS / 60.0)
    decay = np.exp(-STEPS / (1.2 * size[..., None]))
    loss = 0.55 * (0.999 * decay + 1e-6) * noise(0.03)[..., None]
    rate = np.broadcast_to(32.0 / size, shape)
    variables = {
        "rmse_test": (names + ("step",), rmse[..., None] * growth),
        "rmse_train": (names + ("step",), 0.8 * rmse[..., None] * growth),
        "loss_train": (names + ("step",), loss),
        "loss_train_linear": (names + ("step",), loss * (1 + rmse[..., None])),
        "loss_test": (names + ("step",), 0.3 + 0.4 * loss),
        "loss_test_linear": (names + ("step",), 0.3 + 0.4 * loss * (1 + rmse[..., None])),
        "learning_rate_used": (names, rate),
        "ntk_change": (names + ("kernel_step",), (0.6 * rmse)[..., None] * np.array([0, 1.0])),
        "nngp_change": (names + ("kernel_step",), (0.2 * rmse)[..., None] * np.array([0, 1.0])),
        "ntk_distance_infinite": (names, 1.1 * (width / 1.0) ** -0.5 * noise()),
        "rmse_test_infinite": (names, 0.9 * (width / 1.0) ** -0.5 * (size / 128.0) ** 0.1 * noise()),
        "lambda_max": (names, 30.0 * size / 32 * noise(0.02)),
        "lambda_min": (names, 0.2 * noise(0.05)),
        "ntk_trace": (names, 5.0 * size * noise(0.02)),
        "rmse_rounding": (names, 2e-4 * noise(0.3)),
        "status": (names, np.zeros(shape, np.int8)),
        "diverged_step": (names, np.full(shape, np.nan)),
        "diverged_step_linear": (names, np.full(shape, np.nan)),
        "rank": (names, random.integers(0, 3, shape).astype(float)),
        "host": (names, np.full(shape, "node1", object)),
    }
    for phase, scale in (("setup", 1e-4), ("kernel", 1e-3), ("training", 1e-2), ("total", 1.2e-2)):
        variables[f"seconds_{phase}"] = (names, scale * (width / 32.0) ** 1.8 * size / 32 * noise(0.05))
    change = np.stack([(width / 10.0) ** power * noise(0.05) for power in layer_exponents(layers)], -1)
    variables["parameter_change"] = (names + ("step", "layer"), change[..., None, :] * growth[:, None])
    target = np.sin(1 + np.arange(probes * outputs)).reshape(probes, outputs)
    path = growth[:, None, None] * target + 0.3 * random.standard_normal(shape + (1, probes, outputs))
    variables["outputs"] = (names + ("step", "probe", "output"), path)
    variables["outputs_linear"] = (
        names + ("step", "probe", "output"),
        path + (rmse[..., None] * growth)[..., None, None],
    )
    coordinates = {
        **axes,
        "step": STEPS,
        "kernel_step": [0, STEPS[-1]],
        "layer": np.array(list(layers), object),
        "probe": np.arange(probes),
        "output": np.arange(outputs),
    }
    return xr.Dataset(variables, coordinates, dict(ATTRIBUTES))


def with_scales(data):
    """RMSE as 1/output_scale where `centred` is true, and growing with it where it is not; both are axes."""
    scale = data["output_scale"].astype(float)
    data["rmse_test"] = data["rmse_test"] * xr.where(data["centred"] == "true", 1 / scale, scale**0.6)
    return data


def with_predictions(data, metrics=PREDICTIONS):
    """RMSE against predictions: linearization, discretization and finite width add up in squares."""
    own, growth = data["rmse_test"], 1 - np.exp(-data["step"] / 60.0)
    infinite, flow = 0.15 * (data["width"] / 256.0) ** -0.5 * growth, 0.03 * growth * np.exp(-data["step"] / 300.0)
    parts = {"discrete": own, "flow": np.hypot(own, flow), "discrete_infinite": np.hypot(own, infinite)}
    parts["flow_infinite"] = np.hypot(parts["flow"], infinite)
    wobble = own / own.mean("seed")
    for name in metrics:
        value = parts[name] * (wobble if name.endswith("infinite") else 1)
        data[f"rmse_test_{name}"] = value.transpose(*own.dims)
    return data


def with_ensemble(data, process=True, tilt=0.0, examples="probe", generator_seed=11):
    """Networks drawn from a Gaussian process that narrows with time, their mean off by `tilt` deviations; what
    `collect` makes of them, with the process itself if wished."""
    random = np.random.default_rng(generator_seed)
    outputs, cells = data["outputs"], [name for name in data["status"].dims if name != "seed"]
    points, k = data.sizes["probe"], data.sizes["output"]
    place = np.arange(points)
    kernel = np.exp(-(((place[:, None] - place) / 3.0) ** 2)) + 0.05 * np.eye(points)
    narrow = 0.2 + 0.8 * np.exp(-STEPS / 60.0)
    mean = (1 - narrow)[:, None, None] * np.cos(place[:, None] + 2.0 * np.arange(k)) + tilt * narrow[:, None, None]
    shape = data["status"].shape + (len(STEPS), k)
    paths = np.linalg.cholesky(kernel) @ random.standard_normal(shape[:-2] + (1, points, k))
    networks = outputs.copy(data=mean - tilt * narrow[:, None, None] + narrow[:, None, None] * paths)
    networks = networks.where(data["status"] == 0)
    linear = networks + 0.05 * narrow[:, None, None] * random.standard_normal(networks.shape)
    data = data.assign(outputs=networks, outputs_linear=linear)
    data["ensemble_size"] = (data["status"] == 0).sum("seed").astype(float)
    size = data["ensemble_size"]
    for name in ("outputs", "outputs_linear"):
        centre = data[name].mean("seed")
        square = ((data[name] - centre) ** 2).sum("seed")
        data[f"{name}_mean"], data[f"{name}_variance"] = centre, (square / (size - 1).where(size > 1)).where(size > 1)
    if process:
        like = data["outputs_mean"]
        data["ntk_gp_mean"] = like * 0 + mean
        square = xr.DataArray((narrow**2)[:, None, None] * kernel, dims=("step", "probe", "probe_2"))
        data["ntk_gp_covariance"] = like.isel(probe=0, output=0, drop=True) * 0 + square
        data["nngp_posterior_mean"] = like.isel(step=0, drop=True) * 0 + mean[-1] + 0.1
        data["nngp_posterior_covariance"] = data["ntk_gp_covariance"].isel(step=-1, drop=True) * 2
    data = data.transpose(*cells, "seed", "step", ..., "probe", "probe_2", "output", missing_dims="ignore")
    return data.rename(probe=examples, probe_2=f"{examples}_2") if process and examples != "probe" else data


def with_flags(data):
    """Its status is in bits: 1 the network diverged, 2 its linearization."""
    flags = {"flag_masks": np.array([1, 2], np.int8), "flag_meanings": "network_diverged linearization_diverged"}
    return data.assign(status=data["status"].assign_attrs(flags))


def change_point(data, at, status, from_step=0):
    """Marks a cell (name -> value) as diverged (1) at `from_step`, or as not there (-1)."""
    data = data.copy(deep=True)
    data["status"].loc[at] = status
    for name in data.data_vars:
        array = data[name]
        if name in ("status", "host") or not set(at) <= set(array.dims):
            continue
        if status < 0:
            array.loc[at] = np.nan
        elif "step" in array.dims:
            array.loc[{**at, "step": data["step"][data["step"] >= from_step].values}] = np.nan
    if status > 0:
        data["diverged_step"].loc[at] = from_step
    return data


def write_study(directory, data, title="RMSE against width, synthetic", failures=(), network=FC, more=""):
    """DIR with study.yaml (`more`: further lines of it), results.h5, points.tsv and failed/KEY for failures
    [(label, reason)]."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "study.yaml").write_text(f'title: "{title}"\nnetwork: {network}\n{more}')
    data.to_netcdf(directory / "results.h5", engine="h5netcdf")
    (directory / "failed").mkdir(exist_ok=True)
    status = data["status"]
    lines = ["key\treference\tseconds\tlabel\n"]
    for number, index in enumerate(np.ndindex(status.shape)):
        key = f"{number:032x}"
        label = " ".join(f"{name}={status[name].values[i]}" for name, i in zip(status.dims, index))
        lines.append(f"{key}\t{'f' * 32}\t1.5\t{label}\n")
        if label in dict(failures):
            (directory / "failed" / key).write_text(f"{label}: {dict(failures)[label]}\n")
    (directory / "points.tsv").write_text("".join(lines))
    (directory / "state.json").write_text('{"elapsed_seconds": 54.4, "busy": [0.9977, 0.9988]}')
    return directory
