#include "store_sample.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "owner.h"

/* ---- a /proc that can be hidden ---- */

static int is_hidden;

FILE *fopen(const char *path, const char *mode) {
    int is_reading = mode[0] == 'r';
    if (is_hidden && strncmp(path, "/proc/", 6) == 0) return NULL;
    int fd = open(path, is_reading ? O_RDONLY : O_WRONLY | O_CREAT | O_TRUNC, 0666);
    return fd < 0 ? NULL : fdopen(fd, mode);
}

/* ---- children ---- */

struct child {
    pid_t pid;
    char text[OWNER_BYTES], words[80], name[300];
};

/* A process with its owner's text, that waits to be killed; `settings`: name, value, ..., NULL of its environment. */
static struct child start_child(const char *const *settings) {
    struct child child;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    child.pid = fork();
    if (child.pid == 0) {
        for (; settings && settings[0]; settings += 2) setenv(settings[0], settings[1], 1);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        prctl(PR_SET_NAME, "a) Z 1 (b");
        snprintf(child.text, sizeof child.text, "%s", owner_text());
        snprintf(child.name, sizeof child.name, "%s", owner_name());
        owner_words(child.text, sizeof child.words, child.words);
        _exit(write(ends[1], &child, sizeof child) == sizeof child ? pause() : 1);
    }
    pid_t pid = child.pid;
    assert_int_equal(read(ends[0], &child, sizeof child), sizeof child);
    close(ends[0]), close(ends[1]);
    child.pid = pid;
    return child;
}

/* It is a zombie then. */
static void kill_child(const struct child *child) {
    siginfo_t info;
    assert_int_equal(kill(child->pid, SIGKILL), 0);
    assert_int_equal(waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOWAIT), 0);
}

static void reap_child(const struct child *child) { assert_int_equal(waitpid(child->pid, NULL, 0), child->pid); }

static void end_child(const struct child *child) {
    kill_child(child);
    reap_child(child);
}

static void assert_life(const char *text, int is_seen, int is_gone) {
    assert_int_equal(owner_is_seen(text), is_seen);
    assert_int_equal(owner_is_gone(text), is_gone);
}

/* owner_is_gone as a process of another job sees it. */
static int is_gone_within(const char *const *settings, const char *text) {
    int state;
    pid_t child = fork();
    if (child == 0) {
        for (; settings[0]; settings += 2) setenv(settings[0], settings[1], 1);
        _exit(owner_is_gone(text));
    }
    assert_int_equal(waitpid(child, &state, 0), child);
    return WEXITSTATUS(state);
}

/* `text` with other characters after `name=`. */
static void replace(const char *text, const char *name, const char *value, char out[OWNER_BYTES]) {
    const char *old = strstr(text, name);
    assert_non_null(old);
    const char *begin = old + strlen(name), *end = begin + strcspn(begin, " ");
    snprintf(out, OWNER_BYTES, "%.*s%s%s", (int)(begin - text), text, value, end);
}

/* ---- life and death ---- */

static void test_self(void **state) {
    char copy[OWNER_BYTES], host[128], process[32];
    (void)state;
    strcpy(copy, owner_text());
    assert_string_equal(copy, owner_text());
    assert_null(strchr(copy, '\n'));
    assert_life(copy, 1, 0);
    gethostname(host, sizeof host);
    snprintf(process, sizeof process, "~%ld", (long)getpid());
    assert_int_equal(strncmp(owner_name(), host, strlen(host)), 0);
    assert_string_equal(strrchr(owner_name(), '~'), process);
    assert_int_equal(strlen(owner_name()), strlen(host) + strlen("~12345678-4026531836") + strlen(process));
}

/* The name of the child holds what might be taken for its state. */
static void test_death(void **state) {
    (void)state;
    struct child child = start_child(NULL);
    assert_string_not_equal(child.text, owner_text());
    assert_life(child.text, 1, 0);
    assert_int_equal(owner_pid_is_gone(child.pid), 0);
    kill_child(&child);
    assert_life(child.text, 0, 1);
    assert_int_equal(owner_pid_is_gone(child.pid), 1);
    reap_child(&child);
    assert_life(child.text, 0, 1);
    assert_int_equal(owner_pid_is_gone(child.pid), 1);
}

static void test_pid_used_again(void **state) {
    char other[OWNER_BYTES];
    (void)state;
    replace(owner_text(), " start=", "12345", other);
    assert_life(other, 0, 1);
}

