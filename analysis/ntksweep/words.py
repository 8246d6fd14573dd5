"""Short names of metrics, axes and numbers, for figures and tables."""

from fractions import Fraction

import numpy as np

NETWORK, LINEARIZATION = 1, 2  # bits of `status`, which model diverged, and of a metric's `models`
BOTH = NETWORK | LINEARIZATION
MODELS = {NETWORK: "network", LINEARIZATION: "linearization"}
SAID = ("label", "figure_against", "guide_slope", "models")  # a metric's attributes in results.h5
LABELS = {  # where results.h5 says nothing: that of an older program, or of what the report makes itself
    "rmse_test": "RMSE of network and linearization, test",
    "rmse_test_infinite": r"RMSE against the prediction from $\Theta_\infty$",
    "rmse_prediction": "RMSE of the network, test",
    "rounding_share": "rounding / RMSE",
    "loss_train": "training loss",
    "loss_test": "test loss",
    "parameter_change": r"$|\theta^l_t-\theta^l_0|\,/\,|\theta^l_0|$",
    "ntk_change": r"NTK, $|\Theta_t-\Theta_0|\,/\,|\Theta_0|$",
    "nngp_change": r"NNGP, $|K_t-K_0|\,/\,|K_0|$",
    "ntk_distance_infinite": r"$|\Theta_0-\Theta_\infty|\,/\,|\Theta_\infty|$",
    "lambda_max": r"$\lambda_{\max}(\Theta_0)$",
    "lambda_min": r"$\lambda_{\min}(\Theta_0)$",
    "ntk_trace": r"trace of $\Theta_0$",
    "seconds": "seconds a point",
}
OLDER = {  # the same of the models; a metric that stands nowhere needs both
    NETWORK: "loss_train loss_test accuracy_train accuracy_test outputs f_rms parameter_change ntk_change nngp_change "
    "rmse_test_infinite rmse_test_flow rmse_test_discrete_infinite rmse_test_flow_infinite rmse_rounding",
    LINEARIZATION: "loss_train_linear loss_test_linear accuracy_train_linear accuracy_test_linear outputs_linear "
    "rmse_rounding_linear",
    0: "ntk_distance_infinite lambda_max lambda_min ntk_trace learning_rate_used seconds",
}
MODELS_OF = {metric: models for models, metrics in OLDER.items() for metric in metrics.split()}
LOSSES = {"mse": "MSE", "cross_entropy": "cross-entropy"}
FAMILIES = {
    "fc": "fully connected",
    "conv": "convolutional",
    "wrn": "wide residual",
    "residual": "residual",
    "closed": "closed form",
    "deq": "equilibrium",
}
WIDTHS = {"conv": "channels", "wrn": "channels"}
AXES = {
    "train_size": "training points $N$",
    "time": r"time $t=\eta\cdot$step",
    "time_momentum": r"time $t=\sqrt{\eta}\cdot$step (momentum)",
    "data_seed": "data seed",
    "sigma_w2": r"$\sigma_w^2$",
    "sigma_b2": r"$\sigma_b^2$",
    "feedback_w2": r"variance of the feedback $s^2$",
    "contraction_held": r"norm of the cell, held to",
    "momentum": r"momentum $\beta$",
    "blocks": "residual blocks a group",
    "kernel_size": "filter size",
    "resize": "pixels averaged, each way",
    "output_scale": r"output scale $\alpha$",
    "prediction": "network against",
    "state_index": "state $h_l$, $l$",
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
    "augment": "zeros appended: {0}",
    "output_scale": "\N{GREEK SMALL LETTER ALPHA} = {0}",
    "batch_size": "batches of {0}",
    "feedback_w2": "s\N{SUPERSCRIPT TWO} = {0}",
    "tolerance": "tolerance {0}",
    "contraction_held": "norm held to {0}",
    "expansion": "{0} times as many hidden units",
    "limit_precision": "limit in {0}",
    "state_step": "step {0}",
}
LEGENDS = {
    ("batch_size", "full"): "full batches",
    ("contraction_held", "0"): "free",
    ("centred", "true"): "centred",
    ("centred", "false"): "not centred",
    ("function", "abs"): "|x|",
    ("function", "negate"): "\N{MINUS SIGN}x",
    ("function", "sin"): "sin x",
    ("layers", "all"): "all layers trained",
    ("layers", "readout"): "readout trained",
    **{("loss", name): text for name, text in LOSSES.items()},
}


def metric_label(metric, said):
    """said: the attributes that results.h5 gives it."""
    return said.get("label") or LABELS.get(metric) or plain_name(metric)


def models_of(metric, said):
    """The models on whose training it depends, as bits: it is lost where one of them diverged. Discrete steps with the
    kernel are those of the linearization, whether it was trained or not."""
    models = int(said.get("models", 0)) if said else MODELS_OF.get(metric, BOTH)
    return models | LINEARIZATION if metric == "rmse_test_discrete" else models


def diverged_text(counts, seeds):
    """counts: model -> how many of `seeds` diverged. 2 of 5 networks, 3 of 5 linearizations diverged"""
    parts = [f"{count} of {plural(seeds, MODELS[model])}" for model, count in counts.items() if count]
    return ", ".join(parts) + " diverged" if parts else ""


def loss_label(label, loss):
    """A loss's; cross-entropy is in natural units of information."""
    entropy = loss == "cross_entropy" and label.endswith("loss")
    return label.removesuffix("loss") + "cross-entropy, nats" if entropy else label


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
    return LEGENDS.get((name, text), text)


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


def power_text(slope):
    """-1/2"""
    power = Fraction(slope).limit_denominator(12)
    return str(power) if float(power) == slope else f"{slope:g}"


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
