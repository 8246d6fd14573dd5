#include "results.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "grid.h"
#include "hdf.h"
#include "help.h"
#include "layout.h"
#include "panic.h"
#include "record_file.h"
#include "study_text.h"

enum { RESULT_AXES = AXES_MAX + METRIC_DIMENSIONS, PACKED_BYTES = 1 << 20 };
_Static_assert(RESULT_AXES <= H5S_MAX_RANK, "more dimensions than HDF5 has");

/* One building of results.h5. */
struct collection {
    const char *dir;
    const struct study *study;
    const char (*keys)[KEY_BYTES];
    const struct results_reducer *reducer; /* NULL: none */
    const struct provenance *here;         /* of this process, for when there is no record */
    struct layout *layout;
    char *is_there;       /* [points] */
    struct record **held; /* [points] those of the first pass, as far as memory goes; NULL: to be read again */
    size_t held_bytes;
    hid_t set[METRICS]; /* open datasets */
    FILE *notes;
    int64_t *damaged;
};

/* ---- first pass: what is there ---- */

static status go_on(const struct collection *c) {
    if (!c->reducer || !host_stops(c->reducer->host)) return OK;
    FAIL(ERROR_INTERRUPTED, "%s/results.h5: no time to build it", c->dir);
}

static void note_damaged(struct collection *c, int64_t point) {
    char *why = strdup(status_message());
    CHECK(why);
    bool is_aside = record_file_put_aside(c->dir, STORE_POINT, c->keys[point]);
    fprintf(c->notes, "%s; %s\n", why, is_aside ? "it is put aside, and its point is left" : "its point is left out");
    free(why);
    ++*c->damaged;
}

/* A small part of the memory of a rank holds very many records. */
enum { HELD_PART = 32 };

static void hold(struct collection *c, int64_t point, struct record *record) {
    size_t bytes = c->held_bytes + record_bytes(record);
    if (bytes > (size_t)c->study->config.run.memory / HELD_PART) {
        record_free(record);
        return;
    }
    c->held[point] = record;
    c->held_bytes = bytes;
}

static void survey_point(struct collection *c, int64_t point) {
    struct record *record;
    struct provenance provenance;
    if (!store_exists(c->dir, STORE_POINT, c->keys[point])) return;
    if (record_file_read(c->dir, STORE_POINT, c->keys[point], false, &record, &provenance) != OK) {
        note_damaged(c, point);
        return;
    }
    layout_add(c->layout, record, &provenance);
    c->is_there[point] = true;
    hold(c, point, record);
}

static int compare_keys(const void *a, const void *b) { return strcmp(a, b); }

static bool is_record_name(const char *name) {
    return strlen(name) == KEY_BYTES - 1 + 3 && strcmp(name + KEY_BYTES - 1, ".h5") == 0;
}

/* Counts records in `folder` that are not among the sorted keys; example: the name of one. */
static int64_t count_strangers(const char *folder, const char (*keys)[KEY_BYTES], int64_t count,
                               char example[NAME_MAX]) {
    int64_t strangers = 0;
    DIR *stream = opendir(folder);
    if (!stream) return 0;
    for (struct dirent *entry; (entry = readdir(stream));) {
        char key[KEY_BYTES];
        if (!is_record_name(entry->d_name)) continue;
        snprintf(key, sizeof key, "%.*s", KEY_BYTES - 1, entry->d_name);
        if (bsearch(key, keys, (size_t)count, sizeof *keys, compare_keys)) continue;
        snprintf(example, NAME_MAX, "%s", key);
        strangers++;
    }
    closedir(stream);
    return strangers;
}

/* The folders of records are named by the first byte of the key. */
static void note_strangers(const struct collection *c) {
    size_t bytes = (size_t)c->study->points * sizeof *c->keys;
    char(*sorted)[KEY_BYTES] = malloc(bytes + 1);
    CHECK(sorted);
    memcpy(sorted, c->keys, bytes);
    qsort(sorted, (size_t)c->study->points, sizeof *sorted, compare_keys);
    int64_t strangers = 0;
    char path[PATH_MAX], example[NAME_MAX];
    for (int first = 0; first < 256; first++) {
        snprintf(path, sizeof path, "%s/points/%02x", c->dir, (unsigned)first);
        strangers += count_strangers(path, (const char(*)[KEY_BYTES])sorted, c->study->points, example);
    }
    if (strangers) {
        fprintf(c->notes,
                "%s: records of no point of the study (of other settings or data, or of another version), left out: "
                "%lld (one is %s)\n",
                c->dir, (long long)strangers, example);
    }
    free(sorted);
}

