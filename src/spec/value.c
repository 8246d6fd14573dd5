#include "value.h"

#include <stdlib.h>
#include "panic.h"

status value_read(const struct key *key, struct place place, struct config *config) {
    return value_type_of(key)->read(key, place, config);
}

status value_read_item(const struct key *key, struct place place, struct config *config) {
    const struct value_type *type = value_type_of(key);
    return (type->read_item ? type->read_item : type->read)(key, place, config);
}

void value_write(const struct key *key, const struct config *config, struct pen pen) {
    value_type_of(key)->write(key, config, pen);
}

void value_write_item(const struct key *key, const struct config *config, struct pen pen) {
    const struct value_type *type = value_type_of(key);
    (type->write_item ? type->write_item : type->write)(key, config, pen);
}

void value_expected(const struct key *key, size_t size, char *out) { value_type_of(key)->words(key, size, out); }

double value_get(const struct key *key, const struct config *config) {
    CHECK(value_type_of(key)->get);
    return value_type_of(key)->get(key, config);
}

bool value_same(const struct key *key, const struct config *a, const struct config *b) {
    const struct value_type *type = value_type_of(key);
    if (!type->get) return type->same(key, a, b);
    double x = type->get(key, a), y = type->get(key, b);
    return !(x < y) && !(x > y);
}

void value_put(const struct key *key, double value, struct config *config) {
    CHECK(value_type_of(key)->put);
    value_type_of(key)->put(key, value, config);
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
