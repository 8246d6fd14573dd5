#include "labels.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "source.h"

enum { NUMBER_BYTES = 24 };

static status no_memory(void) { FAIL(ERROR_MEMORY, "memory for labels could not be had"); }

/* --- labels --- */

static status allocate_labels(int64_t count, struct labels *labels) {
    labels->value = calloc((size_t)count + 1, sizeof *labels->value);
    labels->name = calloc((size_t)count + 1, sizeof *labels->name);
    if (!labels->value || !labels->name) return no_memory();
    labels->count = count;
    return OK;
}

status labels_list(int64_t count, const char *const *name, struct labels *labels) {
    TRY(allocate_labels(count, labels));
    for (int64_t i = 0; i < count; i++) {
        labels->value[i] = i;
        if (name && !(labels->name[i] = strdup(name[i]))) return no_memory();
    }
    return OK;
}

void labels_free(struct labels *labels) {
    for (int64_t i = 0; i < labels->count; i++) free(labels->name[i]);
    free(labels->value);
    free(labels->name);
    *labels = (struct labels){0};
}

int64_t labels_find(const struct labels *labels, int64_t label) {
    int64_t low = 0, high = labels->count;
    while (low < high) {
        int64_t middle = (low + high) / 2;
        if (labels->value[middle] < label)
            low = middle + 1;
        else
            high = middle;
    }
    return low < labels->count && labels->value[low] == label ? low : -1;
}

/* Puts one more in its place; there is room. */
static void insert(struct labels *labels, int64_t value, char *name) {
    int64_t i = labels->count++;
    for (; i > 0 && labels->value[i - 1] > value; i--) {
        labels->value[i] = labels->value[i - 1];
        labels->name[i] = labels->name[i - 1];
    }
    labels->value[i] = value;
    labels->name[i] = name;
}

status labels_collect(int64_t n, const int64_t *label, struct labels *labels) {
    TRY(allocate_labels(LABELS_MOST, labels));
    labels->count = 0;
    for (int64_t i = 0; i < n; i++) {
        if (labels_find(labels, label[i]) >= 0) continue;
        if (labels->count == LABELS_MOST)
            FAIL(ERROR_INPUT, "more than %d different labels; are they real targets in whole numbers?", LABELS_MOST);
        insert(labels, label[i], NULL);
    }
    return OK;
}

/* --- the file of class names --- */

/* The line's number if it reads LABEL NAME; *name: what follows. */
static bool has_number(const char *line, int64_t *value, const char **name) {
    size_t digits = strspn(line, "0123456789"), blanks = strspn(line + digits, " \t,");
    *value = digits < 10 ? strtoll(line, NULL, 10) : 0;
    *name = line + digits + blanks;
    return digits > 0 && digits < 10 && blanks > 0 && **name;
}

/* The next line that is not blank, without its end, NULL after the last. */
static char *next_line(char **text) {
    for (char *line; (line = strsep(text, "\n"));) {
        line[strcspn(line, "\r")] = '\0';
        if (line[strspn(line, " \t")]) return line;
    }
    return NULL;
}

static status add_line(const char *line, bool is_numbered, struct labels *labels) {
    int64_t value = labels->count;
    const char *name = line;
    if (labels->count == LABELS_MOST) FAIL(ERROR_INPUT, "more than %d lines", LABELS_MOST);
    if (is_numbered) (void)has_number(line, &value, &name);
    if (labels_find(labels, value) >= 0) FAIL(ERROR_INPUT, "the label %" PRId64 " stands there twice", value);
    char *copy = strdup(name);
    if (!copy) return no_memory();
    insert(labels, value, copy);
    return OK;
}

static bool is_all_numbered(const char *text) {
    char *copy = strdup(text), *rest = copy;
    const char *name;
    int64_t value;
    bool all = copy != NULL;
    for (char *line; all && (line = next_line(&rest));) all = has_number(line, &value, &name);
    free(copy);
    return all;
}

