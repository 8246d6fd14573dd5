#include "axes.h"

#include <stdlib.h>
#include <string.h>
#include "panic.h"
#include "value_numbers.h"

enum { VALUES_MOST = 10000 }; /* of a list */

static void axis_allocate(struct study *study, struct axis *axis, int64_t count) {
    axis->count = count;
    axis->number = pieces_take(&study->memory, (size_t)count * sizeof *axis->number);
    if (axis->is_choice) axis->text = pieces_take(&study->memory, (size_t)count * sizeof *axis->text);
}

/* { count: 5, first: 0 } */
static status read_range(struct study *study, const struct key *key, struct place place, struct axis *axis) {
    static const char *const words[] = {"count", "first"};
    const struct key part[] = {{.name = key->name, .least = 1, .most = 1e6}, {.name = key->name, .most = 1e15}};
    int64_t value[] = {-1, -1};
    for (int i = 0; i < place_count(place); i++) {
        struct place item, name = place_pair(place, i, &item);
        const char *word = place_text(name);
        int which = word && strcmp(word, words[0]) == 0 ? 0 : 1;
        if (!word || strcmp(word, words[which]) != 0) return place_refuse(name, key->name, "count or first");
        if (value[which] >= 0) return place_fail(name, key->name, "%s a second time", word);
        TRY(value_read_whole(&part[which], item, &value[which]));
    }
    if (value[0] < 0) return place_fail(place, key->name, "count is missing; { count: 5, first: 0 } was expected");
    int64_t first = value[1] < 0 ? 0 : value[1];
    axis_allocate(study, axis, value[0]);
    for (int64_t i = 0; i < axis->count; i++) axis->number[i] = (double)(first + i);
    return OK;
}

static const char *word_of(struct study *study, const struct key *key, const struct config *config) {
    char *written = value_format(key, config, STYLE_YAML);
    char *word = strcpy(pieces_take(&study->memory, strlen(written) + 1), written);
    free(written);
    return word;
}

static status read_item(struct study *study, const struct key *key, struct place place, struct axis *axis, int64_t i) {
    struct config config = {.title = NULL};
    TRY(value_read_item(key, place, &config));
    axis->number[i] = value_get(key, &config);
    if (axis->is_choice) axis->text[i] = word_of(study, key, &config);
    return OK;
}

static status refuse_repeat(const struct key *key, struct place list, const struct axis *axis) {
    int64_t repeat = value_first_repeat(axis->count, sizeof *axis->number, axis->number, value_compare_numbers);
    if (repeat < 0) return OK;
    struct place inner, item = place_item(list, (int)repeat);
    if (place_is_map(item)) {
        (void)place_pair(item, 0, &inner);
        item = inner;
    }
    return place_refuse(item, key->name, "a new value; it is in the list already");
}

static status read_values(struct study *study, const struct key *key, struct place place, struct axis *axis) {
    bool is_list = place_is_list(place);
    int count = is_list ? place_count(place) : 1;
    if (count == 0) return place_refuse(place, key->name, "at least one value");
    if (count > VALUES_MOST) return place_fail(place, key->name, "%d values are not <= %d", count, VALUES_MOST);
    axis_allocate(study, axis, count);
    for (int i = 0; i < count; i++) TRY(read_item(study, key, is_list ? place_item(place, i) : place, axis, i));
    return is_list ? refuse_repeat(key, place, axis) : OK;
}

/* [{ absolute: 0.1 }, { absolute: 0.2 }] */
static status read_forms(struct study *study, const struct key *key, struct place list, struct axis *axis) {
    int *form = &study->config.training.learning_rate.form, count = place_count(list);
    if (count == 0) return place_refuse(list, key->name, "at least one form");
    axis_allocate(study, axis, count);
    for (int i = 0; i < count; i++) {
        struct place inner, item = place_item(list, i);
        int own;
        TRY(value_open_rate(key, item, &own, &inner));
        if (i > 0 && own != *form)
            return place_fail(item, key->name, "%s after %s; forms of one kind were expected", value_rate_word(own),
                              value_rate_word(*form));
        *form = own;
        TRY(read_item(study, key, inner, axis, i));
    }
    return refuse_repeat(key, list, axis);
}

static status read_rates(struct study *study, const struct key *key, struct place place, struct axis *axis) {
    int *form = &study->config.training.learning_rate.form;
    if (place_is_list(place)) {
        TRY(read_forms(study, key, place, axis));
    } else {
        TRY(value_open_rate(key, place, form, &place));
        TRY(read_values(study, key, place, axis));
    }
    axis->form = value_rate_word(*form);
    axis->meaning = value_rate_meaning(*form);
    return OK;
}

status axis_read(struct study *study, const struct key *key, struct place place) {
    if (study->axes == AXES_MAX)
        return place_fail(place, key->name, "one axis too many; at most %d were expected", AXES_MAX);
    struct axis *axis = &study->axis[study->axes++];
    snprintf(axis->key, sizeof axis->key, "%s", key->name);
    snprintf(axis->name, sizeof axis->name, "%s", key->axis);
    axis->unit = key->unit;
    axis->meaning = key->meaning;
    axis->is_choice = key->type == TYPE_CHOICE || key->type == TYPE_BATCH;
    axis->is_count = key->type == TYPE_COUNT;
    if (key->type == TYPE_RATE) return read_rates(study, key, place, axis);
    if (key->range && place_is_map(place)) return read_range(study, key, place, axis);
    return read_values(study, key, place, axis);
}

const struct axis *axis_find(const struct study *study, const struct key *key) {
    for (int a = 0; a < study->axes; a++)
        if (strcmp(study->axis[a].key, key->name) == 0) return &study->axis[a];
    return NULL;
}

/* The axis over the choice that decides about `key`, or NULL. */
static const struct axis *deciding_axis(const struct study *study, const struct key *key) {
    if (!key->when) return NULL;
    for (int a = 0; a < study->axes; a++)
        if (key_find(study->axis[a].key)->offset == key->when->offset) return &study->axis[a];
    return NULL;
}

bool axes_use_key(const struct study *study, const struct key *key) {
    const struct axis *axis = deciding_axis(study, key);
    if (!axis) return key_applies(key, &study->config);
    struct config config = study->config;
    for (int64_t i = 0; i < axis->count; i++) {
        value_put(key_find(axis->key), axis->number[i], &config);
        if (key_applies(key, &config)) return true;
    }
    return false;
}

double axes_points(const struct study *study) {
    double points = 1;
    for (int a = 0; a < study->axes; a++) points *= (double)study->axis[a].count;
    return points;
}

struct config axis_config(const struct study *study, const struct key *key, int64_t i) {
    struct config config = study->config;
    const struct axis *axis = axis_find(study, key);
    if (axis) value_put(key, axis->number[i], &config);
    return config;
}
