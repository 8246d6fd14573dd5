/* The pairs `section.key=value` of a config, and the names that are hashed from them. */
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>
#include "panic.h"
#include "value.h"
#include "version.h"

char *value_format(const struct key *key, const struct config *config, enum value_style style) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    CHECK(out);
    value_write(key, config, (struct pen){out, style});
    fclose(out);
    return text;
}

char *config_pairs(const struct config *config) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    CHECK(out);
    for (const struct key *key = key_table; key->name; key++) {
        if (key->effect == EFFECT_NONE || !key_applies(key, config)) continue;
        fprintf(out, "%s=", key->name);
        value_write(key, config, (struct pen){out, STYLE_YAML});
        fputc('\n', out);
    }
    fclose(out);
    return text;
}

static int is_default(const struct key *key, const struct config *config) {
    char *text = value_format(key, config, STYLE_YAML);
    int same = key->fallback && strcmp(text, key->fallback) == 0;
    free(text);
    return same;
}

static int compare_names(const void *a, const void *b) {
    const struct key *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

/* The pairs of keys with at least this effect that are not at their default, by name. */
static void write_pairs(const struct config *config, enum key_effect effect, FILE *out) {
    const struct key *sorted[KEYS_MAX];
    size_t count = 0;
    for (const struct key *key = key_table; key->name; key++)
        if (key->effect >= effect && key_applies(key, config)) sorted[count++] = key;
    qsort(sorted, count, sizeof *sorted, compare_names);
    for (size_t i = 0; i < count; i++) {
        if (is_default(sorted[i], config)) continue;
        fprintf(out, "%s=", sorted[i]->name);
        value_write(sorted[i], config, (struct pen){out, STYLE_HASH});
        fputc('\n', out);
    }
}

static void write_hex(const unsigned char bytes[16], char hex[KEY_BYTES]) {
    for (int i = 0; i < 16; i++) snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
}

static int numerical_version(const struct config *config, enum key_effect effect) {
    int is_deep = config->network.family != FAMILY_FC || config->network.depth > 0;
    int has_relu = is_deep && config->network.activation == ACTIVATION_RELU;
    return effect == EFFECT_POINT && has_relu ? NTKSWEEP_NUMERICAL_VERSION_RELU : NTKSWEEP_NUMERICAL_VERSION;
}

static void hash(const struct config *config, enum key_effect effect, const unsigned char data_digest[16],
                 char name[KEY_BYTES]) {
    char *text = NULL, data[KEY_BYTES];
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    CHECK(out);
    write_pairs(config, effect, out);
    int64_t columns = effect == EFFECT_REFERENCE ? config_test_columns(config) : 0;
    if (columns) fprintf(out, "test_columns=%lld\n", (long long)columns);
    write_hex(data_digest, data);
    fprintf(out, "data=%s\nnumerical_version=%d\n", data, numerical_version(config, effect));
    fclose(out);
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits(text, size));
    write_hex(canonical.digest, name);
    free(text);
}

void config_key(const struct config *config, const unsigned char data_digest[16], char key[KEY_BYTES]) {
    hash(config, EFFECT_POINT, data_digest, key);
}

void config_reference_key(const struct config *config, const unsigned char data_digest[16], char key[KEY_BYTES]) {
    hash(config, EFFECT_REFERENCE, data_digest, key);
}
