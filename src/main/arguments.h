/* The command line: which command, and its options, from one table that also writes the help. Not collective. */
#ifndef ARGUMENTS_H
#define ARGUMENTS_H

#include <stdbool.h>
#include <stdio.h>
#include "status.h"
#include "study.h"

struct arguments {
    const char *object; /* STUDY.yaml, DIR or a topic; NULL: none */
    const char *dir, *data;
    int overrides;
    struct override *override; /* owned; texts borrowed from argv */
    int ranks;                 /* 0: not given */
    double memory_per_rank;    /* bytes; 0: not given */
    bool verbose, json, watch, help;
    enum format { FORMAT_TEXT, FORMAT_MAN, FORMAT_BASH, FORMAT_ZSH } format; /* of the help */
};

struct command {
    const char *name;
    const char *object;   /* what it works on, for the help; in brackets if it may be left out */
    const char *options;  /* letters of the options it takes */
    const char *required; /* letters of those it cannot do without */
    const char *meaning;
    const char *script; /* that is executed in its place and has options of its own; NULL: none */
};

/* argv[0] is the command's name. ERROR_INPUT in one line for what cannot be understood. Nothing is printed. */
status arguments_parse(const struct command *command, int argc, char **argv, struct arguments *arguments);
void arguments_free(struct arguments *arguments);
void arguments_help(FILE *out, const struct command *command);

struct argument_option {
    char letter;
    const char *name, *value, *meaning; /* value: NULL for none */
};
/* The option number `number`, from 0, that the command takes; 0 after the last. */
bool arguments_option(const struct command *command, int number, struct argument_option *option);

#endif
