/* What stands in DIR: for `status`, from any process and host, also while runs are going on. Only reads, but puts aside
 * records that are damaged, and says so. Not collective. */
#ifndef SURVEY_H
#define SURVEY_H

#include <stdbool.h>
#include <stdio.h>
#include "manifest.h"
#include "protocol.h"
#include "snapshot_file.h"
#include "store.h"

/* A point of the study. */
struct survey_point {
    enum outcome outcome; /* NONE: left */
    double seconds, diverged_step,
        diverged_step_linear;                 /* of a record: time for the point; NaN: not there, did not diverge */
    double diverged_of, diverged_unconverged; /* enum divergence; NaN: not told */
    bool is_begun;                            /* left, and has a checkpoint */
    bool has_reference;                       /* the first of those that share it: it was seen whole */
    char *reason;                             /* of a failure; owned */
};

struct survey {
    int64_t total, done, diverged, failed, left; /* points: total = done + failed + left; done with the diverged */
    int64_t begun;                               /* of those left: have a checkpoint */
    int64_t references_left;                     /* not there, or damaged */
    struct manifest_row *row;                    /* [total]; owned */
    struct survey_point *point;                  /* [total]; owned */
    struct snapshot_sights runs;                 /* those that go on are the first */
    int ranks, running;                          /* of all runs that go on; running tasks may be references */
    double points_per_hour;                      /* of all runs that go on, each since its beginning */
    double eta;                                  /* seconds to go, 0 when complete; NaN: not known */
};

/* OUTCOME_NONE: not there; OUTCOME_DONE, OUTCOME_DIVERGED: on disk; OUTCOME_FAILED: there but not readable, which
 * status_message() names. */
enum outcome survey_record(const char *dir, enum store_kind kind, const char *key);
/* `survey` is {0}, or what was read of the same DIR before: then records, which never change, are not opened again.
 * Fails with ERROR_INPUT if DIR holds no study. Ended by survey_free, also after a failure. */
status survey_read(const char *dir, struct survey *survey);
void survey_free(struct survey *survey);
/* Everything is recorded and whole, references too. */
bool survey_is_complete(const struct survey *survey);
/* No run is going on, and none has anything left to do (points that failed are for the user). */
bool survey_is_over(const struct survey *survey);

struct survey_page {
    int columns; /* of the terminal; 0: there is none, and no bar is drawn */
    int most;    /* entries of any list */
    bool is_utf8, is_watched;
};
/* For people. */
void survey_print(FILE *out, const struct survey *survey, const struct survey_page *page);
/* One object, a member a line. */
void survey_print_json(FILE *out, const struct survey *survey);

/* The points that took longest, at most `most`: their indices, the longest first. Returns how many. */
int survey_find_slowest(const struct survey *survey, int most, int64_t *index);
/* "network at step 12 (9 examples without rest), linearization at step 8" of a diverged point. */
enum { DIVERGENCE_BYTES = 128 };
const char *survey_divergence(const struct survey_point *point, char out[DIVERGENCE_BYTES]);

#endif
