/* NumPy's arrays in files of their own, and in archives (versions 1 to 3 of the format, both orders, both byte orders).
 * Source: NumPy Enhancement Proposal 1, numpy.lib.format. */
#include "array_stream.h"
#include "byte_stream.h"

#include <ctype.h>
#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HEADER_MOST = 1 << 16, RAW_BYTES = 1 << 18, WORD_BYTES = 32 };

/* --- numbers --- */

#define READER(name, type)                                                                                             \
    static double name(const unsigned char *bytes) {                                                                   \
        type number;                                                                                                   \
        memcpy(&number, bytes, sizeof number);                                                                         \
        return (double)number;                                                                                         \
    }
READER(read_i1, int8_t)
READER(read_i2, int16_t)
READER(read_i4, int32_t)
READER(read_i8, int64_t)
READER(read_u1, uint8_t)
READER(read_u2, uint16_t)
READER(read_u4, uint32_t)
READER(read_u8, uint64_t)
READER(read_f4, float)
READER(read_f8, double)
#if LDBL_MANT_DIG == 64
READER(read_f16, long double)
#endif

static double read_b1(const unsigned char *bytes) { return *bytes != 0; }

/* Sign, 5 bits of exponent, 10 of fraction. */
static double read_f2(const unsigned char *bytes) {
    uint16_t bits;
    memcpy(&bits, bytes, sizeof bits);
    int exponent = bits >> 10 & 31, fraction = bits & 1023;
    double size = exponent == 31  ? (fraction ? (double)NAN : HUGE_VAL)
                  : exponent == 0 ? ldexp(fraction, -24)
                                  : ldexp(1024 + fraction, exponent - 25);
    return bits >> 15 ? -size : size;
}

static const struct number_type {
    const char *name;
    int size;
    bool is_integer;
    double (*read)(const unsigned char *bytes);
} type_table[] = {
    {"b1", 1, 1, read_b1},    {"i1", 1, 1, read_i1}, {"i2", 2, 1, read_i2}, {"i4", 4, 1, read_i4},
    {"i8", 8, 1, read_i8},    {"u1", 1, 1, read_u1}, {"u2", 2, 1, read_u2}, {"u4", 4, 1, read_u4},
    {"u8", 8, 1, read_u8},    {"f2", 2, 0, read_f2}, {"f4", 4, 0, read_f4}, {"f8", 8, 0, read_f8},
#if LDBL_MANT_DIG == 64
    {"f16", 16, 0, read_f16},
#endif
};

struct npy {
    struct byte_stream bytes;
    const struct number_type *type;
    bool is_swapped;
    int64_t left; /* numbers */
    unsigned char raw[RAW_BYTES];
};

/* --- the header: {'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), } --- */

static status no_header(void) { FAIL(ERROR_INPUT, "the header is none of NumPy's"); }

static const char *skip_blanks(const char *at) { return at + strspn(at, " \t\n"); }

/* Steps over the character, or NULL; NULL stays. */
static const char *skip(const char *at, char wanted) {
    if (!at) return NULL;
    at = skip_blanks(at);
    return *at == wanted ? at + 1 : NULL;
}

/* A text in quotes, at most WORD_BYTES - 1 long. */
static const char *take_word(const char *at, char word[WORD_BYTES]) {
    at = skip_blanks(at);
    char quote = *at;
    if (quote != '\'' && quote != '"') return NULL;
    size_t length = strcspn(at + 1, (const char[]){quote, '\0'});
    if (length >= WORD_BYTES || at[1 + length] != quote) return NULL;
    memcpy(word, at + 1, length);
    word[length] = '\0';
    return at + length + 2;
}

