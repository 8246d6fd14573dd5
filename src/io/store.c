#include "store.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "draft.h"
#include "file.h"
#include "panic.h"

enum { LONGEST_DIR = PATH_MAX - 512 };
static const char *const folders[] = {"points", "references", "checkpoints", "failed", "claims", "runs"};
enum { FOLDERS = sizeof folders / sizeof *folders };

static struct timespec opened; /* when store_open tried to write, on the file system's clock */

static void join(char path[PATH_MAX], const char *dir, const char *name) {
    snprintf(path, PATH_MAX, "%s/%s", dir, name);
}

/* ---- the folder ---- */

static status make_folder(const char *path) {
    struct stat info;
    if (mkdir(path, 0777) == 0 || (errno == EEXIST && stat(path, &info) == 0 && S_ISDIR(info.st_mode))) return OK;
    FAIL(ERROR_INPUT, "%s: cannot be made: %s; expected a folder that can be written", path, strerror(errno));
}

static status make_folders_above(const char *dir) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", dir);
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        TRY(make_folder(path));
        *slash = '/';
    }
    return OK;
}

/* Tries to write a file, and keeps its time. */
static status try_to_write(const char *dir) {
    char path[PATH_MAX];
    struct draft draft;
    struct stat info;
    join(path, dir, "points.tsv");
    if (draft_begin(path, &draft) != OK) FAIL(ERROR_INPUT, "%s", status_message());
    opened = fstat(draft.fd, &info) == 0 ? info.st_mtim : (struct timespec){0};
    draft_abort(&draft);
    return OK;
}

status store_open(const char *dir) {
    char path[PATH_MAX];
    if (!dir[0] || strlen(dir) > LONGEST_DIR) FAIL(ERROR_INPUT, "%.80s: is no name for a folder", dir);
    TRY(make_folders_above(dir));
    TRY(make_folder(dir));
    for (int i = 0; i < FOLDERS; i++) {
        join(path, dir, folders[i]);
        TRY(make_folder(path));
    }
    return try_to_write(dir);
}

/* ---- what is left over ---- */

typedef int is_left_over(const char *folder, const char *name);

/* Removes what is left over in a folder and the folders below it. */
static void clean_folder(const char *folder, is_left_over *is_left) {
    char path[PATH_MAX];
    DIR *stream = opendir(folder);
    if (!stream) return;
    for (struct dirent *entry; (entry = readdir(stream));) {
        int length = snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] == '.' || length >= PATH_MAX) continue;
        if (is_left(folder, entry->d_name))
            unlink(path);
        else if (entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN)
            clean_folder(path, is_left);
    }
    closedir(stream);
}

static int is_recorded(const char *dir, const char *key) {
    return store_record_exists(dir, RECORD_POINT, key) || store_record_exists(dir, RECORD_REFERENCE, key);
}

/* DIR/claims/KEY or DIR/checkpoints/KEY.h5 of a task that has a record. */
static int is_of_recorded(const char *folder, const char *name) {
    char dir[PATH_MAX], key[KEY_BYTES];
    if (draft_is_name(name) || snprintf(dir, sizeof dir, "%s/..", folder) >= PATH_MAX) return 0;
    snprintf(key, sizeof key, "%.*s", (int)strcspn(name, "."), name);
    return is_recorded(dir, key);
}

void store_clean(const char *dir) {
    char path[PATH_MAX];
    clean_folder(dir, draft_is_stale);
    join(path, dir, "checkpoints");
    clean_folder(path, is_of_recorded);
    join(path, dir, "claims");
    clean_folder(path, is_of_recorded);
}

/* Than this process's store_open. */
static int is_older(const struct stat *info) {
    if (info->st_mtim.tv_sec != opened.tv_sec) return info->st_mtim.tv_sec < opened.tv_sec;
    return info->st_mtim.tv_nsec < opened.tv_nsec;
}

static int is_older_draft(const char *folder, const char *name) {
    char path[PATH_MAX];
    struct stat info;
    join(path, folder, name);
    return draft_is_name(name) && lstat(path, &info) == 0 && is_older(&info);
}

void store_clean_rest(const char *dir) { clean_folder(dir, is_older_draft); }

/* ---- texts ---- */

static status write_text(const char *dir, const char *name, const char *text, int is_passing) {
    char path[PATH_MAX];
    join(path, dir, name);
    return draft_write_file(path, text, strlen(text), is_passing);
}

status store_write_text(const char *dir, const char *name, const char *text) { return write_text(dir, name, text, 0); }

status store_write_passing_text(const char *dir, const char *name, const char *text) {
    return write_text(dir, name, text, 1);
}

