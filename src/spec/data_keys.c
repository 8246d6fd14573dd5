#include "data_keys.h"

#include "value.h"

bool config_same_data(const struct config *a, const struct config *b) {
    for (const struct key *key = key_table; key->name; key++)
        if (key_same_section(key->name, "data.") && !value_same(key, a, b)) return false;
    return true;
}
