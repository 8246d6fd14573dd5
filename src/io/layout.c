#include "layout.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "panic.h"

static void *grow(void *memory, int64_t count, size_t size) {
    memory = realloc(memory, (size_t)count * size);
    CHECK(memory);
    return memory;
}

/* ---- sets of texts ---- */

static int64_t text_set_find(const struct text_set *set, const char *text) {
    for (int64_t i = 0; i < set->count; i++) {
        if (strcmp(set->text[i], text) == 0) return i;
    }
    return -1;
}

void text_set_add(struct text_set *set, const char *text) {
    if (text_set_find(set, text) >= 0) return;
    set->text = grow(set->text, set->count + 1, sizeof *set->text);
    set->text[set->count] = strdup(text);
    CHECK(set->text[set->count++]);
}

static void text_set_add_lines(struct text_set *set, const char *lines) {
    char *text = strdup(lines), *rest = text;
    CHECK(text);
    while (rest) text_set_add(set, strsep(&rest, "\n"));
    free(text);
}

void text_set_clear(struct text_set *set) {
    for (int64_t i = 0; i < set->count; i++) free(set->text[i]);
    free(set->text);
    *set = (struct text_set){0};
}

char *text_set_join(const struct text_set *set, const char *between) {
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    CHECK(out);
    for (int64_t i = 0; i < set->count; i++) fprintf(out, "%s%s", i ? between : "", set->text[i]);
    fclose(out);
    return text;
}

/* ---- the union ---- */

struct layout *layout_create(void) {
    struct layout *layout = calloc(1, sizeof *layout);
    CHECK(layout);
    return layout;
}

void layout_free(struct layout *layout) {
    for (int i = 0; i < DIMENSIONS; i++) {
        free(layout->inner[i].number);
        text_set_clear(&layout->inner[i].name);
    }
    for (int i = 0; i < PROVENANCE_FIELDS; i++) text_set_clear(&layout->provenance[i]);
    text_set_clear(&layout->hosts);
    free(layout);
}

