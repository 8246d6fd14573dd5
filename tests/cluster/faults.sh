# For tests of what hosts and disks do to a run: bash, sourced as `. faults.sh "$@"`. common.sh, in a mount namespace of the test's own and as its
# root: what it mounts ends with it, and so does /run with the network namespaces that have their names there.
if [ -z "${FAULTS_INSIDE:-}" ]; then
    for users in '' '--user --map-root-user --net'; do
        options=($users --mount --propagation private)
        refusal=$(unshare "${options[@]}" mount -t tmpfs faults /run 2>&1) && FAULTS_INSIDE=yes exec unshare "${options[@]}" "$0" "$@"
    done
    echo "skipped: no namespaces here: ${refusal##*$'\n'}"
    exit 77
fi
mount -t tmpfs faults /run
ip link set lo up 2> /dev/null || true # in a network namespace, which those who are not root need to make others
. "$(dirname "${BASH_SOURCE[0]}")/common.sh" "$@"
export TMPDIR=$work PATH=$root/tests/cluster:$PATH # for the files of mpirun; nethosts

milliseconds() { echo $((${EPOCHREALTIME/[.,]/} / 1000)); }

expect_no_rest() { # DIR: temporary files and claims
    local rest
    rest=$(find "$1" -name '*.tmp~*' -o -path '*/claims/*' -o -path '*/runs/*')
    [ -z "$rest" ] || fail "left behind: $rest"
}
