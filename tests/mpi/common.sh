# For the tests in this folder: bash, sourced as `. common.sh "$@"`. Usage of each test:
# TEST PROGRAM STUDY [ARGUMENT...]; the arguments go to `run`, as `--set training.steps=9999` where the study is too short.
set -eu
unset CDPATH GREP_OPTIONS POSIXLY_CORRECT # see jobs/lib.sh
export LC_ALL=C.UTF-8 # awk reads decimal points
program=$1 study=$2
shift 2
extra=("$@")
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
. "$here/../../jobs/lib.sh" && mpirun_environment
unset STUB_SECONDS STUB_FAIL STUB_FAIL_REFERENCE STUB_DIVERGE STUB_BETTER_CORE STUB_SYNCHRONOUS 2>/dev/null || true
work=$(mktemp -d "${TMPDIR:-/tmp}/ntksweep-mpi.XXXXXX")
launched=
leave() { [ -z "$launched" ] || { kill "$launched" 2> /dev/null && wait "$launched" 2> /dev/null; } || true; rm -rf "$work"; }
trap leave EXIT
trap 'exit 143' INT TERM

fail() { echo "FAILED: $*" >&2; for log in "$work"/*.log; do [ -e "$log" ] && tail -n 20 "$log" >&2; done; exit 1; }

# start RANKS ARGUMENT...: `run ARGUMENT...` under mpirun, in the background; mpirun is $launched, the messages are in $work/run.log.
start() {
    local ranks=$1; shift
    mpirun -n "$ranks" "$program" run "$@" "${extra[@]}" > "$work/run.out" 2> "$work/run.log" &
    launched=$!
}

# finish: waits for it; its exit code in $code.
finish() { code=0; wait "$launched" 2> /dev/null || code=$?; launched=; }

# reap: finish after a rank was killed. Open MPI 4.1's mpirun can hang for ever when a rank dies while it connects ("PMIX ERROR:
# UNREACHABLE"): then it is killed too.
reap() {
    local end=$((SECONDS + 15))
    while kill -0 "$launched" 2> /dev/null && [ "$SECONDS" -lt "$end" ]; do sleep 0.05; done
    kill -KILL "$launched" 2> /dev/null || true
    finish
}

# ranks_of: the processes that it started.
ranks_of() { pgrep -P "$launched" || true; }

# launch RANKS ARGUMENT...: both.
launch() { start "$@"; finish; }

# expect CODE WHAT: of the last launch.
expect() { [ "$code" -eq "$1" ] || fail "$2: exit code $code, expected $1"; }

# member DIR KEY: a number or truth value of `status --json`.
member() { "$program" status "$1" --json | sed -n "s/^  \"$2\": \([^,]*\),*\$/\1/p"; }

# expect_status DIR KEY=VALUE...
expect_status() {
    local dir=$1 pair; shift
    for pair in "$@"; do
        [ "$(member "$dir" "${pair%%=*}")" = "${pair#*=}" ] || fail "status of $dir: $("$program" status "$dir" --json)"
    done
}

# expect_line PATTERN: in the messages of the last launch.
expect_line() { grep -q -- "$1" "$work/run.log" || fail "no message like: $1"; }

# wait_for SECONDS COMMAND...: until it succeeds. On a machine four times as busy, four times as long.
wait_for() {
    local end=$((SECONDS + 4 * $1)); shift
    until "$@"; do [ "$SECONDS" -lt "$end" ] || fail "waited in vain for: $*"; sleep 0.05; done
}

records() { find "$1/points" -name '*.h5' | wc -l; }
has_records() { [ -d "$1/points" ] && [ "$(records "$1")" -ge "$2" ]; }

# expect_same A B: equal results, and equal records.
expect_same() { "$here/../same-results" "$1" "$2" > "$work/same.log" 2>&1 || fail "$1 and $2 differ"; }
