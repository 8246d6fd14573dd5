/* The table of keys of the study file, the only place that names them: reader, refusals, axes, hash and help come from
 * it. Private to spec. Adding a key: a member of struct config, a row in keys.c. Not collective. */
#ifndef KEYS_H
#define KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include "config.h"

enum key_type {
    TYPE_TEXT,     /* const char * */
    TYPE_PATH,     /* const char *, made absolute */
    TYPE_TEXTS,    /* struct text_list */
    TYPE_COUNT,    /* int64_t */
    TYPE_REAL,     /* double */
    TYPE_CHOICE,   /* int: number of the word in `choice` */
    TYPE_BYTES,    /* int64_t, written 512M or 2G */
    TYPE_RATE,     /* struct learning_rate */
    TYPE_BATCH,    /* int64_t, BATCH_SIZE_FULL for the word in `choice` */
    TYPE_STEPS,    /* measure.kernel_steps and its list */
    TYPE_INTERVAL, /* struct interval, [a, b] with a < b */
    TYPE_FLAGS,    /* int: bit i for word i of `choice` */
    TYPES
};

/* What a record's name takes from a key. A default is never changed without a new numerical version. */
enum key_effect {
    EFFECT_NONE,     /* nothing: no record depends on it */
    EFFECT_DATA,     /* the digest of the data stands for it */
    EFFECT_POINT,    /* its value, in the names of points */
    EFFECT_REFERENCE /* its value, in the names of points and of references */
};

/* The key means something only while a choice (at `offset`) is one of `values` (bits), or while data.source has one of
 * `traits`. */
struct key_condition {
    size_t offset;
    unsigned values;
    const char *words; /* "training.models has linear"; NULL: made of the choice's own */
    unsigned traits;   /* enum source_trait; 0: values count */
};

struct key {
    const char *name; /* "network.depth"; the top level's have no dot */
    enum key_type type;
    size_t offset;             /* into struct config */
    double least, most;        /* of numbers and bytes */
    bool above, below;         /* of reals: `least` or `most` itself is out of bounds */
    bool odd;                  /* of counts: even ones are refused */
    bool range;                /* as an axis also { count: 5, first: 0 } */
    const char *const *choice; /* the words, NULL after the last, in the order of the enum */
    const char *fallback;      /* the default as write_value writes it; NULL: the key is required */
    const char *axis;          /* the dimension's name; NULL: cannot be an axis */
    enum key_effect effect;
    const struct key_condition *when;    /* NULL: always */
    const struct key_condition *or_when; /* or when this is met; NULL: nothing else */
    const char *or_fallback; /* the default then; record names leave out `fallback` alone. NULL: `fallback` */
    const char *unit, *meaning;
};

struct key_section {
    const char *name, *meaning;
};

/* Axes come out in the order of the table; `sweep` is its last section. Both end with a row without a name. */
extern const struct key key_table[];
extern const struct key_section keys_section_table[];
int keys_count(void);

/* The row, or NULL. key_find_axis takes the full name ("network.depth", in sweep only "width") or the dimension's;
 * of a key that cannot be an axis also the last word, so that it is refused by name. */
const struct key *key_find(const char *name);
const struct key *key_find_axis(const char *name);
bool keys_section_exists(const char *name);
/* Letters to insert, delete or replace from one word to the other. */
int key_distance(const char *a, const char *b);
/* The known key or section whose name is close to `name`, or that others call so; or NULL. */
const char *key_nearest(const char *name);
/* "depth" of "network.depth". */
const char *key_bare(const char *name);
bool key_same_section(const char *a, const char *b);
bool key_is_swept(const struct key *key); /* stands in section sweep */
bool key_applies(const struct key *key, const struct config *config);
const char *key_fallback(const struct key *key, const struct config *config);
/* "network.family is deq" */
void key_condition_words(const struct key_condition *when, size_t size, char *out);
/* When the key applies: "data.source is gaussian"; for keys that do not always. */
void key_when_words(const struct key *key, size_t size, char *out);

#endif
