/* Your own arrays: x_train, y_train, x_test and y_test, or x and y, of which data.test_size examples are put aside for
 * the test, the same for all training sets: the first of a permutation, or in the files' order the last of each class.
 *
 * Inputs have 1 to 3 dimensions an example, [d], [row, column] or [row, column, channel]. Targets of a type of whole
 * numbers, one an example, are labels; all others are real, and their choice of examples is that of one class that all
 * belong to.
 *
 * Every array is read once from its beginning to its end, in pieces. Memory beside the dataset: a piece, 16 bytes an
 * example of the files and 16 more while examples are chosen, 40 bytes a number of one example. */
#include "arrays.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "help.h"
#include "labels.h"
#include "scaling.h"
#include "source.h"
#include "study.h"

enum { TRAIN, TEST, PARTS }; /* of the dataset, and of the files where they are apart */
enum { PIECE = 1 << 17, BLOCK_MOST = 1 << 21, EXAMPLE_DIMENSIONS = 3 }; /* numbers read at once */

/* --- formats --- */

static array_open *hdf5_open;

void arrays_set_hdf5(array_open *open) { hdf5_open = open; }

static status find_format(const char *path, array_open **open) {
    struct stat about;
    if (stat(path, &about) != 0) FAIL(ERROR_INPUT, "%s: %s", path, strerror(errno));
    const struct {
        const char *suffix;
        array_open *open;
    } format[] = {{".npz", npy_open_archive}, {".csv", csv_open}, {".h5", hdf5_open}, {".hdf5", hdf5_open}};
    const char *dot = strrchr(path, '.'), *suffix = dot && S_ISREG(about.st_mode) ? dot : "";
    *open = S_ISDIR(about.st_mode) ? npy_open : NULL;
    for (size_t i = 0; i < sizeof format / sizeof *format; i++)
        if (strcmp(suffix, format[i].suffix) == 0) *open = format[i].open;
    if (!*open)
        FAIL(ERROR_INPUT, "%s: a folder of .npy files, or one file .npz, .h5, .hdf5 or .csv, was expected", path);
    return OK;
}

/* --- what is loaded --- */

/* A pair of arrays. */
struct pair {
    const char *name[2]; /* of x and y */
    struct array_stream x, y;
    int64_t count;
    int64_t *class; /* [count]: labels, then class numbers */
    int64_t *row;   /* [count]: where each example goes (scaling.h) */
};

struct arrays {
    const struct config *config;
    const char *path;
    array_open *open;
    int pairs; /* 1: x and y, 2: training and test arrays */
    struct pair pair[PARTS];
    bool has_classes;
    struct labels labels;
    struct classes classes;
    struct choice choice[PARTS];
    struct variable x, y;
};

/* Puts file and array before the words of a failure. */
static status blame(const struct arrays *arrays, const char *name, status result) {
    if (result == OK) return OK;
    return status_fail(result == ERROR_MEMORY ? result : ERROR_INPUT, __FILE__, __LINE__, "%s: array %s: %s",
                       arrays->path, name, status_message());
}

#define REFUSE(arrays, name, ...) return blame(arrays, name, status_fail(ERROR_INPUT, __FILE__, __LINE__, __VA_ARGS__))

/* --- shapes --- */

static status open_array(const struct arrays *arrays, const char *name, struct array_stream *stream) {
    return blame(arrays, name, arrays->open(arrays->path, name, stream));
}

static status open_pair(const struct arrays *arrays, struct pair *pair) {
    if (!pair->x.state) TRY(open_array(arrays, pair->name[0], &pair->x));
    TRY(open_array(arrays, pair->name[1], &pair->y));
    if (pair->x.state && pair->y.state) return OK;
    FAIL(ERROR_INPUT, "%s: there is no array %s; x_train, y_train, x_test and y_test, or x and y, were expected",
         arrays->path, pair->name[pair->x.state != NULL]);
}

