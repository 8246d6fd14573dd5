"""Of training.py: the networks that are made of cells, residual ones of any depth and equilibria. `go` is a pass."""

from __future__ import annotations

import math

METHODS = {  # times of the stages in steps, how they read those before, and weights
    "euler": ([0], [[]], [1]),
    "midpoint": ([0, 0.5], [[], [0.5]], [0, 1]),
    "heun": ([0, 1], [[], [1]], [0.5, 0.5]),
    "rk4": ([0, 0.5, 0.5, 1], [[], [0.5], [0, 0.5], [0, 0, 1]], [1 / 6, 1 / 3, 1 / 3, 1 / 6]),
}


class Blocks:
    """Of a residual network: h <- h + c N(h), by the settings of its section."""

    def __init__(self, settings):
        get = lambda name, usual: settings.get(f"network.{name}", usual)
        self.cell, self.weights, self.solver = get("cell", "pre"), get("weights", "independent"), get("solver", "euler")
        self.depth, self.knots, self.augment = int(get("depth", 1)), int(get("knots", 2)), int(get("augment", 0))
        self.reads_time, self.injects = get("time_input", "false") == "true", get("inject", "false") == "true"
        self.enters, self.has_readout = get("state", "width") == "width", get("readout", "dense") == "dense"
        ratio = float(get("time", 1)) / self.depth
        self.size = {"one": 1.0, "time": ratio, "root": math.sqrt(ratio)}[get("step", "one")]

    def affine(self, go, x, place, block, time):
        return self.layer(go, go.affine, x, place, block, time)

    def activation(self, go, x, block, time):
        return self.layer(go, go.prelu, x, "slope", block, time) if go.net.learns_slope else go.activation(x)

    def layer(self, go, make, x, place, block, time):
        """A layer of a cell at a time in steps: a block's own, that of all, or between two knots."""
        if self.weights != "knots":
            return make(x, name=(place, block if self.weights == "independent" else 0))
        at = time * (self.knots - 1) / self.depth
        low, share = int(at), at - int(at)
        y = make(x, name=(place, low))
        return go.add(y, make(x, name=(place, low + 1)), 1 - share, share) if share > 0 else y

    def cell_of(self, go, h, x, block, time):
        y = self.activation(go, h, block, time) if self.cell == "pre" else h
        if self.reads_time:
            y = go.components(y, y.v.shape[1] + 1, self.size * time)
        y = self.affine(go, y, "first", block, time)
        if self.injects:
            y = go.add(y, self.affine(go, x, "inject", block, time))
        if self.cell != "pre":
            y = self.activation(go, y, block, time)
        return self.affine(go, y, "second", block, time) if self.cell == "two" else y

    def advance(self, go, h, weights, k):
        for weight, part in zip(weights, k):
            h = go.add(h, part, 1.0, self.size * weight) if weight else h
        return h


def residual(net, go, x):
    blocks = net.blocks
    times, stages, weights = METHODS[blocks.solver]
    h = go.affine(x, name="input") if blocks.enters else go.components(x, x.v.shape[1] + blocks.augment)
    for block in range(blocks.depth):
        k = []
        for time, stage in zip(times, stages):
            k.append(blocks.cell_of(go, blocks.advance(go, h, stage, k), x, block, block + time))
        h = blocks.advance(go, h, weights, k)
    if not blocks.has_readout:
        return go.components(h, net.count or h.v.shape[1])
    return go.affine(go.activation(h) if blocks.cell == "pre" else h, name="readout")


def deep_equilibrium(net, go, x):
    cell = net.cell
    z = go.equilibrium(cell.entered(go, x), cell)
    return go.affine(z, name="readout") if cell.has_readout else go.components(z, net.count or z.v.shape[1])


class Cell:
    """Of an equilibrium network, by the settings of its section."""

    def __init__(self, settings):
        self.is_two, self.w2 = settings["network.cell"] == "two", float(settings["network.feedback_w2"])
        self.enters, self.has_readout = settings["network.state"] == "width", settings["network.readout"] == "dense"
        self.augment = int(settings.get("network.augment", 0))

    def entered(self, go, x):
        """u of the input."""
        return go.affine(x, name="input") if self.enters else go.components(x, x.v.shape[1] + self.augment)

    def __call__(self, go, z, u):
        if not self.is_two:
            return go.activation(go.add(go.affine(z, name="feedback", w2=self.w2), u), name="slope")
        hidden = go.activation(go.affine(go.add(z, u), name="feedback_1", w2=self.w2), name="slope")
        return go.affine(hidden, name="feedback_2", w2=self.w2)
