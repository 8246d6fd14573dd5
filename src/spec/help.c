#include "help.h"

#include <string.h>
#include "metric.h"
#include "panic.h"
#include "value.h"

static const char example[] =
    "title: RMSE against width, fully connected, CIFAR-2\n"
    "data:     { source: cifar10, path: ../data/cifar-10-batches-bin, classes: [airplane, horse] }\n"
    "network:  { depth: 3, activation: relu, sigma_w2: 2.0, sigma_b2: 0.1 }\n"
    "training: { learning_rate: { critical_fraction: 0.5 }, steps: 8192 }\n"
    "measure:  { recorded_steps: 48, kernel_steps: last, keep: [] }\n"
    "sweep:    { width: [32, 64, 128, 256, 512], train_size: [32, 128], seed: { count: 5, first: 0 } }\n"
    "run:      { precision: f64, memory: 2G }\n";

enum { MEANING_COLUMN = 22 };

static void print_type(const struct key *key, FILE *out) {
    char words[192];
    value_expected(key, sizeof words, words);
    fputs(words, out);
    if (key->type == TYPE_COUNT) fprintf(out, " and <= %.0f", key->most);
}

static void print_condition(const struct key *key, FILE *out) {
    char words[192];
    key_when_words(key, sizeof words, words);
    fprintf(out, "%*sonly where %s\n", MEANING_COLUMN, "", words);
}

static void print_default(const struct key *key, FILE *out) {
    char words[192];
    fprintf(out, "; %s%s", key->fallback ? "default " : "required", key->fallback ? key->fallback : "");
    if (!key->or_fallback) return;
    key_condition_words(key->or_when, sizeof words, words);
    fprintf(out, ", %s where %s", key->or_fallback, words);
}

static void print_key(const struct key *key, FILE *out) {
    fprintf(out, "  %-*s", MEANING_COLUMN - 2, key_bare(key->name));
    print_type(key, out);
    print_default(key, out);
    fprintf(out, "\n%*s%s%s\n", MEANING_COLUMN, "", key->meaning,
            key->range ? "; as an axis also { count: 5, first: 0 }" : "");
    if (key->when) print_condition(key, out);
    if (key->axis && !key_is_swept(key)) fprintf(out, "%*sas an axis: %s\n", MEANING_COLUMN, "", key->axis);
}

static void print_section(const char *first, FILE *out) {
    for (const struct key *key = key_table; key->name; key++)
        if (key_same_section(key->name, first)) print_key(key, out);
}

static void print_titled(const struct key_section *section, FILE *out) {
    char prefix[32];
    snprintf(prefix, sizeof prefix, "%s.", section->name);
    fprintf(out, "%s: %s\n", section->name, section->meaning);
    print_section(prefix, out);
}

bool study_help_section(FILE *out, const char *name) {
    for (const struct key_section *section = keys_section_table; section->name; section++)
        if (strcmp(section->name, name) == 0) {
            print_titled(section, out);
            return true;
        }
    return false;
}

bool study_help_key(FILE *out, const char *name) {
    int found = 0;
    for (const struct key *key = key_table; key->name; key++) {
        if (strcmp(key->name, name) != 0 && strcmp(key_bare(key->name), name) != 0) continue;
        fprintf(out, "%s%s\n", found++ ? "\n" : "", key->name);
        print_key(key, out);
    }
    return found > 0;
}

const char *study_help_nearest(const char *name) { return key_nearest(name); }

static void print_dimensions(const struct metric *metric, FILE *out) {
    fputs(" [", out);
    for (int i = 0; i < METRIC_DIMENSIONS && metric->dim[i] != DIM_NONE; i++)
        fprintf(out, "%s%s", i ? ", " : "", metric->dim[i] == DIM_FREE ? "..." : dimension_name[metric->dim[i]]);
    fputs("]", out);
}

static void print_metric(const struct metric *metric, FILE *out) {
    bool has_unit = strcmp(metric->unit, "1") != 0;
    fprintf(out, "  %s", metric->name);
    if (metric->dim[0] != DIM_NONE) print_dimensions(metric, out);
    fprintf(out, "\n%*s%s%s%s", MEANING_COLUMN, "", metric->meaning, has_unit ? ", in " : "",
            has_unit ? metric->unit : "");
    fprintf(out, "%s%s\n", metric->flags ? "; " : "", metric->flags ? metric->flags : "");
}

bool study_help_metric(FILE *out, const char *name) {
    bool found = false;
    for (int i = 0; i < METRICS; i++)
        if (strcmp(metric_table[i].name, name) == 0) {
            print_metric(&metric_table[i], out);
            found = true;
        }
    return found;
}

/* Of a place in a file: results.h5, the group `kept` of a record. */
static void print_metrics(enum metric_place place, const char *head, FILE *out) {
    fprintf(out, "\n%s\n", head);
    for (int i = 0; i < METRICS; i++)
        if (metric_table[i].place == place) print_metric(&metric_table[i], out);
}

void study_help_metrics(FILE *out) {
    fputs("What is measured, with its dimensions behind the axes of the grid:\n", out);
    print_metrics(PLACE_RECORD, "At every point (results.h5, and the point's record):", out);
    print_metrics(PLACE_REDUCED, "Over the seeds, on the axes without seed (results.h5):", out);
    print_metrics(PLACE_KEPT, "Where measure.keep asks for it (group `kept` of the record):", out);
}

void study_help(FILE *out) {
    fputs("A study is one YAML file of sections. Every key, what it takes, its default, its meaning:\n\n", out);
    print_section("", out);
    for (const struct key_section *section = keys_section_table; section->name; section++) {
        fputc('\n', out);
        print_titled(section, out);
    }
    fprintf(out,
            "\nOn the command line --set KEY=VALUE replaces a value or an axis: --set training.steps=100 --set "
            "'sweep.width=[32, 64]'.\n\n# An example:\n%s",
            example);
}

const char *config_word(const char *key, int value) {
    const struct key *row = key_find(key);
    CHECK(row && row->choice);
    for (int i = 0; row->choice[i]; i++)
        if (i == value) return row->choice[i];
    panic(__FILE__, __LINE__, "a choice without a word");
}
