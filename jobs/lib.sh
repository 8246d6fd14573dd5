# Shell functions that jobs/, tests/ and analysis/ share: packages, build, Python, mpirun. Sourced by bash; does nothing by itself.

# What a shell may have exported for its user's own hands, and would change what stands here: where `cd` goes and that it prints, the
# order of options, files that are not overwritten. A locale, and BASH_ENV, which sites need for their modules, stay.
unset CDPATH GREP_OPTIONS POSIXLY_CORRECT
set +o noclobber +o noglob +o posix

ROOT=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
# The program: that which runs this as `ntksweep submit`, else the checkout's, else the one that was installed with it.
PROGRAM=${NTKSWEEP_SELF:-$ROOT/build/ntksweep}
[ -e "$PROGRAM" ] || [ -e "$ROOT/CMakeLists.txt" ] || PROGRAM=$ROOT/../../bin/ntksweep
# Where a virtual environment for Python may be made.
VENV=$ROOT/build/venv
[ -e "$ROOT/CMakeLists.txt" ] || VENV=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/ntksweep/venv
export PATH="${PATH:-/usr/local/bin:/usr/bin:/bin}"

# Debian 12's names.
PACKAGES_BUILD=(gcc libc6-dev make cmake pkg-config libopenblas-dev liblapacke-dev libhdf5-dev libyaml-dev
    librandom123-dev libxxhash-dev zlib1g-dev libopenmpi-dev openmpi-bin)
# SUNDIALS comes with PETSc, Trilinos and a Fortran compiler: 86 MB to download and 392 MB of disk, for flows of cross-entropy alone.
PACKAGES_CHECK=(libsundials-dev libcmocka-dev clang clang-format hdf5-tools netcdf-bin)
PACKAGES_CLUSTER=(slurmctld slurmd slurm-client munge iproute2 procps)
PACKAGES_PAGES=(chromium poppler-utils)
PACKAGES_TYPES=(mypy python3-typeshed)
# Modules of Python by their import names, which are pip's names too; Debian's packages are python3-NAME in lower case.
PYTHON_MODULES=(numpy mpmath xarray h5netcdf h5py matplotlib)

