# How large a job has to be: from what `ntksweep plan` predicts, and what the partition offers. Sourced by jobs/submit; reads and
# fills its choices. All times are in seconds, memory in MiB.

DAY=86400
least() { # WHOLE NUMBERS...
    local least=$1 other
    for other in "${@:2}"; do [ "$other" -ge "$least" ] || least=$other; done
    echo "$least"
}
above() { echo $((($1 + $2 - 1) / $2)); } # A / B, rounded up

# ---- times ----

# Seconds of MM, MM:SS, HH:MM:SS, D-HH, D-HH:MM, D-HH:MM:SS; fails for anything else, and for no time at all.
slurm_seconds() {
    [[ $1 =~ ^(([0-9]{1,4})-)?([0-9]{1,7})(:([0-9]{1,2}))?(:([0-9]{1,2}))?$ ]] || return 1
    local m=("${BASH_REMATCH[@]}") unit=60 seconds
    [ -z "${m[1]}${m[6]}" ] || unit=3600
    seconds=$((10#0${m[2]} * DAY + 10#${m[3]} * unit + 10#0${m[5]} * (unit / 60) + 10#0${m[7]}))
    [ $seconds -gt 0 ] && echo $seconds
}
slurm_time() { printf '%d-%02d:%02d:%02d' $(($1 / DAY)) $(($1 / 3600 % 24)) $(($1 / 60 % 60)) $(($1 % 60)); }
duration() { # SECONDS: for people
    if [ "$1" -lt 600 ]; then
        echo "$1 s"
    elif [ "$1" -lt 36000 ]; then
        echo "$(($1 / 60)) min"
    else
        echo "$((($1 + 1800) / 3600)) h"
    fi
}

# ---- the plan ----

# RANKS: fills plan[] with the members of `plan --json`, fractions rounded up, and plan[useful_ranks]: with more, the longest point
# alone decides.
declare -A plan=()
read_plan() {
    local json key value
    json=$("$program" plan "$study" --json --ranks "$1" ${options[@]+"${options[@]}"}) || exit 1
    while read -r key value; do plan[$key]=$value; done < <(LC_ALL=C awk -F '[":, ]+' '
        function up(x) { return x == int(x) ? x : int(x) + 1 }
        NF > 2 { value[$2] = $3; printf "%s %.0f\n", $2, up($3) }
        END {
            longest = value["longest_point_seconds"]
            useful = longest ? up(value["total_seconds"] / longest) : 1
            printf "useful_ranks %.0f\n", useful < value["points"] ? useful : value["points"]
        }' <<<"$json")
}

# ---- the site ----

field() { sed -nE "s/.*\b$1=([^ ]*).*/\1/p" <<<"$2"; }
mebibytes() { # 192G, 512M; fails for anything else
    [[ $1 =~ ^0*([1-9][0-9]{0,8})([MG])$ ]] || return 1
    case ${BASH_REMATCH[2]} in M) echo "${BASH_REMATCH[1]}" ;; G) echo $((BASH_REMATCH[1] * 1024)) ;; esac
}

# What the profile leaves open: from the partition, of its nodes those that have --constraint, if that is a single word; the nodes of a mixed
# one are taken to be as small as the smallest.
ask_slurm() { # ITS PARTITIONS
    local about all=$1 cores memory count
    if [ -n "$partition" ]; then
        [[ $partition != -* ]] || fail "--partition: Slurm knows no $partition; there are: $all"
        about=$(scontrol --oneliner show partition "$partition" 2>/dev/null) || fail "--partition: Slurm knows no $partition; there are: $all"
    else
        about=$(scontrol --oneliner show partition | grep 'Default=YES') || fail "no partition is the default here; name one of: $all"
        partition=$(field PartitionName "$about")
    fi
    # Of each node its cores, the CPUs that Slurm counts on one, its memory: of the first two the least and the most.
    read -r count cores threads_per_core memory < <(sinfo --noheader --Node --partition "$partition" --format '%c %X %Y %m %f' |
        WANTED=$constraint LC_ALL=C awk '
        BEGIN { want = ENVIRON["WANTED"] ~ /^[A-Za-z0-9_.]+$/ ? "," ENVIRON["WANTED"] "," : "" }
        want == "" || index("," $5 ",", want) {
          cores = $2 * $3 < $1 ? $2 * $3 : $1 + 0; threads = int($1 / cores)
          if (!n || cores < c) c = cores; if (threads > t) t = threads; if (!n || $4 + 0 < m) m = $4 + 0; n++ }
        END { print n + 0, c, t, m }')
    [ "$count" -gt 0 ] || fail "partition $partition has no nodes${constraint:+ with --constraint $constraint}"
    max_time=${max_time:-$(field MaxTime "$about")} max_nodes=${max_nodes:-${constraint:+$count}} max_nodes=${max_nodes:-$(field TotalNodes "$about")}
    [[ ! $(field MaxNodes "$about") =~ ^[0-9]+$ ]] || max_nodes=$(least "$max_nodes" "$(field MaxNodes "$about")")
    cpus_per_node=${cpus_per_node:-$cores} cpus_per_core=${cpus_per_core:-$threads_per_core}
    [ "$memory" -le 1 ] || memory_per_node=${memory_per_node:-${memory}M} # 1: this site does not say
    [ -n "$most_per_cpu" ] ||
        most_per_cpu=$({ field MaxMemPerCPU "$about"; scontrol show config | sed -nE 's/^MaxMemPerCPU *= *//p'; } | grep -m 1 -xE '[1-9][0-9]*') || true
}

# Slurm is asked for what the profile leaves open. Where it does not answer, a profile that says the first five does without it, and --dry-run
# in any case.
ask_slurm_if_needed() {
    local key missing=() all
    for key in partition cpus_per_node memory_per_node max_nodes max_time; do [ -n "${!key}" ] || missing+=("$key"); done
    [ ${#missing[@]} -gt 0 ] || [ -z "$cpus_per_core" ] || return 0
    all=$(sinfo --noheader --format %R 2>/dev/null | sort -u | paste -s -d ' ') || true
    if [ -n "$all" ]; then ask_slurm "$all" && return; fi
    [ ${#missing[@]} = 0 ] || [ -n "$is_dry" ] || fail "sinfo lists no partitions; does Slurm answer? A profile with ${missing[*]} does without"
    [ -n "$cpus_per_core" ] || silence="Slurm does not answer here: a core is taken for one CPU, unless the profile has cpus_per_core"
    [ ${#missing[@]} = 0 ] || silence="Slurm does not answer here, and the profile leaves open ${missing[*]}: nodes are taken to be like this machine"
}

# Without Slurm only the profile knows; nodes are then taken to be like this machine.
ask_site() {
    most_per_cpu=${memory_per_cpu:+$(mebibytes "$memory_per_cpu")}
    [ "$scheduler" != slurm ] || ask_slurm_if_needed
    cpus_per_core=${cpus_per_core:-1}
    cpus_per_node=${cpus_per_node:-$(cores)}
    [ "$max_time" != UNLIMITED ] || max_time=''
    limit=${max_time:+$(slurm_seconds "$max_time")}
    threads=${plan[threads]} cpus_per_rank=$((plan[threads] * cpus_per_core))
    [ "$cpus_per_node" -ge "$threads" ] || fail "$study: run.threads is $threads, and a node has $cpus_per_node cores"
    [ -z "$nodes" ] || [ -z "$max_nodes" ] || [ "$nodes" -le "$max_nodes" ] ||
        fail "--nodes: $nodes is more than the $max_nodes${partition:+ that partition $partition gives to a job}"
}

# ---- choices ----

# Ranks a node: what its cores and its memory hold, and no more than there is work for.
choose_ranks() {
    local room=$((cpus_per_node / threads)) work=${plan[useful_ranks]} given=$ranks_per_node
    [ -z "$nodes" ] || work=${plan[points]}
    [ -n "$given" ] || ranks_per_node=$(least "$room" "$(above "$work" $((${nodes:-1} * ${array:-1})))")
    [ "$ranks_per_node" -le "$room" ] || fail "--ranks-per-node: $given ranks of $threads thread(s) are more than the $cpus_per_node cores of a node"
    choose_memory "$given"
}

# What plan says with the profile's margin, and 128M for the buffers of MPI, which grow with the ranks.
choose_memory() { # RANKS_PER_NODE as given, or nothing
    local memory room
    rank_memory=$(LC_ALL=C awk -v bytes="${plan[memory_bytes]}" -v margin="$memory_margin" '
        BEGIN { x = bytes / 1048576 * margin + 128; print int(x) + (x > int(x)) }') mem_per_cpu=''
    [ "$memory_margin" != 0 ] && [ -n "$memory_per_node" ] || return 0
    memory=$(mebibytes "$memory_per_node")
    room=$((memory / rank_memory)) mem_per_cpu=$(above "$rank_memory" "$cpus_per_rank")
    if [ -n "$most_per_cpu" ] && [ -z "$exclusive" ] && [ "$mem_per_cpu" -gt "$most_per_cpu" ]; then # then more CPUs, for their memory
        cpus_per_rank=$(above "$rank_memory" "$most_per_cpu")
        mem_per_cpu=$(above "$rank_memory" "$cpus_per_rank") room=$(least "$room" $((cpus_per_node * cpus_per_core / cpus_per_rank)))
    fi
    [ $room -ge 1 ] || fail "$study: a rank needs ${rank_memory}M, and a node has ${memory}M"
    [ "$ranks_per_node" -gt $room ] || return 0
    [ -z "$1" ] || fail "--ranks-per-node: $1 ranks of ${rank_memory}M do not fit the ${memory}M of a node; $room do"
    say "$room ranks of ${rank_memory}M are all that the ${memory}M of a node hold"
    ranks_per_node=$room
}

# Time for checkpoints and the rest of a step before the slot ends: two minutes (Slurm itself may be one early or late) and what the
# checkpoints of a node take at 100 MB/s; in short slots a third.
notice() { echo $((120 + plan[checkpoint_bytes] * ranks_per_node / 100000000)); }
lead_of() { least "$(notice)" $(($1 / 3)) 65535; } # SLOT; Slurm takes no more

# Does the predicted time, and half as much again, fit between the start and the signal?
fits() { # NODES
    read_plan $(($1 * ranks_per_node * ${array:-1}))
    [ $((plan[wall_seconds] * 3 / 2)) -le "$budget" ]
}

# The smallest number that fits; else all for which there is work.
choose_nodes() {
    local low=1 middle target
    target=${slot:-$(least "${limit:-$DAY}" $DAY)}
    budget=$((target - $(lead_of "$target")))
    # Where not even the longest point fits, more nodes do not help: then three times its length.
    [ -n "$slot" ] || [ $budget -ge $((plan[longest_point_seconds] * 3 / 2)) ] || budget=$((plan[longest_point_seconds] * 3))
    if [ -z "$nodes" ]; then
        nodes=$(least "$(above "${plan[useful_ranks]}" $((ranks_per_node * ${array:-1})))" ${max_nodes:+"$max_nodes"})
        while [ $low -lt "$nodes" ]; do
            middle=$(((low + nodes) / 2))
            if fits $middle; then nodes=$middle; else low=$((middle + 1)); fi
        done
    fi
    fits "$nodes" || true
}

# No slot is longer than the limit.
cut_slot() {
    [ -n "$limit" ] && [ "${slot:-0}" -gt "$limit" ] || return 0
    say "time: $(slurm_time "$slot") is cut to $(slurm_time "$limit"), the most${partition:+ that partition $partition} allows"
    slot=$limit
}

choose_time() {
    local needed=$((plan[wall_seconds] * 3 / 2)) slots
    slot=${slot:-$(($(above $((needed + $(notice) + 480)) 300) * 300))}
    cut_slot
    lead=$(lead_of "$slot")
    slots=$(above "$needed" $((slot - lead)))
    [ "$slots" -le 1 ] || say "time: about $slots slots of $(slurm_time "$slot") are needed; the job requeues itself until the study is done"
    [ "$slot" -ge $((2 * plan[longest_point_seconds])) ] ||
        say "warning: the longest point takes $(duration "${plan[longest_point_seconds]}"), and a slot should be twice that: kernels at initialization are not in checkpoints"
}

# ---- the whole ----

size_batch() {
    slot=${time:+$(slurm_seconds "$time")}
    ask_site
    cut_slot
    choose_ranks
    choose_nodes
    ranks=$((nodes * ranks_per_node))
    choose_time
}
size_slurm() { size_batch; }
size_pbs() { size_batch; }

# Of a hostfile on standard input: its hosts, and their slots, one where nothing is said.
hostfile_counts() {
    LC_ALL=C awk '
        { sub(/#.*/, "") }
        NF { hosts++; slots += match($0, /[ \t]slots[ \t]*=[ \t]*[0-9]+/) ? substr($0, RSTART + index(substr($0, RSTART), "=")) + 0 : 1 }
        END { print hosts + 0, slots + 0 }'
}

# mpirun alone: a rank for every slot of the hostfile, or for every core here; no more than points.
size_mpirun() {
    local slots
    threads=${plan[threads]} nodes=1 slots=$(($(cores) / threads))
    if [ -n "$hostfile" ]; then
        hostfile=$(realpath -- "$hostfile")
        refuse_controls "what a link leads to" "$hostfile"
        read -r nodes slots < <(hostfile_counts <"$hostfile")
        [ "$nodes" -gt 0 ] || fail "$hostfile: names no hosts"
        [ "$slots" -gt 0 ] || fail "$hostfile: has no slots"
    fi
    ranks=$(least "$slots" "${plan[points]}")
    [ -z "$ranks_per_node" ] || ranks=$((nodes * ranks_per_node))
    read_plan "$ranks"
}

size_job() {
    local silence=''
    read_plan 1
    "size_$scheduler"
    [ -z "$silence" ] || say "$silence"
    say "${plan[points]} points: $(duration "${plan[total_seconds]}") of one rank here, the longest $(duration "${plan[longest_point_seconds]}")"
    say "$nodes node(s)${partition:+ of partition $partition}, $ranks rank(s) of $threads thread(s)${array:+, $array times}: $(duration "${plan[wall_seconds]}") predicted"
    [ "$scheduler" = mpirun ] || say "time $(slurm_time "$slot"), ranks told to stop $lead s before its end${mem_per_cpu:+; ${rank_memory}M a rank}"
}