static status open_pairs(struct arrays *arrays) {
    struct pair *pair = arrays->pair;
    TRY(open_array(arrays, "x_train", &pair[TRAIN].x));
    arrays->pairs = pair[TRAIN].x.state ? 2 : 1;
    pair[TRAIN].name[0] = arrays->pairs == 2 ? "x_train" : "x";
    pair[TRAIN].name[1] = arrays->pairs == 2 ? "y_train" : "y";
    pair[TEST].name[0] = "x_test";
    pair[TEST].name[1] = "y_test";
    for (int p = 0; p < arrays->pairs; p++) TRY(open_pair(arrays, &pair[p]));
    return OK;
}

/* Numbers of an example. */
static int64_t width_of(const struct array_stream *stream) {
    int64_t width = 1;
    for (int i = 1; i < stream->ndim; i++) width *= stream->size[i];
    return width;
}

static status check_pair(const struct arrays *arrays, struct pair *pair) {
    if (pair->x.ndim < 2 || pair->x.ndim > 1 + EXAMPLE_DIMENSIONS)
        REFUSE(arrays, pair->name[0], "%d dimension%s; 2 to 4 were expected, examples first", pair->x.ndim,
               pair->x.ndim == 1 ? "" : "s");
    if (pair->y.ndim < 1 || pair->y.ndim > 2)
        REFUSE(arrays, pair->name[1], "%d dimensions; 1 or 2 were expected", pair->y.ndim);
    pair->count = pair->x.size[0];
    if (pair->y.size[0] != pair->count)
        REFUSE(arrays, pair->name[1], "%jd examples; %s has %jd", (intmax_t)pair->y.size[0], pair->name[0],
               (intmax_t)pair->count);
    return OK;
}

static bool has_labels(const struct pair *pair) { return pair->y.is_integer && width_of(&pair->y) == 1; }

static status check_test(const struct arrays *arrays) {
    const struct pair *train = &arrays->pair[TRAIN], *test = &arrays->pair[TEST];
    bool same = train->x.ndim == test->x.ndim;
    for (int i = 1; same && i < train->x.ndim; i++) same = train->x.size[i] == test->x.size[i];
    if (!same) REFUSE(arrays, test->name[0], "its examples have another shape than those of %s", train->name[0]);
    if (width_of(&train->y) != width_of(&test->y))
        REFUSE(arrays, test->name[1], "%jd outputs; %s has %jd", (intmax_t)width_of(&test->y), train->name[1],
               (intmax_t)width_of(&train->y));
    if (has_labels(train) != has_labels(test))
        REFUSE(arrays, test->name[1], "%s; %s has %s", has_labels(test) ? "labels" : "real targets", train->name[1],
               has_labels(test) ? "real targets" : "labels");
    return OK;
}

/* Rows, columns, channels. */
static status set_shape(const struct arrays *arrays, struct dataset *set) {
    const struct array_stream *x = &arrays->pair[TRAIN].x;
    bool first = arrays->config->data.channels == CHANNELS_FIRST;
    if (first && x->ndim != 1 + EXAMPLE_DIMENSIONS)
        REFUSE(arrays, arrays->pair[TRAIN].name[0], "%d dimensions; with data.channels: first 4 were expected",
               x->ndim);
    set->shape.is_image = x->ndim > 2;
    set->shape.inputs = width_of(x);
    set->shape.rows = set->shape.is_image ? x->size[1 + first] : 1;
    set->shape.columns = set->shape.is_image ? x->size[2 + first] : 1;
    set->shape.channels = set->shape.inputs / (set->shape.rows * set->shape.columns);
    set->shape.has_classes = arrays->has_classes;
    return OK;
}

/* --- targets and the choice of examples --- */

static status allocate_pair(struct pair *pair) {
    pair->class = calloc((size_t)pair->count, sizeof *pair->class);
    pair->row = calloc((size_t)pair->count, sizeof *pair->row);
    if (!pair->class || !pair->row)
        FAIL(ERROR_MEMORY, "memory for %jd examples could not be had", (intmax_t)pair->count);
    return OK;
}

static status read_labels(const struct arrays *arrays, struct pair *pair) {
    enum { LABELS = 1 << 12 };
    double number[LABELS];
    for (int64_t i = 0; i < pair->count; i += LABELS) {
        int64_t count = pair->count - i < LABELS ? pair->count - i : LABELS;
        TRY(blame(arrays, pair->name[1], pair->y.read(&pair->y, count, number)));
        for (int64_t j = 0; j < count; j++) {
            if (!(fabs(number[j]) < 0x1p53))
                REFUSE(arrays, pair->name[1], "example %jd (the first is 0) has label %g; at most 2^53 was expected",
                       (intmax_t)(i + j), number[j]);
            pair->class[i + j] = (int64_t)number[j];
        }
    }
    return OK;
}

