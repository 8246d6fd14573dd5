# Writes job scripts: one function a scheduler. Sourced by jobs/submit, whose choices it reads; job_body.sh is the end of each.

# No control character may enter a script, of ASCII or of Unicode: a newline would begin a line of its own, ESC would speak to a terminal.
has_controls() {
    local LC_ALL=C
    [[ $1 == *[[:cntrl:]]* || $1 == *$'\xc2'[$'\x80'-$'\x9f']* ]]
}
refuse_controls() { # WHERE TEXT...
    local text
    for text in "${@:2}"; do
        ! has_controls "$text" || fail "$1: a control character in '$text'; it would enter the job script"
    done
}

quoted() { # WORD...: as bash reads them, in every locale
    local LC_ALL=C text
    [ $# -gt 0 ] || return 0
    printf -v text ' %q' "$@"
    printf %s "${text# }"
}
# A value in a line of directives, as sbatch reads it.
directive() { local text=${1//\\/\\\\} && printf '"%s"' "${text//\"/\\\"}"; }

script_begin() { # COMMAND LINES...
    printf '%s\n' '#!/bin/bash' "# ntksweep, ${study##*/}: written by jobs/submit; may be changed, and submitted again by \`$1\`." "${@:2}" ''
    printf '%s\n' '# What a shell may have exported, and would change what follows.' \
        'unset CDPATH GREP_OPTIONS POSIXLY_CORRECT' 'set +o errexit +o noclobber +o noglob' ''
    [ ${#setup[@]} = 0 ] || printf '%s\n' "# What the site wants (profile $profile)." "${setup[@]}" ''
    cat <<END
set -u
dir=$(quoted "$dir")
study=$(quoted "$study")
program=$(quoted "$program")
arguments=(run "\$study" -o "\$dir"${options[*]:+ $(quoted "${options[@]}")})

# The program sets BLAS threads itself; this keeps the library from making one a core before. Idle ranks give way.
export OPENBLAS_NUM_THREADS=$threads OMP_NUM_THREADS=$threads OMPI_MCA_mpi_yield_when_idle=1
END
    [ "$launcher" = srun ] || cat <<END
# No binding, since rank 0 has a second thread; a connection between nodes that is lost for good ends the job within seconds.
export $(quoted "${MPIRUN_UNBOUND[@]}")
export $(quoted "${MPIRUN_KEEPALIVE[@]}" "$MPIRUN_QUIET")
[ "\$(id -u)" != 0 ] || export $(quoted "${MPIRUN_ROOT[@]}") # or mpirun refuses root
END
}

script_end() { cat "$ROOT/jobs/job_body.sh"; }

# ---- Slurm ----

slurm_lines() {
    local key log=job-%j.log memory=${mem_per_cpu:+--mem-per-cpu=${mem_per_cpu}M} mail=''
    [ -z "$exclusive" ] || memory=${memory:+--mem=0} # all that the node has
    [ -z "$mail_user" ] || [[ "${directives[*]-}" == *--mail-type* ]] || mail=--mail-type=BEGIN,END,FAIL
    [ -z "$array" ] || log=job-%A_%a.log
    # Slurm puts the folder before the log's name, and then replaces %j in both.
    [[ $dir != *%* ]] || log=$(directive "${dir//%/%%}/$log")
    printf '#SBATCH %s\n' "--job-name=$(directive "$name")" "--chdir=$(directive "$dir")" "--output=$log" --open-mode=append \
        "--nodes=$nodes" "--ntasks-per-node=$ranks_per_node" "--cpus-per-task=$cpus_per_rank" $memory ${exclusive:+--exclusive} $mail \
        "--time=$(slurm_time "$slot")" "--signal=B:USR1@$lead" --requeue ${array:+"--array=1-$array"} ${directives[@]+"${directives[@]}"}
    for key in partition account qos constraint mail_user; do
        [ -z "${!key}" ] || printf '#SBATCH --%s=%s\n' "${key//_/-}" "$(directive "${!key}")"
    done
}

script_slurm() {
    local launch="srun --mpi=$mpi --export=ALL --kill-on-bad-exit=1 --cpus-per-task=\"\$SLURM_CPUS_PER_TASK\""
    [ "$launcher" = srun ] || launch="mpirun -n \"\$SLURM_NTASKS\""
    script_begin 'sbatch job.sh' "$(slurm_lines)"
    cat <<END
launch=($launch)
task=\${SLURM_ARRAY_TASK_ID:+_\$SLURM_ARRAY_TASK_ID}
job=\${SLURM_ARRAY_JOB_ID:-\$SLURM_JOB_ID}\$task
restarts=\${SLURM_RESTART_COUNT:-}

# Cancelled, or requeued by Slurm itself: then nothing more from here. A slot whose time is up is followed by another.
is_ended_by_others() {
    local state
    state=\$(squeue --noheader --jobs "\$job" --format '%T %r')
    [[ \$state == COMPLETING* && \$state != *TimeLimit ]]
}

# This job again, or, where Slurm may not requeue, a new one that begins when this one has ended.
submit_again() {
    local next
    say "to be requeued"
    scontrol requeue "\$job" && return
    # Where the site itself requeues what exits with 75, that is enough.
    scontrol show config | grep -q '^RequeueExit  *=.*\b75\b' && return
    next=\$(sbatch --parsable --dependency="afterany:\$job" \${task:+"--array=\${task#_}"} "\$0") ||
        finish \$((code ? code : 75)) "stopped: neither scontrol requeue nor sbatch is possible; submit it again to go on"
    goes_on_as "\${next%%;*}\$task"
}

END
    script_end
}

# ---- PBS ----

pbs_lines() {
    local LC_ALL=C short=${name//[^A-Za-z0-9_-]/_}
    [[ $short == [A-Za-z]* ]] || short=n$short
    printf '#PBS %s\n' "-N ${short:0:15}" "-j oe" "-o /dev/null" "-r y" \
        "-l select=$nodes:ncpus=$((ranks_per_node * threads)):mpiprocs=$ranks_per_node:ompthreads=$threads${mem_per_cpu:+:mem=$((rank_memory * ranks_per_node))mb}" \
        "-l walltime=$(printf '%d:%02d:%02d' $((slot / 3600)) $((slot / 60 % 60)) $((slot % 60)))" ${partition:+"-q $partition"} ${account:+"-A $account"} \
        ${exclusive:+"-l place=scatter:excl"} ${mail_user:+"-M $mail_user" "-m abe"} ${directives[@]+"${directives[@]}"}
}

script_pbs() {
    script_begin 'qsub job.sh' "$(pbs_lines)" '' 'job=${PBS_JOBID%%.*}' "exec >>$(quoted "$dir")/job-\$job.log 2>&1"
    cat <<END
# PBS gives no notice before walltime ends, so timeout does; mpirun passes USR1 on.
SECONDS=0
launch=(timeout --foreground --preserve-status --signal=USR1 $((slot - lead)) mpirun -n $ranks --hostfile "\$PBS_NODEFILE")

# qdel, and preemption (where PBS itself runs the job again); but TERM after the notice is the end of walltime.
is_ended_by_others() { [ -n "\$ended" ] && [ \$SECONDS -lt $((slot - lead)) ]; }

submit_again() {
    local next
    next=\$(qsub -W "depend=afterany:\$PBS_JOBID" "\$dir/job.sh") || finish \$((code ? code : 75)) "stopped: qsub is not possible; submit it again to go on"
    goes_on_as "\${next%%.*}"
}

END
    script_end
}

# ---- mpirun alone ----

script_mpirun() {
    script_begin ./job.sh
    cat <<END
# As many ranks as are asked for, however many cores mpirun counts.
export $(quoted "${MPIRUN_OVERSUBSCRIBE[@]}")
# In a session of its own, so that Ctrl-C reaches this script, which stops the ranks properly, and not mpirun.
launch=(setsid mpirun -n $ranks${hostfile:+ --hostfile $(quoted "$hostfile")}${ranks_per_node:+ --map-by ppr:$ranks_per_node:node})
job=\$\$

is_ended_by_others() { [ -n "\$ended" ]; }
submit_again() { finish \$((code ? code : 75)) "\$0 goes on"; }

END
    script_end
}
