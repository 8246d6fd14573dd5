/* Values that are words of a list; the steps of kernels: a word or steps; the size of a batch: a word or a count. */
#include <stdlib.h>
#include <string.h>
#include "value_numbers.h"

/* The number of the word among the key's choices, or -1. */
static int choice_find(const struct key *key, struct place place) {
    const char *text = place_text(place);
    if (!text) return -1;
    for (int i = 0; key->choice[i]; i++)
        if (strcmp(key->choice[i], text) == 0) return i;
    return -1;
}

static void choice_list(const struct key *key, size_t size, char *out) {
    out[0] = '\0';
    for (int i = 0; key->choice[i]; i++) {
        size_t used = strlen(out);
        snprintf(out + used, size - used, "%s%s", i ? ", " : "", key->choice[i]);
    }
}

static void choice_words(const struct key *key, size_t size, char *out) {
    size_t used = (size_t)snprintf(out, size, "%s", key->choice[1] ? "one of " : "");
    choice_list(key, size - used, out + used);
}

/* The choice that was meant: another case, or a letter off but for the first; NULL: none. */
static const char *choice_near(const struct key *key, const char *text) {
    if (!text) return NULL;
    for (int i = 0; key->choice[i]; i++)
        if (strcasecmp(key->choice[i], text) == 0 ||
            (*text == *key->choice[i] && key_distance(key->choice[i], text) == 1))
            return key->choice[i];
    return NULL;
}

static status refuse_word(const struct key *key, struct place place) {
    char words[WORDS_BYTES + 64];
    const char *near = choice_near(key, place_text(place));
    choice_words(key, WORDS_BYTES, words);
    size_t used = strlen(words);
    if (near) snprintf(words + used, sizeof words - used, "; did you mean %s?", near);
    return value_refuse(key, place, words);
}

static status read_choice(const struct key *key, struct place place, struct config *config) {
    int choice = choice_find(key, place);
    if (choice < 0) return refuse_word(key, place);
    *MEMBER(int, key, config) = choice;
    return OK;
}

static double get_choice(const struct key *key, const struct config *config) {
    return (double)*MEMBER_CONST(int, key, config);
}

static void put_choice(const struct key *key, double value, struct config *config) {
    *MEMBER(int, key, config) = (int)value;
}

static void write_choice(const struct key *key, const struct config *config, struct pen pen) {
    fputs(key->choice[*MEMBER_CONST(int, key, config)], pen.out);
}

static void flags_words(const struct key *key, size_t size, char *out) {
    size_t used = (size_t)snprintf(out, size, "a list of words out of ");
    choice_list(key, size - used, out + used);
}

/* One word is a list of one. */
static status read_flags(const struct key *key, struct place place, struct config *config) {
    int bits = 0;
    if (place_plain(place)) {
        int choice = choice_find(key, place);
        if (choice < 0) return refuse_word(key, place);
        *MEMBER(int, key, config) = 1 << choice;
        return OK;
    }
    if (!place_is_list(place)) return value_refuse_key(key, place, flags_words);
    for (int i = 0; i < place_count(place); i++) {
        struct place item = place_item(place, i);
        int choice = choice_find(key, item);
        if (choice < 0) return refuse_word(key, item);
        if (bits >> choice & 1) return place_refuse(item, key->name, "a new word; it is in the list already");
        bits |= 1 << choice;
    }
    *MEMBER(int, key, config) = bits;
    return OK;
}

static void write_flags(const struct key *key, const struct config *config, struct pen pen) {
    const char *between = "";
    fputc('[', pen.out);
    for (int i = 0; key->choice[i]; i++) {
        if (!(*MEMBER_CONST(int, key, config) >> i & 1)) continue;
        fprintf(pen.out, "%s%s", between, key->choice[i]);
        between = ", ";
    }
    fputc(']', pen.out);
}

static int compare_counts(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void steps_words(const struct key *key, size_t size, char *out) {
    size_t used = (size_t)snprintf(out, size, "one of ");
    choice_list(key, size - used, out + used);
    used = strlen(out);
    snprintf(out + used, size - used, ", or a list of steps");
}

/* Kept in ascending order: the order of the file means nothing. */
static status read_step_list(const struct key *key, struct place place, struct config *config) {
    int count = place_count(place);
    if (count == 0) return value_refuse_key(key, place, steps_words);
    int64_t *step = pieces_take(place.source->memory, (size_t)count * sizeof *step);
    for (int i = 0; i < count; i++) {
        struct place item = place_item(place, i);
        TRY(value_read_whole(key, item, &step[i]));
    }
    int64_t repeat = value_first_repeat(count, sizeof *step, step, compare_counts);
    if (repeat >= 0)
        return place_refuse(place_item(place, (int)repeat), key->name, "a new step; it is in the list already");
    qsort(step, (size_t)count, sizeof *step, compare_counts);
    config->measure.kernel_steps = KERNEL_STEPS_LIST;
    config->measure.kernel_steps_list = (struct count_list){count, step};
    return OK;
}

static status read_steps(const struct key *key, struct place place, struct config *config) {
    if (place_is_list(place)) return read_step_list(key, place, config);
    return choice_find(key, place) < 0 ? value_refuse_key(key, place, steps_words) : read_choice(key, place, config);
}

static void write_steps(const struct key *key, const struct config *config, struct pen pen) {
    const struct count_list *list = &config->measure.kernel_steps_list;
    if (config->measure.kernel_steps != KERNEL_STEPS_LIST) {
        write_choice(key, config, pen);
        return;
    }
    for (int64_t i = 0; i < list->count; i++) fprintf(pen.out, "%s%lld", i ? ", " : "[", (long long)list->item[i]);
    fputc(']', pen.out);
}

static void batch_words(const struct key *key, size_t size, char *out) {
    snprintf(out, size, "%s or a whole number from %.0f to %.0f", key->choice[0], key->least, key->most);
}

static status read_batch(const struct key *key, struct place place, struct config *config) {
    int64_t *size = MEMBER(int64_t, key, config);
    *size = BATCH_SIZE_FULL;
    return choice_find(key, place) >= 0 || value_is_whole(key, place, size) ? OK
                                                                            : value_refuse_key(key, place, batch_words);
}

static double get_batch(const struct key *key, const struct config *config) {
    return (double)*MEMBER_CONST(int64_t, key, config);
}

static void put_batch(const struct key *key, double value, struct config *config) {
    *MEMBER(int64_t, key, config) = (int64_t)value;
}

static void write_batch(const struct key *key, const struct config *config, struct pen pen) {
    int64_t size = *MEMBER_CONST(int64_t, key, config);
    if (size == BATCH_SIZE_FULL)
        fputs(key->choice[0], pen.out);
    else
        fprintf(pen.out, "%lld", (long long)size);
}

const struct value_type value_choice = {read_choice, write_choice, choice_words, get_choice,
                                        put_choice,  NULL,         NULL,         NULL};
const struct value_type value_batch = {read_batch, write_batch, batch_words, get_batch, put_batch, NULL, NULL, NULL};
const struct value_type value_flags = {.read = read_flags, .write = write_flags, .words = flags_words};
const struct value_type value_steps = {.read = read_steps, .write = write_steps, .words = steps_words};
