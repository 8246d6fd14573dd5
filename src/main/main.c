/* The commands, MPI_Init, and exit codes. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agree.h"
#include "arguments.h"
#include "array_file.h"
#include "arrays.h"
#include "completion.h"
#include "help.h"
#include "manual.h"
#include "memory_limit.h"
#include "panic.h"
#include "plan.h"
#include "progress.h"
#include "scripts.h"
#include "show.h"
#include "signals.h"
#include "startup.h"
#include "sweep.h"
#include "version.h"

enum { EXIT_INPUT = 1, EXIT_POINTS_FAILED = 2, EXIT_INTERNAL = 70, EXIT_INTERRUPTED = 75 };

static const int exit_code[] = {[OK] = 0,
                                [ERROR_INPUT] = EXIT_INPUT,
                                [ERROR_MEMORY] = EXIT_INPUT,
                                [ERROR_DISK] = EXIT_INPUT,
                                [ERROR_INTERRUPTED] = EXIT_INTERRUPTED,
                                [ERROR_INTERNAL] = EXIT_INTERNAL,
                                [ERROR_LEFT] = EXIT_POINTS_FAILED};

/* Says what went wrong, if anything did. */
static int conclude(status result, bool verbose) {
    if (result != OK) progress_say("%s", status_message());
    if (result != OK && verbose) progress_say("at %s", status_place());
    return exit_code[result];
}

/* ---- run: on all ranks ---- */

static void abort_all_ranks(void) {
    int is_begun = 0, is_over = 0;
    MPI_Initialized(&is_begun);
    MPI_Finalized(&is_over);
    if (is_begun && !is_over) MPI_Abort(MPI_COMM_WORLD, EXIT_INTERNAL);
    _exit(EXIT_INTERNAL);
}

static status sweep(const struct arguments *arguments, int rank, struct sweep_end *end) {
    if (arguments->verbose && rank == 0 && startup_chosen_core())
        progress_say("OpenBLAS core type set to %s, which suits this CPU better than its own choice",
                     startup_chosen_core());
    struct provenance provenance = startup_provenance();
    struct sweep_options options = {.study_file = arguments->object,
                                    .dir = arguments->dir,
                                    .data_path = arguments->data,
                                    .overrides = arguments->overrides,
                                    .override = arguments->override,
                                    .verbose = arguments->verbose};
    return sweep_run(MPI_COMM_WORLD, &options, &provenance, end);
}

static int code_of_end(const struct sweep_end *end) {
    return end->is_interrupted ? EXIT_INTERRUPTED : end->failed ? EXIT_POINTS_FAILED : 0;
}

/* Rank 0 alone speaks and returns the code, after MPI_Finalize, so that mpirun has nothing to add. */
static int run(status parsed, const struct arguments *arguments) {
    int level, rank;
    struct sweep_end end = {0};
    signals_install();
    signals_ignore_pipes();
    startup_spare_mpi();
    MPI_Init_thread(NULL, NULL, MPI_THREAD_MULTIPLE, &level);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    panic_set_hook(abort_all_ranks);
    status result = agree(MPI_COMM_WORLD, parsed); /* hosts have CPUs of their own */
    if (result == OK && level < MPI_THREAD_MULTIPLE)
        result = status_fail(ERROR_INTERNAL, __FILE__, __LINE__, "the MPI library does not offer MPI_THREAD_MULTIPLE");
    if (result == OK) result = sweep(arguments, rank, &end);
    int code = rank != 0 ? 0 : result != OK ? conclude(result, arguments->verbose) : code_of_end(&end);
    MPI_Finalize();
    return code;
}

/* ---- the other commands ---- */

static status plan(const struct arguments *arguments) {
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    struct plan_options options = {.study_file = arguments->object,
                                   .data_path = arguments->data,
                                   .overrides = arguments->overrides,
                                   .override = arguments->override,
                                   .ranks = arguments->ranks ? arguments->ranks
                                            : processors > 0 ? (int)processors
                                                             : 1,
                                   .memory_per_rank = arguments->memory_per_rank,
                                   .json = arguments->json};
    return plan_print(stdout, &options);
}

static status show(const struct arguments *arguments) {
    return (arguments->watch ? show_watch : show_status)(arguments->object, arguments->json);
}

static status collect(const struct arguments *arguments) {
    struct provenance provenance = startup_provenance();
    TRY(sweep_collect(arguments->object, &provenance));
    printf("%s/results.h5\n", arguments->object);
    return OK;
}

static status help(const struct arguments *arguments);

static const struct entry {
    struct command command;
    status (*perform)(const struct arguments *arguments); /* NULL: run */
    bool needs_blas;
} entries[] = {
    {{"plan", "STUDY.yaml", "sdrmjh", "", "Prints what a study will take: grid, flops, memory, predicted wall time.",
      NULL},
     plan,
     1},
    {{"run", "STUDY.yaml", "osdvh", "o",
      "Runs a study, or goes on with it, under mpirun on as many ranks as there are.", NULL},
     NULL,
     1},
    {{"status", "DIR", "wjh", "", "Prints what is done, running, diverged, failed and left, and the time to go.", NULL},
     show,
     0},
    {{"collect", "DIR", "h", "", "Builds DIR/results.h5 from the records, also while a run is going on.", NULL},
     collect,
     1},
    {{"report", "DIR... -o REPORT", "", "", "Draws figures, tables and one page from the results of studies.",
      "analysis/report"},
     NULL,
     0},
    {{"submit", "STUDY.yaml -o DIR", "", "", "Writes a job script for a study, sized by plan, and submits it.",
      "jobs/submit"},
     NULL,
     0},
    {{"help", "[TOPIC]", "fh", "",
      "Prints help on a command, a key of the study file (`study`: all of them), or `metrics`.", NULL},
     help,
     0},
};
enum { ENTRIES = sizeof entries / sizeof *entries };

