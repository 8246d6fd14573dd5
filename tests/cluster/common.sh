# For the tests in this folder: bash, sourced as `. common.sh "$@"`; usage of each test: TEST PROGRAM STUDY. What tests/mpi/common.sh
# has, and the means to leave where a machine does not offer what is needed: exit code 77, and one line that says why.
. "$(dirname "${BASH_SOURCE[0]}")/../mpi/common.sh" "$@"
root=$(cd "$here/../.." && pwd)
PATH=$PATH:/usr/sbin:/sbin

skip() { echo "skipped: $*"; exit 77; }

# need PROGRAM...: daemons and tools that a build does not need.
need() {
    local program
    for program in "$@"; do command -v "$program" > /dev/null || skip "$program is not installed"; done
}

# need_namespaces NAMESPACE...: as unshare calls them (uts mount net); those who are not root need one of users too.
need_namespaces() {
    local options=("${@/#/--}") refusal
    [ "$(id -u)" = 0 ] || options+=(--user --map-current-user --keep-caps)
    refusal=$(unshare "${options[@]}" true 2>&1) || skip "no namespaces here: ${refusal##*$'\n'}"
}