static status read_lines(struct bytes *file, struct labels *labels) {
    if (memchr(file->data, '\0', file->size - 1)) FAIL(ERROR_INPUT, "is no text; a name in each line was expected");
    bool is_numbered = is_all_numbered((char *)file->data);
    char *rest = (char *)file->data;
    for (char *line; (line = next_line(&rest));) TRY(add_line(line, is_numbered, labels));
    return OK;
}

status labels_read(const char *path, struct labels *labels) {
    enum { TEXT_MOST = 1 << 20 };
    struct bytes file = {0};
    TRY(allocate_labels(LABELS_MOST, labels));
    labels->count = 0;
    status result = bytes_append_file(&file, path, TEXT_MOST);
    if (result == OK) result = bytes_append(&file, 1, "");
    if (result == OK && read_lines(&file, labels) != OK)
        result = status_fail(ERROR_INPUT, __FILE__, __LINE__, "%s: %s", path, status_message());
    bytes_free(&file);
    TRY(result);
    if (labels->count < 2)
        FAIL(ERROR_INPUT, "%s: %" PRId64 " names of classes; two or more were expected", path, labels->count);
    return OK;
}

/* --- classes --- */

static bool is_named(const struct labels *labels, int64_t i, const char *text) {
    char number[NUMBER_BYTES];
    snprintf(number, sizeof number, "%" PRId64, labels->value[i]);
    return (labels->name[i] && strcmp(text, labels->name[i]) == 0) || strcmp(text, number) == 0;
}

static status refuse_class(const char *set, const struct labels *labels, const char *text) {
    char names[256] = "";
    size_t at = 0;
    for (int64_t i = 0; i < labels->count && at < sizeof names; i++) {
        char number[NUMBER_BYTES];
        snprintf(number, sizeof number, "%" PRId64, labels->value[i]);
        at += (size_t)snprintf(names + at, sizeof names - at, " %s", labels->name[i] ? labels->name[i] : number);
    }
    FAIL(ERROR_INPUT, "data.classes: %s has no class '%s'; its classes are%s", set, text, names);
}

static status add_class(const char *set, const struct labels *labels, const char *text, struct classes *classes) {
    int64_t i = 0;
    while (i < labels->count && !is_named(labels, i, text)) i++;
    if (i == labels->count) return refuse_class(set, labels, text);
    for (int64_t c = 0; c < classes->count; c++)
        if (classes->label[c] == labels->value[i])
            FAIL(ERROR_INPUT, "data.classes: the class '%s' is named twice", text);
    classes->label[classes->count++] = labels->value[i];
    return OK;
}

status classes_resolve(const struct config *config, const char *set, const struct labels *labels,
                       struct classes *classes) {
    const struct text_list *named = &config->data.classes;
    classes->label = calloc((size_t)(labels->count + named->count + 1), sizeof *classes->label);
    if (!classes->label) return no_memory();
    for (int64_t c = 0; c < named->count; c++) TRY(add_class(set, labels, named->item[c], classes));
    if (named->count == 0)
        for (int64_t i = 0; i < labels->count; i++) classes->label[classes->count++] = labels->value[i];
    if (classes->count < 2) FAIL(ERROR_INPUT, "data.classes: one class is nothing to tell apart; name two or more");
    return OK;
}

void classes_free(struct classes *classes) {
    free(classes->label);
    *classes = (struct classes){0};
}

int64_t classes_outputs(const struct config *config, int64_t classes) {
    return classes == 2 && config->training.loss != LOSS_CROSS_ENTROPY ? 1 : classes;
}

void classes_target(int64_t outputs, int64_t class, double *y) {
    if (outputs == 1)
        y[0] = class == 0 ? 1 : -1;
    else
        y[class] = 1;
}

