/* How values of one type are read, written and named: a row of functions a type, and what they share. Private to
 * spec. */
#ifndef VALUE_TYPE_H
#define VALUE_TYPE_H

#include <stdbool.h>
#include <stdio.h>
#include "keys.h"
#include "yaml_source.h"

/* Numbers as %.17g (for hashing) or as the shortest decimal that reads back the same (in YAML). */
enum value_style { STYLE_YAML, STYLE_HASH };
struct pen {
    FILE *out;
    enum value_style style;
};

/* What a key takes, in words. */
typedef void value_words(const struct key *key, size_t size, char *out);

struct value_type {
    status (*read)(const struct key *key, struct place place, struct config *config);
    void (*write)(const struct key *key, const struct config *config, struct pen pen);
    value_words *words;
    /* For the types that axes have; otherwise NULL. Without *_item an item is read and written as the value itself. */
    double (*get)(const struct key *key, const struct config *config);
    void (*put)(const struct key *key, double value, struct config *config);
    status (*read_item)(const struct key *key, struct place place, struct config *config);
    void (*write_item)(const struct key *key, const struct config *config, struct pen pen);
    /* Have both the same value? For types without `get` that keys of data have; otherwise NULL. */
    bool (*same)(const struct key *key, const struct config *a, const struct config *b);
};
extern const struct value_type value_count, value_real, value_bytes, value_rate, value_interval;
extern const struct value_type value_choice, value_flags, value_steps, value_batch;
extern const struct value_type value_text, value_path, value_texts;

enum { WORDS_BYTES = 192 };

/* The key's member of a config. */
#define MEMBER(type, key, config)       ((type *)(void *)((char *)(config) + (key)->offset))
#define MEMBER_CONST(type, key, config) ((const type *)(const void *)((const char *)(config) + (key)->offset))

/* "VALUE is not EXPECTED"; a list where one value stands is told where axes stand. */
status value_refuse(const struct key *key, struct place place, const char *expected);
/* The same with what the key takes, in these words. */
status value_refuse_key(const struct key *key, struct place place, value_words *write_words);
/* The first of n items, each of `size` bytes, that is equal to an earlier one; -1: none. Sorts a copy, since lists may
 * be long. */
int64_t value_first_repeat(int64_t n, size_t size, const void *items, int (*compare)(const void *a, const void *b));

#endif
