# Written, not tried here. `spack repo add jobs/packaging/spack && spack install ntksweep`, with `url` or `git` filled in.
from spack.package import *


class Ntksweep(CMakePackage):
    """Trains wide neural networks beside their linearization over a grid, under MPI, and measures how fast they agree."""

    # No address, maintainer or licence is known: a site fills them in. Until then: spack dev-build ntksweep@0.1.0 in the checkout.
    homepage = ""
    version("0.1.0")

    variant("sundials", default=True, description="Predictions by gradient flow of cross-entropy")

    depends_on("c", type="build")
    depends_on("cmake@3.20:", type="build")
    depends_on("pkgconfig", type="build")
    depends_on("mpi")
    depends_on("openblas")  # has LAPACKE; others: blas, lapack and lapacke by CMake's BLA_VENDOR
    depends_on("hdf5+hl")
    depends_on("libyaml")
    depends_on("random123")
    depends_on("xxhash")
    depends_on("zlib-api")
    depends_on("sundials@6.4:6+CVODE", when="+sundials")
    for module in ("numpy", "mpmath", "xarray", "h5netcdf", "h5py", "matplotlib"):
        depends_on(f"py-{module}", type="run")
    depends_on("python@3.9:", type="run")

    def cmake_args(self):
        return [
            self.define("NTKSWEEP_TESTS", False),
            self.define("CMAKE_DISABLE_FIND_PACKAGE_SUNDIALS", self.spec.satisfies("~sundials")),
        ]

    def setup_run_environment(self, env):
        env.set("NTKSWEEP_PYTHON", self.spec["python"].command.path)