/* Where `value` stands among the sorted numbers, or would stand. */
static int64_t number_place(const struct inner *inner, double value) {
    int64_t low = 0, high = inner->count;
    while (low < high) {
        int64_t middle = (low + high) / 2;
        if (inner->number[middle] < value) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void add_number(struct inner *inner, double value) {
    int64_t place = number_place(inner, value);
    if (place < inner->count && inner->number[place] == value) return;
    inner->number = grow(inner->number, inner->count + 1, sizeof *inner->number);
    memmove(inner->number + place + 1, inner->number + place, (size_t)(inner->count - place) * sizeof(double));
    inner->number[place] = value;
    inner->count++;
}

static void text_set_insert(struct text_set *set, int64_t place, const char *text) {
    text_set_add(set, text);
    char *added = set->text[set->count - 1];
    memmove(set->text + place + 1, set->text + place, (size_t)(set->count - 1 - place) * sizeof *set->text);
    set->text[place] = added;
}

/* What only `other` has, before what it shares next: both keep their order. */
static void text_set_merge(struct text_set *set, const struct text_set *other) {
    int64_t place = set->count;
    for (int64_t i = other->count - 1; i >= 0; i--) {
        int64_t found = text_set_find(set, other->text[i]);
        if (found < 0) text_set_insert(set, place, other->text[i]);
        if (found >= 0) place = found;
    }
}

/* The longer list, and in it what only the other one has. */
static void add_names(struct inner *inner, const char *lines) {
    struct text_set next = {0};
    text_set_add_lines(&next, lines);
    struct text_set *first = next.count > inner->count ? &next : &inner->name;
    struct text_set *other = first == &next ? &inner->name : &next;
    text_set_merge(first, other);
    text_set_clear(other);
    inner->name = *first;
    inner->count = first->count;
}

static void add_coordinate(struct inner *inner, const struct array *array) {
    if (array->text) {
        add_names(inner, array->text);
        return;
    }
    for (int64_t i = 0; i < array_length(array); i++) add_number(inner, array->value[i]);
}

static bool is_index(const struct inner *inner) { return !inner->number && !inner->name.text; }

static void add_shape(struct layout *layout, const struct array *array) {
    enum metric_id id = array->metric;
    if (layout->is_seen[id]) return;
    layout->is_seen[id] = true;
    layout->ndim[id] = array->ndim;
    memcpy(layout->dim[id], array->dim, sizeof array->dim);
}

static void add_array(struct layout *layout, const struct array *array) {
    if (array_length(array) == 0) return;
    add_shape(layout, array);
    for (int i = 0; i < array->ndim; i++) {
        struct inner *inner = &layout->inner[array->dim[i]];
        if (is_index(inner) && inner->count < array->size[i]) inner->count = array->size[i];
    }
}

static void add_provenance(struct layout *layout, const struct provenance *provenance) {
    for (int i = 0; i < PROVENANCE_FIELDS; i++) {
        text_set_add(&layout->provenance[i], provenance_text(provenance, i));
    }
}

void layout_add(struct layout *layout, const struct record *record, const struct provenance *provenance) {
    add_provenance(layout, provenance);
    for (int i = 0; i < record->count; i++) {
        const struct metric *metric = &metric_table[record->array[i].metric];
        if (metric->place == PLACE_COORDINATE) add_coordinate(&layout->inner[metric->dim[0]], &record->array[i]);
    }
    for (int i = 0; i < record->count; i++) {
        const struct array *array = &record->array[i];
        if (metric_table[array->metric].place == PLACE_RECORD) add_array(layout, array);
        if (array->metric == METRIC_HOST) text_set_add(&layout->hosts, array->text);
    }
}

/* Columns are as many as rows in the largest record. */
void layout_add_reduced(struct layout *layout, const struct array *array) {
    struct inner *inner = layout->inner;
    add_shape(layout, array);
    inner[DIM_PROBE_2].count = inner[DIM_PROBE].count;
    inner[DIM_TEST_EXAMPLE_2].count = inner[DIM_TEST_EXAMPLE].count;
}

/* ---- a record's values in it ---- */

bool layout_takes(const struct layout *layout, const struct array *array) {
    enum metric_id id = array->metric;
    return layout->is_seen[id] && layout->ndim[id] == array->ndim &&
           memcmp(layout->dim[id], array->dim, (size_t)array->ndim * sizeof *array->dim) == 0;
}

int64_t layout_length(const struct layout *layout, enum metric_id metric) {
    int64_t length = 1;
    for (int i = 0; i < layout->ndim[metric]; i++) length *= layout->inner[layout->dim[metric][i]].count;
    return length;
}

/* place[size]: where the record's entries of an axis stand in the union. */
static void find_names(const struct inner *inner, const char *lines, int64_t size, int64_t *place) {
    char *text = strdup(lines), *rest = text;
    CHECK(text);
    for (int64_t i = 0; i < size && rest; i++) place[i] = text_set_find(&inner->name, strsep(&rest, "\n"));
    free(text);
}

static const struct array *find_coordinate(const struct record *record, enum dimension dim) {
    for (int i = 0; i < record->count; i++) {
        const struct metric *metric = &metric_table[record->array[i].metric];
        if (metric->place == PLACE_COORDINATE && metric->dim[0] == dim) return &record->array[i];
    }
    return NULL;
}

static int64_t *find_places(const struct layout *layout, const struct record *record, enum dimension dim,
                            int64_t size) {
    const struct inner *inner = &layout->inner[dim];
    const struct array *coordinate = find_coordinate(record, dim);
    int64_t *place = grow(NULL, size + 1, sizeof *place);
    for (int64_t i = 0; i < size; i++) place[i] = i;
    if (coordinate && coordinate->text) {
        find_names(inner, coordinate->text, size, place);
    } else if (coordinate && array_length(coordinate) == size) {
        for (int64_t i = 0; i < size; i++) place[i] = number_place(inner, coordinate->value[i]);
    }
    for (int64_t i = 0; i < size; i++) CHECK(place[i] >= 0 && place[i] < inner->count);
    return place;
}

void layout_place(const struct layout *layout, const struct record *record, const struct array *array, double *out) {
    int64_t *place[METRIC_DIMENSIONS];
    int64_t length = layout_length(layout, array->metric);
    for (int64_t i = 0; i < length; i++) out[i] = (double)NAN;
    for (int d = 0; d < array->ndim; d++) place[d] = find_places(layout, record, array->dim[d], array->size[d]);
    for (int64_t i = 0; i < array_length(array); i++) {
        int64_t to = 0, rest = i, stride = 1;
        for (int d = array->ndim - 1; d >= 0; d--) {
            to += place[d][rest % array->size[d]] * stride;
            rest /= array->size[d];
            stride *= layout->inner[array->dim[d]].count;
        }
        out[to] = array->value[i];
    }
    for (int d = 0; d < array->ndim; d++) free(place[d]);
}
