"""Short names of metrics, axes and numbers, for figures and tables."""

import numpy as np

NETWORK, LINEARIZATION = 1, 2  # bits of `status`: which model diverged
BOTH = NETWORK | LINEARIZATION
MODELS = {NETWORK: "network", LINEARIZATION: "linearization"}
METRICS = {  # name: words, and the models on whose training the value depends: it is lost where one of them diverged
    "rmse_test": ("RMSE of network and linearization, test", BOTH),
    "rmse_train": ("RMSE, training", BOTH),
    "rmse_test_max": ("largest difference, test", BOTH),
    "rmse_test_infinite": (r"RMSE against the prediction from $\Theta_\infty$", NETWORK),
    "rmse_test_discrete": ("RMSE of the network against discrete steps, test", BOTH),  # which are its linearization's
    "rmse_test_flow": ("RMSE of the network against gradient flow, test", NETWORK),
    "rmse_test_discrete_infinite": (r"RMSE of the network against discrete steps with $\Theta_\infty$, test", NETWORK),
    "rmse_test_flow_infinite": (r"RMSE of the network against gradient flow with $\Theta_\infty$, test", NETWORK),
    "rmse_prediction": ("RMSE of the network, test", BOTH),
    "rmse_rounding": ("rounding of the network, RMSE", NETWORK),
    "rmse_rounding_linear": ("rounding of the linearization, RMSE", LINEARIZATION),
    "rounding_share": ("rounding / RMSE", BOTH),
    "loss_train": ("training loss", NETWORK),
    "loss_test": ("test loss", NETWORK),
    "loss_train_linear": ("training loss of the linearization", LINEARIZATION),
    "loss_test_linear": ("test loss of the linearization", LINEARIZATION),
    "accuracy_train": ("training accuracy", NETWORK),
    "accuracy_test": ("test accuracy", NETWORK),
    "accuracy_train_linear": ("training accuracy of the linearization", LINEARIZATION),
    "accuracy_test_linear": ("test accuracy of the linearization", LINEARIZATION),
    "outputs": ("output", NETWORK),
    "outputs_linear": ("output of the linearization", LINEARIZATION),
    "f_rms": ("root mean square of the outputs, test", NETWORK),
    "parameter_change": (r"$|\theta^l_t-\theta^l_0|\,/\,|\theta^l_0|$", NETWORK),
    "ntk_change": (r"NTK, $|\Theta_t-\Theta_0|\,/\,|\Theta_0|$", NETWORK),
    "nngp_change": (r"NNGP, $|K_t-K_0|\,/\,|K_0|$", NETWORK),
    "ntk_distance_infinite": (r"$|\Theta_0-\Theta_\infty|\,/\,|\Theta_\infty|$", 0),
    "lambda_max": (r"$\lambda_{\max}(\Theta_0)$", 0),
    "lambda_min": (r"$\lambda_{\min}(\Theta_0)$", 0),
    "ntk_trace": (r"trace of $\Theta_0$", 0),
    "learning_rate_used": ("learning rate", 0),
    "seconds": ("seconds a point", 0),
}
LOSSES = {"mse": "MSE", "cross_entropy": "cross-entropy"}
FAMILIES = {"fc": "fully connected", "conv": "convolutional", "wrn": "wide residual"}
WIDTHS = {"conv": "channels", "wrn": "channels"}
AXES = {
    "train_size": "training points $N$",
    "time": r"time $t=\eta\cdot$step",
    "time_momentum": r"time $t=\sqrt{\eta}\cdot$step (momentum)",
    "data_seed": "data seed",
    "sigma_w2": r"$\sigma_w^2$",
    "sigma_b2": r"$\sigma_b^2$",
    "momentum": r"momentum $\beta$",
    "blocks": "residual blocks a group",
    "kernel_size": "filter size",
    "resize": "pixels averaged, each way",
    "output_scale": r"output scale $\alpha$",
    "prediction": "network against",
}
SIGNS = {"width": "n", "train_size": "N", "output_scale": "\N{GREEK SMALL LETTER ALPHA}"}  # where power laws are fitted
SYMBOLS = {**SIGNS, "output_scale": r"\alpha"}
TIMES = ("step", "time", "time_momentum")
NAMED = {
    "width": "n = {0}",
    "train_size": "N = {0}",
    "kernel_size": "{0} \N{MULTIPLICATION SIGN} {0} filters",
    "pooling": "pooling: {0}",
    "resize": "pixels averaged {0} \N{MULTIPLICATION SIGN} {0}",
    "output_scale": "\N{GREEK SMALL LETTER ALPHA} = {0}",
    "batch_size": "batches of {0}",
}
SAID = {
    ("batch_size", "full"): "full batches",
    ("centred", "true"): "centred",
    ("centred", "false"): "not centred",
    ("layers", "all"): "all layers trained",
    ("layers", "readout"): "readout trained",
    **{("loss", name): text for name, text in LOSSES.items()},
}


