"""Networks over the seed axis beside what infinitely many infinitely wide ones do: the NTK Gaussian process at each
step, and the NNGP posterior."""

from dataclasses import dataclass
from typing import Optional

import numpy as np

from .curves import clock
from .load import ABSENT, EXAMPLES, OVER_SEEDS
from .quantiles import chi_squared, student
from .words import interval_text, number, where_text

CONFIDENCE = 0.95
LARGE = 10  # networks of an ensemble that is judged


@dataclass(frozen=True, eq=False)
class Spread:
    """Mean [step, example, output] and variance, which broadcasts to it, NaN where it is not known; the NNGP posterior
    has one step. Of processes the covariance [step, example, example] of each output; of ensembles the seeds that count:
    networks and linearizations diverge by themselves."""

    mean: np.ndarray
    variance: np.ndarray
    covariance: Optional[np.ndarray] = None
    size: int = 0

    @property
    def deviation(self):
        return np.sqrt(np.maximum(self.variance, 0)) + 0 * self.mean

    @property
    def has_band(self):
        return bool(np.any(self.variance > 0))


@dataclass(frozen=True, eq=False)
class Ensemble:
    """One cell of the grid without seeds. Missing parts are None."""

    source: str
    where: dict
    size: int  # seeds
    time_name: str
    time: np.ndarray  # [step]
    example_name: str
    examples: np.ndarray
    networks: Spread
    linear: Spread
    process: Spread
    posterior: Spread
    diverged: int = 0  # seeds left out
    labels: tuple = ()  # (axis, its long name)

    @property
    def place(self):
        return where_text(self.where, self.labels)

    @property
    def size_text(self):
        """Survivors alone mislead: they are called so."""
        return f"{self.size} of {self.size + self.diverged}" if self.diverged else str(self.size)

    @property
    def cell(self):
        """The place but for the width."""
        return where_text({name: value for name, value in self.where.items() if name != "width"}, self.labels)

    @property
    def is_large(self):
        return self.size >= LARGE

    def scores(self, spread):
        """(mean - process's mean) / standard error of the mean [step, example, output]; NaN without either."""
        if self.process is None or spread is None:
            return np.full(self.networks.mean.shape, np.nan)
        with np.errstate(divide="ignore", invalid="ignore"):
            error = spread.deviation / np.sqrt(spread.size or self.size)
            return np.where(error > 0, (spread.mean - self.process.mean) / error, np.nan)

    def ratios(self, spread):
        """Variance over the process's, both summed over examples and outputs [step]."""
        if self.process is None or spread is None:
            return np.full(len(self.time), np.nan)
        parts = [np.sum(part.deviation**2, axis=(1, 2)) for part in (spread, self.process)]
        return np.divide(*parts, out=np.full(len(self.time), np.nan), where=parts[1] > 0)

    @property
    def bound(self):
        """What the largest |score| stays below in 95 % of ensembles, if the process were right: Student's t, and
        Sidak's inequality for all examples and outputs, however they are correlated."""
        if self.size < 2:
            return np.nan
        return student(self.size - 1, (1 + CONFIDENCE ** (1 / self.networks.mean[0].size)) / 2)

    def ratio_limits(self):
        """Between which the ratio is in 95 % of ensembles of the process [2, step]: a sum of correlated squares taken
        as chi-squared with equal variance (Satterthwaite 1946)."""
        if self.process is None or self.process.covariance is None or self.size < 2:
            return np.full((2, len(self.time)), np.nan)
        covariance, outputs = self.process.covariance, self.networks.mean.shape[-1]
        with np.errstate(over="ignore", invalid="ignore"):  # of a process that diverges
            square = np.sum(covariance**2, axis=(1, 2))
            freedom = np.divide(
                (self.size - 1) * outputs * np.trace(covariance, axis1=1, axis2=2) ** 2,
                square,
                out=np.full(len(square), np.nan),
                where=square > 0,
            )
        return np.stack([chi_squared(freedom, p) / freedom for p in ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2)])


def largest(scores):
    """Largest |score| [step]; NaN where there is none."""
    there = np.isfinite(scores).any(axis=(1, 2))
    return np.where(there, np.max(np.nan_to_num(np.abs(scores)), axis=(1, 2)), np.nan)


def ensembles_of(study):
    """Of each cell with a seed at least, in the grid's order, if there are many or a process to show beside them."""
    if not study.has("outputs_mean"):
        return []
    names = [name for name in study.axes if name != "seed"]
    sizes = study.data["ensemble_size"].transpose(*names)
    data = study.data[["status", *filter(OVER_SEEDS.match, study.data)]].load()
    cells = [ensemble_at(study, data, names, index) for index in np.argwhere(sizes.values >= 1)]
    return [cell for cell in cells if cell.is_large or cell.process]


