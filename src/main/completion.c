#include "completion.h"

#include <string.h>

#include "keys.h"

static void put_keys(FILE *out) {
    for (const struct key *key = key_table; key->name; key++) fprintf(out, " %s", key->name);
}

static void put_names(FILE *out, const struct command *const *commands) {
    for (; *commands; commands++) fprintf(out, " %s", (*commands)->name);
}

static void put_lists(FILE *out, const struct command *const *commands) {
    fputs("    local commands='", out);
    put_names(out, commands);
    fputs("' keys='", out);
    put_keys(out);
    fputs("'\n", out);
}

void completion_bash(FILE *out, const struct command *const *commands) {
    fputs("# bash completion for ntksweep, made by `ntksweep help --format=bash`.\n_ntksweep() {\n", out);
    put_lists(out, commands);
    fputs("    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} words=''\n"
          "    case $COMP_CWORD:${COMP_WORDS[1]}:$before:$current in\n"
          "    1:*) words=$commands ;;\n"
          "    *:--set:* | *:-s:*) COMPREPLY=($(compgen -S = -W \"$keys\" -- \"$current\")) && compopt -o nospace && "
          "return "
          ";;\n",
          out);
    for (; *commands; commands++) {
        fprintf(out, "    *:%s:*:-*) words='", (*commands)->name);
        struct argument_option option;
        for (int i = 0; arguments_option(*commands, i, &option); i++) fprintf(out, " --%s", option.name);
        fputs("' ;;\n", out);
    }
    fputs("    *:help:*) words=\"$commands study metrics $keys\" ;;\n    esac\n"
          "    COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n}\n"
          "complete -o default -o bashdefault -F _ntksweep ntksweep\n",
          out);
}

/* Between single quotes, in the brackets and colons of _arguments. */
static void put_quoted(FILE *out, const char *text) {
    for (; *text; text++) {
        if (strchr("[]:\\", *text)) fputc('\\', out);
        fputs(*text == '\'' ? "'\\''" : (char[]){*text, '\0'}, out);
    }
}

static const char *action_of(const char *value) {
    if (strcmp(value, "KEY=VALUE") == 0) return "{compadd -S= -- ${=keys}}";
    return strcmp(value, "DIR") == 0 ? "_files -/" : " ";
}

static void put_option(FILE *out, const struct argument_option *option) {
    const char *value = option->value;
    fprintf(out, " \\\n        %s{-%c%s,--%s%s}'[", option->letter == 's' ? "'*'" : "", option->letter,
            value ? "+" : "", option->name, value ? "=" : "");
    put_quoted(out, option->meaning);
    fprintf(out, "]%s%s%s%s'", value ? ":" : "", value ? value : "", value ? ":" : "", value ? action_of(value) : "");
}

void completion_zsh(FILE *out, const struct command *const *commands) {
    fputs("#compdef ntksweep\n# made by `ntksweep help --format=zsh`\n_ntksweep() {\n", out);
    put_lists(out, commands);
    fputs("    if ((CURRENT == 2)); then compadd -- ${=commands}; return; fi\n"
          "    shift words\n    ((CURRENT--))\n    case $words[1] in\n",
          out);
    for (; *commands; commands++) {
        fprintf(out, "    %s) _arguments", (*commands)->name);
        struct argument_option option;
        for (int i = 0; arguments_option(*commands, i, &option); i++) put_option(out, &option);
        bool is_help = strcmp((*commands)->name, "help") == 0;
        fprintf(out, " \\\n        '*:%s' ;;\n",
                is_help ? "topic:{compadd -- ${=commands} study metrics ${=keys}}" : "file:_files");
    }
    fputs("    esac\n}\n_ntksweep \"$@\"\n", out);
}
