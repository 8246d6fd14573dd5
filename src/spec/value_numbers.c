#include "value_numbers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "text.h"

static const char digits[] = "0123456789";

static bool is_whole(const char *text) {
    const char *end = text_skip_whole(text + (*text == '-'));
    return end && !*end;
}

/* 1, -2.5, .5, 1e-3: YAML's decimal numbers, without sign "+". */
static bool is_decimal(const char *text) {
    text += *text == '-';
    const char *end = *text == '.' && strspn(text + 1, digits) ? text : text_skip_whole(text);
    if (!end) return false;
    if (*end == '.') end += 1 + strspn(end + 1, digits);
    if (*end == 'e' || *end == 'E') {
        end += 1 + (end[1] == '-' || end[1] == '+');
        if (!strspn(end, digits)) return false;
        end += strspn(end, digits);
    }
    return !*end;
}

static const char *count_kind(const struct key *key) { return key->odd ? "an odd number" : "a whole number"; }

static void count_words(const struct key *key, size_t size, char *out) {
    snprintf(out, size, "%s >= %.0f", count_kind(key), key->least);
}

static void real_words(const struct key *key, size_t size, char *out) {
    if (isinf(key->least)) {
        snprintf(out, size, "a number");
        return;
    }
    size_t used = (size_t)snprintf(out, size, "a number %s %g", key->above ? ">" : ">=", key->least);
    if (isfinite(key->most)) snprintf(out + used, size - used, " and %s %g", key->below ? "<" : "<=", key->most);
}

bool value_is_whole(const struct key *key, struct place place, int64_t *value) {
    const char *text = place_plain(place);
    if (!text || !is_whole(text)) return false;
    *value = strtoll(text, NULL, 10);
    return (double)*value >= key->least && (double)*value <= key->most && !(key->odd && *value % 2 == 0);
}

/* Too large is told apart from too small and from not a whole number at all. */
status value_read_whole(const struct key *key, struct place place, int64_t *value) {
    char words[WORDS_BYTES];
    *value = 0;
    if (value_is_whole(key, place, value)) return OK;
    if ((double)*value > key->most)
        snprintf(words, sizeof words, "%s <= %.0f", count_kind(key), key->most);
    else
        count_words(key, sizeof words, words);
    return value_refuse(key, place, words);
}

static status read_count(const struct key *key, struct place place, struct config *config) {
    return value_read_whole(key, place, MEMBER(int64_t, key, config));
}

/* NaN: it is none. No -0: it would hash differently. */
static double decimal(struct place place) {
    const char *text = place_plain(place);
    return text && is_decimal(text) ? strtod(text, NULL) + 0.0 : nan("");
}

static status real(const struct key *key, struct place place, double *value) {
    char words[WORDS_BYTES];
    *value = decimal(place);
    bool low = key->above ? *value <= key->least : *value < key->least;
    bool high = key->below ? *value >= key->most : *value > key->most;
    if (isfinite(*value) && !low && !high) return OK;
    real_words(key, sizeof words, words);
    return value_refuse(key, place, words);
}

static status read_real(const struct key *key, struct place place, struct config *config) {
    return real(key, place, MEMBER(double, key, config));
}

/* Fewest digits that read back as the same number. */
static void write_number(double value, struct pen pen) {
    char text[32];
    int precision = pen.style == STYLE_HASH ? 17 : 1;
    do snprintf(text, sizeof text, "%.*g", precision, value);
    while (precision++ < 17 && strtod(text, NULL) != value);
    if (pen.style != STYLE_HASH && value == floor(value) && fabs(value) < 1e6)
        snprintf(text, sizeof text, "%.0f", value);
    fputs(text, pen.out);
}

static double get_count(const struct key *key, const struct config *config) {
    return (double)*MEMBER_CONST(int64_t, key, config);
}

static void put_count(const struct key *key, double value, struct config *config) {
    *MEMBER(int64_t, key, config) = (int64_t)value;
}

static void write_count(const struct key *key, const struct config *config, struct pen pen) {
    fprintf(pen.out, "%lld", (long long)*MEMBER_CONST(int64_t, key, config));
}

static double get_real(const struct key *key, const struct config *config) {
    return *MEMBER_CONST(double, key, config);
}

static void put_real(const struct key *key, double value, struct config *config) {
    *MEMBER(double, key, config) = value;
}

static void write_real(const struct key *key, const struct config *config, struct pen pen) {
    write_number(get_real(key, config), pen);
}

static void bytes_words(const struct key *key, size_t size, char *out) {
    snprintf(out, size, "a number of bytes such as 512M or 2G, at least %.0fM", key->least / 1048576);
}

static status read_bytes(const struct key *key, struct place place, struct config *config) {
    const char *text = place_plain(place);
    int64_t bytes = text ? text_bytes(text) : -1;
    if ((double)bytes < key->least) return value_refuse_key(key, place, bytes_words);
    *MEMBER(int64_t, key, config) = bytes;
    return OK;
}