static status check_labels(const struct arrays *arrays, const struct pair *pair) {
    for (int64_t i = 0; i < pair->count; i++)
        if (labels_find(&arrays->labels, pair->class[i]) < 0)
            REFUSE(arrays, pair->name[1],
                   "example %jd (the first is 0) has label %jd, which is none of the %jd classes", (intmax_t)i,
                   (intmax_t)pair->class[i], (intmax_t)arrays -> labels.count);
    return OK;
}

/* Words in data.classes that are no labels name these in order. */
static status name_labels(struct arrays *arrays) {
    const struct text_list *word = &arrays->config->data.classes;
    for (int64_t i = 0; i < word->count; i++)
        if (!word->item[i][strspn(word->item[i], "-0123456789")]) return OK;
    if (word->count > 0 && word->count != arrays->labels.count)
        FAIL(ERROR_INPUT, "data.classes: %jd names; %s has %jd labels, which they name in order (or give numbers)",
             (intmax_t)word->count, arrays->path, (intmax_t)arrays->labels.count);
    for (int64_t i = 0; i < word->count; i++)
        if (!(arrays->labels.name[i] = strdup(word->item[i]))) FAIL(ERROR_MEMORY, "memory for names could not be had");
    return OK;
}

static status find_labels(struct arrays *arrays) {
    const struct pair *train = &arrays->pair[TRAIN];
    const char *file = arrays->config->data.class_names;
    if (file && *file) return labels_read(file, &arrays->labels);
    TRY(blame(arrays, train->name[1], labels_collect(train->count, train->class, &arrays->labels)));
    return name_labels(arrays);
}

static status sort_into_classes(struct arrays *arrays) {
    const struct config *config = arrays->config;
    for (int p = 0; p < arrays->pairs; p++) TRY(read_labels(arrays, &arrays->pair[p]));
    TRY(find_labels(arrays));
    TRY(classes_resolve(config, arrays->path, &arrays->labels, &arrays->classes));
    for (int p = 0; p < arrays->pairs; p++) {
        struct pair *pair = &arrays->pair[p];
        TRY(check_labels(arrays, pair));
        TRY(classes_number(&arrays->classes, pair->count, pair->class));
    }
    return OK;
}

/* All belong to one. */
static status sort_into_one(struct arrays *arrays) {
    const struct config *config = arrays->config;
    const char *words = config->data.classes.count > 0                          ? "data.classes"
                        : config->data.class_names && *config->data.class_names ? "data.class_names"
                                                                                : NULL;
    if (words)
        FAIL(ERROR_INPUT, "%s: the targets of %s are real; labels, one whole number an example, were expected", words,
             arrays->path);
    arrays->classes.label = calloc(1, sizeof *arrays->classes.label);
    if (!arrays->classes.label) FAIL(ERROR_MEMORY, "memory for labels could not be had");
    arrays->classes.count = 1;
    return OK;
}

/* Marks the pair's rows; those not chosen become `rest`. */
static status choose(const struct arrays *arrays, struct pair *pair, int part) {
    const struct choice *choice = &arrays->choice[part];
    int64_t *chosen = calloc((size_t)choice->count, sizeof *chosen);
    if (!chosen) FAIL(ERROR_MEMORY, "memory for %jd examples could not be had", (intmax_t)choice->count);
    status result =
        choice_make(arrays->config, arrays->path, choice, &arrays->classes, pair->count, pair->class, chosen);
    for (int64_t i = 0; result == OK && i < choice->count; i++) {
        pair->row[chosen[i]] = 2 * i + part;
        if (part == TEST) pair->class[chosen[i]] = -1;
    }
    free(chosen);
    return result;
}

static void mark(struct pair *pair, int64_t row) {
    for (int64_t i = 0; i < pair->count; i++) pair->row[i] = row;
}

