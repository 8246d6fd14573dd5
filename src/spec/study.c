/* From a file and options to a study: every value is put on its key's slot, options replace slots, empty slots take
 * the table's default, then each slot is read in the order of the table. */
#include "study.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "axes.h"
#include "checks.h"
#include "file.h"
#include "panic.h"

enum { POINTS_MAX = 250000, NAME_BYTES = 160 };

/* What a study is read from. */
struct input {
    const char *name, *text;
    size_t length;
    int overrides;
    const struct override *override;
    const char *data_path; /* NULL: the study's own */
    bool is_frozen;        /* a copy that the program wrote */
};

struct reader {
    const struct input *input;
    struct study *study;
    struct source *source; /* [sources] */
    int sources;
    struct slots slots;
};

/* ---- gathering values ---- */

static struct source *add_source(struct reader *reader, enum origin origin, const char *name) {
    struct source *source = &reader->source[reader->sources++];
    *source = (struct source){.origin = origin, .name = name, .memory = &reader->study->memory};
    return source;
}

static status refuse_unknown(struct place place, const char *name) {
    const char *nearest = key_nearest(name), *bare = key_bare(name);
    if (*bare && strspn(bare, "0123456789") == strlen(bare))
        return place_fail(place, name, "unknown key; a list is written [64, 128]");
    return nearest ? place_fail(place, name, "unknown key; did you mean %s?", nearest)
                   : place_fail(place, name, "unknown key; see ntksweep help study");
}

/* The key that `name` ("network.depth", "sweep.depth") stands for, and its slot. */
static status find_slot(struct reader *reader, struct place place, const char *name, const struct key **key,
                        struct place **slot) {
    bool is_swept = strncmp(name, "sweep.", 6) == 0;
    *key = is_swept ? key_find_axis(name + 6) : key_find(name);
    if (!*key) return refuse_unknown(place, name);
    if (is_swept && !(*key)->axis) return place_fail(place, (*key)->name, "cannot be an axis");
    *slot = &(is_swept ? reader->slots.swept : reader->slots.own)[*key - key_table];
    return OK;
}

static status gather_value(struct reader *reader, const char *section, struct place name, struct place value) {
    char full[NAME_BYTES];
    const struct key *key = NULL;
    struct place *slot = NULL;
    const char *text = place_text(name);
    if (!text) return place_refuse(name, section, "the name of a key");
    if (!*section && strchr(text, '.')) return place_refuse(name, "", "a section or the key title");
    snprintf(full, sizeof full, "%s%s%s", section, *section ? "." : "", text);
    TRY(find_slot(reader, name, full, &key, &slot));
    if (slot->node) return place_fail(name, full, "a second time; line %d has it already", place_line(*slot));
    *slot = value;
    return OK;
}

static status gather_section(struct reader *reader, const char *section, struct place map) {
    if (!place_is_map(map)) return place_refuse(map, section, "a section of `key: value`");
    for (int i = 0; i < place_count(map); i++) {
        struct place value, name = place_pair(map, i, &value);
        TRY(gather_value(reader, section, name, value));
    }
    return OK;
}

static status refuse_repeated(struct place root, int last, struct place name) {
    for (int i = 0; i < last; i++) {
        struct place value, earlier = place_pair(root, i, &value);
        if (place_text(earlier) && strcmp(place_text(earlier), place_text(name)) == 0)
            return place_fail(name, place_text(name), "a second time; line %d has it already", place_line(earlier));
    }
    return OK;
}

static status gather_text(struct reader *reader) {
    const char *file = reader->study->file;
    struct source *source = add_source(reader, ORIGIN_FILE, file);
    TRY(source_read_text(source, reader->input->text, reader->input->length));
    struct place root = source_place(source);
    if (!root.node) FAIL(ERROR_INPUT, "%s: empty; a study was expected (see ntksweep help study)", file);
    if (!place_is_map(root)) return place_refuse(root, "", "a study: sections of `key: value`");
    for (int i = 0; i < place_count(root); i++) {
        struct place value, name = place_pair(root, i, &value);
        const char *text = place_text(name);
        if (!text || !keys_section_exists(text)) {
            TRY(gather_value(reader, "", name, value));
            continue;
        }
        TRY(refuse_repeated(root, i, name));
        TRY(gather_section(reader, text, value));
    }
    return OK;
}

/* Puts the option's value on the slot of the key `name`, in place of what the file says. */
static status replace_slot(struct reader *reader, struct place place, const char *name) {
    const struct key *key = NULL;
    struct place *slot = NULL;
    TRY(find_slot(reader, place, name, &key, &slot));
    if (!place.node) return place_refuse(place, name, "a value");
    reader->slots.own[key - key_table].node = reader->slots.swept[key - key_table].node = NULL;
    *slot = place;
    return OK;
}

static status apply_override(struct reader *reader, const char *text) {
    static const char option[] = "--set ";
    size_t length = strcspn(text, "=");
    char *name = pieces_take(&reader->study->memory, sizeof option + length);
    snprintf(name, sizeof option + length, "%s%s", option, text);
    struct source *source = add_source(reader, ORIGIN_OPTION, name);
    if (!text[length] || !length) return place_fail(source_place(source), "", "KEY=VALUE was expected");
    TRY(source_read_text(source, text + length + 1, strlen(text + length + 1)));
    return replace_slot(reader, source_place(source), name + strlen(option));
}

