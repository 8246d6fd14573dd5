#include "value.h"

#include <stdlib.h>
#include "panic.h"

static const struct value_type *const types[TYPES] = {
    [TYPE_TEXT] = &value_text,   [TYPE_PATH] = &value_path,   [TYPE_TEXTS] = &value_texts,
    [TYPE_COUNT] = &value_count, [TYPE_REAL] = &value_real,   [TYPE_CHOICE] = &value_choice,
    [TYPE_BYTES] = &value_bytes, [TYPE_RATE] = &value_rate,   [TYPE_STEPS] = &value_steps,
    [TYPE_FLAGS] = &value_flags, [TYPE_BATCH] = &value_batch, [TYPE_INTERVAL] = &value_interval,
};

static const struct value_type *type_of(const struct key *key) { return types[key->type]; }

status value_read(const struct key *key, struct place place, struct config *config) {
    return type_of(key)->read(key, place, config);
}

status value_read_item(const struct key *key, struct place place, struct config *config) {
    const struct value_type *type = type_of(key);
    return (type->read_item ? type->read_item : type->read)(key, place, config);
}

void value_write(const struct key *key, const struct config *config, struct pen pen) {
    type_of(key)->write(key, config, pen);
}

void value_write_item(const struct key *key, const struct config *config, struct pen pen) {
    const struct value_type *type = type_of(key);
    (type->write_item ? type->write_item : type->write)(key, config, pen);
}

void value_expected(const struct key *key, size_t size, char *out) { type_of(key)->words(key, size, out); }

double value_get(const struct key *key, const struct config *config) {
    CHECK(type_of(key)->get);
    return type_of(key)->get(key, config);
}

bool value_same(const struct key *key, const struct config *a, const struct config *b) {
    const struct value_type *type = type_of(key);
    if (!type->get) return type->same(key, a, b);
    double x = type->get(key, a), y = type->get(key, b);
    return !(x < y) && !(x > y);
}

void value_put(const struct key *key, double value, struct config *config) {
    CHECK(type_of(key)->put);
    type_of(key)->put(key, value, config);
}

char *value_format(const struct key *key, const struct config *config, enum value_style style) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    CHECK(out);
    value_write(key, config, (struct pen){out, style});
    fclose(out);
    return text;
}
