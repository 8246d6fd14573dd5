"""A kept record replayed by a program of its own: NumPy trains the network from the record's parameters, inputs and batches, and
its linearization from the record's kernel, and must meet every recorded output and loss. usage: replay.py NTKSWEEP"""

import glob
import subprocess
import sys
import tempfile

import h5py
import numpy as np
from scipy.special import erf

STUDY = """
data:     {{ {data}, test_size: 5 }}
network:  {{ {network}, activation: {activation}, sigma_w2: 1.7, sigma_b2: {sigma_b2}, parameterization: {parameterization},
            output_scale: {alpha} }}
training: {{ learning_rate: {rate}, steps: 40, linearization: {linearization}, {training} }}
measure:  {{ recorded_steps: 9, kernel_steps: none, probes: 2, keep: [inputs, outputs, parameters, kernels] }}
sweep:    {{ width: {width}, train_size: 7, seed: 3 }}
run:      {{ precision: f64 }}
"""
SIGMA_W2 = 1.7
GAUSSIAN = "source: gaussian, outputs: 3, dimension: "
COLOUR = "source: cifar10, path: ., classes: [airplane, cat, horse], resize: 8"
GREY = "source: mnist, path: ., classes: ['0', '3', '7'], resize: 2"
PAIR = "source: mnist, path: ., classes: ['0', '3'], resize: 2"
CRITICAL = "{ critical_fraction: 0.4 }"
SMALL = "{ critical_fraction: 0.1 }"
OWN = "{ empirical_fraction: 0.4 }"
PLAIN = "loss: mse"
CASES = [
    dict(data=GAUSSIAN + "9", network="family: fc, depth: 2", width=13, activation="erf", sigma_b2=0.2,
         parameterization="ntk", rate=CRITICAL, linearization="function", training=PLAIN),
    dict(data=GAUSSIAN + "5", network="family: fc, depth: 2", width=13, activation="tanh", sigma_b2=0.2,
         parameterization="standard", rate=CRITICAL, linearization="parameter", training="rates: matched"),
    dict(data=GAUSSIAN + "9", network="family: fc, depth: 2", width=13, activation="erf", sigma_b2=0.2,
         parameterization="standard", rate=OWN, linearization="function", training="momentum: 0.5", momentum=0.5),
    dict(data=GREY, network="family: conv, depth: 2, pooling: global", width=5, activation="tanh", sigma_b2=0.2, alpha=2,
         parameterization="standard", rate=OWN, linearization="parameter", training="loss: cross_entropy"),
    dict(data=GREY, network="family: wrn, blocks: 1", width=6, activation="tanh", sigma_b2=0.2, parameterization="standard",
         rate="{ absolute: 0.02 }", linearization="function", training="rates: matched"),
    dict(data=GAUSSIAN + "9", network="family: fc, depth: 2", width=13, activation="relu", sigma_b2=0,
         parameterization="standard", rate="{ absolute: 0.01 }", linearization="function", training=PLAIN),
    dict(data=COLOUR, network="family: conv, depth: 2, pooling: global", width=17, activation="relu", sigma_b2=0.2,
         parameterization="ntk", rate=CRITICAL, linearization="function", training=PLAIN),
    dict(data=GREY, network="family: conv, depth: 2, pooling: flatten, kernel_size: 5", width=5, activation="erf",
         sigma_b2=0, parameterization="standard", rate=CRITICAL, linearization="parameter", training="rates: matched"),
    dict(data=GREY, network="family: wrn, blocks: 1", width=6, activation="tanh", sigma_b2=0.2,
         parameterization="ntk", rate=CRITICAL, linearization="function", training=PLAIN),
    dict(data=GAUSSIAN + "9", network="family: fc, depth: 2", width=13, activation="erf", sigma_b2=0.2, alpha=5,
         parameterization="ntk", rate=SMALL, linearization="function", momentum=0.9,
         training="momentum: 0.9, centred: true"),
    dict(data=GREY, network="family: fc, depth: 2", width=13, activation="relu", sigma_b2=0.2, parameterization="ntk",
         rate=SMALL, linearization="function", momentum=0.9,
         training="loss: cross_entropy, momentum: 0.9, batch_size: 3"),
    dict(data=GREY, network="family: conv, depth: 2, pooling: global", width=5, activation="tanh", sigma_b2=0.2, alpha=0.5,
         parameterization="standard", rate=SMALL, linearization="parameter", momentum=0.8,
         training="loss: cross_entropy, momentum: 0.8, batch_size: 2, centred: true, rates: matched"),
    dict(data=PAIR, network="family: fc, depth: 2", width=13, activation="erf", sigma_b2=0.2, parameterization="ntk",
         rate=CRITICAL, linearization="function", training="loss: cross_entropy"),
    dict(data=GREY, network="family: fc, depth: 2", width=13, activation="tanh", sigma_b2=0.2, parameterization="ntk",
         rate="{ absolute: 0.01 }", linearization="parameter", training="loss: cross_entropy, optimizer: adam, batch_size: 3"),
    dict(data=COLOUR, network="family: conv, depth: 2, pooling: global", width=6, activation="relu", sigma_b2=0.2,
         parameterization="ntk", rate=SMALL, linearization="function", momentum=0.5,
         training="momentum: 0.5, batch_size: 2, layers: readout"),
]
PHI = {
    "relu": (lambda h: np.maximum(h, 0), lambda h: (h > 0).astype(float)),
    "erf": (erf, lambda h: 2 / np.sqrt(np.pi) * np.exp(-h * h)),
    "tanh": (np.tanh, lambda h: 1 - np.tanh(h) ** 2),
}


