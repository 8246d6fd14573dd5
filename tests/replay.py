"""A kept record replayed by a program of its own: NumPy trains the network from the record's parameters, inputs and batches, and
its linearization from the record's kernel, and must meet every recorded output and loss. usage: replay.py NTKSWEEP"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "analysis"))
import ntksweep
from ntksweep.training import Network, dataset_of, states, tensors_of

STUDY = """
data:     {{ {data}, test_size: 5 }}
network:  {{ {network}{activation}, sigma_w2: 1.7, sigma_b2: {sigma_b2}, parameterization: {parameterization},
            output_scale: {alpha} }}
training: {{ learning_rate: {rate}, steps: 40, {training} }}
measure:  {{ recorded_steps: 9, kernel_steps: none, probes: 2, keep: [inputs, outputs, parameters, kernels] }}
sweep:    {{ {width}train_size: 7, seed: 3 }}
run:      {{ precision: f64 }}
"""
GAUSSIAN = "source: gaussian, outputs: 3, dimension: "
NUMBER = "source: gaussian, dimension: 1"
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
         parameterization="standard", rate=OWN, linearization="function", training="momentum: 0.5"),
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
    dict(data=GAUSSIAN + "4", network="family: residual, depth: 4, cell: two, weights: knots, knots: 3, step: time, "
         "solver: rk4, time_input: true, inject: true", width=7, activation="tanh", sigma_b2=0.2, parameterization="ntk",
         rate=OWN, linearization="function", training="momentum: 0.5"),
    dict(data=GAUSSIAN + "4", network="family: residual, depth: 3, weights: shared, step: time", width=11, activation="erf",
         sigma_b2=0.2, parameterization="standard", rate=CRITICAL, linearization="parameter", training="rates: matched"),
    dict(data=GAUSSIAN + "2", network="family: residual, depth: 2, cell: post, state: input, augment: 2, readout: none, "
         "step: root", width=1, activation="relu", sigma_b2=0.2, parameterization="ntk", rate=OWN, linearization="function",
         training=PLAIN),
    dict(data=GAUSSIAN + "4", network="family: deq, cell: one, feedback_w2: 0.3, tolerance: 1e-14", width=11,
         activation="tanh", sigma_b2=0.2, parameterization="ntk", rate=CRITICAL, linearization="function",
         training="momentum: 0.5"),
    dict(data=GAUSSIAN + "4", network="family: deq, cell: two, expansion: 2, solver: anderson, tolerance: 1e-14", width=5,
         activation="erf", sigma_b2=0.2, parameterization="standard", rate=OWN, linearization="parameter",
         training="rates: matched"),
    dict(data=GAUSSIAN + "3", network="family: deq, cell: one, state: input, augment: 2, readout: none, solver: ode, "
         "tolerance: 1e-14", width=1, activation="relu", sigma_b2=0.2, parameterization="ntk", rate=OWN,
         linearization="function", training=PLAIN),
    dict(data=GAUSSIAN + "3", network="family: deq, cell: one, feedback_w2: 0.3, tolerance: 1e-14", width=7,
         activation="prelu", sigma_b2=0.2, parameterization="ntk", rate=OWN, linearization="function", training=PLAIN),
    dict(data=GAUSSIAN + "9", network="family: fc, depth: 2", width=13, activation="erf", sigma_b2=0.2, alpha=5,
         parameterization="ntk", rate=SMALL, linearization="function",
         training="momentum: 0.9, centred: true"),
    dict(data=GREY, network="family: fc, depth: 2", width=13, activation="relu", sigma_b2=0.2, parameterization="ntk",
         rate=SMALL, linearization="function",
         training="loss: cross_entropy, momentum: 0.9, batch_size: 3"),
    dict(data=GREY, network="family: conv, depth: 2, pooling: global", width=5, activation="tanh", sigma_b2=0.2, alpha=0.5,
         parameterization="standard", rate=SMALL, linearization="parameter",
         training="loss: cross_entropy, momentum: 0.8, batch_size: 2, centred: true, rates: matched"),
    dict(data=NUMBER, network="family: closed, example: 2, reading: state, time: 0.9", sigma_b2=0.4,
         parameterization="ntk", rate=OWN, linearization="function", training=PLAIN),
    dict(data=NUMBER, network="family: closed", sigma_b2=0.4,
         parameterization="standard", rate=OWN, linearization="parameter", training="rates: matched"),
    dict(data=GAUSSIAN + "5", network="family: residual, cell: two, weights: knots, step: time, solver: rk4, depth: 2", width=7,
         activation="prelu", sigma_b2=0.2, parameterization="ntk", rate=OWN, linearization="parameter", training=PLAIN),
    dict(data=GAUSSIAN + "5", network="family: residual, weights: shared, depth: 3", width=7,
         activation="prelu", sigma_b2=0.2, parameterization="ntk", rate=OWN, linearization="parameter", training=PLAIN),
    dict(data=GAUSSIAN + "5", network="family: fc, depth: 2", width=13, activation="cos", sigma_b2=0.2,
         parameterization="ntk", rate=CRITICAL, linearization="function", training=PLAIN),
    dict(data=GAUSSIAN + "5", network="family: fc, depth: 2, slope: 0.4", width=13, activation="prelu", sigma_b2=0.2,
         parameterization="standard", rate="{ absolute: 0.1 }", linearization="function", training="rates: matched"),
    dict(data=GREY, network="family: conv, depth: 2, draw: uniform", width=5, activation="prelu", sigma_b2=0.2,
         parameterization="ntk", rate=OWN, linearization="parameter", training="momentum: 0.5"),
    dict(data=GAUSSIAN + "5", network="family: fc, depth: 3, slope: 0.4", width=13, activation="leaky_relu", sigma_b2=0.2,
         parameterization="ntk", rate=CRITICAL, linearization="parameter", training=PLAIN),
    dict(data=PAIR, network="family: fc, depth: 2", width=13, activation="erf", sigma_b2=0.2, parameterization="ntk",
         rate=CRITICAL, linearization="function", training="loss: cross_entropy"),
    dict(data=GREY, network="family: fc, depth: 2", width=13, activation="tanh", sigma_b2=0.2, parameterization="ntk",
         rate="{ absolute: 0.01 }", linearization="parameter", training="loss: cross_entropy, optimizer: adam, batch_size: 3"),
    dict(data=COLOUR, network="family: conv, depth: 2, pooling: global", width=6, activation="relu", sigma_b2=0.2,
         parameterization="ntk", rate=SMALL, linearization="function",
         training="momentum: 0.5, batch_size: 2, layers: readout"),
    dict(data=GAUSSIAN + "9", network="family: fc, depth: 2", width=13, activation="erf", sigma_b2=0.2,
         parameterization="ntk", rate=CRITICAL, linearization="function", training="momentum: 0.5, schedule: cosine"),
    dict(data=GREY, network="family: conv, depth: 2, pooling: global", width=5, activation="tanh", sigma_b2=0.2,
         parameterization="standard", rate=SMALL, linearization="parameter",
         training="batch_size: 2, rates: matched, schedule: cosine, stop_loss: 0.19"),
    dict(data=GREY, network="family: fc, depth: 2", width=13, activation="tanh", sigma_b2=0.2, parameterization="ntk",
         rate="{ absolute: 0.01 }", linearization="parameter", training="optimizer: adam, schedule: cosine"),
    dict(data=GAUSSIAN + "9", network="family: fc, depth: 2", width=13, activation="erf", sigma_b2=0.2,
         parameterization="standard", rate=CRITICAL, training="momentum: 0.5, clip: 0.02, models: [], rates: matched"),
    dict(data=GREY, network="family: residual, depth: 2, weights: shared, step: time, solver: heun", width=7,
         activation="tanh", sigma_b2=0.2, parameterization="ntk", rate=SMALL, linearization="function",
         training="loss: cross_entropy"),
]
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


# Limits for any BLAS kernel: of what is evaluated once, and after steps of training, as test_golden's (but ten times what it has for the
# first: sums in another order on both sides); an RMSE is a difference of outputs a hundred times its size.
EVALUATED, STEPPED, DIFFERENCE = 1e-11, 1e-9, 1e-7


def check(what, got, expected, limit, size=0):
    size = max(size, np.abs(expected).max()) or 1
    error = np.abs(got - expected).max() / size
    print(f"  {what}: {error:.1e} (limit {limit:.0e})")
    if not error <= limit:
        sys.exit(f"replay: {what} is off")


def check_kernels(case, point, net):
    theta0, x, x_test = tensors_of(point.parameters), point.arrays["x_train"], point.arrays["x_test"]
    jacobians = [net.jacobian(theta0, x), net.jacobian(theta0, x_test)]
    for name, jacobian in zip(("ntk_train_train", "ntk_test_train"), jacobians):
        check(name, point.kernels[name], jacobian @ jacobians[0].T, EVALUATED)
    if case["rate"] == OWN:
        y, momentum = point.arrays["y_train"], float(point.settings["training.momentum"])
        stable = (4 * len(x) if point.settings["training.loss"] == "cross_entropy" else 2 * y.size) * (1 + momentum)
        rate = 0.4 * stable / np.linalg.eigvalsh(point.kernels["ntk_train_train"])[-1]
        check("learning rate", point.metrics["learning_rate_used"], rate, EVALUATED)


def check_point(case, point):
    net = Network(point.settings, point.arrays["y_train"].shape[1])
    check_kernels(case, point, net)
    found = list(states(point))
    mine = dataset_of(point, found)
    assert mine.equals(ntksweep.replay(point)), "two replays differ"
    alone = case.get("linearization") is None
    assert ("f_test_linear" in mine) == (not alone)
    for name in ("f_train", "f_test", "f_train_linear", "f_test_linear")[: 2 if alone else 4]:
        for at, step in enumerate(mine["step"].values):
            check(f"{name} at step {step}", point.arrays[name][at], mine[name].values[at], STEPPED)
    steps = len(mine["step"])
    stopped = float(point.metrics["stopped_step"]) if "stopped_step" in point.metrics else -1
    assert mine["step"].values[-1] == (stopped if stopped >= 0 else 40)
    names = ("loss_train", "loss_test", "rmse_test", "rmse_train", "loss_train_linear", "loss_test_linear")
    for name in names[: 2 if alone else 6]:
        # the readout alone: the RMSE is one of roundings
        check(name, point.metrics[name].values[:steps], mine[name].values, DIFFERENCE, size=net.readout_alone * 1e-6)
    for t, (ours, theirs) in enumerate(zip(found[-1].parameters, tensors_of(point.parameters_final))):
        if np.any(ours):
            check(f"parameters_final/{t:02d}", theirs, ours, STEPPED)


def main(program):
    for case in CASES:
        print(case)
        with tempfile.TemporaryDirectory() as folder:
            write_images(folder)
            with open(folder + "/study.yaml", "w") as study:
                space = {"linearization": case["linearization"]} if "linearization" in case else {}
                words = ", ".join([case["training"], *(f"{key}: {word}" for key, word in space.items())])
                forms = {"activation": ", activation: {}", "width": "width: {}, "}  # of networks that have them
                put = {name: text.format(case[name]) if name in case else "" for name, text in forms.items()}
                study.write(STUDY.format(**{"alpha": 1, **case, **put, "training": words}))
            subprocess.run([program, "run", folder + "/study.yaml", "-o", folder + "/out"], check=True)
            check_point(case, ntksweep.open(folder + "/out").point())


main(sys.argv[1])