static void test_other_space(void **state) {
    char other[OWNER_BYTES];
    (void)state;
    struct child child = start_child(NULL);
    replace(child.text, " space=", "3f0c:4026531836", other);
    assert_life(other, 0, 0);
    end_child(&child);
    assert_life(other, 0, 0);
    replace(child.text, " space=", "", other);
    assert_life(other, 0, 0);
}

static void test_hidden(void **state) {
    char other[OWNER_BYTES];
    (void)state;
    struct child child = start_child(NULL);
    is_hidden = 1;
    assert_life(child.text, 0, 0);
    is_hidden = 0;
    replace(child.text, " start=", "", other);
    assert_life(other, 0, 0);
    end_child(&child);
    is_hidden = 1;
    assert_life(child.text, 0, 1);
    is_hidden = 0;
    assert_life("", 0, 0);
    assert_life("pid=-1 space=", 0, 0);
}

/* ---- jobs ---- */

static const char *const first[] = {"SLURM_JOB_ID", "4711", "SLURM_CLUSTER_NAME", "big one", NULL};
static const char *const again[] = {"SLURM_JOB_ID", "4711", "SLURM_CLUSTER_NAME", "big one", "SLURM_RESTART_COUNT",
                                    "10",           NULL};
static const char *const another[] = {
    "SLURM_JOB_ID", "471", "SLURM_CLUSTER_NAME", "big one", "SLURM_RESTART_COUNT", "2", NULL};
static const char *const elsewhere[] = {
    "SLURM_JOB_ID", "4711", "SLURM_CLUSTER_NAME", "small", "SLURM_RESTART_COUNT", "2", NULL};

static void test_restart(void **state) {
    char before[OWNER_BYTES], after[OWNER_BYTES];
    (void)state;
    struct child one = start_child(first), two = start_child(again);
    end_child(&two);
    replace(one.text, " space=", "3f0c:1", before); /* on another host */
    replace(two.text, " space=", "3f0c:1", after);
    assert_int_equal(is_gone_within(again, before), 1);
    assert_int_equal(is_gone_within(again, one.text), 1);
    assert_int_equal(is_gone_within(again, after), 0);
    assert_int_equal(is_gone_within(first, before), 0);
    assert_int_equal(is_gone_within(first, after), 0);
    assert_int_equal(is_gone_within(another, before), 0);
    assert_int_equal(is_gone_within(elsewhere, before), 0);
    assert_int_equal(owner_is_gone(before), 0);
    end_child(&one);
}

static void assert_words(const char *const *settings, const char *part, const char *before) {
    char expected[200], host[128];
    struct child child = start_child(settings);
    end_child(&child);
    gethostname(host, sizeof host);
    snprintf(expected, sizeof expected, "%s%s (pid %ld)", before, host, (long)child.pid);
    assert_string_equal(child.words, expected);
    assert_non_null(strstr(child.text, part));
}

static void test_words(void **state) {
    char words[40];
    (void)state;
    assert_words(NULL, "host=", "");
    assert_words(again, " job=slurm:big_one:4711 restart=10", "job 4711 on ");
    static const char *const task[] = {
        "SLURM_JOB_ID", "4713", "SLURM_ARRAY_JOB_ID", "4711", "SLURM_ARRAY_TASK_ID", "2", NULL};
    assert_words(task, " job=slurm::4711_2 restart=0", "job 4711_2 on ");
    assert_words((const char *[]){"PBS_JOBID", "1234[7].pbs-server", NULL}, " job=pbs:1234[7].pbs-server restart=0",
                 "job 1234[7].pbs-server on ");
    owner_words("", sizeof words, words);
    assert_string_equal(words, "an unknown run");
}

/* As if no batch system had started the test. */
static int forget_job(void **state) {
    (void)state;
    unsetenv("SLURM_JOB_ID");
    unsetenv("SLURM_ARRAY_JOB_ID");
    unsetenv("PBS_JOBID");
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_self),        cmocka_unit_test(test_death),  cmocka_unit_test(test_pid_used_again),
        cmocka_unit_test(test_other_space), cmocka_unit_test(test_hidden), cmocka_unit_test(test_restart),
        cmocka_unit_test(test_words),
    };
    return cmocka_run_group_tests(tests, forget_job, NULL);
}
