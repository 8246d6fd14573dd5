"""The formulas of the program written anew in NumPy, of every family, loss and optimizer: a kept point is replayed from
its parameters, inputs and batches, and its linearization from its kernels. Written to be read and to be compared with,
not to be fast."""

from __future__ import annotations

import itertools
import math
from typing import Callable, Iterator, NamedTuple

import numpy as np
import xarray as xr

from .cells import Blocks, Cell, deep_equilibrium, residual
from .flows import flow
from .point import InputError, Point

Tensors = list[np.ndarray]  # weight, bias, weight, ... in the order of the forward pass
PHI = {  # value, derivative; with a slope, if it has one
    "relu": (lambda h: np.maximum(h, 0), lambda h: (h > 0).astype(float)),
    "erf": (np.vectorize(math.erf, otypes=[float]), lambda h: 2 / np.sqrt(np.pi) * np.exp(-h * h)),
    "tanh": (np.tanh, lambda h: 1 - np.tanh(h) ** 2),
    "identity": (lambda h: h, np.ones_like),
    "cos": (np.cos, lambda h: -np.sin(h)),
    "leaky_relu": (lambda h, s: np.where(h > 0, h, s * h), lambda h, s: np.where(h > 0, 1, s)),
}
PHI["prelu"] = PHI["leaky_relu"]
OUTPUTS = ("f_train", "f_test")


def windows(x, size, stride):
    """For each place (u, v) of a filter: what of the image lies under it, [example, row, column, channel]."""
    reach, (rows, columns) = size // 2, (-(-n // stride) for n in x.shape[1:3])
    padded = np.pad(x, ((0, 0), (reach, reach), (reach, reach), (0, 0)))
    for u in range(size):
        for v in range(size):
            yield u, v, padded[:, u : u + stride * (rows - 1) + 1 : stride, v : v + stride * (columns - 1) + 1 : stride]


def into_windows(shape, size, stride, part):
    """The transposed map: the sum over (u, v) of part(u, v), each where its window lies."""
    reach, (n, rows, columns, channels) = size // 2, shape
    padded = np.zeros((n, rows + 2 * reach, columns + 2 * reach, channels))
    for u, v, window in windows(np.zeros(shape), size, stride):
        _, r, c, _ = window.shape
        padded[:, u : u + stride * (r - 1) + 1 : stride, v : v + stride * (c - 1) + 1 : stride] += part(u, v)
    return padded[:, reach : reach + rows, reach : reach + columns]


class Value:
    """A value and its cotangent."""

    def __init__(self, v):
        self.v, self.w = v, np.zeros_like(v)