static void note_cores(const struct collection *c) {
    for (int i = 0; i < PROVENANCE_FIELDS; i++) {
        const struct text_set *set = &c->layout->provenance[i];
        if (strcmp(provenance_field[i].name, "core") != 0 || set->count < 2) continue;
        char *cores = text_set_join(set, ", ");
        fprintf(c->notes, "%s: records come from different BLAS cores (%s); compare them to a tolerance\n", c->dir,
                cores);
        free(cores);
    }
}

static status survey_points(struct collection *c) {
    for (int64_t point = 0; point < c->study->points; point++) {
        TRY(go_on(c));
        survey_point(c, point);
    }
    note_strangers(c);
    note_cores(c);
    return OK;
}

/* ---- the file: attributes and scales ---- */

static char *precision_text(const struct study *study) {
    struct text_set set = {0};
    for (int i = 0; i < study->axes; i++) {
        const struct axis *axis = &study->axis[i];
        if (strcmp(axis->key, "run.precision") != 0) continue;
        for (int64_t j = 0; j < axis->count; j++) text_set_add(&set, axis->text[j]);
    }
    if (!set.count) text_set_add(&set, config_word("run.precision", study->config.run.precision));
    char *text = text_set_join(&set, "; ");
    text_set_clear(&set);
    return text;
}

/* Writes and frees. */
static status write_owned(hid_t file, const char *name, char *text) {
    status result = hdf_write_attribute(file, name, text);
    free(text);
    return result;
}

static status write_attributes(const struct collection *c, hid_t file) {
    const char *title = c->study->config.title;
    TRY(hdf_write_attribute(file, "title", title ? title : ""));
    TRY(write_owned(file, "study", study_text(c->study)));
    for (int i = 0; i < PROVENANCE_FIELDS; i++) {
        struct text_set *set = &c->layout->provenance[i];
        if (!set->count) text_set_add(set, provenance_text(c->here, i));
        TRY(write_owned(file, provenance_field[i].name, text_set_join(set, "; ")));
    }
    TRY(write_owned(file, "hosts", text_set_join(&c->layout->hosts, "; ")));
    return write_owned(file, "precision", precision_text(c->study));
}

/* Which form of the learning rate the numbers are of. */
static status write_form(hid_t file, const struct axis *axis) {
    hid_t scale = H5Dopen2(file, axis->name, H5P_DEFAULT);
    TRY(hdf_status(scale >= 0));
    TRY(hdf_write_attribute(scale, "form", axis->form));
    return hdf_status(H5Dclose(scale) >= 0);
}

static status create_axis(hid_t file, const struct axis *axis) {
    const void *value = axis->is_choice ? (const void *)axis->text : axis->number;
    hid_t type = axis->is_choice ? hdf_text_type() : axis->is_count ? H5T_STD_I64LE : H5T_IEEE_F64LE;
    TRY(hdf_create_scale(file, axis->name, type, (hsize_t)axis->count, value, axis->unit, axis->meaning));
    return axis->form ? write_form(file, axis) : OK;
}

static status create_inner(hid_t file, enum dimension dim, const struct inner *inner) {
    const char *name = dimension_name[dim], *meaning = dimension_meaning[dim];
    hsize_t count = (hsize_t)inner->count;
    if (count == 0) return OK;
    if (inner->name.text) return hdf_create_scale(file, name, hdf_text_type(), count, inner->name.text, "1", meaning);
    if (!inner->number) return hdf_create_index(file, name, count, meaning);
    return hdf_create_scale(file, name, H5T_STD_I64LE, count, inner->number, "1", meaning);
}

static status create_scales(const struct collection *c, hid_t file) {
    for (int i = 0; i < c->study->axes; i++) TRY(create_axis(file, &c->study->axis[i]));
    for (int i = 0; i < DIMENSIONS; i++) TRY(create_inner(file, (enum dimension)i, &c->layout->inner[i]));
    return OK;
}

/* ---- the file: metrics ---- */

/* The axes of the grid that a metric has: the first ones; seed is the last. */
static int metric_axes(const struct collection *c, enum metric_id id) {
    return c->study->axes - (metric_table[id].place == PLACE_REDUCED);
}