static status apply_data_path(struct reader *reader, const char *path) {
    struct source *source = add_source(reader, ORIGIN_OPTION, "--data");
    source_make_scalar(source, path);
    return replace_slot(reader, source_place(source), "data.path");
}

/* ---- resolving ---- */

/* Critical fractions were of matched rates before there was a key that says so. */
static const char *fallback_of(const struct reader *reader, const struct key *key) {
    int form = reader->study->config.training.learning_rate.form;
    bool is_matched =
        reader->input->is_frozen && form == RATE_CRITICAL_FRACTION && strcmp(key->name, "training.rates") == 0;
    return is_matched ? "matched" : key_fallback(key, &reader->study->config);
}

static status fill_slot(struct reader *reader, const struct key *key, struct place *slot) {
    struct source *source = add_source(reader, ORIGIN_DEFAULT, reader->study->file);
    const char *text = fallback_of(reader, key);
    if (!text) {
        char words[NAME_BYTES];
        value_expected(key, sizeof words, words);
        return place_fail(source_place(source), key->name, "missing; %s was expected", words);
    }
    TRY(source_read_text(source, text, strlen(text)));
    *slot = source_place(source);
    return OK;
}

static status resolve(struct reader *reader, const struct key *key) {
    struct study *study = reader->study;
    struct place *own = &reader->slots.own[key - key_table], *swept = &reader->slots.swept[key - key_table];
    if (!axes_use_key(study, key)) {
        struct place given = own->node ? *own : *swept;
        char words[NAME_BYTES];
        if (!given.node) return OK;
        key_when_words(key, sizeof words, words);
        return place_fail(given, key->name, "not used here; it stands only where %s", words);
    }
    if (own->node && swept->node)
        return place_fail(*swept, key->name, "an axis, but line %d has a value; one of them was expected",
                          place_line(*own));
    if (!own->node && !swept->node) TRY(fill_slot(reader, key, key_is_swept(key) ? swept : own));
    return swept->node ? axis_read(study, key, *swept) : value_read(key, *own, &study->config);
}

static status check_points(const struct study *study) {
    if (axes_points(study) <= POINTS_MAX) return OK;
    FAIL(ERROR_INPUT, "%s: sweep: %.0f points are not <= %d", study->file, axes_points(study), POINTS_MAX);
}

static status read_study(struct reader *reader) {
    const struct input *input = reader->input;
    struct study *study = reader->study;
    TRY(gather_text(reader));
    for (int i = 0; i < input->overrides; i++) TRY(apply_override(reader, input->override[i].text));
    if (input->data_path) TRY(apply_data_path(reader, input->data_path));
    for (const struct key *key = key_table; key->name; key++) TRY(resolve(reader, key));
    TRY(check_points(study)); /* first: the others go through the values two by two */
    TRY(checks_between_keys(study, &reader->slots));
    if (!input->is_frozen) TRY(checks_of_runs(study, &reader->slots));
    study->points = (int64_t)axes_points(study);
    return OK;
}

static status read_input(const struct input *input, struct study **study) {
    size_t keys = (size_t)keys_count();
    struct place *slots = calloc(2 * keys, sizeof *slots);
    struct reader reader = {.input = input, .study = calloc(1, sizeof *reader.study), .slots = {slots, slots + keys}};
    reader.source = calloc((size_t)input->overrides + 2 + keys, sizeof *reader.source);
    CHECK(reader.study && reader.source && slots);
    reader.study->file = strcpy(pieces_take(&reader.study->memory, strlen(input->name) + 1), input->name);
    status outcome = read_study(&reader);
    for (int i = 0; i < reader.sources; i++) source_free(&reader.source[i]);
    free(reader.source);
    free(slots);
    if (outcome == OK)
        *study = reader.study;
    else
        study_free(reader.study);
    return outcome;
}

/* ---- from a text, from a file ---- */

status study_read_text(const char *name, const char *text, int overrides, const struct override *override,
                       const char *data_path, struct study **study) {
    return read_input(&(struct input){name, text, strlen(text), overrides, override, data_path, 0}, study);
}

status study_read_frozen_text(const char *name, const char *text, struct study **study) {
    return read_input(&(struct input){.name = name, .text = text, .length = strlen(text), .is_frozen = true}, study);
}

/* A NUL ends the reading and is then refused by the parser, being part of the text. */
static status read_all(const char *file, char **text, size_t *length) {
    const char *why;
    FILE *in = file_open_stream(file, &why);
    if (!in) FAIL(ERROR_INPUT, "%s: %s; a study file was expected", file, why);
    size_t capacity = 0;
    ssize_t got = getdelim(text, &capacity, '\0', in);
    int error = ferror(in) ? errno : 0;
    fclose(in);
    if (error) FAIL(ERROR_INPUT, "%s: %s; a study file was expected", file, strerror(error));
    *length = got < 0 ? 0 : (size_t)got;
    return OK;
}

/* Of the file `name`. */
static status read_file(struct input input, struct study **study) {
    char *text = NULL;
    status outcome = read_all(input.name, &text, &input.length);
    input.text = text ? text : "";
    if (outcome == OK) outcome = read_input(&input, study);
    free(text);
    return outcome;
}

status study_read(const char *file, int overrides, const struct override *override, const char *data_path,
                  struct study **study) {
    return read_file((struct input){file, NULL, 0, overrides, override, data_path, 0}, study);
}

status study_read_frozen(const char *file, struct study **study) {
    return read_file((struct input){.name = file, .is_frozen = true}, study);
}
