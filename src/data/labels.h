/* Labels, the classes that a study makes of them, and the balanced, nested choice of examples.
 *
 * A set has labels, whole numbers, each with a name or none. Class c, of output c, is the label that data.classes names
 * at place c; without data.classes all labels are classes, ascending. Example i of a choice has class i mod C and is
 * member i / C of its class, in the files' order or in a permutation drawn from a seed, a stream a class. Not
 * collective. */
#ifndef LABELS_H
#define LABELS_H

#include <stdbool.h>
#include "config.h"
#include "random.h"
#include "status.h"

struct labels {
    int64_t count;  /* 0: not known yet */
    int64_t *value; /* [count], ascending; owned */
    char **name;    /* [count], NULL: a number alone; owned with its items */
};
/* 0 .. count-1, with these names (NULL: none). */
status labels_list(int64_t count, const char *const *name, struct labels *labels);
/* From the file data.class_names: a line a class. */
status labels_read(const char *path, struct labels *labels);
/* Those that stand in label[n]: at most LABELS_MOST different ones. */
enum { LABELS_MOST = 4096 };
status labels_collect(int64_t n, const int64_t *label, struct labels *labels);
void labels_free(struct labels *labels);
/* Place of a label, or -1. */
int64_t labels_find(const struct labels *labels, int64_t label);

struct classes {
    int64_t count;
    int64_t *label; /* [count], owned */
};
/* data.classes of the study among the labels; `set` names the set in refusals. */
status classes_resolve(const struct config *config, const char *set, const struct labels *labels,
                       struct classes *classes);
void classes_free(struct classes *classes);
/* Targets: two classes have one output, +1 or -1, unless the loss is cross-entropy; the rest is one-hot. */
int64_t classes_outputs(const struct config *config, int64_t classes);
/* y[outputs], zero before, becomes the target of the class. */
void classes_target(int64_t outputs, int64_t class, double *y);
/* label[n] becomes class numbers, -1 for labels that are no class. */
status classes_number(const struct classes *classes, int64_t n, int64_t *label);

/* Which examples a part of the dataset takes. */
struct choice {
    const char *part, *size_key; /* "training", "sweep.train_size" */
    enum random_purpose purpose;
    uint64_t seed;
    int64_t count;
    bool from_end; /* in the files' order: the last members of each class, not the first */
};
/* The training set, and the test set, of a config. */
struct choice choice_of_train(const struct config *config, int64_t train);
struct choice choice_of_test(const struct config *config);
/* chosen[choice->count]: numbers of examples among n, of classes class[n]. Refuses, beginning with `place` (a file or
 * folder), what cannot be had in balance. */
status choice_make(const struct config *config, const char *place, const struct choice *choice,
                   const struct classes *classes, int64_t n, const int64_t *class, int64_t *chosen);
/* The check alone. */
status choice_check(const char *place, const struct choice *choice, const struct classes *classes, int64_t n,
                    const int64_t *class);

#endif
