/* A study as it was read (study.h), and the cells of its grid: points 0 .. points-1, row-major over the axes, the last
 * axis fastest. Not collective. */
#ifndef GRID_H
#define GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "config.h"
#include "metric.h"
#include "pieces.h"

/* A metric in results.h5 has the axes of the grid and its own dimensions, and HDF5 counts 32 at most (H5S_MAX_RANK). */
enum { AXES_MAX = 32 - METRIC_DIMENSIONS, AXIS_NAME_BYTES = 32 };

/* One axis of the grid. Numbers in `number`; an axis over a choice (activation, precision, ...) has words in `text`, as
 * has that of batch sizes ("32", "full"). */
struct axis {
    char key[64];               /* "sweep.width", "network.depth", "training.learning_rate" */
    char name[AXIS_NAME_BYTES]; /* dimension in results.h5: "width", "depth", "data_seed", "learning_rate" */
    const char *unit;           /* "1" for a pure number or count */
    const char *meaning;        /* long_name */
    const char *form;           /* of a learning rate: "absolute", "critical_fraction", ...; else NULL */
    int64_t count;
    bool is_choice;    /* values are words: `number` is the enum, or the size of a batch; `text` its word */
    bool is_count;     /* whole numbers */
    double *number;    /* [count], in the order of the study file */
    const char **text; /* [count], NULL unless is_choice */
};

struct study {
    char *file;           /* as the user named it */
    struct config config; /* every value that is no axis; those that are stay 0 (but the form of the learning rate) */
    int axes;
    struct axis axis[AXES_MAX]; /* train_size, width, seed last (fastest); before them others in the table's order */
    int64_t points;             /* product of the axes' counts */
    struct pieces memory;       /* owns every text and list */
};

void study_free(struct study *study);

/* The config of a point. Borrows from the study. */
struct config study_point(const struct study *study, int64_t point);
/* The point's index on each axis: index[axes]. */
void study_point_index(const struct study *study, int64_t point, int64_t *index);
/* "depth=3 train_size=32 width=64 seed=0", the axes' values of a point, for messages. out[size], cut if need be. */
void study_point_label(const struct study *study, int64_t point, size_t size, char *out);

#endif