/* Reduced metrics with large cells; in small ones chunks would be shared. */
static bool is_packed(const struct collection *c, enum metric_id id) {
    return metric_table[id].place == PLACE_REDUCED &&
           layout_length(c->layout, id) > PACKED_BYTES / (int64_t)sizeof(double);
}

static status create_metric(struct collection *c, hid_t file, enum metric_id id) {
    static const double nan_fill = (double)NAN;
    static const signed char flag_fill = -1;
    static const int64_t count_fill = -1;
    const struct metric *metric = &metric_table[id];
    const char *dimension[RESULT_AXES];
    hsize_t size[RESULT_AXES];
    int axes = metric_axes(c, id), ndim = axes + c->layout->ndim[id];
    for (int i = 0; i < ndim; i++) {
        enum dimension dim = i < axes ? DIM_NONE : c->layout->dim[id][i - axes];
        dimension[i] = i < axes ? c->study->axis[i].name : dimension_name[dim];
        size[i] = (hsize_t)(i < axes ? c->study->axis[i].count : c->layout->inner[dim].count);
    }
    const void *fills[] = {[METRIC_REAL] = &nan_fill,
                           [METRIC_COUNT] = &count_fill,
                           [METRIC_FLAG] = &flag_fill,
                           [METRIC_BITS] = &flag_fill,
                           [METRIC_TEXT] = NULL};
    hid_t type = metric->type == METRIC_TEXT ? hdf_text_type() : hdf_metric_type(metric->type);
    struct hdf_array array = {metric->name, type, ndim, size, dimension, fills[metric->type], is_packed(c, id)};
    TRY(hdf_create_array(file, &array, &c->set[id]));
    if (metric->type == METRIC_COUNT) /* so that xarray reads NaN where there is none */
        TRY(hdf_write_numbers(c->set[id], "_FillValue", H5T_NATIVE_INT64, 1, &count_fill));
    TRY(hdf_describe_metric(c->set[id], metric));
    return hdf_describe_figure(c->set[id], metric);
}

static status create_metrics(struct collection *c, hid_t file) {
    c->layout->is_seen[METRIC_STATUS] = true;
    for (int i = 0; i < METRICS; i++) {
        if (c->layout->is_seen[i]) TRY(create_metric(c, file, (enum metric_id)i));
    }
    return OK;
}