class Pass:
    """One pass through the formulas of the paper: h = s_w x * W + s_b b; what leads back is kept."""

    def __init__(self, net, theta):
        self.net, self.theta, self.back, self.layers = net, theta, [], {}
        self.gradient = [np.zeros_like(tensor) for tensor in theta]

    def affine(self, x, stride=1, name=None, w2=None):
        """The next layer; of those with a name the one of that name, which may have been used before. w2: its own variance."""
        at = 2 * self.layers.setdefault(name or len(self.layers), len(self.layers))
        weight, bias = self.theta[at : at + 2]
        (s_w, s_b), (r_w, r_b) = self.net.scales(weight.shape, w2), self.net.rates(weight.shape, w2)
        self.net.own_w2[at] = w2
        size = weight.shape[0]
        if weight.ndim == 2:
            h = x.v @ weight
        else:
            h = sum(window @ weight[u, v] for u, v, window in windows(x.v, size, stride))
        y = Value(s_w * h + (s_b * bias if bias.size else 0))

        def back():
            if weight.ndim == 2:
                x.w += s_w * y.w @ weight.T
                gradient = x.v.T @ y.w
            else:
                x.w += s_w * into_windows(x.v.shape, size, stride, lambda u, v: y.w @ weight[u, v].T)
                gradient = np.zeros_like(weight)
                for u, v, window in windows(x.v, size, stride):
                    gradient[u, v] = np.einsum("nrci,nrco->io", window, y.w)
            self.gradient[at] += r_w * s_w * gradient
            if bias.size:
                self.gradient[at + 1] += (r_b * s_b * y.w.reshape(-1, bias.size).sum(0)).reshape(bias.shape)

        self.back.append(back)
        return y

    def activation(self, x, name=None):
        phi, slope = self.net.phi
        if self.net.learns_slope:
            return self.prelu(x, name)
        y = Value(phi(x.v, *self.net.slope))
        self.back.append(lambda: x.w.__iadd__(y.w * slope(x.v, *self.net.slope)))
        return y

    def prelu(self, x, name=None):
        """Its slope is the weight [1] of a layer without a bias."""
        at = 2 * self.layers.setdefault(name or len(self.layers), len(self.layers))
        phi, slope = self.net.phi
        a = self.theta[at]
        y = Value(phi(x.v, a))

        def back():
            x.w += y.w * slope(x.v, a)
            self.gradient[at] += np.sum(np.minimum(x.v, 0) * y.w)

        self.back.append(back)
        return y

    def flow(self, x):
        """Of family closed, a number at a time."""
        at, has_layer = 2 * len(self.layers), len(self.theta) > 0
        (s_w, s_b), (r_w, r_b) = self.net.scales((1, 1)), self.net.rates((1, 1))
        w1, w2 = (s_w * self.theta[at].item(), s_b * self.theta[at + 1].item()) if has_layer else (0.0, 0.0)
        flows = [flow(*self.net.flow, each, w1, w2) for each in x.v[:, 0]]
        f, by_x, by_w1, by_w2 = np.array(flows, float).T[:, :, None]
        y = Value(f)

        def back():
            x.w += by_x * y.w
            if has_layer:
                self.gradient[at] += r_w * s_w * np.sum(by_w1 * y.w)
                self.gradient[at + 1] += r_b * s_b * np.sum(by_w2 * y.w)

        self.back.append(back)
        return y

    def mean(self, x):
        y = Value(x.v.mean((1, 2)))
        self.back.append(lambda: x.w.__iadd__(y.w[:, None, None] / (x.v.shape[1] * x.v.shape[2])))
        return y

    def flatten(self, x):
        y = Value(x.v.reshape(len(x.v), -1))
        self.back.append(lambda: x.w.__iadd__(y.w.reshape(x.v.shape)))
        return y

    def add(self, a, b, c_a=1.0, c_b=1.0):
        y = Value(c_a * a.v + c_b * b.v)
        self.back.append(lambda: (a.w.__iadd__(c_a * y.w), b.w.__iadd__(c_b * y.w)))
        return y

    def equilibrium(self, u, cell):
        """z = cell(z, u), and going back (1 - J')^-1, both by steps until nothing changes."""

        def apart():
            go = Pass(self.net, self.theta)
            go.layers = self.layers.copy()
            return go

        z = settled(lambda z: cell(apart(), Value(z), u).v, np.zeros_like(u.v))
        held = Value(z)
        y = cell(self, held, u)
        found = Value(y.v)

        def transposed(w):
            go, at, beside = apart(), Value(z), Value(u.v)
            cell(go, at, beside).w += w
            for back in reversed(go.back):
                back()
            return at.w

        self.back.append(lambda: y.w.__iadd__(settled(lambda w: found.w + transposed(w), np.zeros_like(found.w))))
        return found

    def components(self, x, count, beyond=0.0):
        """The first ones of x, and `beyond` after its last."""
        both = min(count, x.v.shape[1])
        y = Value(np.full((len(x.v), count), beyond))
        y.v[:, :both] = x.v[:, :both]

        def back():
            x.w[:, :both] += y.w[:, :both]

        self.back.append(back)
        return y


def settled(step, z):
    """Half steps: they also rest where whole ones jump to and fro."""
    for _ in range(2000):
        last, z = z, (z + step(z)) / 2
        if np.abs(z - last).max() <= 1e-15 * np.abs(z).max():
            break
    return z


def fully_connected(net, go, x):
    for _ in range(net.depth):
        x = go.activation(go.affine(x))
    return go.affine(x)