def ensemble_at(study, data, names, index):
    at = dict(zip(names, index))
    cell = own_outputs(data.isel(at))
    where = {name: study.data[name].values[i] for name, i in at.items()}
    time_name, unit = clock(study, where)
    mean, size = cell["outputs_mean"], int(cell["ensemble_size"])
    example = next(name for name in EXAMPLES if name in mean.dims)
    return Ensemble(
        study.label,
        where,
        size,
        time_name,
        cell["step"].values * unit,
        example,
        mean[example].values,
        networks=spread_of(cell, "outputs"),
        linear=spread_of(cell, "outputs_linear"),
        process=process_of(cell, "ntk_gp"),
        posterior=process_of(cell, "nngp_posterior"),
        diverged=int((cell["status"] != ABSENT).sum()) - size,
        labels=tuple(study.labels.items()),
    )


def own_outputs(cell):
    """Without those that other cells alone have, as the second one of cross-entropy on two classes."""
    if "output" not in cell.dims:
        return cell
    mean = cell["outputs_mean"]
    return cell.isel(output=mean.notnull().any([name for name in mean.dims if name != "output"]).values)


def has(cell, metric):
    return metric in cell and bool(cell[metric].notnull().any())


def spread_of(cell, name):
    """Over seeds; a lone one has no variance."""
    if not has(cell, f"{name}_mean"):
        return None
    own = name.endswith("_linear") and "ensemble_size_linear" in cell
    size = cell["ensemble_size_linear" if own else "ensemble_size"]
    return Spread(cell[f"{name}_mean"].values, cell[f"{name}_variance"].values, size=int(size))


def process_of(cell, name):
    """Of a Gaussian process, with the variance of each example, which is the same for all outputs; the covariance may
    be left out where it is large."""
    if not has(cell, f"{name}_mean"):
        return None
    mean = with_steps(cell[f"{name}_mean"])
    if not has(cell, f"{name}_covariance"):
        return Spread(mean, np.full((1, 1, 1), np.nan))
    covariance = with_steps(cell[f"{name}_covariance"])
    return Spread(mean, np.diagonal(covariance, axis1=1, axis2=2)[..., None], covariance)


def with_steps(array):
    return array.values if "step" in array.dims else array.values[None]


def groups_of(ensembles):
    """Lists of ensembles that differ in width alone, the widest last."""
    groups = {}
    for ensemble in sorted(ensembles, key=lambda ensemble: ensemble.where["width"]):
        groups.setdefault((ensemble.source, ensemble.cell), []).append(ensemble)
    return groups.values()


def overlays_of(ensembles):
    """Lists of such groups, one of each study, that can share panels: equal cells, clocks, test points and outputs."""
    overlays, sources = {}, [ensemble.source for ensemble in ensembles]
    for group in sorted(groups_of(ensembles), key=lambda group: sources.index(group[0].source)):
        wide = group[-1]
        points = wide.example_name, tuple(wide.examples), wide.networks.mean.shape[-1]
        overlays.setdefault((wide.cell, wide.time_name, points), []).append(group)
    return overlays.values()


def ensemble_row(ensemble):
    """How it agrees with the process at the last step."""
    row = {"study": ensemble.source, **ensemble.where, "ensemble_size": ensemble.size, "diverged": ensemble.diverged}
    row["values"] = ensemble.networks.mean[0].size
    for name, spread in (("networks", ensemble.networks), ("linearizations", ensemble.linear)):
        row[f"largest_z_{name}"] = largest(ensemble.scores(spread))[-1]
        row[f"variance_ratio_{name}"] = ensemble.ratios(spread)[-1]
    low, high = ensemble.ratio_limits()[:, -1]
    return {**row, "largest_z_95": ensemble.bound, "variance_ratio_low": low, "variance_ratio_high": high}


def ensemble_table(ensembles):
    """Header and rows for the page; nothing without a process."""
    several = len({ensemble.source for ensemble in ensembles}) > 1
    ensembles = [ensemble for ensemble in ensembles if ensemble.process and ensemble.size > 1]
    if not ensembles:
        return ()
    header = ["at the last step", "networks", "test outputs"]
    for what in ("largest |z|", "variance ratio"):
        header += [f"{what}, networks", "linearizations"]
    return header, [table_row(ensemble, ensemble_row(ensemble), several) for ensemble in ensembles]


def table_row(ensemble, row, several):
    """Below each number of the networks what 95 of 100 ensembles of the process have."""
    bound = f"95 % below {number(row['largest_z_95'])}"
    limits = interval_text(row["variance_ratio_low"], row["variance_ratio_high"])
    return [
        ", ".join([ensemble.source] * several + [ensemble.place]),
        ensemble.size_text,
        str(row["values"]),
        f"{number(row['largest_z_networks'])}\n{bound}",
        number(row["largest_z_linearizations"]),
        "\n".join(filter(None, [number(row["variance_ratio_networks"]), limits and f"95 % in {limits}"])),
        number(row["variance_ratio_linearizations"]),
    ]
