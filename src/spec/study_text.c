#include "study_text.h"

#include <stdlib.h>
#include <string.h>
#include "axes.h"
#include "panic.h"
#include "value_numbers.h"

/* Every key that is no axis, under the headings of the sections. */
static void write_own(const struct study *study, FILE *out) {
    const char *last = "";
    for (const struct key *key = key_table; key->name; key++) {
        if (axis_find(study, key) || !axes_use_key(study, key)) continue;
        if (!key_same_section(key->name, last))
            fprintf(out, "%.*s:\n", (int)(key_bare(key->name) - key->name) - 1, key->name);
        last = key->name;
        fprintf(out, "%s%s: ", strchr(last, '.') ? "  " : "", key_bare(last));
        value_write(key, &study->config, (struct pen){out, STYLE_YAML});
        fputc('\n', out);
    }
}

static void write_axis(const struct study *study, const struct axis *axis, FILE *out) {
    const struct key *key = key_find(axis->key);
    bool is_rate = key->type == TYPE_RATE;
    fprintf(out, "  %s: ", key_is_swept(key) ? key_bare(key->name) : key->name);
    if (is_rate) fprintf(out, "{%s: ", value_rate_word(study->config.training.learning_rate.form));
    for (int64_t i = 0; i < axis->count; i++) {
        struct config config = axis_config(study, key, i);
        fputs(i ? ", " : "[", out);
        value_write_item(key, &config, (struct pen){out, STYLE_YAML});
    }
    fputs(is_rate ? "]}\n" : "]\n", out);
}

char *study_text(const struct study *study) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    CHECK(out);
    fputs("# The study with every default in place, as ntksweep runs it.\n", out);
    write_own(study, out);
    fputs("sweep:\n", out);
    for (int a = 0; a < study->axes; a++) write_axis(study, &study->axis[a], out);
    fclose(out);
    return text;
}

struct values {
    int64_t count;
    char **text;
};

static struct values values_of(const struct study *study, const struct key *key) {
    const struct axis *axis = axis_find(study, key);
    struct values values = {axis ? axis->count : 1, NULL};
    values.text = calloc((size_t)values.count, sizeof *values.text);
    CHECK(values.text);
    for (int64_t i = 0; i < values.count; i++) {
        struct config config = axis_config(study, key, i);
        values.text[i] = key_applies(key, &config) ? value_format(key, &config, STYLE_YAML) : strdup("nothing");
    }
    return values;
}

static void values_free(struct values values) {
    for (int64_t i = 0; i < values.count; i++) free(values.text[i]);
    free(values.text);
}

static int compare_texts(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* The first of `old` that is not in `next`, which is sorted, or NULL. */
static const char *first_missing(struct values old, struct values next) {
    for (int64_t i = 0; i < old.count; i++)
        if (!bsearch(&old.text[i], next.text, (size_t)next.count, sizeof *next.text, compare_texts)) return old.text[i];
    return NULL;
}

static status key_extends(const struct study *old, const struct study *next, const struct key *key) {
    struct values before = values_of(old, key), after = values_of(next, key);
    qsort(after.text, (size_t)after.count, sizeof *after.text, compare_texts);
    const char *missing = first_missing(before, after);
    status outcome = OK;
    if (missing && before.count == 1 && after.count == 1)
        outcome = status_fail(ERROR_INPUT, __FILE__, __LINE__,
                              "%s: %s is %s, but %s has %s; expected the same, or another directory", next->file,
                              key->name, after.text[0], old->file, missing);
    else if (missing)
        outcome = status_fail(ERROR_INPUT, __FILE__, __LINE__,
                              "%s: %s: %s is gone, which %s has; expected the same or more axis values, or another "
                              "directory",
                              next->file, key->name, missing, old->file);
    values_free(before);
    values_free(after);
    return outcome;
}

status study_extends(const struct study *old, const struct study *next) {
    for (const struct key *key = key_table; key->name; key++)
        if (key->effect != EFFECT_NONE) TRY(key_extends(old, next, key));
    return OK;
}