def write_images(folder):
    """Small files in the formats of CIFAR-10 (32x32 colours) and MNIST (here 14x10): noise, every label in turn."""
    random = np.random.default_rng(2385)
    for colour, grey, count in (("data_batch_1", "train", 60), ("test_batch", "t10k", 50)):
        label = (np.arange(count) % 10).astype(np.uint8)
        pixels = random.integers(0, 256, (count, 3072), np.uint8)
        np.hstack([label[:, None], pixels]).tofile(f"{folder}/{colour}.bin")
        pixels = random.integers(0, 256, (count, 14, 10), np.uint8)
        for name, array in (("images-idx3", pixels), ("labels-idx1", label)):
            with open(f"{folder}/{grey}-{name}-ubyte", "wb") as file:
                file.write(np.array([0x800 + array.ndim, *array.shape], ">u4").tobytes() + array.tobytes())


def windows(x, size, stride):
    """For each place (u, v) of a filter: what of the image lies under it, [example, row, column, channel]."""
    reach, rows, columns = size // 2, *(-(-n // stride) for n in x.shape[1:3])
    padded = np.pad(x, ((0, 0), (reach, reach), (reach, reach), (0, 0)))
    for u in range(size):
        for v in range(size):
            yield u, v, padded[:, u:u + stride * (rows - 1) + 1:stride, v:v + stride * (columns - 1) + 1:stride]


def into_windows(shape, size, stride, part):
    """The transposed map: the sum over (u, v) of part(u, v), each where its window lies."""
    reach, (n, rows, columns, channels) = size // 2, shape
    padded = np.zeros((n, rows + 2 * reach, columns + 2 * reach, channels))
    for u, v, window in windows(np.zeros(shape), size, stride):
        _, r, c, _ = window.shape
        padded[:, u:u + stride * (r - 1) + 1:stride, v:v + stride * (c - 1) + 1:stride] += part(u, v)
    return padded[:, reach:reach + rows, reach:reach + columns]


class Value:
    def __init__(self, v):
        self.v, self.w = v, np.zeros_like(v)  # the value and its cotangent


class Pass:
    """One pass through the formulas of the paper, written anew: h = s_w x * W + s_b b; what leads back is kept."""

    def __init__(self, net, theta):
        self.net, self.theta, self.layer, self.back = net, theta, 0, []
        self.gradient = [None] * len(theta)

    def affine(self, x, stride=1):
        at = 2 * self.layer
        weight, bias = self.theta[at:at + 2]
        self.layer += 1
        (s_w, s_b), (r_w, r_b) = self.net.scales(weight.shape), self.net.rates(weight.shape)
        size = weight.shape[0]
        if weight.ndim == 2:
            h = x.v @ weight
        else:
            h = sum(window @ weight[u, v] for u, v, window in windows(x.v, size, stride))
        y = Value(s_w * h + s_b * bias)

        def back():
            if weight.ndim == 2:
                x.w += s_w * y.w @ weight.T
                gradient = x.v.T @ y.w
            else:
                x.w += s_w * into_windows(x.v.shape, size, stride, lambda u, v: y.w @ weight[u, v].T)
                gradient = np.zeros_like(weight)
                for u, v, window in windows(x.v, size, stride):
                    gradient[u, v] = np.einsum("nrci,nrco->io", window, y.w)
            self.gradient[at] = r_w * s_w * gradient
            self.gradient[at + 1] = (r_b * s_b * y.w.reshape(-1, bias.size).sum(0)).reshape(bias.shape)

        self.back.append(back)
        return y

    def activation(self, x):
        phi, slope = self.net.phi
        y = Value(phi(x.v))
        self.back.append(lambda: x.w.__iadd__(y.w * slope(x.v)))
        return y

    def mean(self, x):
        y = Value(x.v.mean((1, 2)))
        self.back.append(lambda: x.w.__iadd__(y.w[:, None, None] / (x.v.shape[1] * x.v.shape[2])))
        return y

    def flatten(self, x):
        y = Value(x.v.reshape(len(x.v), -1))
        self.back.append(lambda: x.w.__iadd__(y.w.reshape(x.v.shape)))
        return y

    def add(self, a, b):
        y = Value(a.v + b.v)
        self.back.append(lambda: (a.w.__iadd__(y.w), b.w.__iadd__(y.w)))
        return y


