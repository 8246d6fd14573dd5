/* `ntksweep help study`, from the table of keys. */
#include <stdio.h>
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

static void print_key(const struct key *key, FILE *out) {
    fprintf(out, "  %-*s", MEANING_COLUMN - 2, key_bare(key->name));
    print_type(key, out);
    fprintf(out, "; %s%s", key->fallback ? "default " : "required", key->fallback ? key->fallback : "");
    fprintf(out, "\n%*s%s%s\n", MEANING_COLUMN, "", key->meaning,
            key->range ? "; as an axis also { count: 5, first: 0 }" : "");
    if (key->when) print_condition(key, out);
    if (key->axis && !key_is_swept(key)) fprintf(out, "%*sas an axis: %s\n", MEANING_COLUMN, "", key->axis);
}

static void print_section(const char *first, FILE *out) {
    for (const struct key *key = key_table; key->name; key++)
        if (key_same_section(key->name, first)) print_key(key, out);
}

void study_help(FILE *out) {
    fputs("A study is one YAML file of sections. Every key, what it takes, its default, its meaning:\n\n", out);
    print_section("", out);
    for (const struct key_section *section = keys_section_table; section->name; section++) {
        char prefix[32];
        snprintf(prefix, sizeof prefix, "%s.", section->name);
        fprintf(out, "\n%s: %s\n", section->name, section->meaning);
        print_section(prefix, out);
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
