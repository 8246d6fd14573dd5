"""Short names of metrics, axes and numbers, for figures and tables."""

import numpy as np

METRICS = {
    "rmse_test": "RMSE of network and linearization, test",
    "rmse_train": "RMSE, training",
    "rmse_test_max": "largest difference, test",
    "rmse_test_infinite": r"RMSE against the prediction from $\Theta_\infty$",
    "ntk_distance_infinite": r"$|\Theta_0-\Theta_\infty|\,/\,|\Theta_\infty|$",
    "ntk_change": r"NTK, $|\Theta_t-\Theta_0|\,/\,|\Theta_0|$",
    "nngp_change": r"NNGP, $|K_t-K_0|\,/\,|K_0|$",
    "parameter_change": r"$|\theta^l_t-\theta^l_0|\,/\,|\theta^l_0|$",
    "lambda_max": r"$\lambda_{\max}(\Theta_0)$",
    "lambda_min": r"$\lambda_{\min}(\Theta_0)$",
    "ntk_trace": r"trace of $\Theta_0$",
    "rounding_share": "rounding / RMSE",
    "loss_train": "training loss",
    "loss_test": "test loss",
    "seconds": "seconds a point",
    "outputs": "output",
}
FAMILIES = {"fc": "fully connected", "conv": "convolutional", "wrn": "wide residual"}
WIDTHS = {"conv": "channels", "wrn": "channels"}
AXES = {
    "train_size": "training points $N$",
    "time": r"time $t=\eta\cdot$step",
    "data_seed": "data seed",
    "learning_rate": "learning rate",
    "blocks": "residual blocks a group",
    "kernel_size": "filter size",
    "resize": "pixels averaged, each way",
}
NAMED = {
    "width": "n = {0}",
    "train_size": "N = {0}",
    "kernel_size": "{0} \N{MULTIPLICATION SIGN} {0} filters",
    "pooling": "pooling: {0}",
    "resize": "pixels averaged {0} \N{MULTIPLICATION SIGN} {0}",
}


def metric_label(metric):
    return METRICS.get(metric, metric.replace("_", " "))


def width_word(families):
    """What the width counts in these families."""
    return " or ".join(sorted({WIDTHS.get(family, "width") for family in families}, reverse=True)) or "width"


def axis_label(name, families=()):
    if name == "width":
        return width_word(families) + " $n$"
    return AXES.get(name, name.replace("_", " "))


def value_text(value):
    """A coordinate's value: counts plain, numbers short, words as they are."""
    if isinstance(value, (bytes, np.bytes_)):
        return value.decode()
    if isinstance(value, str):
        return value
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e6 else f"{value:.6g}"


def where_text(where):
    """depth 3, N = 32, relu"""
    return ", ".join(named_value(name, value) for name, value in where.items())


def named_value(name, value):
    text = value_text(value)
    if name in NAMED:
        return NAMED[name].format(text)
    words = isinstance(value, (str, bytes)) and name != "layer"
    return text if words else f"{name.replace('_', ' ')} {text}"


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
    """(-1.02 to -0.94), or nothing without seeds."""
    return f"({exponent(fit.low)} to {exponent(fit.high)})" if np.isfinite(fit.low) else ""


def plural(count, word):
    return f"{count} {word}{'' if count == 1 else 's'}"
