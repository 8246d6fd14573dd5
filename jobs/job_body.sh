# ---- what follows is the same in every job script: run, pass signals on, decide how to go on ----

idle=$dir/job-$job.idle # is there after a slot that gained nothing
say() { # one line that a terminal only shows
    local words=$*
    [[ $words != *[^[:print:]]* ]] || printf -v words %q "$words"
    printf '%(%F %T)T job %s: %s\n' -1 "$job" "$words"
}
finish() { # CODE WORDS...
    rm -f "$idle"
    say "${@:2}"
    exit "$1"
}

# All that is kept, and when it was written: the same before and after a run that gained nothing.
kept() { find "$dir/points" "$dir/references" "$dir/checkpoints" -name '*.h5' -printf '%P %T@\n' 2>/dev/null | sort | cksum; }
gained() { [ "$(kept)" != "$before" ]; }
member() { sed -n "s/^  \"$1\": \([^,]*\),*\$/\1/p" <<<"$state"; } # of status --json

# USR1 to srun or mpirun reaches all ranks: each writes its checkpoint and leaves. TERM would have them killed a second later.
warned='' ended='' run=''
stop_ranks() { [ -z "$run" ] || kill -USR1 "$run" 2>/dev/null; }
trap 'warned=1; say "USR1: the slot ends soon, running points write checkpoints"; stop_ranks' USR1
trap 'ended=1; say "told to end: running points write checkpoints"; stop_ranks' TERM INT HUP

before=$(kept)
say "on $(hostname)${restarts:+, restart $restarts}: ${launch[*]} $program ${arguments[*]}"
code=75
if [ -z "$warned$ended" ]; then
    "${launch[@]}" "$program" "${arguments[@]}" </dev/null &
    run=$!
    [ -z "$warned$ended" ] || stop_ranks # a signal that came between these two lines
    # Signals interrupt the wait for a sleep; one for the run itself could lose its code.
    # Ranks that outlast their notice and the slot are not waited for: what follows has to be done before this script is killed too.
    is_too_late() { [ -n "$warned" ] && [ -n "$ended" ] && ! is_ended_by_others; }
    while kill -0 "$run" 2>/dev/null && ! is_too_late; do sleep 1 & wait $!; done
    if ! kill -0 "$run" 2>/dev/null; then
        wait "$run"
        code=$?
    fi
fi

state=$("$program" status "$dir" --json)
say "the ranks ended with code $code${state:+; of $(member total) points $(member done) are done, $(member failed) failed, $(member left) left}"

# A slot that gains nothing may happen: a signal in its first moments, a bad node. Two in a row, and there is no end to be seen.
once_more() { # WORDS...
    if gained; then
        rm -f "$idle"
    elif [ -e "$idle" ]; then
        finish $((code ? code : 75)) "stopped: $*, and two slots in a row have brought no record and no checkpoint; are they too short for a point?"
    else
        : >"$idle"
    fi
    say "$@"
    submit_again
    exit 75
}
goes_on_as() { # JOB, a new one
    say "job $1 goes on"
    [ ! -e "$idle" ] || mv "$idle" "$dir/job-$1.idle"
}

# What status says of this study, not of one that stood in DIR before: the run took it up, or something was recorded.
says() { [ "$(member "$1")" = "$2" ] && { [ "$code" = 0 ] || gained; }; }

if says complete true && [ "$code" != 75 ]; then # with 75 it was told to stop while it built the results
    { [ "$code" = 0 ] && [ -e "$dir/results.h5" ]; } || "$program" collect "$dir" || finish "$code" "all points are recorded, but results.h5 could not be built"
    finish 0 "complete: $dir/results.h5"
elif { says left 0 && ! says complete true; } || [ "$code" = 2 ]; then
    "$program" status "$dir"
    finish 2 "finished, but some points failed; a new job tries them again"
elif [ "$code" = 0 ] && [ "$(member ranks)" != 0 ]; then
    finish 0 "what is left is with other runs on $dir"
elif is_ended_by_others; then
    finish "$code" "ended from outside; where the scheduler does not start it again by itself, submit it again to go on"
elif [ "$code" = 75 ] || [ -n "$warned" ]; then
    once_more "the study is not done"
elif [ "$code" = 126 ] || [ "$code" = 127 ] || { [ "$code" = 1 ] && [ "${launch[0]}" = srun ]; }; then
    finish "$code" "stopped: the program could not start, or refused its input; see above"
else # with code 0 too: srun may return it where a node could not start its ranks
    once_more "a rank was lost (code $code)"
fi