status classes_number(const struct classes *classes, int64_t n, int64_t *label) {
    struct labels sorted = {0};
    int64_t *class = calloc((size_t)classes->count, sizeof *class);
    status result = class ? allocate_labels(classes->count, &sorted) : no_memory();
    if (result == OK) {
        sorted.count = 0;
        for (int64_t c = 0; c < classes->count; c++) insert(&sorted, classes->label[c], NULL);
        for (int64_t c = 0; c < classes->count; c++) class[labels_find(&sorted, classes->label[c])] = c;
        for (int64_t i = 0; i < n; i++) {
            int64_t at = labels_find(&sorted, label[i]);
            label[i] = at < 0 ? -1 : class[at];
        }
    }
    free(class);
    labels_free(&sorted);
    return result;
}

/* --- the choice of examples --- */

struct choice choice_of_train(const struct config *config, int64_t train) {
    return (struct choice){"training", "sweep.train_size", RANDOM_SPLIT, (uint64_t)config->data.seed, train, 0};
}

struct choice choice_of_test(const struct config *config) {
    return (struct choice){"test", "data.test_size", RANDOM_TEST, TEST_SEED, config->data.test_size, 0};
}

/* The largest balanced set: example i is member i / C of class i mod C. */
static status balanced_count(const struct classes *classes, int64_t n, const int64_t *class, int64_t *most) {
    int64_t *held = calloc((size_t)classes->count, sizeof *held);
    if (!held) return no_memory();
    for (int64_t i = 0; i < n; i++)
        if (class[i] >= 0) held[class[i]]++;
    *most = INT64_MAX;
    for (int64_t c = 0; c < classes->count; c++) {
        int64_t reach = held[c] * classes->count + c;
        if (reach < *most) *most = reach;
    }
    free(held);
    return OK;
}

status choice_check(const char *place, const struct choice *choice, const struct classes *classes, int64_t n,
                    const int64_t *class) {
    int64_t most = 0;
    TRY(balanced_count(classes, n, class, &most));
    if (choice->count <= most) return OK;
    if (classes->count == 1)
        FAIL(ERROR_INPUT, "%s: %s is %" PRId64 "; there are %" PRId64 " %s examples", place, choice->size_key,
             choice->count, most, choice->part);
    FAIL(ERROR_INPUT,
         "%s: %s is %" PRId64 "; the files hold %" PRId64 " %s examples with the %" PRId64 " classes in balance", place,
         choice->size_key, choice->count, most, choice->part, classes->count);
}

/* member[]: the examples of one class in the files' order; returns their number. */
static int64_t list_members(int64_t n, const int64_t *class, int64_t c, int64_t *member) {
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++)
        if (class[i] == c) member[count++] = i;
    return count;
}

/* work[2 * n] */
static void choose(const struct choice *choice, int order, const struct classes *classes, int64_t n,
                   const int64_t *class, int64_t *work, int64_t *chosen) {
    int64_t *member = work, *place = work + n;
    for (int64_t c = 0; c < classes->count; c++) {
        int64_t members = list_members(n, class, c, member);
        int64_t taken = (choice->count - c + classes->count - 1) / classes->count;
        int64_t skipped = choice->from_end ? members - taken : 0;
        if (order == ORDER_SHUFFLED)
            random_permutation(choice->seed, choice->purpose, (uint64_t)classes->label[c], members, place);
        for (int64_t i = c; i < choice->count; i += classes->count) {
            int64_t j = i / classes->count;
            chosen[i] = member[order == ORDER_SHUFFLED ? place[j] : skipped + j];
        }
    }
}

status choice_make(const struct config *config, const char *place, const struct choice *choice,
                   const struct classes *classes, int64_t n, const int64_t *class, int64_t *chosen) {
    TRY(choice_check(place, choice, classes, n, class));
    int64_t *work = calloc((size_t)(2 * n + 1), sizeof *work);
    if (!work) FAIL(ERROR_MEMORY, "memory for choosing among %" PRId64 " examples could not be had", n);
    choose(choice, config->data.order, classes, n, class, work, chosen);
    free(work);
    return OK;
}
