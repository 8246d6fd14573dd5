#include "owner.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { VALUE_BYTES = 128 };
enum life { LIFE_UNKNOWN, LIFE_SEEN, LIFE_GONE };

/* The value after `name=` in a line of such words; empty if there is none. */
static void find_value(const char *text, const char *name, char value[VALUE_BYTES]) {
    size_t length = strlen(name);
    value[0] = '\0';
    for (const char *word = text; *word; word += strcspn(word, " "), word += strspn(word, " ")) {
        const char *found = word + length + 1;
        if (strncmp(word, name, length) == 0 && word[length] == '=')
            snprintf(value, VALUE_BYTES, "%.*s", (int)strcspn(found, " "), found);
    }
}

/* ---- what the system says of a process ---- */

/* The beginning of a small file; empty if it cannot be read. */
static void read_line(const char *path, int size, char *line) {
    FILE *file = fopen(path, "r");
    if (!file || !fgets(line, size, file)) line[0] = '\0';
    if (file) fclose(file);
    line[strcspn(line, "\n")] = '\0';
}

/* Fields 3 and 22 of /proc/PID/stat; 0 if it cannot be read. Field 2, the name, may hold blanks and parentheses. */
static bool read_process(pid_t pid, char *state, unsigned long long *start) {
    char path[64], line[2048];
    snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    read_line(path, sizeof line, line);
    const char *rest = strrchr(line, ')');
    return rest && sscanf(rest + 1, " %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu",
                          state, start) == 2;
}

/* /proc may be hidden (hidepid), or not be there: then a process that has this pid is neither seen nor gone. */
static enum life look_at_process(pid_t pid, const char *start) {
    char state;
    unsigned long long begun;
    if (kill(pid, 0) != 0 && errno == ESRCH) return LIFE_GONE;
    if (!read_process(pid, &state, &begun)) return LIFE_UNKNOWN;
    if (strchr("ZXx", state)) return LIFE_GONE;
    if (!*start) return LIFE_UNKNOWN;
    return strtoull(start, NULL, 10) == begun ? LIFE_SEEN : LIFE_GONE;
}

bool owner_pid_is_gone(pid_t pid) { return look_at_process(pid, "") == LIFE_GONE; }

/* ---- this process ---- */

/* Nothing that would end a word of the text or a part of a file's name. */
static void clean(char *value) {
    for (; *value; value++)
        if (!isalnum((unsigned char)*value) && !strchr(".-_[]:", *value)) *value = '_';
}

static void find_host(char host[VALUE_BYTES]) {
    if (gethostname(host, VALUE_BYTES) != 0) strcpy(host, "localhost");
    host[VALUE_BYTES - 1] = '\0';
    clean(host);
}

static void find_space(char space[VALUE_BYTES]) {
    char boot[VALUE_BYTES / 2];
    struct stat names;
    space[0] = '\0';
    read_line("/proc/sys/kernel/random/boot_id", sizeof boot, boot);
    if (*boot && stat("/proc/self/ns/pid", &names) == 0)
        snprintf(space, VALUE_BYTES, "%s:%llu", boot, (unsigned long long)names.st_ino);
    clean(space);
}

static const char *environment(const char *name) {
    const char *value = getenv(name);
    return value ? value : "";
}

/* A task of a Slurm job array is ID_TASK, as squeue says it. PBS does not say how often it ran a job again. */
static void find_job(char job[VALUE_BYTES]) {
    const char *slurm = environment("SLURM_JOB_ID"), *pbs = environment("PBS_JOBID");
    const char *array = environment("SLURM_ARRAY_JOB_ID"), *task = environment("SLURM_ARRAY_TASK_ID");
    job[0] = '\0';
    if (*slurm) {
        bool is_task = *array && *task;
        snprintf(job, VALUE_BYTES, "slurm:%.64s:%.20s%s%.20s", environment("SLURM_CLUSTER_NAME"),
                 is_task ? array : slurm, is_task ? "_" : "", is_task ? task : "");
    } else if (*pbs) {
        snprintf(job, VALUE_BYTES, "pbs:%s", pbs);
    }
    clean(job);
}

static void write_name(char name[2 * VALUE_BYTES]) {
    char host[VALUE_BYTES], space[VALUE_BYTES];
    find_host(host);
    find_space(space);
    char *names = strrchr(space, ':');
    if (names) *names = '-';
    snprintf(name, 2 * VALUE_BYTES, "%s~%.8s%s~%ld", host, space, names ? names : "", (long)getpid());
}

static void write_text(char text[OWNER_BYTES]) {
    char host[VALUE_BYTES], space[VALUE_BYTES], job[VALUE_BYTES], state;
    unsigned long long start = 0;
    find_host(host);
    find_space(space);
    find_job(job);
    int length = snprintf(text, OWNER_BYTES, "host=%s pid=%ld space=%s", host, (long)getpid(), space);
    if (read_process(getpid(), &state, &start))
        length += snprintf(text + length, OWNER_BYTES - (size_t)length, " start=%llu", start);
    if (*job)
        snprintf(text + length, OWNER_BYTES - (size_t)length, " job=%s restart=%ld", job,
                 strtol(environment("SLURM_RESTART_COUNT"), NULL, 10));
}

/* One a thread, so without a lock; made anew after a fork. */
const char *owner_text(void) {
    static _Thread_local char text[OWNER_BYTES];
    static _Thread_local pid_t pid;
    if (pid != getpid()) write_text(text);
    pid = getpid();
    return text;
}

const char *owner_name(void) {
    static _Thread_local char name[2 * VALUE_BYTES];
    static _Thread_local pid_t pid;
    if (pid != getpid()) write_name(name);
    pid = getpid();
    return name;
}

/* ---- another process ---- */

static enum life look(const char *text) {
    char here[VALUE_BYTES], space[VALUE_BYTES], pid[VALUE_BYTES], start[VALUE_BYTES];
    find_value(owner_text(), "space", here);
    find_value(text, "space", space);
    find_value(text, "pid", pid);
    find_value(text, "start", start);
    long id = strtol(pid, NULL, 10);
    return *here && strcmp(here, space) == 0 && id > 0 ? look_at_process((pid_t)id, start) : LIFE_UNKNOWN;
}

static long restart_of(const char *text) {
    char value[VALUE_BYTES];
    find_value(text, "restart", value);
    return strtol(value, NULL, 10);
}

static bool is_earlier_start(const char *text) {
    char ours[VALUE_BYTES], job[VALUE_BYTES];
    find_value(owner_text(), "job", ours);
    find_value(text, "job", job);
    return strcmp(ours, job) == 0 && restart_of(text) < restart_of(owner_text());
}

bool owner_is_gone(const char *text) { return look(text) == LIFE_GONE || is_earlier_start(text); }

bool owner_is_seen(const char *text) { return look(text) == LIFE_SEEN; }

void owner_words(const char *text, size_t size, char *out) {
    char host[VALUE_BYTES], pid[VALUE_BYTES], job[VALUE_BYTES];
    find_value(text, "host", host);
    find_value(text, "pid", pid);
    find_value(text, "job", job);
    const char *colon = strrchr(job, ':');
    if (!*host)
        snprintf(out, size, "an unknown run");
    else
        snprintf(out, size, "%s%s%s%s (pid %s)", colon ? "job " : "", colon ? colon + 1 : "", colon ? " on " : "", host,
                 pid);
}