static int read_whole(FILE *file, char **text) {
    size_t size;
    FILE *out = open_memstream(text, &size);
    CHECK(out);
    char piece[8192];
    for (size_t count; (count = fread(piece, 1, sizeof piece, file)) > 0;) fwrite(piece, 1, count, out);
    fclose(out);
    return !ferror(file);
}

status store_read_text(const char *dir, const char *name, char **text) {
    char path[PATH_MAX];
    *text = NULL;
    join(path, dir, name);
    const char *why;
    FILE *file = file_open_stream(path, &why);
    if (!file && (errno == ENOENT || errno == ENOTDIR)) return OK;
    if (!file) FAIL(ERROR_DISK, "%s: cannot be read: %s", path, why);
    int good = read_whole(file, text), error = errno;
    fclose(file);
    if (good) return OK;
    free(*text), *text = NULL;
    FAIL(ERROR_DISK, "%s: cannot be read: %s", path, strerror(error));
}

/* ---- the frozen study ---- */

/* Keeps the old text as study.1.yaml, study.2.yaml, ...: the first name that is free. */
static status put_aside(const char *dir, const char *text) {
    char name[64], path[PATH_MAX];
    for (int i = 1;; i++) {
        snprintf(name, sizeof name, "study.%d.yaml", i);
        join(path, dir, name);
        if (access(path, F_OK) != 0) return store_write_text(dir, name, text);
    }
}

static status replace_study(const char *dir, const char *old_text, const struct study *study, const char *text) {
    char path[PATH_MAX];
    struct study *old;
    join(path, dir, "study.yaml");
    TRY(study_read_frozen(path, &old));
    status result = study_extends(old, study);
    study_free(old);
    TRY(result);
    TRY(put_aside(dir, old_text));
    return store_write_text(dir, "study.yaml", text);
}

status store_freeze(const char *dir, const struct study *study) {
    char *old;
    TRY(store_read_text(dir, "study.yaml", &old));
    char *text = study_text(study);
    status result = OK;
    if (!old) {
        result = store_write_text(dir, "study.yaml", text);
    } else if (strcmp(old, text) != 0) {
        result = replace_study(dir, old, study, text);
    }
    free(text);
    free(old);
    return result;
}

/* ---- the manifest ---- */

static const char manifest_name[] = "points.tsv";
static const char manifest_head[] = "key\treference\tseconds\tlabel\n";

status store_write_manifest(const char *dir, int64_t count, const struct manifest_row *row) {
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

static int read_row(char *line, struct manifest_row *row) {
    char *key = strsep(&line, "\t"), *reference = strsep(&line, "\t"), *seconds = strsep(&line, "\t"), *end;
    if (!line || strlen(key) >= KEY_BYTES || strlen(reference) >= KEY_BYTES) return 0;
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

status store_read_manifest(const char *dir, int64_t *count, struct manifest_row **row) {
    char *text;
    TRY(store_read_text(dir, manifest_name, &text));
    if (!text) FAIL(ERROR_INPUT, "%s: holds no study; expected a folder that `ntksweep run -o` wrote", dir);
    size_t head = strlen(manifest_head);
    int64_t lines = count_lines(text) - 1;
    int good = strncmp(text, manifest_head, head) == 0;
    *row = calloc((size_t)(lines > 0 ? lines : 1), sizeof **row);
    CHECK(*row);
    *count = good ? read_rows(text + head, *row) : -1;
    free(text);
    if (good && *count == lines) return OK;
    free(*row), *row = NULL;
    FAIL(ERROR_INPUT, "%s/%s:%lld: is not a line of `key, reference, seconds, label`", dir, manifest_name,
         (long long)*count + 2);
}

/* ---- failures ---- */

status store_write_failure(const char *dir, const char *key, const char *label, const char *reason) {
    char name[64], *line = NULL;
    snprintf(name, sizeof name, "failed/%s", key);
    CHECK(asprintf(&line, "%s: %s\n", label, reason) >= 0);
    status result = store_write_text(dir, name, line);
    free(line);
    return result;
}

int store_has_new_failure(const char *dir, const char *key) {
    char name[64], path[PATH_MAX];
    struct stat info;
    snprintf(name, sizeof name, "failed/%s", key);
    join(path, dir, name);
    return stat(path, &info) == 0 && S_ISREG(info.st_mode) && !is_older(&info);
}

char *store_read_failure(const char *dir, const char *key) {
    char name[64], *line;
    snprintf(name, sizeof name, "failed/%s", key);
    if (store_read_text(dir, name, &line) != OK || !line) return NULL;
    line[strcspn(line, "\n")] = '\0';
    return line;
}
