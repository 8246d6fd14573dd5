"""The flows of `family: closed`, df/dt = R(u + h t^2 + w1 t + w2), R(u) = max(0, u): u the input x and f(0) = 0, or u
the state f and f(0) = x. h is 1 in example 2. For `replay`."""

from __future__ import annotations

import math

Span = tuple[float, float]


def roots(w1: float, c: float) -> list[float]:
    """Of t^2 + w1 t + c, where it is below 0 between them."""
    inside = w1 * w1 - 4 * c
    if inside <= 0:
        return []
    far = -(w1 + math.copysign(math.sqrt(inside), w1)) / 2
    return sorted([far, c / far])


def input_spans(h: float, w1: float, c: float, end: float) -> list[Span]:
    if h > 0:
        between = roots(w1, c)
        return [(0, between[0]), (between[1], end)] if between else [(0, end)]
    if w1 == 0:
        return [(0, end)] if c > 0 else []
    return [(-c / w1, end)] if w1 > 0 else [(0, -c / w1)]


def turning_off(h: float, w1: float, g: float, end: float) -> float:
    """When g(t) = g + c (e^t - 1) - 2 h t first is 0; by bisection, where it falls."""
    c = g + w1 + 2 * h
    value = lambda t: g + c * math.expm1(t) - 2 * h * t
    low, high = 0.0, min(end, math.log(2 * h / c)) if 0 < c < 2 * h else end
    if c >= 2 * h or value(high) >= 0:
        return math.inf
    while low < (middle := (low + high) / 2) < high:
        low, high = (middle, high) if value(middle) > 0 else (low, middle)
    return high


def state_spans(h: float, w1: float, g: float, end: float) -> list[Span]:
    decided = abs(g) >= 1e-12 or w1 == h == 0
    if g > 0 if decided else w1 > 0 or (w1 == 0 and h > 0):
        off = turning_off(h, w1, g, end)
        return [(0, off), (-w1 - off, end)] if h > 0 and off < end else [(0, off)]
    if h > 0:
        return [((roots(w1, g) or [0.0])[-1], end)]
    return [(-g / w1, end)] if w1 > 0 else []


def clipped(spans: list[Span], end: float) -> list[Span]:
    return [(max(a, 0), min(b, end)) for a, b in spans if max(a, 0) < min(b, end)]


def flow(h: float, of_state: bool, end: float, x: float, w1: float, w2: float) -> tuple[float, float, float, float]:
    """f at the end, and its derivatives in x, w1, w2."""
    c = x + w2
    if not of_state:
        spans = clipped(input_spans(h, w1, c, end), end)
        grown = lambda s: s * (c + s * (w1 / 2 + s * h / 3))
        length = sum(b - a for a, b in spans)
        return sum(grown(b) - grown(a) for a, b in spans), length, sum((b * b - a * a) / 2 for a, b in spans), length
    f, by_x, by_w1, by_w2 = x, 1.0, 0.0, 0.0
    for a, b in clipped(state_spans(h, w1, c, end), end):
        grows, length = math.expm1(b - a), b - a
        seen = f + w2 + a * (w1 + h * a)
        f += (seen + w1 + 2 * h * (a + 1)) * grows - length * (w1 + h * (a + b + 2))
        by_x += grows * by_x
        by_w1 += grows * (by_w1 + a + 1) - length
        by_w2 += grows * (by_w2 + 1)
    return f, by_x, by_w1, by_w2
