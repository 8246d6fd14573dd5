#include "value_type.h"

#include <stdlib.h>
#include <string.h>
#include "panic.h"

status value_refuse(const struct key *key, struct place place, const char *expected) {
    char words[2 * WORDS_BYTES];
    const char *text = place_plain(place), *comma = text ? strchr(text, ',') : NULL;
    bool is_list = key->axis && place_is_list(place);
    size_t used = (size_t)snprintf(words, sizeof words, "%s", expected);
    if (is_list)
        snprintf(words + used, sizeof words - used, "; an axis stands in section sweep, as %s: [...]",
                 key_bare(key->name));
    if (key->axis && comma && comma[1])
        snprintf(words + used, sizeof words - used, "; a list is written [%.*s, %.40s]", (int)(comma - text), text,
                 comma + 1 + strspn(comma + 1, " "));
    return place_refuse(place, key->name, words);
}

status value_refuse_key(const struct key *key, struct place place, value_words *write_words) {
    char words[WORDS_BYTES];
    write_words(key, sizeof words, words);
    return value_refuse(key, place, words);
}

static int compare_places(const void *a, const void *b, void *compare) {
    const char *const *x = a, *const *y = b;
    int order = (*(int (**)(const void *, const void *))compare)(*x, *y);
    return order ? order : (*x > *y) - (*x < *y);
}

int64_t value_first_repeat(int64_t n, size_t size, const void *items, int (*compare)(const void *a, const void *b)) {
    const char **sorted = malloc((size_t)(n + 1) * sizeof *sorted), *first = NULL;
    CHECK(sorted);
    for (int64_t i = 0; i < n; i++) sorted[i] = (const char *)items + (size_t)i * size;
    qsort_r(sorted, (size_t)n, sizeof *sorted, compare_places, &compare);
    for (int64_t i = 1; i < n; i++)
        if (compare(sorted[i - 1], sorted[i]) == 0 && (!first || sorted[i] < first)) first = sorted[i];
    free(sorted);
    return first ? (first - (const char *)items) / (ptrdiff_t)size : -1;
}