class Network:
    def __init__(self, case):
        self.ntk, self.b2 = case["parameterization"] == "ntk", case["sigma_b2"]
        self.matched = "rates: matched" in case["training"]
        self.phi, self.text = PHI[case["activation"]], case["network"]
        self.alpha = case.get("alpha", 1)
        self.readout_alone = "readout" in case["training"]

    def scales(self, shape):
        fan_in = np.prod(shape[:-1])
        return (np.sqrt(SIGMA_W2 / fan_in), np.sqrt(self.b2)) if self.ntk else (1.0, float(self.b2 > 0))

    def rates(self, shape):
        return (SIGMA_W2 / np.prod(shape[:-1]), self.b2) if self.matched else (1.0, 1.0)

    def plain(self, go, x):
        for _ in range(2):
            x = go.activation(go.affine(x))
        if x.v.ndim == 4:
            x = go.flatten(x) if "flatten" in self.text else go.mean(x)
        return go.affine(x)

    def residual(self, go, x):
        x = go.affine(x)
        for stride in (1, 2, 2):
            y = go.affine(go.activation(x), stride)
            y = go.affine(go.activation(y))
            x = go.add(go.affine(x, stride) if stride > 1 else x, y)
        return go.affine(go.mean(x))

    def forward(self, theta, x):
        go = Pass(self, theta)
        x = x.reshape(len(x), -1) if "fc" in self.text else x
        return go, (self.residual if "wrn" in self.text else self.plain)(go, Value(x))

    def outputs(self, theta, x):
        return self.alpha * self.forward(theta, x)[1].v

    def gradient(self, theta, x, w):
        """J' w, tensor by tensor, times each tensor's rate; those that are not trained have none."""
        go, f = self.forward(theta, x)
        f.w += self.alpha * w
        for back in reversed(go.back):
            back()
        frozen = len(theta) - 2 if self.readout_alone else 0
        return [g * (t >= frozen) for t, g in enumerate(go.gradient)]

    def jacobian(self, theta, x):
        """Rows (example, output) of J times sqrt(rate)."""
        roots = [np.sqrt(rate) for weight in theta[::2] for rate in self.rates(weight.shape)]
        rows, outputs = [], theta[-1].size
        for i in range(len(x)):
            for w in np.eye(outputs):
                g = self.gradient(theta, x[i:i + 1], w)
                rows.append(np.concatenate([(a / max(root, 1e-300)).ravel() for a, root in zip(g, roots)]))
        return np.array(rows)


# Limits for any BLAS kernel: of what is evaluated once, and after steps of training, as test_golden's (but ten times what it has for the
# first: sums in another order on both sides); an RMSE is a difference of outputs a hundred times its size.
EVALUATED, STEPPED, DIFFERENCE = 1e-11, 1e-9, 1e-7


def check(what, got, expected, limit, size=0):
    size = max(size, np.abs(expected).max()) or 1
    error = np.abs(got - expected).max() / size
    print(f"  {what}: {error:.1e} (limit {limit:.0e})")
    if not error <= limit:
        sys.exit(f"replay: {what} is off")