/* Test examples first, so that training sets do without them. */
static status choose_both(struct arrays *arrays) {
    struct pair *train = &arrays->pair[TRAIN], *test = &arrays->pair[arrays->pairs - 1];
    arrays->choice[TEST].from_end = arrays->pairs == 1;
    mark(test, ROW_OF_TEST);
    mark(train, ROW_OF_TRAIN);
    TRY(choose(arrays, test, TEST));
    TRY(choice_check(arrays->path, &arrays->choice[TRAIN], &arrays->classes, train->count, train->class));
    return choose(arrays, train, TRAIN);
}

/* y of the rows, from their classes. */
static void set_targets(const struct arrays *arrays, const struct dataset *set) {
    double *const y[] = {set->y_train, set->y_test};
    for (int part = 0; part < PARTS; part++)
        for (int64_t i = 0; i < arrays->choice[part].count; i++)
            classes_target(set->shape.outputs, i % arrays->classes.count, y[part] + i * set->shape.outputs);
}

/* --- numbers --- */

/* Number `at` of an example in the order of storage, as an index in the array's dimensions 1, 2, ... */
static void split_index(const struct array_stream *stream, int64_t at, int64_t *index) {
    for (int i = 1; i < stream->ndim; i++) {
        int d = stream->is_fortran ? i : stream->ndim - i;
        index[d] = at % stream->size[d];
        at /= stream->size[d];
    }
}

/* Where they go: row-major, channels last. */
static void set_columns(const struct array_stream *stream, bool channels_first, struct variable *variable) {
    int64_t index[ARRAY_DIMENSIONS];
    for (int64_t at = 0; at < variable->width; at++) {
        int64_t column = 0;
        split_index(stream, at, index);
        for (int i = 1 + channels_first; i < stream->ndim; i++) column = column * stream->size[i] + index[i];
        if (channels_first) column = column * stream->size[1] + index[1];
        variable->column[at] = column;
    }
}

static status refuse_number(const struct arrays *arrays, const char *name, const struct array_stream *stream,
                            int64_t row, int64_t column, double value) {
    char place[128];
    int64_t index[ARRAY_DIMENSIONS];
    split_index(stream, column, index);
    int used = snprintf(place, sizeof place, "%jd", (intmax_t)row);
    for (int i = 1; i < stream->ndim; i++)
        used += snprintf(place + used, sizeof place - (size_t)used, ", %jd", (intmax_t)index[i]);
    REFUSE(arrays, name, "[%s] is %s; finite numbers were expected", place,
           isnan(value) ? "nan"
           : value > 0  ? "inf"
                        : "-inf");
}

/* What is read at once: whole rows, so many as are stored together; anything where rows are not together. */
static int64_t piece_of(const struct array_stream *stream, int64_t width) {
    int64_t rows = PIECE / width > 0 ? PIECE / width : 1;
    if (stream->is_fortran) return PIECE;
    if (stream->block > 0 && stream->block <= BLOCK_MOST / width)
        rows = (rows + stream->block - 1) / stream->block * stream->block;
    return rows * width;
}

static status take_piece(const struct arrays *arrays, const struct pair *pair, const struct array_stream *stream,
                         int64_t first, int64_t count, const double *number, struct variable *variable) {
    int64_t n = pair->count, width = variable->width;
    for (int64_t i = 0; i < count; i++) {
        int64_t at = first + i, row = stream->is_fortran ? at % n : at / width;
        int64_t column = stream->is_fortran ? at / n : at % width;
        if (!isfinite(number[i]))
            return refuse_number(arrays, pair->name[stream == &pair->y], stream, row, column, number[i]);
        variable_take(variable, pair->row[row], column, number[i]);
    }
    return OK;
}

static status read_stream(const struct arrays *arrays, const struct pair *pair, struct array_stream *stream,
                          double *number, int64_t piece, struct variable *variable) {
    int64_t all = pair->count * variable->width;
    for (int64_t at = 0; at < all; at += piece) {
        int64_t count = all - at < piece ? all - at : piece;
        TRY(blame(arrays, pair->name[stream == &pair->y], stream->read(stream, count, number)));
        TRY(take_piece(arrays, pair, stream, at, count, number, variable));
    }
    return OK;
}