/* With the largest unit that divides it. */
static void write_bytes(const struct key *key, const struct config *config, struct pen pen) {
    static const char *const units[] = {"", "K", "M", "G"};
    int64_t bytes = *MEMBER_CONST(int64_t, key, config);
    int unit = 0;
    for (; unit < 3 && bytes && bytes % 1024 == 0; unit++) bytes /= 1024;
    fprintf(pen.out, "%lld%s", (long long)bytes, units[unit]);
}

static const struct {
    const char *word, *meaning;
} rate_form[] = {[RATE_NONE] = {"", ""},
                 [RATE_ABSOLUTE] = {"absolute", "learning rate"},
                 [RATE_CRITICAL_FRACTION] = {"critical_fraction", "learning rate / critical"},
                 [RATE_EMPIRICAL_FRACTION] = {"empirical_fraction", "learning rate / empirical critical"}};
enum { RATE_FORMS = sizeof rate_form / sizeof *rate_form };
#define RATE_WORDS "one of { absolute: x }, { critical_fraction: c }, { empirical_fraction: c }"

const char *value_rate_word(int form) { return rate_form[form].word; }
const char *value_rate_meaning(int form) { return rate_form[form].meaning; }

static void rate_words(const struct key *key, size_t size, char *out) {
    (void)key;
    snprintf(out, size, RATE_WORDS);
}

status value_open_rate(const struct key *key, struct place place, int *form, struct place *inner) {
    if (!place_is_map(place) || place_count(place) == 0) return value_refuse_key(key, place, rate_words);
    if (place_count(place) > 1) return place_fail(place, key->name, "more than one form is not " RATE_WORDS);
    struct place name = place_pair(place, 0, inner);
    const char *text = place_text(name);
    for (*form = RATE_FORMS - 1; *form > RATE_NONE; --*form)
        if (text && strcmp(rate_form[*form].word, text) == 0) return OK;
    return place_refuse(name, key->name, "absolute, critical_fraction or empirical_fraction");
}

static double get_rate(const struct key *key, const struct config *config) {
    return MEMBER_CONST(struct learning_rate, key, config)->value;
}

static void put_rate(const struct key *key, double value, struct config *config) {
    MEMBER(struct learning_rate, key, config)->value = value;
}

static status read_rate_item(const struct key *key, struct place place, struct config *config) {
    return real(key, place, &MEMBER(struct learning_rate, key, config)->value);
}

static status read_rate(const struct key *key, struct place place, struct config *config) {
    struct place inner;
    TRY(value_open_rate(key, place, &MEMBER(struct learning_rate, key, config)->form, &inner));
    return read_rate_item(key, inner, config);
}

static void write_rate_item(const struct key *key, const struct config *config, struct pen pen) {
    write_number(get_rate(key, config), pen);
}

static void write_rate(const struct key *key, const struct config *config, struct pen pen) {
    fprintf(pen.out, "{%s: ", rate_form[MEMBER_CONST(struct learning_rate, key, config)->form].word);
    write_rate_item(key, config, pen);
    fputc('}', pen.out);
}

static void interval_words(const struct key *key, size_t size, char *out) {
    snprintf(out, size, "an interval [a, b] with %g <= a < b <= %g", key->least, key->most);
}

static status read_interval(const struct key *key, struct place place, struct config *config) {
    struct interval *interval = MEMBER(struct interval, key, config);
    if (!place_is_list(place) || place_count(place) != 2) return value_refuse_key(key, place, interval_words);
    *interval = (struct interval){decimal(place_item(place, 0)), decimal(place_item(place, 1))};
    bool is_within = interval->from >= key->least && interval->to <= key->most;
    return is_within && interval->from < interval->to ? OK : value_refuse_key(key, place, interval_words);
}

static void write_interval(const struct key *key, const struct config *config, struct pen pen) {
    const struct interval *interval = MEMBER_CONST(struct interval, key, config);
    fputc('[', pen.out);
    write_number(interval->from, pen);
    fputs(", ", pen.out);
    write_number(interval->to, pen);
    fputc(']', pen.out);
}

static bool same_interval(const struct key *key, const struct config *a, const struct config *b) {
    const struct interval *x = MEMBER_CONST(struct interval, key, a), *y = MEMBER_CONST(struct interval, key, b);
    return value_compare_numbers(&x->from, &y->from) == 0 && value_compare_numbers(&x->to, &y->to) == 0;
}

int value_compare_numbers(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

const struct value_type value_count = {read_count, write_count, count_words, get_count, put_count, NULL, NULL, NULL};
const struct value_type value_real = {read_real, write_real, real_words, get_real, put_real, NULL, NULL, NULL};
const struct value_type value_bytes = {.read = read_bytes, .write = write_bytes, .words = bytes_words};
const struct value_type value_rate = {read_rate, write_rate,     rate_words,      get_rate,
                                      put_rate,  read_rate_item, write_rate_item, NULL};
const struct value_type value_interval = {
    .read = read_interval, .write = write_interval, .words = interval_words, .same = same_interval};