def metric_label(metric):
    return METRICS[metric][0] if metric in METRICS else plain_name(metric)


def models_of(metric):
    """The models on whose training it depends, as bits; of what is not in the table both."""
    return METRICS[metric][1] if metric in METRICS else BOTH


def diverged_text(counts, seeds):
    """counts: model -> how many of `seeds` diverged. 2 of 5 networks, 3 of 5 linearizations diverged"""
    parts = [f"{count} of {plural(seeds, MODELS[model])}" for model, count in counts.items() if count]
    return ", ".join(parts) + " diverged" if parts else ""


def loss_label(metric, loss):
    """Of loss_train, loss_test, perhaps with _linear; cross-entropy is in natural units of information."""
    label = metric_label(metric.replace("_linear", ""))
    return label.replace("loss", "cross-entropy, nats") if loss == "cross_entropy" else label


def width_word(families):
    """What the width counts in these families."""
    return " or ".join(sorted({WIDTHS.get(family, "width") for family in families}, reverse=True)) or "width"


def axis_label(name, families=(), labels=()):
    """labels: axis -> its long name in results.h5."""
    if name == "width":
        return width_word(families) + " $n$"
    return AXES.get(name) or dict(labels).get(name) or plain_name(name)


def plain_name(name):
    """Of an axis or a metric that has no words here."""
    return name.replace("_", " ")


def plain_text(value):
    """Of what h5py gives as bytes or as str; anything else as it is."""
    return value.decode() if isinstance(value, (bytes, np.bytes_)) else value


def value_text(value):
    """A coordinate's value: counts plain, numbers short, words as they are."""
    value = plain_text(value)
    if isinstance(value, str):
        return value
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e6 else f"{value:.6g}"


def legend_text(name, value):
    """Where the axis's own name is the title."""
    text = value_text(value)
    return SAID.get((name, text), text)


def where_text(where, labels=()):
    """depth 3, N = 32, relu"""
    return ", ".join(named_value(name, value, labels) for name, value in where.items())


def named_value(name, value, labels=()):
    text = legend_text(name, value)
    if text != value_text(value):
        return text
    if name in NAMED:
        return NAMED[name].format(text)
    words = isinstance(value, (str, bytes)) and name != "layer"
    return text if words else f"{dict(labels).get(name) or plain_name(name)} {text}"


def number(value, digits=3):
    """For a reader: three digits, a true minus, nothing where there is no value."""
    if value is None or not np.isfinite(value):
        return ""
    text = f"{value:.{digits}g}" if 1e-4 <= abs(value) < 1e5 or value == 0 else f"{value:.{digits - 1}e}"
    return text.replace("-", "\N{MINUS SIGN}")


def exponent(value):
    """Two decimals."""
    if value is None or not np.isfinite(value):
        return ""
    return f"{round(value, 2) + 0.0:.2f}".replace("-", "\N{MINUS SIGN}")


def interval(fit):
    """(-1.02 to -0.94)"""
    return f"({exponent(fit.low)} to {exponent(fit.high)})" if fit.has_interval else "(no interval)"


def interval_text(low, high):
    return f"{number(low)} to {number(high)}" if np.isfinite(low) else ""


def level_lines(level, i):
    """The mean, and below it the interval."""
    return "\n".join(filter(None, [number(level.mean[i]), interval_text(level.low[i], level.high[i])]))


def plural(count, word):
    return f"{count} {word}{'' if count == 1 else 's'}"


def not_drawn(sections):
    """not drawn 13 figures: rmse_time 2-5, 7; loss_time 2-9"""
    kinds = {}
    for section in sections:
        kinds.setdefault(section.kind, []).append(section)
    numbers = {kind: ranges(section.number for section in members if section.of > 1) for kind, members in kinds.items()}
    names = "; ".join(f"{kind} {text}".strip() for kind, text in numbers.items())
    return f"not drawn {plural(len(sections), 'figure')}: {names}"


def ranges(numbers):
    """2-5, 7"""
    runs = []
    for number in sorted(numbers):
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(f"{first}-{last}" if first < last else str(first) for first, last in runs)
