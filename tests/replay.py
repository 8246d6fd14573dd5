"""A kept record replayed by a program of its own: NumPy trains the network from the record's parameters and inputs, and its
linearization from the record's kernel, and must meet every recorded output. usage: replay.py NTKSWEEP"""

import glob
import subprocess
import sys
import tempfile

import h5py
import numpy as np
from scipy.special import erf

STUDY = """
data:     {{ source: gaussian, dimension: {dimension}, outputs: 3, test_size: 5 }}
network:  {{ depth: 2, activation: {activation}, sigma_w2: 1.7, sigma_b2: {sigma_b2}, parameterization: {parameterization} }}
training: {{ learning_rate: {rate}, steps: 40, linearization: {linearization} }}
measure:  {{ recorded_steps: 9, kernel_steps: none, probes: 2, keep: [inputs, outputs, parameters, kernels] }}
sweep:    {{ width: 13, train_size: 7, seed: 3 }}
run:      {{ precision: f64 }}
"""
SIGMA_W2 = 1.7
CASES = [
    dict(dimension=9, activation="erf", sigma_b2=0.2, parameterization="ntk", rate="{ critical_fraction: 0.4 }",
         linearization="function"),
    dict(dimension=5, activation="tanh", sigma_b2=0.2, parameterization="standard", rate="{ critical_fraction: 0.4 }",
         linearization="parameter"),
    dict(dimension=9, activation="relu", sigma_b2=0, parameterization="standard", rate="{ absolute: 0.01 }",
         linearization="function"),
]
PHI = {
    "relu": (lambda h: np.maximum(h, 0), lambda h: (h > 0).astype(float)),
    "erf": (erf, lambda h: 2 / np.sqrt(np.pi) * np.exp(-h * h)),
    "tanh": (np.tanh, lambda h: 1 - np.tanh(h) ** 2),
}


class Network:
    """The formulas of the paper, written anew: h = s_w x W + s_b b."""

    def __init__(self, case):
        self.ntk, self.b2 = case["parameterization"] == "ntk", case["sigma_b2"]
        self.matched = not self.ntk and "critical" in case["rate"]
        self.phi, self.slope = PHI[case["activation"]]

    def scales(self, fan_in):
        return (np.sqrt(SIGMA_W2 / fan_in), np.sqrt(self.b2)) if self.ntk else (1.0, float(self.b2 > 0))

    def rates(self, fan_in):
        return (SIGMA_W2 / fan_in, self.b2) if self.matched else (1.0, 1.0)

    def forward(self, theta, x):
        values, h = [], None
        for i in range(0, len(theta), 2):
            x = x if h is None else self.phi(h)
            s_w, s_b = self.scales(x.shape[1])
            values.append((x, h))
            h = s_w * x @ theta[i] + s_b * theta[i + 1]
        return h, values

    def gradient(self, theta, values, w):
        """J' w, tensor by tensor, times each tensor's rate."""
        out = [None] * len(theta)
        for layer in reversed(range(len(values))):
            x, h = values[layer]
            (s_w, s_b), (r_w, r_b) = self.scales(x.shape[1]), self.rates(x.shape[1])
            out[2 * layer], out[2 * layer + 1] = r_w * s_w * x.T @ w, r_b * s_b * w.sum(0, keepdims=True)
            if h is not None:
                w = s_w * w @ theta[2 * layer].T * self.slope(h)
        return out

    def jacobian(self, theta, x):
        """Rows (example, output) of J times sqrt(rate)."""
        rows = []
        for i in range(len(x)):
            f, values = self.forward(theta, x[i:i + 1])
            for c in range(f.shape[1]):
                g = self.gradient(theta, values, np.eye(f.shape[1])[c:c + 1])
                roots = [np.sqrt(r) for layer in values for r in self.rates(layer[0].shape[1])]
                rows.append(np.concatenate([(a / max(r, 1e-300)).ravel() for a, r in zip(g, roots)]))
        return np.array(rows)


def check(what, got, expected, limit):
    error = np.abs(got - expected).max() / np.abs(expected).max()
    print(f"  {what}: {error:.1e} (limit {limit:.0e})")
    if not error <= limit:
        sys.exit(f"replay: {what} is off")


def replay(case, file):
    kept, net = file["kept"], Network(case)
    tensors = lambda name: [kept[name][t][()] for t in sorted(kept[name])]
    x, y, x_test = kept["x_train"][()], kept["y_train"][()], kept["x_test"][()]
    theta0, eta, steps = tensors("parameters"), file["learning_rate_used"][()], file["step"][()]
    jacobian = net.jacobian(theta0, x)
    check("NTK", kept["ntk_train_train"][()], jacobian @ jacobian.T, 1e-11)
    check("NTK of test points", kept["ntk_test_train"][()], net.jacobian(theta0, x_test) @ jacobian.T, 1e-11)
    theta = [t.copy() for t in theta0]
    linear, linear_test = net.forward(theta0, x)[0], net.forward(theta0, x_test)[0]
    tt, xt = kept["ntk_train_train"][()], kept["ntk_test_train"][()]
    rmse = []
    for step in range(steps[-1] + 1):
        f, values = net.forward(theta, x)
        if step in steps:
            at = list(steps).index(step)
            f_test = net.forward(theta, x_test)[0]
            rmse.append(np.sqrt(np.mean((f_test - linear_test) ** 2)))
            for name, mine in (("f_train", f), ("f_test", f_test), ("f_train_linear", linear),
                               ("f_test_linear", linear_test)):
                check(f"{name} at step {step}", kept[name][at], mine, 1e-9)
        if step == steps[-1]:
            break
        theta = [t - eta * g for t, g in zip(theta, net.gradient(theta, values, (f - y) / y.size))]
        g = ((linear - y) / y.size).ravel()
        linear = linear - eta * (tt @ g).reshape(y.shape)
        linear_test = linear_test - eta * (xt @ g).reshape(linear_test.shape)
    check("rmse_test", file["rmse_test"][()], np.array(rmse), 1e-7)
    for t, (mine, theirs) in enumerate(zip(theta, tensors("parameters_final"))):
        if np.abs(mine).max() > 0:
            check(f"parameters_final/{t:02d}", theirs, mine, 1e-9)


def main(program):
    for case in CASES:
        print(case)
        with tempfile.TemporaryDirectory() as folder:
            with open(folder + "/study.yaml", "w") as study:
                study.write(STUDY.format(**case))
            subprocess.run([program, "run", folder + "/study.yaml", "-o", folder + "/out"], check=True)
            (record,) = glob.glob(folder + "/out/points/*/*.h5")
            with h5py.File(record) as file:
                replay(case, file)


main(sys.argv[1])