/* Writes the cell of a point: all inner values of one metric. */
static status write_cell(const struct collection *c, enum metric_id id, int64_t point, hid_t memory,
                         const void *value) {
    hsize_t start[RESULT_AXES] = {0}, count[RESULT_AXES];
    int64_t index[AXES_MAX];
    int axes = metric_axes(c, id), ndim = axes + c->layout->ndim[id];
    study_point_index(c->study, point, index);
    for (int i = 0; i < axes; i++) {
        start[i] = (hsize_t)index[i];
        count[i] = 1;
    }
    for (int i = axes; i < ndim; i++) count[i] = (hsize_t)c->layout->inner[c->layout->dim[id][i - axes]].count;
    hsize_t length = (hsize_t)layout_length(c->layout, id);
    hid_t file_space = H5Dget_space(c->set[id]), memory_space = H5Screate_simple(1, &length, NULL);
    bool good = H5Sselect_hyperslab(file_space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0 &&
                H5Dwrite(c->set[id], memory, memory_space, file_space, hdf_transfer(), value) >= 0;
    H5Sclose(memory_space);
    H5Sclose(file_space);
    return hdf_status(good);
}

static status write_array(const struct collection *c, int64_t point, const struct record *record,
                          const struct array *array) {
    double *value = malloc((size_t)layout_length(c->layout, array->metric) * sizeof *value);
    CHECK(value);
    layout_place(c->layout, record, array, value);
    hdf_fill_counts(metric_table[array->metric].type, layout_length(c->layout, array->metric), value);
    status result = write_cell(c, array->metric, point, H5T_NATIVE_DOUBLE, value);
    free(value);
    return result;
}

/* Texts are written for every point: netCDF has no other word for nothing than "". */
static status write_texts(const struct collection *c, int64_t point, const struct record *record) {
    for (int i = 0; i < METRICS; i++) {
        if (!c->layout->is_seen[i] || metric_table[i].type != METRIC_TEXT) continue;
        const struct array *array = record ? record_find(record, (enum metric_id)i, 0) : NULL;
        const char *text = array ? array->text : "";
        TRY(write_cell(c, (enum metric_id)i, point, hdf_text_type(), &text));
    }
    return OK;
}

static status write_record(const struct collection *c, int64_t point, const struct record *record) {
    for (int i = 0; i < record->count; i++) {
        const struct array *array = &record->array[i];
        if (array->text || !layout_takes(c->layout, array) || array_length(array) == 0) continue;
        TRY(write_array(c, point, record, array));
    }
    return write_texts(c, point, record);
}

/* A record that was there stays there, since records are replaced whole. */
static status take_record(const struct collection *c, int64_t point, struct record **record) {
    *record = c->held[point];
    c->held[point] = NULL;
    return *record ? OK : record_file_read(c->dir, STORE_POINT, c->keys[point], false, record, NULL);
}

/* Second pass. */
static status write_point(const struct collection *c, int64_t point, struct record *reduced) {
    if (!c->is_there[point]) return write_texts(c, point, NULL);
    struct record *record;
    TRY(go_on(c));
    TRY(take_record(c, point, &record));
    status result = write_record(c, point, record);
    if (c->reducer) c->reducer->add(record, reduced);
    record_free(record);
    return result;
}

/* ---- the file: metrics reduced over seed ---- */

/* They come with the first cell that has them, and so do axes that only they have. */
static status create_reduced(struct collection *c, hid_t file, const struct array *array) {
    if (c->layout->is_seen[array->metric]) return OK;
    layout_add_reduced(c->layout, array);
    for (int i = 0; i < array->ndim; i++) {
        enum dimension dim = array->dim[i];
        if (!hdf_has(file, dimension_name[dim])) TRY(create_inner(file, dim, &c->layout->inner[dim]));
    }
    return create_metric(c, file, array->metric);
}

static status write_reduced(struct collection *c, hid_t file, int64_t point, const struct record *reduced) {
    for (int i = 0; i < reduced->count; i++) {
        const struct array *array = &reduced->array[i];
        if (metric_table[array->metric].place != PLACE_REDUCED || array_length(array) == 0) continue;
        TRY(create_reduced(c, file, array));
        TRY(write_array(c, point, reduced, array));
    }
    return OK;
}

/* What cannot be reduced is noted, and what was reduced before that is written. */
static status reduce_cell(struct collection *c, hid_t file, int64_t point, struct record *reduced) {
    if (reduced->count == 0) return OK;
    status ended = c->reducer->end(c->reducer->context, point, reduced);
    if (ended == ERROR_INTERRUPTED) return ended;
    if (ended != OK) fprintf(c->notes, "%s\n", status_message());
    return write_reduced(c, file, point, reduced);
}

/* The points first .. first + seeds-1, which differ in their seed alone. */
static status write_seeds(struct collection *c, hid_t file, int64_t first, int64_t seeds) {
    struct record *reduced = record_create();
    status result = OK;
    for (int64_t seed = 0; seed < seeds && result == OK; seed++) result = write_point(c, first + seed, reduced);
    if (result == OK) result = reduce_cell(c, file, first, reduced);
    record_free(reduced);
    return result;
}

static status write_contents(hid_t file, void *context) {
    struct collection *c = context;
    TRY(write_attributes(c, file));
    TRY(create_scales(c, file));
    TRY(create_metrics(c, file));
    const struct axis *seed = &c->study->axis[c->study->axes - 1];
    CHECK(strcmp(seed->key, "sweep.seed") == 0);
    for (int64_t point = 0; point < c->study->points; point += seed->count)
        TRY(write_seeds(c, file, point, seed->count));
    return OK;
}

status results_build(const char *dir, const struct study *study, const char (*keys)[KEY_BYTES],
                     const struct results_reducer *reducer, const struct provenance *provenance, char **notes,
                     int64_t *damaged) {
    size_t size;
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/results.h5", dir);
    struct collection c = {
        .dir = dir, .study = study, .keys = keys, .reducer = reducer, .here = provenance, .layout = layout_create()};
    c.damaged = damaged;
    *damaged = 0;
    c.is_there = calloc((size_t)study->points + 1, 1);
    c.held = calloc((size_t)study->points + 1, sizeof *c.held);
    c.notes = open_memstream(notes, &size);
    CHECK(c.is_there && c.held && c.notes);
    status result = survey_points(&c);
    if (result == OK) result = hdf_write_file(path, HDF_CHECK_CHUNKS, NULL, write_contents, &c);
    fclose(c.notes);
    for (int64_t point = 0; point < study->points; point++) record_free(c.held[point]);
    free(c.held);
    free(c.is_there);
    layout_free(c.layout);
    return result;
}
