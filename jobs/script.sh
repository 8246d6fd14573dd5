# Writes job scripts: one function a scheduler. Sourced by jobs/submit, whose choices it reads; job_body.sh is the end of each.

quoted() { # WORD...: as bash reads them
    [ $# -gt 0 ] || return 0
    local text
    text=$(printf ' %q' "$@")
    printf %s "${text# }"
}
# A value in a line of directives, as sbatch reads it.
directive() { local text=${1//\\/\\\\} && printf '"%s"' "${text//\"/\\\"}"; }

script_begin() { # COMMAND LINES...
    printf '%s\n' '#!/bin/bash' "# ntksweep, ${study##*/}: written by jobs/submit; may be changed, and submitted again by \`$1\`." "${@:2}" ''
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
export OMPI_MCA_hwloc_base_binding_policy=none
export $(quoted "${MPIRUN_KEEPALIVE[@]}")
END
}

script_end() { cat "$ROOT/jobs/job_body.sh"; }

# ---- Slurm ----

slurm_lines() {
    local key log=job-%j.log
    [ -z "$array" ] || log=job-%A_%a.log
    printf '#SBATCH %s\n' "--job-name=$(directive "$name")" "--chdir=$(directive "$dir")" "--output=$log" --open-mode=append \
        "--nodes=$nodes" "--ntasks-per-node=$ranks_per_node" "--cpus-per-task=$cpus_per_rank" ${mem_per_cpu:+"--mem-per-cpu=${mem_per_cpu}M"} \
        "--time=$(slurm_time "$slot")" "--signal=B:USR1@$lead" --requeue ${array:+"--array=1-$array"} ${directives[@]+"${directives[@]}"}
    for key in partition account qos; do
        [ -z "${!key}" ] || printf '#SBATCH --%s=%s\n' "$key" "$(directive "${!key}")"
    done
}

script_slurm() {
    local launch="srun --mpi=$mpi --export=ALL --kill-on-bad-exit=1 --cpus-per-task=\"\$SLURM_CPUS_PER_TASK\""
    [ "$launcher" = srun ] || launch="mpirun -quiet -n \"\$SLURM_NTASKS\""
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
    local key
    printf '#PBS %s\n' "-N $(tr -c 'A-Za-z0-9_\n-' _ <<<"${name:0:15}")" "-j oe" "-o /dev/null" "-r y" \
        "-l select=$nodes:ncpus=$((ranks_per_node * threads)):mpiprocs=$ranks_per_node:ompthreads=$threads${mem_per_cpu:+:mem=$((rank_memory * ranks_per_node))mb}" \
        "-l walltime=$(printf '%d:%02d:%02d' $((slot / 3600)) $((slot / 60 % 60)) $((slot % 60)))" ${partition:+"-q $partition"} ${account:+"-A $account"} ${directives[@]+"${directives[@]}"}
}

script_pbs() {
    script_begin 'qsub job.sh' "$(pbs_lines)" '' 'job=${PBS_JOBID%%.*}' "exec >>$(quoted "$dir")/job-\$job.log 2>&1"
    cat <<END
# PBS gives no notice before walltime ends, so timeout does; mpirun passes USR1 on.
launch=(timeout --foreground --preserve-status --signal=USR1 $((slot - lead)) mpirun -quiet -n $ranks --hostfile "\$PBS_NODEFILE")

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
# In a session of its own, so that Ctrl-C reaches this script, which stops the ranks properly, and not mpirun.
launch=(setsid mpirun -quiet -n $ranks${hostfile:+ --hostfile $(quoted "$hostfile")}${ranks_per_node:+ --map-by ppr:$ranks_per_node:node})
job=\$\$

is_ended_by_others() { [ -n "\$ended" ]; }
submit_again() { finish \$((code ? code : 75)) "\$0 goes on"; }

END
    script_end
}