# TEXT in one line that a terminal only shows: control characters, and bytes that are no text here, as bash would write them.
clean() {
    local at c text=''
    for ((at = 0; at < ${#1}; at++)); do
        c=${1:at:1}
        [[ $c == [[:print:]] ]] || { printf -v c %q "$c" && c=${c#??} && c=${c%?}; }
        text+=$c
    done
    printf %s "$text"
}
say() { printf '%s: %s\n' "${0##*/}" "$(clean "$*")" >&2; }
fail() { say "$@"; exit 1; }

# Processors that this process may use (nproc alone obeys OMP_NUM_THREADS).
cores() { env -u OMP_NUM_THREADS -u OMP_THREAD_LIMIT nproc; }

packages_missing() { # NAME...: those that are not installed, one a line
    comm -23 <(printf '%s\n' "$@" | sort) \
        <(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null | sed -n 's/ installed$//p' | sort)
}

# Of what apt-get says on standard input: what is to be downloaded and kept; nothing where it says nothing.
packages_size() {
    sed -nE 's/^Need to get ([0-9.,]+ .?B).* of archives.*/: \1 to download/p
        s/^After this operation, ([0-9.,]+ .?B) of additional disk space.*/, \1 of disk/p' | tr -d '\n'
}

# NAME...: installs what is missing; leaves apt alone where nothing is. Ends the script with one line where it cannot.
packages_install() {
    if ! command -v apt-get >/dev/null; then
        say "not a Debian system, so nothing is installed; needed, by Debian's names: $*"
        return
    fi
    local missing become=()
    mapfile -t missing < <(packages_missing "$@")
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null || fail "packages are missing, and there is neither root nor sudo to install them: ${missing[*]}"
        become=(sudo)
    fi
    local apt=("${become[@]}" env LC_ALL=C DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300)
    # One broken source among several fails the update, but need not matter: the installation decides.
    "${apt[@]}" update >&2 || true
    say "installing ${missing[*]}$("${apt[@]}" install --assume-no --no-install-recommends "${missing[@]}" 2>/dev/null | packages_size)"
    "${apt[@]}" install -y --no-install-recommends "${missing[@]}" >&2 || fail "apt-get could not install ${missing[*]}"
}

# Runs a command quietly: its output goes to LOG, whose end is shown if it fails.
quietly() { # LOG COMMAND...
    local log=$1
    shift
    mkdir -p "$(dirname "$log")"
    "$@" >"$log" 2>&1 && return
    tail -n 40 "$log" >&2
    say "failed: $* (all of its output: $log)"
    return 1
}

build() { # FOLDER OPTION...: configures with cmake, and builds what has changed
    local folder=$1 cache=$1/CMakeCache.txt
    shift
    # The cache of a checkout that was moved or copied is of no use.
    grep -qsxF "CMAKE_HOME_DIRECTORY:INTERNAL=$ROOT" "$cache" || rm -f "$cache"
    cmake -S "$ROOT" -B "$folder" "$@" && cmake --build "$folder" -j "$(cores)"
}

python_has() { # PYTHON MODULE...: is it 3.9 or later, with these modules?
    "$1" -c 'import importlib.util as u, sys
sys.exit(sys.version_info < (3, 9) or any(u.find_spec(m) is None for m in sys.argv[1:]))' "${@:2}" >/dev/null 2>&1
}

# [MODULE...]: prints a Python that has PYTHON_MODULES and these. The first on the PATH is not always Debian's.
python_find() {
    local python
    for python in ${NTKSWEEP_PYTHON:+"$NTKSWEEP_PYTHON"} python3 /usr/bin/python3 /usr/bin/python3.* "$VENV/bin/python"; do
        if python_has "$python" "${PYTHON_MODULES[@]}" "$@"; then
            command -v "$python"
            return
        fi
    done
    return 1
}

# [MODULE...]: python_find, or else a virtual environment with the modules, from the package index. One line where neither is to be had.
python_get() {
    python_find "$@" && return
    say "no Python >= 3.9 here has ${PYTHON_MODULES[*]} $*; making $VENV"
    quietly "$VENV.log" python_make "$VENV" "${PYTHON_MODULES[@]}" "$@" && python_find "$@" && return
    fail "no Python: install$(printf ' python3-%s' "${PYTHON_MODULES[@]}" "${@,,}"), or name one in NTKSWEEP_PYTHON"
}

python_make() { # FOLDER MODULE...
    local python
    for python in python3 /usr/bin/python3 /usr/bin/python3.*; do
        python_has "$python" venv ensurepip && "$python" -m venv --clear "$1" && break
    done
    "$1/bin/python" -m pip install --quiet "${@:2}"
}

# [MODULE...]: Debian's packages for python_find, where no Python has the modules yet.
# munkres: fonttools, of matplotlib, is content with it in place of SciPy, which brings a C++ compiler and Boost.
python_packages() { python_find "$@" >/dev/null || printf 'python3-%s\n' "${PYTHON_MODULES[@]}" "${@,,}" munkres; }

# Root needs these for mpirun.
MPIRUN_ROOT=(OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1)

# More ranks than there are cores, to Open MPI 4 and 5. MPICH needs nothing of all this.
MPIRUN_OVERSUBSCRIBE=(OMPI_MCA_rmaps_base_oversubscribe=1 PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe)
MPIRUN_UNBOUND=(OMPI_MCA_hwloc_base_binding_policy=none PRTE_MCA_hwloc_default_binding_policy=none)
# Open MPI 4 keeps back its own words on exit codes that are not 0 (5 has no such words).
MPIRUN_QUIET=OMPI_MCA_orte_execute_quiet=1

# What mpirun (Open MPI) needs to start any number of ranks anywhere: as root, more than there are cores, each on any core
# (threads of a rank must not share one), and idle ones that give way.
mpirun_environment() {
    if [ "$(id -u)" = 0 ]; then
        export "${MPIRUN_ROOT[@]}"
    fi
    export "${MPIRUN_OVERSUBSCRIBE[@]}" "${MPIRUN_UNBOUND[@]}" "$MPIRUN_QUIET" OMPI_MCA_mpi_yield_when_idle=1
}

# For mpirun over several hosts: a link that is down for 10 s is survived; where it stays down, or a host dies, mpirun ends with an error 12.3 to
# 13.7 s after, and so do the ranks on the other side (tests/cluster/hosts). TCP looks after a second of silence, then each second, twelve times;
# mpirun's usual pause of 2 s between SIGTERM and SIGKILL would come on top. A job that is to stop gets SIGUSR1, which needs no such pause.
MPIRUN_KEEPALIVE=(OMPI_MCA_oob_tcp_keepalive_time=1 OMPI_MCA_oob_tcp_keepalive_intvl=1 OMPI_MCA_oob_tcp_keepalive_probes=12
    OMPI_MCA_odls_base_sigkill_timeout=0)
