#include "snapshot_file.h"

#include <dirent.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "allocate.h"
#include "clock.h"
#include "store.h"

static const char FOLDER[] = "runs", SUFFIX[] = ".json";
static const double LOOK_SECONDS = 3, SILENT_SECONDS = 30, NAP = 0.1;
static const double FRESH_SECONDS = 3; /* so far may clocks differ of what is believed at once */

/* ---- writing ---- */

static void write_as(const char *dir, const char *name, const struct snapshot *snapshot) {
    struct snapshot_run run = {.renewed = (double)time(NULL), .snapshot = *snapshot};
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out) return;
    snprintf(run.owner, sizeof run.owner, "%s", owner_text());
    snapshot_json_print(out, &run);
    fclose(out);
    (void)store_write_passing_text(dir, name, text);
    free(text);
}

static void own_name(char name[NAME_MAX]) { snprintf(name, NAME_MAX, "%s/%s%s", FOLDER, owner_name(), SUFFIX); }

static void remove_file(const char *dir, const char *name) {
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/%s", dir, name) < PATH_MAX) unlink(path);
}

void snapshot_write(const char *dir, const struct snapshot *snapshot) {
    char name[NAME_MAX];
    own_name(name);
    write_as(dir, name, snapshot);
}

void snapshot_end(const char *dir, const struct snapshot *snapshot) {
    char name[NAME_MAX];
    own_name(name);
    write_as(dir, "state.json", snapshot);
    remove_file(dir, name);
}

/* ---- a look ---- */

static void sight_free(struct snapshot_sight *sight) {
    snapshot_free(&sight->run.snapshot);
    free(sight->name);
    free(sight->text);
    *sight = (struct snapshot_sight){0};
}

void snapshot_sights_free(struct snapshot_sights *sights) {
    for (int i = 0; i < sights->count; i++) sight_free(&sights->sight[i]);
    free(sights->sight);
    *sights = (struct snapshot_sights){0};
}

static bool is_near(double seconds, time_t now) { return fabs(seconds - (double)now) <= FRESH_SECONDS; }

/* Do the clocks of the run, of the file system and of this host agree that it has just been written? */
static bool is_fresh(const char *dir, const struct snapshot_sight *sight) {
    char path[PATH_MAX];
    struct stat info;
    int length = snprintf(path, sizeof path, "%s/%s", dir, sight->name);
    if (length >= PATH_MAX || stat(path, &info) != 0) return false;
    return is_near(sight->run.renewed, time(NULL)) && is_near((double)info.st_mtime, time(NULL));
}

/* Takes what the file says now, owned. */
static void renew(const char *dir, char *text, struct snapshot_sight *sight) {
    bool is_first = !sight->text;
    free(sight->text);
    snapshot_free(&sight->run.snapshot);
    sight->text = text;
    bool is_run = snapshot_json_read(text, &sight->run);
    if (is_first) sight->since = clock_seconds();
    if (!is_first || (is_run && is_fresh(dir, sight))) sight->changed = clock_seconds();
}

/* What was seen of the file before, taken out of `sights`; else a new one. */
static struct snapshot_sight take(struct snapshot_sights *sights, const char *name) {
    for (int i = 0; i < sights->count; i++) {
        struct snapshot_sight sight = sights->sight[i];
        if (!sight.name || strcmp(sight.name, name) != 0) continue;
        sights->sight[i] = (struct snapshot_sight){0};
        return sight;
    }
    return (struct snapshot_sight){.name = allocate_copy(name, strlen(name) + 1)};
}

static bool is_dead(const struct snapshot_sight *sight) {
    return !*sight->run.owner || owner_is_gone(sight->run.owner);
}

/* By what is known of the process, else by when the file last changed. */
static bool is_going_on(const struct snapshot_sight *sight) {
    if (is_dead(sight)) return false;
    if (owner_is_seen(sight->run.owner)) return true;
    return sight->changed > 0 && clock_seconds() - sight->changed <= SILENT_SECONDS;
}

static bool is_undecided(const struct snapshot_sight *sight) {
    if (sight->is_going_on || is_dead(sight) || sight->changed > 0) return false;
    return clock_seconds() - sight->since < LOOK_SECONDS;
}

static int is_run_file(const struct dirent *entry) {
    size_t length = strlen(entry->d_name), suffix = strlen(SUFFIX);
    return length > suffix && strcmp(entry->d_name + length - suffix, SUFFIX) == 0;
}

static int by_going_on(const void *a, const void *b) {
    const struct snapshot_sight *first = a, *second = b;
    if (first->is_going_on != second->is_going_on) return second->is_going_on - first->is_going_on;
    return strcmp(first->name, second->name);
}

/* One file; nothing if it has gone meanwhile. */
static void look_at(const char *dir, const char *file, struct snapshot_sights *before, struct snapshot_sights *now) {
    char name[NAME_MAX + sizeof FOLDER + 1], *text;
    snprintf(name, sizeof name, "%s/%s", FOLDER, file);
    if (store_read_text(dir, name, &text) != OK || !text) return;
    struct snapshot_sight sight = take(before, name);
    if (sight.text && strcmp(sight.text, text) == 0)
        free(text);
    else
        renew(dir, text, &sight);
    sight.is_going_on = is_going_on(&sight);
    now->going_on += sight.is_going_on;
    now->sight[now->count++] = sight;
}

static void look_once(const char *dir, struct snapshot_sights *sights) {
    char path[PATH_MAX];
    struct dirent **entry = NULL;
    int length = snprintf(path, sizeof path, "%s/%s", dir, FOLDER);
    int files = length < PATH_MAX ? scandir(path, &entry, is_run_file, alphasort) : -1;
    struct snapshot_sights now = {.sight = allocate_zeroed(files > 0 ? files : 0, sizeof *now.sight)};
    for (int i = 0; i < files; i++) {
        look_at(dir, entry[i]->d_name, sights, &now);
        free(entry[i]);
    }
    free(entry);
    snapshot_sights_free(sights);
    qsort(now.sight, (size_t)now.count, sizeof *now.sight, by_going_on);
    *sights = now;
}

static bool must_wait(const struct snapshot_sights *sights) {
    int undecided = 0;
    for (int i = 0; i < sights->count; i++) undecided += is_undecided(&sights->sight[i]);
    return undecided > 0;
}

void snapshot_look(const char *dir, struct snapshot_sights *sights) {
    for (look_once(dir, sights); must_wait(sights); look_once(dir, sights)) clock_nap(NAP);
}

/* ---- among runs ---- */

/* What a run saw of the others at its beginning: files that have not changed at its end are those of runs that died
 * unseen. */
static struct snapshot_sights others;

static bool is_silent(const struct snapshot_sight *sight) {
    return !owner_is_seen(sight->run.owner) && clock_seconds() - fmax(sight->since, sight->changed) > SILENT_SECONDS;
}

void snapshot_clean(const char *dir) {
    look_once(dir, &others);
    for (int i = 0; i < others.count; i++)
        if (is_dead(&others.sight[i])) remove_file(dir, others.sight[i].name);
}

bool snapshot_has_others(const char *dir) {
    char own[NAME_MAX];
    int count = 0;
    own_name(own);
    look_once(dir, &others);
    for (int i = 0; i < others.count; i++) {
        const struct snapshot_sight *sight = &others.sight[i];
        if (strcmp(sight->name, own) == 0) continue;
        if (is_dead(sight) || is_silent(sight))
            remove_file(dir, sight->name);
        else
            count++;
    }
    return count > 0;
}