static status take_type(const char **at, struct npy *npy) {
    char word[WORD_BYTES] = "";
    const unsigned one = 1;
    bool is_little = *(const unsigned char *)&one;
    if (*skip_blanks(*at) == '[')
        FAIL(ERROR_INPUT, "holds records of several fields; integers or real numbers were expected");
    *at = take_word(*at, word);
    if (!*at) return no_header();
    if (word[0] && word[1] == 'O') FAIL(ERROR_INPUT, "holds Python objects; integers or real numbers were expected");
    for (size_t i = 0; i < sizeof type_table / sizeof *type_table; i++)
        if (word[0] && strcmp(type_table[i].name, word + 1) == 0) npy->type = &type_table[i];
    if (!npy->type || !strchr("<>|=", word[0])) {
        for (char *c = word; *c; c++)
            if (!isgraph((unsigned char)*c)) *c = '?';
        FAIL(ERROR_INPUT, "has the type '%s'; integers or real numbers were expected", word);
    }
    npy->is_swapped = word[0] == (is_little ? '>' : '<');
    return OK;
}

static status take_order(const char **at, struct array_stream *stream) {
    *at = skip_blanks(*at);
    stream->is_fortran = strncmp(*at, "True", 4) == 0;
    if (!stream->is_fortran && strncmp(*at, "False", 5) != 0) return no_header();
    *at += stream->is_fortran ? 4 : 5;
    return OK;
}

static status take_shape(const char **at, struct array_stream *stream) {
    int64_t size[ARRAY_DIMENSIONS];
    int ndim = 0;
    const char *next = skip(*at, '(');
    while (next && *(next = skip_blanks(next)) != ')') {
        size_t digits = strspn(next, "0123456789");
        if (digits == 0 || digits > 18 || ndim == ARRAY_DIMENSIONS) return no_header();
        size[ndim++] = strtoll(next, NULL, 10);
        next = skip_blanks(next + digits + (next[digits] == 'L'));
        if (*next == ',')
            next++;
        else if (*next != ')')
            return no_header();
    }
    if (!next) return no_header();
    *at = next + 1;
    return array_stream_shape(stream, ndim, size);
}

static status take_pair(const char **at, struct npy *npy, struct array_stream *stream, int *seen) {
    static const char *const key[] = {"descr", "fortran_order", "shape"};
    char word[WORD_BYTES] = "";
    int which = 0;
    *at = skip(take_word(*at, word), ':');
    while (which < 3 && strcmp(word, key[which]) != 0) which++;
    if (!*at || which == 3 || (*seen >> which & 1)) return no_header();
    *seen |= 1 << which;
    return which == 0 ? take_type(at, npy) : which == 1 ? take_order(at, stream) : take_shape(at, stream);
}

static status parse_header(const char *text, struct npy *npy, struct array_stream *stream) {
    enum { ALL = 7 };
    int seen = 0;
    const char *at = skip(text, '{');
    while (at && *skip_blanks(at) != '}') {
        TRY(take_pair(&at, npy, stream, &seen));
        at = skip_blanks(at);
        if (*at != '}' && *at != ',') return no_header();
        at += *at == ',';
    }
    if (!at || seen != ALL || *skip_blanks(skip_blanks(at) + 1)) return no_header();
    stream->is_integer = npy->type->is_integer;
    return OK;
}

static status read_exactly(struct byte_stream *bytes, size_t size, void *out) {
    size_t got;
    TRY(byte_stream_read(bytes, size, out, &got));
    if (got < size) FAIL(ERROR_INPUT, "ends inside NumPy's header");
    return OK;
}

