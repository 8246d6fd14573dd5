#include "arguments.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "text.h"

static status take_dir(struct arguments *arguments, const char *value) {
    arguments->dir = value;
    return OK;
}

static status take_data(struct arguments *arguments, const char *value) {
    arguments->data = value;
    return OK;
}

static status take_override(struct arguments *arguments, const char *value) {
    if (!strchr(value, '=')) FAIL(ERROR_INPUT, "--set: %s is not KEY=VALUE", value);
    arguments->override[arguments->overrides++].text = value; /* there is room: one for each word of the command line */
    return OK;
}

static status take_ranks(struct arguments *arguments, const char *value) {
    char *end;
    errno = 0;
    long ranks = strtol(value, &end, 10);
    if (errno || end == value || *end || ranks < 1 || ranks > 1000000)
        FAIL(ERROR_INPUT, "--ranks: %s is not a whole number from 1 to 1000000", value);
    arguments->ranks = (int)ranks;
    return OK;
}

static status take_memory(struct arguments *arguments, const char *value) {
    int64_t bytes = text_bytes(value);
    if (bytes <= 0) FAIL(ERROR_INPUT, "--memory-per-rank: %s is not a size like 4G", value);
    arguments->memory_per_rank = (double)bytes;
    return OK;
}

static status take_json(struct arguments *arguments, const char *value) {
    (void)value;
    arguments->json = true;
    return OK;
}

static status take_watch(struct arguments *arguments, const char *value) {
    (void)value;
    arguments->watch = true;
    return OK;
}

static status take_verbose(struct arguments *arguments, const char *value) {
    (void)value;
    arguments->verbose = true;
    return OK;
}

static status take_format(struct arguments *arguments, const char *value) {
    static const char *const names[] = {"text", "man", "bash", "zsh"};
    for (int i = 0; i <= FORMAT_ZSH; i++) {
        if (strcmp(value, names[i]) != 0) continue;
        arguments->format = (enum format)i;
        return OK;
    }
    FAIL(ERROR_INPUT, "--format: %s is not one of text, man, bash, zsh", value);
}

static status take_help(struct arguments *arguments, const char *value) {
    (void)value;
    arguments->help = true;
    return OK;
}

static const struct row {
    struct argument_option option;
    status (*take)(struct arguments *arguments, const char *value);
} table[] = {
    {{'o', "output", "DIR", "directory of the records and results; made if it is not there"}, take_dir},
    {{'s', "set", "KEY=VALUE", "replaces a key of the study, as in training.steps=100; may be repeated"},
     take_override},
    {{'d', "data", "DIR", "replaces data.path of the study"}, take_data},
    {{'r', "ranks", "R", "ranks to predict the wall time for; by default one a CPU"}, take_ranks},
    {{'m', "memory-per-rank", "SIZE", "memory that each rank will have, as in 4G; points that need more are refused"},
     take_memory},
    {{'w', "watch", NULL, "goes on showing it until no run is going on and no point is left, or Ctrl-C"}, take_watch},
    {{'j', "json", NULL, "for programs"}, take_json},
    {{'v', "verbose", NULL, "a line for every point, and where in the source a failure arose"}, take_verbose},
    {{'f', "format", "FORMAT", "text; man, a manual page, also of `study`; bash or zsh, for completion"}, take_format},
    {{'h', "help", NULL, "this help"}, take_help},
};
enum { ROWS = sizeof table / sizeof *table };

static const struct row *find_row(int letter) {
    for (int i = 0; i < ROWS; i++)
        if (table[i].option.letter == letter) return &table[i];
    return NULL;
}

/* What getopt_long wants to know of the options that the command takes. */
static void describe(const struct command *command, char letters[2 * ROWS + 2], struct option options[ROWS + 1]) {
    int count = 0;
    *letters++ = ':';
    for (int i = 0; i < ROWS; i++) {
        const struct argument_option *option = &table[i].option;
        if (!strchr(command->options, option->letter)) continue;
        bool has_value = option->value != NULL;
        options[count++] = (struct option){option->name, has_value, NULL, option->letter};
        *letters++ = option->letter;
        if (has_value) *letters++ = ':';
    }
    options[count] = (struct option){0};
    *letters = '\0';
}

static status take_option(const struct command *command, int found, char **argv, struct arguments *arguments) {
    const struct row *row = find_row(found);
    if (row) return row->take(arguments, optarg);
    FAIL(ERROR_INPUT, "%s: %s %s; see ntksweep %s --help", command->name, argv[optind - 1],
         found == ':' ? "needs a value" : "is not an option that it knows", command->name);
}

static status take_object(const struct command *command, int argc, char **argv, struct arguments *arguments) {
    if (optind < argc) arguments->object = argv[optind++];
    if (arguments->help) return OK;
    if (optind < argc) FAIL(ERROR_INPUT, "%s: %s is one argument too many", command->name, argv[optind]);
    if (!arguments->object && command->object[0] != '[')
        FAIL(ERROR_INPUT, "%s: %s is missing; see ntksweep %s --help", command->name, command->object, command->name);
    return OK;
}

static status check_required(const struct command *command, const char *seen) {
    for (const char *letter = command->required; *letter; letter++)
        if (!strchr(seen, *letter))
            FAIL(ERROR_INPUT, "%s: -%c %s is missing; see ntksweep %s --help", command->name, *letter,
                 find_row(*letter)->option.value, command->name);
    return OK;
}

status arguments_parse(const struct command *command, int argc, char **argv, struct arguments *arguments) {
    char letters[2 * ROWS + 2], seen[ROWS + 1] = "";
    struct option options[ROWS + 1];
    int found;
    *arguments = (struct arguments){.override = calloc((size_t)argc, sizeof *arguments->override)};
    if (!arguments->override) FAIL(ERROR_MEMORY, "no memory for the command line");
    describe(command, letters, options);
    opterr = 0;
    while ((found = getopt_long(argc, argv, letters, options, NULL)) != -1) {
        TRY(take_option(command, found, argv, arguments));
        if (!strchr(seen, found)) seen[strlen(seen)] = (char)found;
    }
    TRY(take_object(command, argc, argv, arguments));
    return arguments->help ? OK : check_required(command, seen);
}

void arguments_free(struct arguments *arguments) { free(arguments->override); }

void arguments_help(FILE *out, const struct command *command) {
    fprintf(out, "Usage: ntksweep %s [OPTION]... %s\n%s\n", command->name, command->object, command->meaning);
    if (command->script) {
        fprintf(out, "Its options: ntksweep %s --help\n", command->name);
        return;
    }
    fputs("\nOptions:\n", out);
    struct argument_option option;
    for (int i = 0; arguments_option(command, i, &option); i++) {
        char form[64];
        snprintf(form, sizeof form, "-%c, --%s%s%s", option.letter, option.name, option.value ? "=" : "",
                 option.value ? option.value : "");
        fprintf(out, "  %-28s %s%s\n", form, option.meaning,
                strchr(command->required, option.letter) ? " (required)" : "");
    }
}

bool arguments_option(const struct command *command, int number, struct argument_option *option) {
    for (int i = 0; i < ROWS; i++) {
        if (!strchr(command->options, table[i].option.letter) || number-- > 0) continue;
        *option = table[i].option;
        return true;
    }
    return false;
}
