# Reads a profile: lines KEY=VALUE in bash's notation, taken as data. Nothing in it is run or expanded here. Sourced by jobs/submit, whose
# choices it fills.

PROFILE_LISTS='setup directives'
PROFILE_FILES='program hostfile' # may begin with ~/ or $HOME/
PROFILE_KEYS="scheduler launcher $PROFILE_FILES $PROFILE_LISTS partition account qos constraint exclusive mail_user nodes ranks_per_node"
PROFILE_KEYS+=' time threads mpi cpus_per_node cpus_per_core memory_per_node memory_per_cpu max_nodes max_time memory_margin'

# All work on $line, what is left of the line, and on $key.
is_at_end() { [[ $line =~ ^[[:blank:]]*(#|$) ]]; }
is_one_of() { [[ " $1 " == *" $key "* ]]; } # KEYS

# Cuts the next word off, quoted as for bash, into $word; $expands where bash would have expanded a part of it. Fails before a comment, a bracket,
# the end, and what is none.
WORD_PARTS=("^'([^']*)'" '^"(([^"\\]|\\.)*)"' '^\\(.)' "^([^[:blank:]'\"\\()\`;&|<>]+)")
next_word() {
    local LC_ALL=C part form # bytes
    word='' expands='' line=${line#"${line%%[![:blank:]]*}"}
    [[ -n $line && $line != [#\(\)]* ]] || return
    while [[ -n $line && $line != [[:blank:]\(\)]* ]]; do
        for form in "${WORD_PARTS[@]}"; do [[ $line =~ $form ]] && break; done || return
        part=${BASH_REMATCH[1]}
        [[ $line == \'* || ${part//\\?/} != *[\$\`]* ]] || expands=1
        if [[ $line == \"* ]]; then # \\, \", \$, \`; there are no control characters
            part=${part//'\\'/$'\1'} part=${part//'\"'/'"'} part=${part//'\$'/'$'} part=${part//'\`'/'`'} part=${part//$'\1'/'\'}
        fi
        word+=$part line=${line:${#BASH_REMATCH[0]}}
    done
}

# In setup the job does it.
refuse_expansion() { [ -z "$expands" ] || fail "$file: $key: \$ and \` are not expanded in a profile; write out what they stand for"; }

take_value() {
    word='' expands=''
    ! is_one_of "$PROFILE_FILES" || line=$(sed -E '1s/^("?)\$HOME\//\1~\//' <<<"$line")
    [[ $line == [[:blank:]]* ]] || next_word || true
    refuse_expansion
    if is_one_of "$PROFILE_FILES" && [[ $word == '~/'* ]]; then word=$HOME/${word#*/}; fi
    printf -v "$key" %s "$word"
    is_at_end
}

take_words() {
    while next_word; do
        [ "$key" = setup ] || refuse_expansion
        eval "$key+=(\"\$word\")" # the key is one of the list above
        [ -n "$list" ] || break
    done
    if [[ -n $list && $line == ')'* ]]; then line=${line:1} list=''; fi
    is_at_end
}

take_line() {
    if [ -n "$list" ]; then take_words; return; fi
    ! is_at_end || return 0
    [[ $line =~ ^[[:blank:]]*([A-Za-z_][A-Za-z_0-9]*)(\+?)= ]] || return
    key=${BASH_REMATCH[1]} line=${line:${#BASH_REMATCH[0]}}
    is_one_of "$PROFILE_KEYS" || fail "$file: $key is not a key of profiles; there are $PROFILE_KEYS"
    is_one_of "$PROFILE_LISTS" || { [ -z "${BASH_REMATCH[2]}" ] && take_value; return; }
    [ -n "${BASH_REMATCH[2]}" ] || eval "$key=()"
    if [[ $line == '('* ]]; then line=${line:1} list=$key; fi
    take_words
}

read_profile() {
    local file=$profile text line number=0 key='' list='' word expands
    [[ $file == */* ]] || file=$ROOT/jobs/profiles/$profile.conf
    [ -f "$file" ] || fail "--profile $profile: no such file; jobs/profiles has" \
        "$(cd -- "$ROOT/jobs/profiles" && echo *.conf); a file elsewhere is named with a /"
    while IFS= read -r text || [ -n "$text" ]; do
        number=$((number + 1)) line=$text
        refuse_controls "$file:$number" "${text//$'\t'/ }"
        take_line || fail "$file:$number: is not in the form KEY=VALUE, as in jobs/profiles/slurm.conf: $text"
    done <"$file"
    [ -z "$list" ] || fail "$file: $list is not in the form KEY=VALUE: its bracket is not closed"
}