/* which: 0 for x, 1 for y */
static status read_variable(struct arrays *arrays, int which, struct variable *variable) {
    status result = OK;
    for (int p = 0; p < arrays->pairs && result == OK; p++) {
        struct pair *pair = &arrays->pair[p];
        struct array_stream *stream = which ? &pair->y : &pair->x;
        int64_t piece = piece_of(stream, variable->width);
        double *number = malloc((size_t)piece * sizeof *number);
        if (!number) FAIL(ERROR_MEMORY, "memory for a piece of an array could not be had");
        set_columns(stream, !which && arrays->config->data.channels == CHANNELS_FIRST, variable);
        result = read_stream(arrays, pair, stream, number, piece, variable);
        free(number);
    }
    return result;
}

/* --- loading --- */

static status check_shapes(struct arrays *arrays, struct dataset *set) {
    for (int p = 0; p < arrays->pairs; p++) TRY(check_pair(arrays, &arrays->pair[p]));
    if (arrays->pairs == 2) TRY(check_test(arrays));
    arrays->has_classes = has_labels(&arrays->pair[TRAIN]);
    if (arrays->has_classes && arrays->config->data.target_scale != SCALE_NONE)
        FAIL(ERROR_INPUT, "data.target_scale: %s; labels, as %s has them, are not scaled",
             config_word("data.target_scale", arrays->config->data.target_scale), arrays->path);
    return set_shape(arrays, set);
}

static status choose_examples(struct arrays *arrays, struct dataset *set) {
    for (int p = 0; p < arrays->pairs; p++) TRY(allocate_pair(&arrays->pair[p]));
    TRY((arrays->has_classes ? sort_into_classes : sort_into_one)(arrays));
    set->shape.outputs =
        arrays->has_classes ? classes_outputs(arrays->config, arrays->classes.count) : width_of(&arrays->pair[TRAIN].y);
    return choose_both(arrays);
}

static status read_inputs(struct arrays *arrays, struct dataset *set) {
    const int64_t rows[] = {set->shape.train, set->shape.test};
    TRY(variable_begin(set->shape.inputs, set->x_train, set->x_test, &arrays->x));
    TRY(read_variable(arrays, 0, &arrays->x));
    TRY(blame(arrays, arrays->pair[TRAIN].name[0], variable_scale(&arrays->x, arrays->config->data.scale, rows)));
    set->mean = arrays->x.mean;
    set->deviation = arrays->x.deviation;
    return OK;
}

static status read_targets(struct arrays *arrays, struct dataset *set) {
    const int64_t rows[] = {set->shape.train, set->shape.test};
    TRY(variable_begin(set->shape.outputs, set->y_train, set->y_test, &arrays->y));
    TRY(read_variable(arrays, 1, &arrays->y));
    return blame(arrays, arrays->pair[TRAIN].name[1],
                 variable_scale(&arrays->y, arrays->config->data.target_scale, rows));
}

static status load_arrays(struct arrays *arrays, bool keep, struct dataset *set) {
    TRY(find_format(arrays->path, &arrays->open));
    TRY(open_pairs(arrays));
    TRY(check_shapes(arrays, set));
    TRY(choose_examples(arrays, set));
    if (keep) TRY(dataset_allocate(set));
    if (!arrays->has_classes) TRY(read_targets(arrays, set));
    if (arrays->has_classes && keep) set_targets(arrays, set);
    return read_inputs(arrays, set);
}

static void close_pair(struct pair *pair) {
    array_stream_close(&pair->x);
    array_stream_close(&pair->y);
    free(pair->class);
    free(pair->row);
}

static status load(const struct config *config, bool keep, struct dataset *set) {
    struct arrays arrays = {.config = config,
                            .path = config->data.path,
                            .choice = {choice_of_train(config, set->shape.train), choice_of_test(config)}};
    status result = load_arrays(&arrays, keep, set);
    for (int p = 0; p < PARTS; p++) close_pair(&arrays.pair[p]);
    variable_free(&arrays.x);
    variable_free(&arrays.y);
    classes_free(&arrays.classes);
    labels_free(&arrays.labels);
    return result;
}

const struct source source_arrays = {load};