def convolutional(net, go, x):
    for _ in range(net.depth):
        x = go.activation(go.affine(x))
    return go.affine(go.flatten(x) if net.flattens else go.mean(x))


def wide_residual(net, go, x):
    x = go.affine(x)
    for group in range(3):
        for block in range(net.wide_blocks):
            stride = 2 if group > 0 and block == 0 else 1
            y = go.affine(go.activation(x), stride)
            y = go.affine(go.activation(y))
            x = go.add(go.affine(x, stride) if stride > 1 else x, y)
    return go.affine(go.mean(x))


def closed(net, go, x):
    return go.flow(x)


FAMILIES = {
    "fc": fully_connected,
    "conv": convolutional,
    "wrn": wide_residual,
    "residual": residual,
    "deq": deep_equilibrium,
    "closed": closed,
}


class Network:
    """f(theta, x) and its derivatives, from a point's settings (`section.key` -> value). count: of outputs, where no
    readout says it."""

    def __init__(self, settings: dict[str, str], count: int | None = None):
        self.family = one_of(settings, "network.family", FAMILIES)
        self.count = count
        self.phi = one_of({"network.activation": "identity", **settings}, "network.activation", PHI)
        self.learns_slope = settings.get("network.activation") == "prelu"
        self.slope = [float(settings["network.slope"])] if "network.slope" in settings else []
        self.depth, self.wide_blocks = (int(settings.get(f"network.{name}", 0)) for name in ("depth", "blocks"))
        self.flattens = settings.get("network.pooling") == "flatten"
        self.blocks = Blocks(settings) if settings["network.family"] == "residual" else None
        self.own_w2: dict[int, float | None] = {}  # of layers with a variance of their own, by their weight's number
        self.cell = Cell(settings) if settings["network.family"] == "deq" else None
        self.is_flat = settings["network.family"] in ("fc", "residual", "deq", "closed")
        example, reading = settings.get("network.example"), settings.get("network.reading", "state")
        self.flow = (float(example == "2"), reading == "state", float(settings.get("network.time", 1)))
        self.w2, self.b2 = (float(settings[f"network.sigma_{name}"]) for name in ("w2", "b2"))
        self.ntk = settings["network.parameterization"] == "ntk"
        self.matched = settings.get("training.rates") == "matched"
        self.alpha = float(settings["network.output_scale"])
        self.readout_alone = settings["training.layers"] == "readout"

    def scales(self, shape, w2=None):
        fan_in = np.prod(shape[:-1])
        return (np.sqrt((w2 or self.w2) / fan_in), np.sqrt(self.b2)) if self.ntk else (1.0, float(self.b2 > 0))

    def rates(self, shape, w2=None):
        """Of a layer's weights and biases, over the learning rate."""
        return ((w2 or self.w2) / np.prod(shape[:-1]), self.b2) if self.matched and len(shape) > 1 else (1.0, 1.0)

    def forward(self, theta: Tensors, x: np.ndarray):
        go = Pass(self, theta)
        return go, self.family(self, go, Value(x.reshape(len(x), -1) if self.is_flat else x))

    def outputs(self, theta: Tensors, x: np.ndarray) -> np.ndarray:
        """[example, output]"""
        return self.alpha * self.forward(theta, x)[1].v

    def gradient(self, theta: Tensors, x: np.ndarray, w: np.ndarray) -> Tensors:
        """J' w, tensor by tensor, times each tensor's rate; those that are not trained have none."""
        go, f = self.forward(theta, x)
        f.w += self.alpha * w
        for back in reversed(go.back):
            back()
        frozen = len(theta) - 2 if self.readout_alone else 0
        return [g * (t >= frozen) for t, g in enumerate(go.gradient)]

    def jacobian(self, theta: Tensors, x: np.ndarray) -> np.ndarray:
        """Rows (example, output) of J times sqrt(rate)."""
        rows, outputs = [], self.outputs(theta, x[:1]).shape[1]
        rates = [self.rates(weight.shape, self.own_w2.get(2 * at)) for at, weight in enumerate(theta[::2])]
        roots = [np.sqrt(rate) for pair in rates for rate in pair]
        for i in range(len(x)):
            for w in np.eye(outputs):
                g = self.gradient(theta, x[i : i + 1], w)
                rows.append(np.concatenate([(part / max(root, 1e-300)).ravel() for part, root in zip(g, roots)]))
        return np.array(rows)


