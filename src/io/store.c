#include "store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "draft.h"
#include "file.h"
#include "panic.h"
#include "record_name.h"
#include "study.h"

enum { LONGEST_DIR = PATH_MAX - 512 };
static const struct kind {
    const char *folder, *suffix;
    int spread; /* first letters of the key that name a folder between */
} kinds[STORE_KINDS] = {
    [STORE_POINT] = {"points", ".h5", 2},
    [STORE_REFERENCE] = {"references", ".h5", 0},
    [STORE_CHECKPOINT] = {"checkpoints", ".h5", 0},
    [STORE_FAILURE] = {"failed", "", 0},
    [STORE_CLAIM] = {"claims", "", 0},
    [STORE_RUN] = {"runs", ".json", 0},
};

static struct timespec opened; /* when store_open tried to write, on the file system's clock */

static void join(char path[PATH_MAX], const char *dir, const char *name) {
    snprintf(path, PATH_MAX, "%s/%s", dir, name);
}

/* ---- where files lie ---- */

void store_name(enum store_kind kind, const char *key, char name[STORE_NAME_BYTES]) {
    const struct kind *row = &kinds[kind];
    snprintf(name, STORE_NAME_BYTES, "%s/%.*s%s%s", row->folder, row->spread, key, row->spread ? "/" : "", key);
    strncat(name, row->suffix, STORE_NAME_BYTES - 1 - strlen(name));
}

void store_path(const char *dir, enum store_kind kind, const char *key, char path[PATH_MAX]) {
    char name[STORE_NAME_BYTES];
    store_name(kind, key, name);
    join(path, dir, name);
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
    for (int i = 0; i < STORE_KINDS; i++) {
        join(path, dir, kinds[i].folder);
        TRY(make_folder(path));
    }
    return try_to_write(dir);
}

/* ---- files by their keys ---- */

static bool is_file(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

/* An open folder is one that NFS has asked its server about; without that it may deny a new file for a minute. */
static bool look_again(const char *path) {
    char folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path), path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool is_there = is_file(path);
    if (fd >= 0) close(fd);
    return is_there;
}

bool store_exists(const char *dir, enum store_kind kind, const char *key) {
    char path[PATH_MAX];
    store_path(dir, kind, key, path);
    return is_file(path) || look_again(path);
}

void store_remove(const char *dir, enum store_kind kind, const char *key) {
    char path[PATH_MAX];
    store_path(dir, kind, key, path);
    unlink(path);
}

bool store_put_aside(const char *path, ino_t damaged) {
    char aside[PATH_MAX];
    struct stat moved;
    int length = snprintf(aside, sizeof aside, "%s.unreadable", path);
    if (length >= PATH_MAX || rename(path, aside) != 0) return false;
    if (lstat(aside, &moved) != 0 || moved.st_ino == damaged) return true;
    (void)draft_place(aside, path);
    return false;
}

/* ---- what is left over ---- */

typedef bool is_left_over(const char *folder, const char *name);

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

static bool is_recorded(const char *dir, const char *key) {
    return store_exists(dir, STORE_POINT, key) || store_exists(dir, STORE_REFERENCE, key);
}

/* DIR/claims/KEY or DIR/checkpoints/KEY.h5 of a task that has a record. */
static bool is_of_recorded(const char *folder, const char *name) {
    char dir[PATH_MAX], key[KEY_BYTES];
    if (draft_is_name(name) || snprintf(dir, sizeof dir, "%s/..", folder) >= PATH_MAX) return false;
    snprintf(key, sizeof key, "%.*s", (int)strcspn(name, "."), name);
    return is_recorded(dir, key);
}

void store_clean(const char *dir) {
    char path[PATH_MAX];
    clean_folder(dir, draft_is_stale);
    join(path, dir, kinds[STORE_CHECKPOINT].folder);
    clean_folder(path, is_of_recorded);
    join(path, dir, kinds[STORE_CLAIM].folder);
    clean_folder(path, is_of_recorded);
}

bool store_is_older(const struct stat *info) {
    if (info->st_mtim.tv_sec != opened.tv_sec) return info->st_mtim.tv_sec < opened.tv_sec;
    return info->st_mtim.tv_nsec < opened.tv_nsec;
}

static bool is_older_draft(const char *folder, const char *name) {
    char path[PATH_MAX];
    struct stat info;
    join(path, folder, name);
    return draft_is_name(name) && lstat(path, &info) == 0 && store_is_older(&info);
}

void store_clean_rest(const char *dir) { clean_folder(dir, is_older_draft); }

/* ---- texts ---- */

static status write_text(const char *dir, const char *name, const char *text, bool is_passing) {
    char path[PATH_MAX];
    join(path, dir, name);
    return draft_write_file(path, text, strlen(text), is_passing);
}

status store_write_text(const char *dir, const char *name, const char *text) {
    return write_text(dir, name, text, false);
}

status store_write_passing_text(const char *dir, const char *name, const char *text) {
    return write_text(dir, name, text, true);
}

static bool read_whole(FILE *file, char **text) {
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
    bool good = read_whole(file, text);
    int error = errno;
    fclose(file);
    if (good) return OK;
    free(*text);
    *text = NULL;
    FAIL(ERROR_DISK, "%s: cannot be read: %s", path, strerror(error));
}
