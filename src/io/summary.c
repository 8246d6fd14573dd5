#include "summary.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "panic.h"
#include "sum.h"

enum { LINE_MOST = 16384 }; /* of all metrics there are, and more */
static const char mark[] = "\nntksweep: ";

static bool is_single(const struct array *array) { return array->ndim == 0 && array->value && !isnan(*array->value); }

char *summary_line(const char *key, const struct record *record) {
    char *line = NULL;
    size_t size;
    FILE *out = open_memstream(&line, &size);
    CHECK(out);
    fprintf(out, "%s%s ", mark, key);
    for (int i = 0; i < record->count; i++) {
        const struct array *array = &record->array[i];
        if (is_single(array)) fprintf(out, "%s=%.17g ", metric_table[array->metric].name, *array->value);
    }
    fputc('\n', out);
    CHECK(fclose(out) == 0 && line && size < LINE_MOST);
    return line;
}

/* The last bytes of a file, ended by 0. */
static bool read_end(int fd, char end[LINE_MOST + 1]) {
    struct stat info;
    if (fstat(fd, &info) != 0) return false;
    off_t from = info.st_size > LINE_MOST ? info.st_size - LINE_MOST : 0;
    ssize_t done = pread(fd, end, LINE_MOST, from);
    if (done < 2 || end[done - 1] != '\n') return false;
    end[done - 1] = '\0';
    const char *start = memrchr(end, '\n', (size_t)done - 1);
    if (!start) return false;
    memmove(end, start, (size_t)(end + done - start));
    return true;
}

/* Behind "KEY" of the line. */
static const char *find_numbers(const char *line, const char *key) {
    size_t marked = strlen(mark), named = strlen(key);
    bool is_ours = strncmp(line, mark, marked) == 0 && strncmp(line + marked, key, named) == 0;
    return is_ours && line[marked + named] == ' ' ? line + marked + named : NULL;
}

double summary_number(const char *numbers, enum metric_id metric) {
    char found[64];
    snprintf(found, sizeof found, " %s=", metric_table[metric].name);
    const char *at = strstr(numbers, found);
    return at ? strtod(at + strlen(found), NULL) : (double)NAN;
}

char *summary_numbers(const char *path, const char *key) {
    char end[LINE_MOST + 1];
    const char *why, *numbers = NULL;
    int fd = file_open(path, &why);
    if (fd < 0) return NULL;
    if (sum_is_there(fd) && sum_check(fd) == OK && read_end(fd, end)) numbers = find_numbers(end, key);
    close(fd);
    return numbers ? strdup(numbers) : NULL;
}

bool summary_read(const char *path, const char *key, int count, const enum metric_id *metric, double *value) {
    char *numbers = summary_numbers(path, key);
    if (!numbers) return false;
    for (int i = 0; i < count; i++) value[i] = summary_number(numbers, metric[i]);
    free(numbers);
    return true;
}