def softmax(f):
    e = np.exp(f - f.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


LOSSES = {  # value, gradient
    "mse": (lambda f, y: np.mean((f - y) ** 2) / 2, lambda f, y: (f - y) / y.size),
    "cross_entropy": (lambda f, y: -np.sum(y * np.log(softmax(f))) / len(y), lambda f, y: (softmax(f) - y) / len(y)),
}


class Descent:
    """One array going down: the heavy ball (plain without momentum), or Adam."""

    def __init__(self, case, eta):
        self.eta, self.beta, self.is_adam = eta, case.get("momentum", 0), "adam" in case["training"]
        self.v = self.m = self.s = self.i = 0

    def move(self, g):
        self.i += 1
        self.v = self.beta * self.v - self.eta * g
        self.m, self.s = 0.9 * self.m + 0.1 * g, 0.999 * self.s + 0.001 * g * g
        mean, square = self.m / (1 - 0.9 ** self.i), self.s / (1 - 0.999 ** self.i)
        return -self.eta * mean / (np.sqrt(square) + 1e-8) if self.is_adam else self.v


class Linear:
    """The linearization f_0 + A z: by the record's kernels A, and z goes down g; Adam's by the Jacobian, and z goes down J' g."""

    def __init__(self, case, eta, f0, kernels, jacobians):
        self.f0, self.f, self.descent, self.z = f0, f0, Descent(case, eta), 0
        self.maps = jacobians if self.descent.is_adam else kernels
        self.back = jacobians[0].T if self.descent.is_adam else np.eye(f0[0].size)

    def step(self, g):
        self.z = self.z + self.descent.move(self.back @ g.ravel())
        self.f = [f0 + (a @ self.z).reshape(f0.shape) for f0, a in zip(self.f0, self.maps)]


def replay(case, file):
    kept, net = file["kept"], Network(case)
    tensors = lambda name: [kept[name][t][()] for t in sorted(kept[name])]
    x, y, x_test, y_test = (kept[name][()] for name in ("x_train", "y_train", "x_test", "y_test"))
    theta0, eta, steps = tensors("parameters"), file["learning_rate_used"][()], list(file["step"][()])
    value, slope = LOSSES["cross_entropy" if "cross_entropy" in case["training"] else "mse"]
    both = lambda theta: [net.outputs(theta, x), net.outputs(theta, x_test)]
    kernels = [kept["ntk_train_train"][()], kept["ntk_test_train"][()]]
    jacobians = [net.jacobian(theta0, x), net.jacobian(theta0, x_test)]
    for name, kernel, jacobian in zip(("NTK", "NTK of test points"), kernels, jacobians):
        check(name, kernel, jacobian @ jacobians[0].T, EVALUATED)
    if case["rate"] == OWN:
        stable = (4 * len(x) if "cross_entropy" in case["training"] else 2 * y.size) * (1 + case.get("momentum", 0))
        check("learning rate", eta, 0.4 * stable / np.linalg.eigvalsh(kernels[0])[-1], EVALUATED)
    origin = both(theta0) if "centred" in case["training"] else [0, 0]
    theta, descents = [t.copy() for t in theta0], [Descent(case, eta) for _ in theta0]
    linear = Linear(case, eta, [f - o for f, o in zip(both(theta0), origin)], kernels, jacobians)
    mine = {name: [] for name in ("rmse_test", "loss_train", "loss_test", "loss_train_linear", "loss_test_linear")}
    for step in range(steps[-1] + 1):
        f = [f - o for f, o in zip(both(theta), origin)]
        if step in steps:
            at, names = steps.index(step), ("f_train", "f_test", "f_train_linear", "f_test_linear")
            mine["rmse_test"].append(np.sqrt(np.mean((f[1] - linear.f[1]) ** 2)))
            for name, g, target in zip(names, f + linear.f, (y, y_test, y, y_test)):
                check(f"{name} at step {step}", kept[name][at], g, STEPPED)
                mine[name.replace("f_", "loss_")].append(value(g, target))
        if step == steps[-1]:
            break
        batch = kept["batches"][step] if "batch_size" in case["training"] else np.arange(len(x))
        gradient = net.gradient(theta, x[batch], slope(f[0][batch], y[batch]))
        theta = [t + descent.move(g) for t, g, descent in zip(theta, gradient, descents)]
        g = np.zeros(y.shape)
        g[batch] = slope(linear.f[0][batch], y[batch])
        linear.step(g)
    for name, values in mine.items():  # the readout alone: the RMSE is one of roundings
        check(name, file[name][()], np.array(values), DIFFERENCE, size=net.readout_alone * 1e-6)
    for t, (ours, theirs) in enumerate(zip(theta, tensors("parameters_final"))):
        if np.abs(ours).max() > 0:
            check(f"parameters_final/{t:02d}", theirs, ours, STEPPED)


def main(program):
    for case in CASES:
        print(case)
        with tempfile.TemporaryDirectory() as folder:
            write_images(folder)
            with open(folder + "/study.yaml", "w") as study:
                study.write(STUDY.format(**{"alpha": 1, **case}))
            subprocess.run([program, "run", folder + "/study.yaml", "-o", folder + "/out"], check=True)
            (record,) = glob.glob(folder + "/out/points/*/*.h5")
            with h5py.File(record) as file:
                replay(case, file)


main(sys.argv[1])
