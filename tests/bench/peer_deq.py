"""A training step of an equilibrium network (cell one, relu, width 1024, 64 inputs, 256 points, tolerance 1e-6, f32, one
thread) by PyTorch, beside the same one of bench_depth: Anderson's mixing of the last 6 iterates of each example, forth and,
by the implicit function theorem, back. Both alternate; medians and their ratio are printed.

usage: peer_deq.py BENCH_DEPTH_F32 [ROUNDS]   (by a Python that has torch)"""

import re
import statistics
import subprocess
import sys
import time

import torch

POINTS, INPUTS, WIDTH, HISTORY, TOLERANCE, MOST, STEPS_TIMED = 256, 64, 1024, 6, 1e-6, 500, 12
FEEDBACK_W2, SIGMA_W2, SIGMA_B2 = 0.2, 2, 0.1


class Anderson:
    """Where f rests, from 0, for each row of [rows, size]; all go on until the last one rests. Memory is kept."""

    def __init__(self, rows, size):
        self.g, self.residual = torch.empty(rows, HISTORY, size), torch.empty(rows, HISTORY, size)
        self.gram = torch.empty(rows, HISTORY, HISTORY)
        self.steps = 0

    def solve(self, f):
        z = torch.zeros(self.g.shape[0], self.g.shape[2])
        for step in range(MOST):
            g = f(z)
            residual = g - z
            self.steps += 1
            if (residual.norm(dim=1) <= TOLERANCE * g.norm(dim=1)).all():
                return g
            slot, count = step % HISTORY, min(step + 1, HISTORY)
            self.g[:, slot], self.residual[:, slot] = g, residual
            z = self.mixed(slot, count) if count > 1 else g
        raise RuntimeError("no rest")

    def mixed(self, slot, count):
        """sum_j alpha_j g_j, alpha of sum 1 that makes |sum_j alpha_j residual_j| least: one new row of the Gram matrix."""
        row = torch.bmm(self.residual[:, :count], self.residual[:, slot, :, None])[:, :, 0]
        if count == 2:
            self.gram[:, 0, 0] = (self.residual[:, 0] ** 2).sum(1)
        self.gram[:, slot, :count] = self.gram[:, :count, slot] = row
        length = torch.diagonal(self.gram[:, :count, :count], dim1=1, dim2=2).sqrt()
        scaled = self.gram[:, :count, :count] / (length[:, :, None] * length[:, None, :])
        alpha = torch.linalg.solve(scaled + 1e-6 * torch.eye(count), 1 / length) / length
        alpha /= alpha.sum(1, keepdim=True)
        return torch.bmm(alpha[:, None, :], self.g[:, :count])[:, 0]


class Equilibrium(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.input, self.readout = torch.nn.Linear(INPUTS, WIDTH), torch.nn.Linear(WIDTH, 1)
        self.feedback = torch.nn.Parameter(torch.randn(WIDTH, WIDTH) * (FEEDBACK_W2 / WIDTH) ** 0.5)
        for layer in self.input, self.readout:
            torch.nn.init.normal_(layer.weight, std=(SIGMA_W2 / layer.in_features) ** 0.5)
            torch.nn.init.normal_(layer.bias, std=SIGMA_B2**0.5)
        self.forth, self.back = Anderson(POINTS, WIDTH), Anderson(POINTS, WIDTH)

    def forward(self, x):
        u = self.input(x)
        with torch.no_grad():
            rest = self.forth.solve(lambda z: torch.addmm(u, z, self.feedback).relu_())
        at_rest = rest.detach().requires_grad_()
        again = torch.addmm(u.detach(), at_rest, self.feedback.detach()).relu()
        z = torch.addmm(u, rest, self.feedback).relu()
        z.register_hook(lambda b: self.back.solve(
            lambda w: torch.autograd.grad(again, at_rest, w, retain_graph=True)[0].add_(b)))
        return self.readout(z)


def peer_step():
    """Least seconds of a step, and how many steps of the solvers it took."""
    torch.manual_seed(1)
    network, x, y = Equilibrium(), torch.randn(POINTS, INPUTS), torch.randn(POINTS, 1)
    optimizer = torch.optim.SGD(network.parameters(), 1e-6)
    seconds = []
    for _ in range(STEPS_TIMED):
        network.forth.steps = network.back.steps = 0
        began = time.thread_time()
        optimizer.zero_grad()
        (0.5 * ((network(x) - y) ** 2).mean()).backward()
        optimizer.step()
        seconds.append(time.thread_time() - began)
    return min(seconds), network.forth.steps + network.back.steps


def our_step(bench):
    out = subprocess.run([bench], check=True, capture_output=True, text=True).stdout
    found = re.search(r"by anderson:.*; step ([\d.]+) ms.*; (\d+) steps to rest", out)
    return float(found[1]) / 1e3, int(found[2])


def main(bench, rounds=3):
    torch.set_num_threads(1)
    ours, peers = zip(*[(our_step(bench), peer_step()) for _ in range(int(rounds))])
    (own, own_steps), (peer, peer_steps) = (map(statistics.median, zip(*pairs)) for pairs in (ours, peers))
    print(f"ntksweep {1e3 * own:.0f} ms, {own_steps:.0f} steps of the solvers; PyTorch {1e3 * peer:.0f} ms, {peer_steps:.0f}: "
          f"{peer / own:.2f} times as long, {peer / peer_steps * own_steps / own:.2f} a step of the solvers")


main(*sys.argv[1:])