def softmax(f):
    e = np.exp(f - f.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


class Loss(NamedTuple):
    """Of outputs and targets [example, output]."""

    value: Callable
    gradient: Callable


LOSSES = {
    "mse": Loss(lambda f, y: np.mean((f - y) ** 2) / 2, lambda f, y: (f - y) / y.size),
    "cross_entropy": Loss(
        lambda f, y: -np.sum(y * np.log(softmax(f))) / len(y), lambda f, y: (softmax(f) - y) / len(y)
    ),
}


class Schedule:
    """The learning rate of each step, of all arrays."""

    def __init__(self, settings: dict[str, str], eta: float):
        self.is_cosine = one_of(settings, "training.schedule", {"constant": False, "cosine": True}, "constant")
        self.eta, self.steps = eta, self.is_cosine and int(settings["training.steps"])

    def rate(self, step):
        return self.eta * (1 + math.cos(math.pi * step / self.steps)) / 2 if self.is_cosine else self.eta


class Descent:
    """One array going down: the heavy ball (plain without momentum), or Adam."""

    def __init__(self, settings: dict[str, str], rates: Schedule):
        self.is_adam = one_of(settings, "training.optimizer", {"sgd": False, "adam": True})
        self.rates, self.beta = rates, float(settings.get("training.momentum", 0))
        self.v = self.m = self.s = self.i = 0

    def move(self, g):
        eta = self.rates.rate(self.i)
        self.i += 1
        self.v = self.beta * self.v - eta * g
        self.m, self.s = 0.9 * self.m + 0.1 * g, 0.999 * self.s + 0.001 * g * g
        mean, square = self.m / (1 - 0.9**self.i), self.s / (1 - 0.999**self.i)
        return -eta * mean / (np.sqrt(square) + 1e-8) if self.is_adam else self.v


class Linear:
    """The linearization f_0 + A z: by the kernels A, and z goes down g; Adam's by the Jacobian: z goes down J' g."""

    def __init__(self, descent: Descent, f0, kernels, jacobians):
        self.f0, self.f, self.descent, self.z = f0, f0, descent, 0
        self.maps = jacobians() if descent.is_adam else kernels
        self.back = self.maps[0].T if descent.is_adam else np.eye(f0[0].size)

    def step(self, g):
        self.z = self.z + self.descent.move(self.back @ g.ravel())
        self.f = [f0 + (a @ self.z).reshape(f0.shape) for f0, a in zip(self.f0, self.maps)]


class State(NamedTuple):
    """At a recorded step; outputs are those that are trained, scaled and perhaps centred: [training, test]."""

    step: int
    parameters: Tensors
    network: list[np.ndarray]
    linear: list[np.ndarray]  # empty where the network is trained alone


def one_of(settings: dict[str, str], key: str, known: dict, default: str | None = None):
    """default: of records older than the key."""
    word = settings.get(key, default)
    if word not in known:
        raise InputError(f"{key}: {word} has no replay in NumPy; there are {', '.join(known)}")
    return known[word]


def clipped(gradient: Tensors, most: float) -> Tensors:
    """No longer than that, all tensors together; 0: as long as it is."""
    norm = math.sqrt(sum(np.sum(part * part) for part in gradient))
    return [part * (most / norm) for part in gradient] if 0 < most < norm else gradient


def tensors_of(layers) -> Tensors:
    return [tensor for layer in layers.values() for tensor in layer]


def kernels_of(point: Point, jacobians) -> list[np.ndarray]:
    """Kept ones; made of the Jacobian where none are."""
    names = ("ntk_train_train", "ntk_test_train")
    if all(name in point.kernels for name in names):
        return [point.kernels[name] for name in names]
    j_train, j_test = jacobians()
    return [j_train @ j_train.T, j_test @ j_train.T]


def states(point: Point) -> Iterator[State]:
    """Trains the point's network and its linearization again; yields each recorded step up to the end of training."""
    settings, arrays = point.settings, point.arrays
    for name in ("x_train", "y_train", "x_test") + ("batches",) * (settings["training.batch_size"] != "full"):
        if name not in arrays:
            raise point.missing("inputs")
    net, loss = Network(settings, arrays["y_train"].shape[1]), one_of(settings, "training.loss", LOSSES)
    x, y, x_test = (arrays[name] for name in ("x_train", "y_train", "x_test"))
    theta0, rates = tensors_of(point.parameters), Schedule(settings, float(point.metrics["learning_rate_used"]))
    clip, goal = (float(settings.get(f"training.{name}", 0)) for name in ("clip", "stop_loss"))
    recorded = point.metrics["step"].values.tolist()

    def outputs(theta):
        return [net.outputs(theta, x), net.outputs(theta, x_test)]

    def jacobians():
        return [net.jacobian(theta0, x), net.jacobian(theta0, x_test)]

    origin = outputs(theta0) if settings["training.centred"] == "true" else [0, 0]
    theta, descents = theta0, [Descent(settings, rates) for _ in theta0]
    f0 = [f - o for f, o in zip(outputs(theta0), origin)]
    is_alone = settings.get("training.models") == "[]"
    linear = None if is_alone else Linear(Descent(settings, rates), f0, kernels_of(point, jacobians), jacobians)
    for step in itertools.count():
        f = [f - o for f, o in zip(outputs(theta), origin)]
        if step in recorded:
            yield State(step, theta, f, linear.f if linear else [])
        if step == recorded[-1] or step in recorded and loss.value(f[0], y) <= goal:
            return
        batch = arrays["batches"][step] if "batches" in arrays else np.arange(len(x))
        gradient = clipped(net.gradient(theta, x[batch], loss.gradient(f[0][batch], y[batch])), clip)
        theta = [t + descent.move(g) for t, g, descent in zip(theta, gradient, descents)]
        if linear:
            g = np.zeros(y.shape)
            g[batch] = loss.gradient(linear.f[0][batch], y[batch])
            linear.step(g)


def replay(point: Point) -> xr.Dataset:
    """Trains a kept point again, in NumPy: outputs `f_train`, `f_test`, `f_train_linear`, `f_test_linear` [step,
    example, output] of the network and its linearization (where it was trained) at every recorded step up to the end of
    training, with the losses and RMSE that follow from them, by the names that they have in results.h5.

    The study must keep inputs and parameters (`measure: { keep: [inputs, parameters, kernels] }`); kernels that are not
    kept are made of the Jacobian, example by example.
    """
    return dataset_of(point, list(states(point)))


def dataset_of(point: Point, found: list[State]) -> xr.Dataset:
    networks = [np.array(part) for part in zip(*(state.network for state in found))]
    linears = [np.array(part) for part in zip(*(state.linear for state in found))]
    outputs = {**dict(zip(OUTPUTS, networks)), **{f"{name}_linear": f for name, f in zip(OUTPUTS, linears)}}
    example = {name: "train_example" if "train" in name else "test_example" for name in outputs}
    variables: dict[str, tuple] = {name: (("step", example[name], "output"), f) for name, f in outputs.items()}
    loss = LOSSES[point.settings["training.loss"]].value
    for name, f in outputs.items():
        target = point.arrays["y_train" if "train" in name else "y_test"]
        variables[name.replace("f_", "loss_", 1)] = ("step", [loss(g, target) for g in f])
    for name in ("train", "test") if linears else ():
        apart = outputs[f"f_{name}"] - outputs[f"f_{name}_linear"]
        variables[f"rmse_{name}"] = ("step", np.sqrt(np.mean(apart**2, axis=(1, 2))))
    return xr.Dataset(variables, {"step": [state.step for state in found]})