/* Magic, version, the header's length in 2 bytes (version 1) or 4, the header. */
static status read_header(struct npy *npy, struct array_stream *stream) {
    unsigned char head[12] = {0};
    char *text = (char *)npy->raw;
    TRY(read_exactly(&npy->bytes, 8, head));
    if (memcmp(head, "\x93NUMPY", 6) != 0) FAIL(ERROR_INPUT, "does not begin as NumPy's files do");
    if (head[6] < 1 || head[6] > 3)
        FAIL(ERROR_INPUT, "is of version %d of NumPy's format; 1 to 3 was expected", head[6]);
    TRY(read_exactly(&npy->bytes, head[6] == 1 ? 2 : 4, head + 8));
    size_t length = head[8] | (size_t)head[9] << 8 | (size_t)head[10] << 16 | (size_t)head[11] << 24;
    if (length > HEADER_MOST)
        FAIL(ERROR_INPUT, "has a header of %zu bytes; at most %d were expected", length, HEADER_MOST);
    TRY(read_exactly(&npy->bytes, length, text));
    text[length] = '\0';
    if (strlen(text) != length) return no_header();
    return parse_header(text, npy, stream);
}

/* --- the numbers --- */

static void swap(int size, int64_t count, unsigned char *raw) {
    for (int64_t i = 0; i < count; i++)
        for (int b = 0; b < size / 2; b++) {
            unsigned char *low = raw + i * size + b, *high = raw + i * size + size - 1 - b, held = *low;
            *low = *high;
            *high = held;
        }
}

static status read_piece(struct npy *npy, int64_t count, double *out) {
    size_t got, wanted = (size_t)count * (size_t)npy->type->size;
    TRY(byte_stream_read(&npy->bytes, wanted, npy->raw, &got));
    if (got < wanted)
        FAIL(ERROR_INPUT, "is truncated: the last %jd numbers that its header promises are not there",
             (intmax_t)(npy->left - (int64_t)got / npy->type->size));
    if (npy->is_swapped) swap(npy->type->size, count, npy->raw);
    for (int64_t i = 0; i < count; i++) out[i] = npy->type->read(npy->raw + i * npy->type->size);
    npy->left -= count;
    return OK;
}

static status check_end(struct npy *npy) {
    size_t got;
    TRY(byte_stream_read(&npy->bytes, 1, npy->raw, &got));
    if (got > 0) FAIL(ERROR_INPUT, "is too long: more follows than its header promises");
    return OK;
}

static status read_numbers(struct array_stream *stream, int64_t count, double *out) {
    struct npy *npy = stream->state;
    const int64_t most = RAW_BYTES / npy->type->size;
    for (int64_t done = 0; done < count;) {
        int64_t piece = count - done < most ? count - done : most;
        TRY(read_piece(npy, piece, out + done));
        done += piece;
    }
    return npy->left == 0 ? check_end(npy) : OK;
}

/* --- opening --- */

static void close_npy(struct array_stream *stream) {
    struct npy *npy = stream->state;
    byte_stream_close(&npy->bytes);
    free(npy);
}

static status begin(struct array_stream *stream, struct npy **npy) {
    *npy = calloc(1, sizeof **npy);
    if (!*npy) FAIL(ERROR_MEMORY, "memory for reading arrays could not be had");
    *stream = (struct array_stream){.state = *npy, .read = read_numbers, .close = close_npy};
    return OK;
}

static status open_numbers(struct npy *npy, struct array_stream *stream) {
    TRY(read_header(npy, stream));
    npy->left = 1;
    for (int i = 0; i < stream->ndim; i++) npy->left *= stream->size[i];
    return OK;
}

status npy_open(const char *path, const char *name, struct array_stream *stream) {
    char file[PATH_MAX];
    struct npy *npy;
    snprintf(file, sizeof file, "%s/%s.npy", path, name);
    if (access(file, F_OK) != 0) return OK;
    TRY(begin(stream, &npy));
    TRY(byte_stream_open(file, &npy->bytes));
    return open_numbers(npy, stream);
}

status npy_open_archive(const char *path, const char *name, struct array_stream *stream) {
    char member[WORD_BYTES];
    struct npy *npy;
    bool found = false;
    snprintf(member, sizeof member, "%s.npy", name);
    TRY(begin(stream, &npy));
    TRY(byte_stream_open_member(path, member, &npy->bytes, &found));
    if (found) return open_numbers(npy, stream);
    array_stream_close(stream);
    return OK;
}
