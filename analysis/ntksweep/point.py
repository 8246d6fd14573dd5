"""One point of a study: what its record holds, by name."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np
import xarray as xr

from .words import plain_text

TENSORS = ("parameters", "parameters_final")  # groups of the kept arrays
KERNELS = ("ntk_", "nngp_")


class InputError(Exception):
    """What the user can put right, in one line."""


class Layer(NamedTuple):
    """weight [in, out], of convolutions [row, column, in, out]; bias [out], or []
    where there is none. The slope of prelu is a weight [1]. As they are drawn: in the NTK
    parameterization the variances are factors in the layer."""

    weight: np.ndarray
    bias: np.ndarray


@dataclass(frozen=True)
class Point:
    """A point's record: `metrics` at its recorded steps, `settings`, and, of what `measure.keep` named, `arrays`,
    `kernels`, and `parameters` before and after training. Each is read when it is asked for."""

    path: Path
    where: dict[str, object]  # axis -> value

    @cached_property
    def settings(self) -> dict[str, str]:
        """`section.key` -> value, of every key that has a part in the result."""
        with self.file() as file:
            return dict(line.split("=", 1) for line in str(plain_text(file.attrs["settings"])).splitlines())

    @cached_property
    def metrics(self) -> xr.Dataset:
        """What results.h5 holds of this point, on `step`, `layer` and so on."""
        with xr.open_dataset(self.path, engine="h5netcdf", decode_times=False) as data:
            return data.load()

    @cached_property
    def arrays(self) -> dict[str, np.ndarray]:
        """Inputs and targets, as `x_train`; outputs at the recorded steps, as `f_test_linear`; `batches`."""
        return self.kept(lambda name: name not in TENSORS and not name.startswith(KERNELS))

    @cached_property
    def kernels(self) -> dict[str, np.ndarray]:
        """`ntk_train_train` and so on; rows of the empirical ones are [example and output, output fastest]."""
        return self.kept(lambda name: name.startswith(KERNELS))

    @property
    def parameters(self) -> dict[str, Layer]:
        """Before training, by the layer's name, in the order of the forward pass."""
        return self.layers("parameters")

    @property
    def parameters_final(self) -> dict[str, Layer]:
        """After training."""
        return self.layers("parameters_final")

    def kept(self, wanted) -> dict[str, np.ndarray]:
        with self.file() as file:
            group = file["kept"] if "kept" in file else {}
            return {name: group[name][()] for name in group if wanted(name)}

    def layers(self, group: str) -> dict[str, Layer]:
        with self.file() as file:
            if group not in file.get("kept", {}):
                raise self.missing("parameters")
            tensors = {int(name): tensor[()] for name, tensor in file["kept"][group].items()}
            names = [str(plain_text(name)) for name in file["layer"][()]]
        nothing = np.zeros(0)  # empty arrays are not kept
        return {name: Layer(tensors[2 * at], tensors.get(2 * at + 1, nothing)) for at, name in enumerate(names)}

    def missing(self, kind: str) -> InputError:
        keep = self.settings.get("measure.keep", "[]")
        return InputError(f"{self.path}: no {kind} are kept; the study has `keep: {keep}`, expected {kind} in it")

    def file(self) -> h5py.File:
        return h5py.File(self.path, "r")


def find_point(directory: Path, where: dict[str, object]) -> Point:
    """The one point of DIR at `where` (axis -> value); axes with one value may be left out."""
    points = points_of(directory)
    names = list(points[0].where) if points else []
    for name in where:
        if name not in names:
            raise InputError(f"{directory}: no axis `{name}`; expected {', '.join(names)}")
    found = [point for point in points if all(same(point.where[name], value) for name, value in where.items())]
    words = " ".join(f"{name}={value}" for name, value in where.items())
    if len(found) != 1:
        raise InputError(f"{directory}: {words or 'nothing'}: {count_words(found, where)}")
    if not found[0].path.exists():
        raise InputError(f"{directory}: {words}: no record is there; it failed or has not been run")
    return found[0]


def count_words(found: list[Point], where: dict[str, object]) -> str:
    if not found:
        return "no point has these values"
    values = {name: {point.where[name] for point in found} for name in found[0].where}
    several = [name for name, known in values.items() if len(known) > 1 and name not in where]
    return f"{len(found)} points; expected a value of {', '.join(several)} too"


def points_of(directory: Path) -> list[Point]:
    """DIR/points.tsv: key, reference's key, seconds, label (`train_size=4 width=64 seed=1`), below its head."""
    path = directory / "points.tsv"
    if not path.exists():
        raise InputError(f"{path}: is not there; expected the DIR of an ntksweep run")
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()[1:]]
    return [Point(directory / "points" / key[:2] / f"{key}.h5", where_of(label)) for key, _, _, label in rows]


def where_of(label: str) -> dict[str, object]:
    return {name: number_of(text) for name, text in (part.split("=", 1) for part in label.split(" "))}


def number_of(text: str) -> object:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text


def same(a: Any, b: Any) -> bool:
    """Of axes' values: words, or numbers as far as labels write them."""
    if isinstance(a, str) or isinstance(b, (str, bytes)):
        return str(a) == str(plain_text(b))
    return bool(np.isclose(float(a), float(b), rtol=1e-12, atol=0))
