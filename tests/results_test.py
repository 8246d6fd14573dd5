"""results.h5 as users open it: xarray with both engines, ncdump, h5dump; and tests/same-results on it.

usage: results_test.py TEST_RESULTS, the program that leaves a folder with results (tests/unit/test_results.c)
"""
import importlib.util
import shutil
import subprocess
import sys
import tempfile
import unittest
import warnings
from pathlib import Path

import h5py
import numpy as np
import xarray

SAME_RESULTS = Path(__file__).parent / "same-results"
ENGINES = [engine for engine, module in (("h5netcdf", "h5netcdf"), ("netcdf4", "netCDF4"))
           if importlib.util.find_spec(module)]
AXES = ("depth", "activation", "train_size", "width", "seed")


class ResultsTest(unittest.TestCase):
    program = None

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.study = self.make("a")
        self.results = self.study / "results.h5"

    def make(self, name):
        subprocess.run([self.program, self.folder / name], check=True)
        return self.folder / name

    def same(self, a, b, *options):
        return subprocess.run([SAME_RESULTS, a, b, *options], capture_output=True, text=True)

    def test_xarray(self):
        for engine in ENGINES:
            with self.subTest(engine), warnings.catch_warnings(), xarray.open_dataset(self.results, engine=engine) as data:
                warnings.simplefilter("ignore")
                self.check_dataset(data)

    def check_dataset(self, data):
        self.assertEqual(data.rmse_test.dims, (*AXES, "step"))
        self.assertEqual(data.parameter_change.dims, (*AXES, "step", "layer"))
        self.assertEqual(data.outputs.dims, (*AXES, "step", "probe", "output"))
        self.assertEqual(list(data.activation.values), ["relu", "erf"])
        self.assertEqual(list(data.layer.values), ["dense_1", "dense_2", "dense_3", "readout"])
        self.assertEqual(data.width.dtype, np.int64)
        self.assertEqual(data.seconds_total.dtype, np.float64)
        self.assertEqual(data.seconds_total.attrs["units"], "s")
        self.assertEqual(data.status.attrs["flag_meanings"], "network_diverged linearization_diverged")
        self.assertEqual(data.attrs["title"], "holes")
        for name in data.variables:
            self.assertTrue({"units", "long_name"} <= set(data[name].attrs), name)
        one = data.sel(depth=1, activation="erf", width=33, train_size=6, seed=11)
        self.assertEqual(int(one.status), 1)
        self.assertEqual(float(one.diverged_step), 5)
        self.assertTrue(np.isnan(one.diverged_step_linear) if "diverged_step_linear" in one else True)
        self.assertEqual(one.host.item(), "node-ü1")

    def test_h5py(self):
        with h5py.File(self.results) as file:
            self.assertEqual(file["diverged_step"].dtype, np.int64)
            self.assertEqual(set(file["diverged_step"][()].ravel()), {-1, 5})
            self.assertEqual(file["status"].dtype, np.int8)
            self.assertEqual(list(file["status"].attrs["flag_masks"]), [1, 2])
            self.assertEqual(list(file["activation"].asstr()[()]), ["relu", "erf"])
            self.assertTrue(all(isinstance(text, str) for text in file["host"].asstr()[()].ravel()))

    def test_reduced_over_seed(self):
        for engine in ENGINES:
            with self.subTest(engine), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                with xarray.open_dataset(self.study / "ensemble" / "results.h5", engine=engine) as data:
                    self.check_reduced(data)

    def check_reduced(self, data):
        self.assertEqual(data.outputs_mean.dims, ("train_size", "width", "step", "probe", "output"))
        self.assertEqual(data.ntk_gp_covariance.dims, ("train_size", "width", "step", "probe", "probe_2"))
        one = data.sel(train_size=6, width=33)
        np.testing.assert_allclose(one.outputs_mean, one.outputs.sum("seed"), rtol=1e-14)
        self.assertEqual(list(data.step), [0, 5, 27])
        self.assertTrue(np.isnan(data.ntk_gp_covariance.sel(width=16)).all())

    def test_tools(self):
        for command in ("ncdump", "-h"), ("h5dump",):
            for results in self.results, self.study / "ensemble" / "results.h5":
                if shutil.which(command[0]):
                    subprocess.run([*command, results], check=True, stdout=subprocess.DEVNULL)

    def test_equal(self):
        self.assertEqual(self.same(self.study, self.make("b")).returncode, 0)
        self.assertEqual(self.same(self.results, self.results).returncode, 0)

    def test_what_may_vary(self):
        other = self.make("b")
        with h5py.File(other / "results.h5", "r+") as file:
            file["seconds_total"][...] = 77
            file.attrs["core"] = "Zen"
        self.assertEqual(self.same(self.study, other).returncode, 0)

    def test_one_rounding(self):
        other = self.make("b")
        with h5py.File(other / "results.h5", "r+") as file:
            file["lambda_max"][0, 0, 0, 0, 0] = np.nextafter(file["lambda_max"][0, 0, 0, 0, 0], np.inf)
        found = self.same(self.study, other)
        self.assertEqual(found.returncode, 1)
        self.assertIn("lambda_max: 1 of 8 values", found.stdout)
        self.assertEqual(self.same(self.study, other, "--tolerance", "1e-14").returncode, 0)

    def test_a_hole_is_no_rounding(self):
        other = self.make("b")
        with h5py.File(other / "results.h5", "r+") as file:
            file["lambda_max"][0, 0, 0, 0, 0] = np.nan
        self.assertEqual(self.same(self.study, other, "--tolerance", "1").returncode, 1)

    def test_lost_record(self):
        other = self.make("b")
        next((other / "points").glob("*/*.h5")).unlink()
        found = self.same(self.study, other)
        self.assertEqual(found.returncode, 1)
        self.assertIn("only in one of them", found.stdout)


if __name__ == "__main__":
    ResultsTest.program = sys.argv.pop()
    unittest.main()
