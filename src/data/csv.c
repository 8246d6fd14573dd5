/* A table of numbers with commas between them, one example a line. The first line names the columns: y, y1, y2, ... or
 * y_1, y_2, ... are the targets, all others the inputs, in their order. One column of targets in which only whole
 * numbers stand, without a point, holds labels. Blank lines count for nothing. */
#include "array_stream.h"
#include "file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_BYTES = 1 << 22, SHOWN = 32 };

struct csv {
    FILE *file;
    char *line;                   /* [LINE_BYTES] */
    int64_t number;               /* of the line, from 1 */
    int64_t columns, width, left; /* width: those that are wanted; left: rows not read */
    unsigned char *wanted;        /* [columns] */
};

static void close_csv(struct array_stream *stream) {
    struct csv *csv = stream->state;
    if (csv->file) fclose(csv->file);
    free(csv->line);
    free(csv->wanted);
    free(csv);
}

/* --- lines and fields --- */

/* The next line that is not blank, without its end; *found 0 after the last. */
static status next_line(struct csv *csv, bool *found) {
    while ((*found = fgets(csv->line, LINE_BYTES, csv->file) != NULL)) {
        size_t length = strlen(csv->line);
        csv->number++;
        if ((length == 0 || csv->line[length - 1] != '\n') && !feof(csv->file))
            FAIL(ERROR_INPUT, "line %jd is no text, or longer than %d bytes", (intmax_t)csv->number, LINE_BYTES);
        csv->line[strcspn(csv->line, "\r\n")] = '\0';
        if (csv->line[strspn(csv->line, " \t")]) return OK;
    }
    if (ferror(csv->file)) FAIL(ERROR_INPUT, "%s", strerror(errno));
    return OK;
}

/* The next field without blanks and quotes around it; NULL after the last. */
static char *next_field(char **rest) {
    char *field = strsep(rest, ",");
    if (!field) return NULL;
    field += strspn(field, " \t");
    size_t length = strlen(field);
    while (length > 0 && strchr(" \t", field[length - 1])) field[--length] = '\0';
    if (length >= 2 && field[0] == '"' && field[length - 1] == '"') {
        field[length - 1] = '\0';
        field++;
    }
    return field;
}

static const char digits[] = "0123456789";

/* y, y1, y_1 */
static bool is_target(const char *name) {
    if (name[0] != 'y') return false;
    size_t underscore = name[1] == '_', count = strspn(name + 1 + underscore, digits);
    return !name[1 + underscore + count] && (count > 0 || !underscore);
}

/* A decimal number: no word (nan, inf), no hexadecimal. */
static bool is_number(const char *field, double *value) {
    char *end;
    if (!*field || field[strspn(field, "+-.eE0123456789")]) return false;
    *value = strtod(field, &end);
    return !*end;
}

static bool is_whole(const char *field) {
    field += strspn(field, "+-") == 1;
    return *field && !field[strspn(field, digits)];
}

static status refuse_field(const struct csv *csv, int64_t column, const char *field) {
    char shown[SHOWN];
    snprintf(shown, sizeof shown, "%s", field);
    for (char *c = shown; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 127) *c = '?';
    FAIL(ERROR_INPUT, "line %jd, column %jd: '%s' is not a number", (intmax_t)csv->number, (intmax_t)column + 1, shown);
}

/* The wanted numbers of the line in hand; *whole becomes 0 where one has a point. */
static status take_line(const struct csv *csv, double *out, bool *whole) {
    char *rest = csv->line, *field;
    int64_t column = 0, taken = 0;
    for (; (field = next_field(&rest)); column++) {
        double value;
        if (column >= csv->columns || !csv->wanted[column]) continue;
        if (!is_number(field, &value)) return refuse_field(csv, column, field);
        *whole &= is_whole(field);
        if (out) out[taken++] = value;
    }
    if (column == csv->columns) return OK;
    FAIL(ERROR_INPUT, "line %jd has %jd fields; the first line has %jd", (intmax_t)csv->number, (intmax_t)column,
         (intmax_t)csv->columns);
}

/* --- the first line --- */

static status refuse_names(const char *why) {
    FAIL(ERROR_INPUT, "%s; the first line names the columns: y or y1, y2, ... the targets, all others the inputs", why);
}

static status read_names(struct csv *csv, bool targets) {
    bool found;
    double number;
    static const char byte_order_mark[] = "\xef\xbb\xbf";
    TRY(next_line(csv, &found));
    if (!found) FAIL(ERROR_INPUT, "is empty");
    char *rest = csv->line, *name;
    if (strncmp(rest, byte_order_mark, 3) == 0) rest += 3;
    csv->wanted = calloc(strlen(rest) + 1, 1);
    if (!csv->wanted) FAIL(ERROR_MEMORY, "memory for columns could not be had");
    for (; (name = next_field(&rest)); csv->columns++) {
        if (!*name || is_number(name, &number)) return refuse_names("a column has no name");
        csv->wanted[csv->columns] = is_target(name) == targets;
        csv->width += csv->wanted[csv->columns];
    }
    return csv->width > 0 ? OK
                          : refuse_names(targets ? "there is no column of targets" : "there is no column of inputs");
}

/* --- the rest --- */

/* Counts rows, and sees whether all wanted numbers are whole. */
static status scan(struct csv *csv, bool *whole) {
    bool found;
    *whole = true;
    for (;; csv->left++) {
        TRY(next_line(csv, &found));
        if (!found) return OK;
        TRY(take_line(csv, NULL, whole));
    }
}

static status begin_again(struct csv *csv) {
    bool found;
    rewind(csv->file);
    csv->number = 0;
    return next_line(csv, &found);
}

static status read_rows(struct array_stream *stream, int64_t count, double *out) {
    struct csv *csv = stream->state;
    bool found, whole = true;
    for (int64_t row = 0; row < count / csv->width; row++) {
        TRY(next_line(csv, &found));
        if (!found) FAIL(ERROR_INPUT, "has become shorter while it was read");
        TRY(take_line(csv, out + row * csv->width, &whole));
    }
    return OK;
}

static status open_table(const char *path, bool targets, struct csv *csv, struct array_stream *stream) {
    bool whole;
    const char *why;
    csv->line = malloc(LINE_BYTES);
    csv->file = file_open_stream(path, &why);
    if (!csv->file) FAIL(ERROR_INPUT, "%s", why);
    if (!csv->line) FAIL(ERROR_MEMORY, "memory for a line could not be had");
    TRY(read_names(csv, targets));
    TRY(scan(csv, &whole));
    stream->is_integer = targets && whole && csv->width == 1;
    bool is_vector = targets && csv->width == 1;
    TRY(array_stream_shape(stream, is_vector ? 1 : 2, (const int64_t[]){csv->left, csv->width}));
    return begin_again(csv);
}

status csv_open(const char *path, const char *name, struct array_stream *stream) {
    if (strcmp(name, "x") != 0 && strcmp(name, "y") != 0) return OK;
    struct csv *csv = calloc(1, sizeof *csv);
    if (!csv) FAIL(ERROR_MEMORY, "memory for reading a table could not be had");
    *stream = (struct array_stream){.state = csv, .read = read_rows, .close = close_csv};
    return open_table(path, name[0] == 'y', csv, stream);
}
