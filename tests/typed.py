"""What a type checker knows of `import ntksweep`; never run. What it has to refuse is ignored by name, and an ignored line that it
does not refuse is an error (`tests/check long types`)."""

import numpy as np
import xarray as xr

import ntksweep

data: xr.Dataset = ntksweep.open("DIR")
point: ntksweep.Point = data.point(width=128, seed=0)
weight: np.ndarray = point.parameters["dense_1"].weight
again: xr.Dataset = ntksweep.replay(point)
ntksweep.plot.save(ntksweep.plot.rmse_width(data, width=3.4), "rmse.pdf")

ntksweep.slopes(data)  # type: ignore[call-arg]
ntksweep.levels(data, "rmse_test", over=3)  # type: ignore[arg-type]
ntksweep.plot.rmse_width(data, number="2")  # type: ignore[arg-type]
kernels: dict[str, float] = point.kernels  # type: ignore[assignment]
ntksweep.plot.rmse_widths(data)  # type: ignore[attr-defined]
