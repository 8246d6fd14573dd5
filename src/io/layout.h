/* What results.h5 must hold: the union of the shapes, coordinates and provenance of a study's records, taken record by
 * record. Memory: what the coordinates take. Not collective. */
#ifndef LAYOUT_H
#define LAYOUT_H

#include <stdbool.h>
#include <stdint.h>
#include "provenance.h"
#include "record.h"

/* Distinct texts in order of first appearance. */
struct text_set {
    int64_t count;
    char **text;
};

/* One inner dimension. Steps are the sorted union of the records' steps, layers the union of their names (in the order
 * of the deepest record), all others 0 .. count-1 for the largest record. */
struct inner {
    int64_t count;
    double *number;       /* [count] of steps, else NULL */
    struct text_set name; /* of layers */
};

struct layout {
    struct inner inner[DIMENSIONS];
    bool is_seen[METRICS];
    int ndim[METRICS];
    enum dimension dim[METRICS][METRIC_DIMENSIONS];
    struct text_set provenance[PROVENANCE_FIELDS]; /* in the order of provenance_field */
    struct text_set hosts;
};

struct layout *layout_create(void);
void layout_free(struct layout *layout);
void layout_add(struct layout *layout, const struct record *record, const struct provenance *provenance);
/* Gives a reduced array its place, when all records were added. It has the axes of what it is reduced from. */
void layout_add_reduced(struct layout *layout, const struct array *array);

/* Is the array one of those in results.h5, with the dimensions that were seen first? */
bool layout_takes(const struct layout *layout, const struct array *array);
/* Product of the inner sizes of the metric in results.h5. */
int64_t layout_length(const struct layout *layout, enum metric_id metric);
/* out[layout_length]: the array's values at their places, NaN elsewhere. */
void layout_place(const struct layout *layout, const struct record *record, const struct array *array, double *out);

void text_set_add(struct text_set *set, const char *text);
/* All texts with `between`; owned by the caller, free(). */
char *text_set_join(const struct text_set *set, const char *between);
void text_set_clear(struct text_set *set);

#endif
