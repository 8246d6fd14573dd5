# For the tests slurm_* in this folder: bash, sourced as `. slurm_common.sh "$@"`. A cluster of four virtual nodes (slurmbox); jobs/submit
# on it with the real program, two nodes of two ranks a job; what has to be true at the end.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh" "$@"
need slurmctld slurmd munged sbatch
need_namespaces uts mount

# A site that preempts, jobs of `main` by those of `urgent`, and that finds a dead node within 20 s.
export SB_DIR=$work/box SB_NODES=4 SB_NODEOPT=Feature=two SB_SLURMD_TIMEOUT=8 SB_MAINOPT="PriorityTier=1 GraceTime=5"
export SB_EXTRA="PartitionName=urgent Nodes=ALL PriorityTier=2
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
MessageTimeout=4"
slurmbox() { "$root/tests/cluster/slurmbox" "$@"; }
fail() {
    echo "FAILED: $*"
    slurmbox status
    tail -n 40 "$work"/*.log "$work"/*/job-*.log "$SB_DIR"/log/slurm*.log 2> /dev/null
    exit 1
} >&2
leave() {
    slurmbox down 2> /dev/null
    [ -z "$launched" ] || kill "$launched" 2> /dev/null
    rm -rf "$work"
}
chmod 755 "$work" # munged wants its folder to be open
slurmbox up > "$work/up.log" 2>&1 || fail "no cluster"
eval "$(slurmbox env)"

# What jobs/submit takes for the program: with a line in the log for each point.
cat > "$work/ntksweep" << END
#!/bin/sh
[ "\$1" != run ] || set -- "\$@" --verbose
exec "$program" "\$@"
END
chmod 755 "$work/ntksweep"

# run_alone: the study on one rank, in the background; finish_alone: waits for it.
run_alone() { "$program" run "$study" -o "$work/alone" "${extra[@]}" 2> "$work/alone.log" & launched=$!; }
finish_alone() { finish && expect 0 "the run on one rank"; }

# ---- jobs ----

# submit DIR [OPTION...]: the job's number in $job.
submit() {
    job=$(NTKSWEEP=$work/ntksweep "$root/jobs/submit" "$study" -o "$1" --nodes 2 --ranks-per-node 2 --time 5 "${extra[@]}" "${@:2}" 2> "$work/submit.log") ||
        fail "jobs/submit ${*:2}"
}

# expect_end JOB STATE: waits for it.
expect_end() {
    local state
    state=$(slurmbox wait "$1" 240) || true
    [ "$state" = "$2" ] || fail "job $1: $state, expected $2"
}

# property JOB NAME: as `scontrol show job` has it.
property() { scontrol -o show job "$1" | sed -nE "s/(^|.* )$2=([^ ]*).*/\2/p"; }

# is_requeued JOB TIMES: and waits to start.
is_requeued() { [ "$(property "$1" Restarts)" = "$2" ] && [ "$(property "$1" JobState)" = PENDING ]; }

# ---- what has to be true at the end ----

messages() { cat "$1"/job-*.log; }

# hosts DIR: where its records were made.
hosts() { h5dump -d /host "$1/results.h5" | grep -oE '"n[0-9]+"' | tr -d '"' | sort -u | paste -s -d ' '; }

# No point and no reference was recorded twice.
expect_once() {
    local twice
    twice=$(messages "$1" | sed -nE 's/^ntksweep: (.*): recorded on rank .*/\1/p' | sort | uniq -d)
    [ -z "$twice" ] || fail "$1: computed twice: $twice"
}

# On the nodes nothing runs but their daemons; in DIR there is no claim and nothing temporary.
are_nodes_empty() { [ -z "$(slurmbox processes)" ]; }
expect_nothing_left() {
    local rest
    wait_for 20 are_nodes_empty
    rest=$(find "$1" -name '*tmp~*' -o -name '*.idle' -o -name '*.unreadable' -o -path '*/claims/*' -o -path '*/runs/*' -o -path '*/checkpoints/*')
    [ -z "$rest" ] || fail "$1: files stay: $rest"
}

# expect_whole DIR: complete, equal to one rank's, computed once, nothing left behind.
expect_whole() {
    expect_status "$1" total=24 complete=true left=0 failed=0 running=0 begun=0
    python3 -m json.tool < "$1/state.json" > /dev/null || fail "$1/state.json is not whole"
    expect_same "$work/alone" "$1"
    expect_once "$1"
    expect_nothing_left "$1"
}