static const struct entry *find_entry(const char *name) {
    for (int i = 0; i < ENTRIES; i++)
        if (strcmp(entries[i].command.name, name) == 0) return &entries[i];
    return NULL;
}

static void print_usage(FILE *out) {
    fputs("Usage: ntksweep COMMAND [OPTION]... [STUDY.yaml | DIR]\n"
          "How fast does a wide network become its own linearization?\n\nCommands:\n",
          out);
    for (int i = 0; i < ENTRIES; i++)
        fprintf(out, "  %-9s%-19s%s\n", entries[i].command.name, entries[i].command.object, entries[i].command.meaning);
    fputs("\nExit codes: 0 all points recorded; 1 usage or input error, nothing written; 2 some points failed;\n"
          "70 internal error; 75 interrupted, run again to go on.\n",
          out);
}

static status refuse_topic(const char *topic) {
    const char *nearest = study_help_nearest(topic);
    if (nearest) FAIL(ERROR_INPUT, "help: %s is no topic; did you mean %s?", topic, nearest);
    FAIL(ERROR_INPUT,
         "help: %s is no topic; expected a command, a section or key of the study file, a metric, `study` or `metrics`",
         topic);
}

/* What `topic` (NULL: none) is about; ERROR_INPUT where it is nothing. */
static status print_help(FILE *out, const char *topic) {
    const struct entry *entry = topic ? find_entry(topic) : NULL;
    if (!topic)
        print_usage(out);
    else if (strcmp(topic, "study") == 0)
        study_help(out);
    else if (strcmp(topic, "metrics") == 0)
        study_help_metrics(out);
    else if (entry)
        arguments_help(out, &entry->command);
    else if (!study_help_section(out, topic) && !study_help_key(out, topic) && !study_help_metric(out, topic))
        return refuse_topic(topic);
    return OK;
}

/* Owned. */
static char *help_text(const char *topic) {
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    CHECK(out);
    status printed = print_help(out, topic);
    CHECK(printed == OK && fclose(out) == 0);
    return text;
}

static void print_manual(const struct command *const *commands, const char *topic) {
    char *text = help_text(topic), *metrics = help_text("metrics");
    if (topic)
        manual_study(stdout, text, metrics);
    else
        manual_program(stdout, text, commands);
    free(text);
    free(metrics);
}

static status help(const struct arguments *arguments) {
    const char *topic = arguments->object;
    const struct command *commands[ENTRIES + 1] = {NULL};
    for (int i = 0; i < ENTRIES; i++) commands[i] = &entries[i].command;
    if (arguments->format == FORMAT_TEXT) return print_help(stdout, topic);
    if (topic && (arguments->format != FORMAT_MAN || strcmp(topic, "study") != 0))
        FAIL(ERROR_INPUT, "help: --format does not go with %s; a manual page is of the program or of `study`", topic);
    if (arguments->format == FORMAT_MAN)
        print_manual(commands, topic);
    else
        (arguments->format == FORMAT_BASH ? completion_bash : completion_zsh)(stdout, commands);
    return OK;
}

/* ---- */

/* Data go to standard output: a disk that is full is an error too. */
static int flush_output(int code) {
    if (fflush(stdout) == 0 && !ferror(stdout)) return code;
    progress_say("standard output: cannot be written");
    return code ? code : EXIT_INPUT;
}

static int perform(const struct entry *entry, int argc, char **argv, char **whole_argv) {
    struct arguments arguments;
    if (entry->command.script) return conclude(scripts_execute(entry->command.script, argv), false);
    status parsed = arguments_parse(&entry->command, argc, argv, &arguments);
    int code = 0;
    if (parsed == OK && arguments.help) {
        arguments_help(stdout, &entry->command);
    } else {
        if (!entry->perform) signals_hold();
        if (entry->needs_blas && parsed == OK) parsed = startup_choose_core(whole_argv);
        if (entry->needs_blas && parsed == OK) parsed = memory_limit_check();
        if (parsed == OK && entry->perform) parsed = entry->perform(&arguments);
        bool is_run = !entry->perform && parsed != ERROR_MEMORY; /* MPI needs memory too */
        code = is_run ? run(parsed, &arguments) : conclude(parsed, arguments.verbose);
    }
    arguments_free(&arguments);
    return code;
}

int main(int argc, char **argv) {
    const char *word = argc > 1 ? argv[1] : "";
    const struct entry *entry = find_entry(word);
    panic_set_hook(abort_all_ranks);
    arrays_set_hdf5(array_file_open);
    memory_limit_spare_threads(argv);
    if (entry) return flush_output(perform(entry, argc - 1, argv + 1, argv));
    if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) {
        startup_print_version();
    } else if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        print_usage(stdout);
    } else {
        progress_say("%s%s; see ntksweep --help", word, *word ? ": is not a command" : "a command is missing");
        return EXIT_INPUT;
    }
    return flush_output(0);
}
