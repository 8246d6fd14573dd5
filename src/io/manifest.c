#include "manifest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "panic.h"
#include "store.h"

static const char manifest_name[] = "points.tsv";
static const char manifest_head[] = "key\treference\tseconds\tlabel\n";

status manifest_write(const char *dir, int64_t count, const struct manifest_row *row) {
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    CHECK(out);
    fputs(manifest_head, out);
    for (int64_t i = 0; i < count; i++) {
        fprintf(out, "%s\t%s\t%.17g\t%s\n", row[i].key, row[i].reference, row[i].seconds, row[i].label);
    }
    fclose(out);
    status result = store_write_text(dir, manifest_name, text);
    free(text);
    return result;
}

static bool read_row(char *line, struct manifest_row *row) {
    char *key = strsep(&line, "\t"), *reference = strsep(&line, "\t"), *seconds = strsep(&line, "\t"), *end;
    if (!line || strlen(key) >= KEY_BYTES || strlen(reference) >= KEY_BYTES) return false;
    memcpy(row->key, key, strlen(key) + 1);
    memcpy(row->reference, reference, strlen(reference) + 1);
    snprintf(row->label, sizeof row->label, "%s", line);
    row->seconds = strtod(seconds, &end);
    return end != seconds && *end == '\0';
}

/* One that is cut short counts too. */
static int64_t count_lines(const char *text) {
    int64_t lines = 0;
    for (; *text; text += strcspn(text, "\n"), text += *text == '\n') lines++;
    return lines;
}

/* The number of rows before the first line that is none. */
static int64_t read_rows(char *text, struct manifest_row *row) {
    int64_t count = 0;
    for (char *line; (line = strsep(&text, "\n")) && text;) {
        if (!read_row(line, &row[count])) break;
        count++;
    }
    return count;
}

status manifest_read(const char *dir, int64_t *count, struct manifest_row **row) {
    char *text;
    TRY(store_read_text(dir, manifest_name, &text));
    if (!text) FAIL(ERROR_INPUT, "%s: holds no study; expected a folder that `ntksweep run -o` wrote", dir);
    size_t head = strlen(manifest_head);
    int64_t lines = count_lines(text) - 1;
    bool good = strncmp(text, manifest_head, head) == 0;
    *row = calloc((size_t)(lines > 0 ? lines : 1), sizeof **row);
    CHECK(*row);
    *count = good ? read_rows(text + head, *row) : -1;
    free(text);
    if (good && *count == lines) return OK;
    free(*row);
    *row = NULL;
    FAIL(ERROR_INPUT, "%s/%s:%lld: is not a line of `key, reference, seconds, label`", dir, manifest_name,
         (long long)*count + 2);
}
