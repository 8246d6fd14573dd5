# For the tests in this folder: jobs/submit beside fakes of Slurm and of the program. Sourced by bash.
set -u
unset CDPATH GREP_OPTIONS POSIXLY_CORRECT # see jobs/lib.sh
export LC_ALL=C.UTF-8
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/ntksweep jobs.XXXXXX") # with a blank, as users have
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin"
export PATH="$work/bin:$PATH" NTKSWEEP="$work/bin/ntksweep" WORK="$work"

fake() { cat >"$work/bin/$1" && chmod +x "$work/bin/$1"; } # NAME: a command, from standard input
failures=0
wrong() { echo "FAILED: $*" >&2 && head -n 30 "$work/err" "$work/out" >&2 && failures=$((failures + 1)); }

# expect CODE COMMAND...: its output is in $work/out, its messages in $work/err.
expect() {
    local wanted=$1 code=0
    shift
    "$@" >"$work/out" 2>"$work/err" </dev/null || code=$?
    [ $code = "$wanted" ] || wrong "$*: exit code $code, expected $wanted"
}
has() { grep -qE -- "$2" "$work/$1" || wrong "no line in $1 like: $2"; }     # out|err|calls PATTERN
hasnt() { ! grep -qE -- "$2" "$work/$1" || wrong "a line in $1 like: $2"; }
conclude() { [ $failures = 0 ] && echo "passed"; }

# A cluster of 8 nodes with 16 cores that show as 32 CPUs, 64 GB each, and a partition of at most two hours.
fake scontrol <<'END'
#!/bin/bash
echo "scontrol $*" >>"$WORK/calls"
case "$*" in
"--oneliner show partition short" | "--oneliner show partition")
    echo "PartitionName=short Default=YES MaxNodes=6 MaxTime=02:00:00 Nodes=n[1-8] TotalNodes=8" ;;
"--oneliner show partition long") echo "PartitionName=long Default=NO MaxNodes=UNLIMITED MaxTime=UNLIMITED Nodes=n[1-8] TotalNodes=8" ;;
"requeue "*) exit "${REQUEUE_CODE:-0}" ;;
"show config") printf '%s\n' "MaxMemPerCPU            = ${MAX_PER_CPU:-UNLIMITED}" "RequeueExit             = ${REQUEUE_EXIT:-(null)}" ;;
*) exit 1 ;;
esac
END
fake sinfo <<'END'
#!/bin/bash
case "$*" in
*%R*) printf 'short\nlong\n' ;;
*) printf '32 2 8 64000 small\n%.0s' 1 2 3 4 5 6 7 8 && printf '48 2 12 128000 gpu,big\n%.0s' 1 2 ;;
esac
END
fake sbatch <<'END'
#!/bin/bash
echo "sbatch $*" >>"$WORK/calls"
[ -z "${SBATCH_WORDS:-}" ] || { echo "$SBATCH_WORDS" >&2; exit 1; }
echo "4711;cluster"
END
