"""A whole width study beside the same study as its users write it with Neural Tangents: wall times one after the other on the same
machine, and the tables of final RMSE, compared within the spread of the seeds.

usage: peer_study.py NTKSWEEP CIFAR_DIR [PEER_PYTHON PEER_SCRIPT]
The peer's script takes CIFAR_DIR and prints one line of JSON with `seconds` and `table` ("train_size,width,seed": RMSE). Without it
the peer's table is the stored one (peer_study.csv), and there is no ratio of times."""

import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import xarray as xr

HERE = Path(__file__).parent
RANKS = os.cpu_count()


def run_ours(program, data, folder):
    environment = dict(os.environ, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1",
                       OMPI_MCA_rmaps_base_oversubscribe="1")
    began = time.time()
    subprocess.run(["mpirun", "-n", str(RANKS), program, "run", str(HERE / "peer_study.yaml"), "--data", data, "-o", folder],
                   check=True, env=environment)
    seconds = time.time() - began
    results = xr.open_dataset(folder + "/results.h5")
    return seconds, results.rmse_test.isel(step=-1), results


def run_peer(python, script, data):
    began = time.time()
    out = subprocess.run([python, script, data], check=True, capture_output=True, text=True).stdout
    return time.time() - began, json.loads(out.splitlines()[-1])["table"]


def stored_table():
    with open(HERE / "peer_study.csv") as file:
        return {f"{r['train_size']},{r['width']},{r['seed']}": float(r["rmse_test"]) for r in csv.DictReader(file)}


def compare(ours, peer):
    """log RMSE: difference of means over its standard error, with the spread of all seeds of both."""
    print(f"{'N':>5} {'width':>6} {'ntksweep':>10} {'peer':>10} {'ratio':>7} {'z':>6}")
    worst = 0
    for n in ours.train_size.values:
        for width in ours.width.values:
            a = np.log(ours.sel(train_size=n, width=width).values)
            a = a[np.isfinite(a)]  # a seed whose linearization diverged has no RMSE at the end
            b = np.log([v for k, v in peer.items() if k.startswith(f"{n},{width},")])
            error = np.sqrt(a.var(ddof=1) / a.size + b.var(ddof=1) / b.size)
            z = (a.mean() - b.mean()) / error
            worst = max(worst, abs(z))
            print(f"{n:5d} {width:6d} {np.exp(a.mean()):10.5f} {np.exp(b.mean()):10.5f} "
                  f"{np.exp(a.mean() - b.mean()):7.3f} {z:6.2f}" + (f"  ({a.size} seeds)" if a.size != b.size else ""))
    print(f"largest |z| {worst:.2f} (3 seeds each: Student's t with about 4 degrees of freedom)")


def main(program, data, python=None, script=None):
    with tempfile.TemporaryDirectory() as folder:
        seconds, ours, results = run_ours(program, os.path.abspath(data), folder)
        share = float(results.flops.sum() / (seconds * RANKS * results.gemm_gflops.median() * 1e9))
        print(f"ntksweep {seconds:.1f} s on {RANKS} ranks; its flops at the GEMM rate of all of them: {share:.2f} of that")
        peer = stored_table()
        if script:
            peer_seconds, peer = run_peer(python, script, data)
            print(f"peer {peer_seconds:.1f} s; ntksweep takes {seconds / peer_seconds:.3f} of its time")
        compare(ours, peer)


main(*sys.argv[1:])
