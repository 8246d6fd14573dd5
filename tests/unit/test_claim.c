#include "store_sample.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "claim.h"
#include "clock.h"
#include "draft.h"
#include "record_file.h"
#include "store.h"

enum { CREW = 8, ROUNDS = 200 };
static const char stranger[] = "host=n7 pid=4242 space=3f0c:1 start=7 job=slurm:big:4711 restart=0\n";

/* ---- a file system without links, one whose replies are lost, and one where somebody is faster ---- */

static int has_no_links, is_never_there, is_reply_lost;
static void (*intruder)(const char *path);

int link(const char *from, const char *to) {
    if (has_no_links && (is_never_there || access(to, F_OK) != 0)) return errno = EPERM, -1;
    int made = linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
    if (made == 0 && is_reply_lost) return errno = EEXIST, -1;
    return made;
}

int rename(const char *from, const char *to) {
    void (*faster)(const char *path) = intruder;
    intruder = NULL;
    if (faster) faster(from);
    int made = renameat(AT_FDCWD, from, AT_FDCWD, to);
    if (made == 0 && is_reply_lost) return errno = ENOENT, -1;
    return made;
}

/* ---- a crew of processes in step ---- */

struct board {
    pthread_barrier_t barrier;
    atomic_int wins[ROUNDS], errors;
    pid_t winner[ROUNDS];
};
typedef void job(const char *dir, struct board *board, int member);

/* Each of them does the job in a process of its own. */
static struct board *run_crew(const char *dir, job *work) {
    struct board *board = mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_barrierattr_t shared;
    pthread_barrierattr_init(&shared);
    pthread_barrierattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
    assert_int_equal(pthread_barrier_init(&board->barrier, &shared, CREW), 0);
    for (int i = 0; i < CREW; i++) {
        if (fork() != 0) continue;
        work(dir, board, i);
        claim_forget(dir);
        _exit(0);
    }
    for (int i = 0, state; i < CREW; i++) assert_true(wait(&state) > 0 && state == 0);
    assert_int_equal(atomic_load(&board->errors), 0);
    return board;
}

static void end_crew(struct board *board) { munmap(board, sizeof *board); }

static void count_win(struct board *board, int round, status result, bool is_ours) {
    if (result != OK) atomic_fetch_add(&board->errors, 1);
    if (is_ours) atomic_fetch_add(&board->wins[round], 1), board->winner[round] = getpid();
}

static void key_path(const char *dir, int i, char key[KEY_BYTES], char path[PATH_MAX]) {
    sample_key(i, key);
    snprintf(path, PATH_MAX, "%s/claims/%s", dir, key);
}

/* One winner in each round, whose claim stands. */
static void assert_one_each(const char *dir, const struct board *board, int rounds) {
    char key[KEY_BYTES], path[PATH_MAX], part[40];
    struct claim_sight sight;
    for (int i = 0; i < rounds; i++) {
        key_path(dir, i, key, path);
        assert_int_equal(board->wins[i], 1);
        assert_int_equal(claim_look(dir, key, &sight), 1);
        snprintf(part, sizeof part, " pid=%ld ", (long)board->winner[i]);
        assert_non_null(strstr(sight.owner, part));
    }
    snprintf(path, sizeof path, "%s/claims", dir);
    assert_int_equal(count_files(path), rounds);
}

static void take_in_step(const char *dir, struct board *board, int member) {
    char key[KEY_BYTES], path[PATH_MAX];
    (void)member;
    for (int i = 0; i < ROUNDS; i++) {
        bool is_ours = false;
        key_path(dir, i, key, path);
        pthread_barrier_wait(&board->barrier);
        status result = claim_take(dir, key, &is_ours);
        count_win(board, i, result, is_ours);
    }
}

static void test_exclusive(void **state) {
    struct board *board = run_crew(*state, take_in_step);
    assert_one_each(*state, board, ROUNDS);
    end_crew(board);
}

static void test_exclusive_without_links(void **state) {
    has_no_links = 1;
    test_exclusive(state);
    has_no_links = 0;
}

/* Half of the crew takes and releases one key, the others look: what they see is whole. */
static void take_or_look(const char *dir, struct board *board, int member) {
    char key[KEY_BYTES];
    struct claim_sight sight;
    bool is_ours;
    sample_key(1, key);
    for (int i = 0; i < 10 * ROUNDS; i++) {
        if (member % 2) {
            if (claim_look(dir, key, &sight) && !strstr(sight.owner, " start=")) atomic_fetch_add(&board->errors, 1);
        } else if (claim_take(dir, key, &is_ours) != OK) {
            atomic_fetch_add(&board->errors, 1);
        } else if (is_ours) {
            claim_release(dir, key);
        }
    }
}

static void test_whole(void **state) {
    end_crew(run_crew(*state, take_or_look));
    assert_int_equal(count_files(*state), 0);
}

/* ---- one claim ---- */

static void write_stranger(const char *dir, int i) {
    char key[KEY_BYTES], path[PATH_MAX];
    key_path(dir, i, key, path);
    assert_ok(draft_write_file(path, stranger, strlen(stranger), false));
}

static void test_life(void **state) {
    char key[KEY_BYTES], path[PATH_MAX];
    struct claim_sight before, after;
    bool is_ours;
    key_path(*state, 4, key, path);
    assert_int_equal(claim_look(*state, key, &before), 0);
    assert_int_equal(claim_renew(*state, key), 0);
    assert_ok(claim_take(*state, key, &is_ours));
    assert_int_equal(is_ours, 1);
    assert_int_equal(claim_look(*state, key, &before), 1);
    assert_string_equal(before.owner, owner_text());
    assert_int_equal(claim_look(*state, key, &after), 1);
    assert_int_equal(claim_is_same(&before, &after), 1);
    clock_nap(0.03);
    assert_int_equal(claim_renew(*state, key), 1);
    assert_int_equal(claim_look(*state, key, &after), 1);
    assert_int_equal(claim_is_same(&before, &after), 0);
    claim_release(*state, key);
    claim_forget(*state);
    assert_int_equal(count_files(*state), 0);
}

static struct claim_sight take_and_release(const char *dir, int i) {
    char key[KEY_BYTES];
    struct claim_sight sight;
    bool is_ours = false;
    sample_key(i, key);
    assert_ok(claim_take(dir, key, &is_ours));
    assert_int_equal(is_ours, 1);
    assert_int_equal(claim_look(dir, key, &sight), 1);
    assert_string_equal(sight.owner, owner_text());
    claim_release(dir, key);
    return sight;
}

/* One file for all claims, each with a time of its own. It may be removed at any time; what an earlier process left
 * under its name is not taken for it. */
static void test_own(void **state) {
    char own[PATH_MAX], path[PATH_MAX];
    snprintf(own, sizeof own, "%s/claims/own", (const char *)*state);
    assert_true(draft_name(own, path));
    assert_ok(draft_write_file(path, stranger, strlen(stranger), false));
    claim_forget(*state);
    assert_int_equal(count_files(*state), 0);
    struct claim_sight first = take_and_release(*state, 1);
    clock_nap(0.03);
    struct claim_sight second = take_and_release(*state, 2);
    assert_int_equal(first.inode, second.inode);
    assert_int_equal(claim_is_same(&first, &second), 0);
    assert_int_equal(count_files(*state), 1);
    assert_int_equal(unlink(path), 0);
    take_and_release(*state, 1);
    claim_forget(*state);
    assert_int_equal(count_files(*state), 0);
}

/* What is another's is neither taken, renewed nor released. */
static void test_not_ours(void **state) {
    char key[KEY_BYTES];
    struct claim_sight before, after;
    bool is_ours = true;
    sample_key(4, key);
    write_stranger(*state, 4);
    assert_int_equal(claim_look(*state, key, &before), 1);
    assert_int_equal(strncmp(before.owner, stranger, strlen(before.owner)), 0);
    assert_int_equal(strlen(before.owner), strlen(stranger) - 1);
    assert_ok(claim_take(*state, key, &is_ours));
    assert_int_equal(is_ours, 0);
    clock_nap(0.03);
    assert_int_equal(claim_renew(*state, key), 0);
    claim_release(*state, key);
    assert_int_equal(claim_look(*state, key, &after), 1);
    assert_int_equal(claim_is_same(&before, &after), 1);
    claim_forget(*state);
    assert_int_equal(count_files(*state), 1);
}

static void test_without_folder(void **state) {
    char key[KEY_BYTES], path[PATH_MAX];
    bool is_ours;
    sample_key(4, key);
    snprintf(path, sizeof path, "%s/claims", (const char *)*state);
    assert_int_equal(rmdir(path), 0);
    assert_ok(claim_take(*state, key, &is_ours));
    assert_int_equal(is_ours, 1);
    assert_int_equal(claim_renew(*state, key), 1);
}

static void test_lost_reply(void **state) {
    char key[KEY_BYTES];
    struct claim_sight sight;
    bool is_ours = false;
    sample_key(4, key);
    is_reply_lost = 1;
    assert_ok(claim_take(*state, key, &is_ours));
    is_reply_lost = 0;
    assert_int_equal(is_ours, 1);
    claim_release(*state, key);
    write_stranger(*state, 4);
    assert_int_equal(claim_look(*state, key, &sight), 1);
    is_reply_lost = 1;
    assert_ok(claim_take_over(*state, key, &sight, &is_ours));
    is_reply_lost = 0;
    assert_int_equal(is_ours, 1);
    claim_forget(*state);
    assert_int_equal(count_files(*state), 1);
}

/* One clear line, and nothing left. */
static void test_disk_full(void **state) {
    char key[KEY_BYTES], path[PATH_MAX], line[PATH_MAX + 80];
    bool is_ours = false;
    sample_key(4, key);
    snprintf(path, sizeof path, "%s/claims/own", (const char *)*state);
    limit_files(0);
    status result = claim_take(*state, key, &is_ours);
    limit_files(RLIM_INFINITY);
    assert_int_equal(result, ERROR_DISK);
    assert_int_equal(is_ours, 0);
    snprintf(line, sizeof line, "%s: cannot be written: %s", path, strerror(EFBIG));
    assert_string_equal(status_message(), line);
    assert_int_equal(count_files(*state), 0);
}

/* ---- taking over ---- */

/* All of them have seen the same claim. */
static void take_over_in_step(const char *dir, struct board *board, int member) {
    char key[KEY_BYTES];
    struct claim_sight sight;
    (void)member;
    for (int i = 0; i < ROUNDS; i++) {
        bool is_ours = false;
        sample_key(i, key);
        if (!claim_look(dir, key, &sight)) atomic_fetch_add(&board->errors, 1);
        pthread_barrier_wait(&board->barrier);
        status result = claim_take_over(dir, key, &sight, &is_ours);
        count_win(board, i, result, is_ours);
    }
}

static void test_take_over(void **state) {
    for (int i = 0; i < ROUNDS; i++) write_stranger(*state, i);
    struct board *board = run_crew(*state, take_over_in_step);
    assert_one_each(*state, board, ROUNDS);
    end_crew(board);
}

static void test_take_over_without_links(void **state) {
    has_no_links = 1;
    test_take_over(state);
    has_no_links = 0;
}

static void set_age(const char *path, int seconds) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    const struct timespec times[] = {now, {now.tv_sec - seconds, now.tv_nsec}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* Somebody was killed while he took over, and nothing has happened in the folder since: what he left goes after a
 * minute, not before. */
static void test_take_over_left(void **state) {
    char key[KEY_BYTES], path[PATH_MAX], over[PATH_MAX + 16], folder[PATH_MAX];
    struct claim_sight sight;
    bool is_ours;
    snprintf(folder, sizeof folder, "%s/claims", (const char *)*state);
    take_and_release(*state, 1);
    write_stranger(*state, 4);
    key_path(*state, 4, key, path);
    snprintf(over, sizeof over, "%s.tmp~over~0", path);
    assert_ok(draft_write_file(over, stranger, strlen(stranger), false));
    assert_int_equal(claim_look(*state, key, &sight), 1);
    assert_ok(claim_take_over(*state, key, &sight, &is_ours));
    assert_int_equal(is_ours, 0);
    assert_int_equal(access(over, F_OK), 0);
    set_age(over, 90);
    set_age(folder, 90);
    assert_ok(claim_take_over(*state, key, &sight, &is_ours));
    assert_int_equal(is_ours, 0);
    assert_int_equal(access(over, F_OK), -1);
    assert_ok(claim_take_over(*state, key, &sight, &is_ours));
    assert_int_equal(is_ours, 1);
}

/* File systems say so before or after they look for the file. */
static void test_take_over_left_without_links(void **state) {
    has_no_links = is_never_there = 1;
    test_take_over_left(state);
    has_no_links = is_never_there = 0;
}

static void assert_survives(const char *dir, const char *key, const struct claim_sight *old) {
    struct claim_sight before, after;
    bool is_ours = true;
    assert_int_equal(claim_look(dir, key, &before), 1);
    assert_int_equal(claim_is_same(old, &before), 0);
    assert_ok(claim_take_over(dir, key, old, &is_ours));
    assert_int_equal(is_ours, 0);
    assert_int_equal(claim_look(dir, key, &after), 1);
    assert_int_equal(claim_is_same(&before, &after), 1);
    claim_forget(dir);
    assert_int_equal(count_files(dir), 1);
}

/* Renewed, replaced or released since it was seen. */
static void test_changed(void **state) {
    char key[KEY_BYTES], path[PATH_MAX];
    struct claim_sight old;
    bool is_ours = true;
    key_path(*state, 4, key, path);
    write_stranger(*state, 4);
    assert_int_equal(claim_look(*state, key, &old), 1);
    clock_nap(0.03);
    assert_int_equal(utimensat(AT_FDCWD, path, NULL, 0), 0);
    assert_survives(*state, key, &old);
    write_stranger(*state, 4);
    assert_survives(*state, key, &old);
    assert_int_equal(unlink(path), 0);
    assert_ok(claim_take_over(*state, key, &old, &is_ours));
    assert_int_equal(is_ours, 0);
    claim_forget(*state);
    assert_int_equal(count_files(*state), 0);
}

static void renew(const char *path) { utimensat(AT_FDCWD, path, NULL, 0); }
static void discard(const char *path) { unlink(path); }
static void replace(const char *path) {
    unlink(path);
    (void)draft_write_file(path, stranger, strlen(stranger), false);
}

static void assert_intruder_wins(const char *dir, void (*faster)(const char *path), bool is_claimed) {
    char key[KEY_BYTES];
    struct claim_sight old, now;
    bool is_ours = true;
    sample_key(4, key);
    write_stranger(dir, 4);
    assert_int_equal(claim_look(dir, key, &old), 1);
    clock_nap(0.03);
    intruder = faster;
    assert_ok(claim_take_over(dir, key, &old, &is_ours));
    assert_null(intruder);
    assert_int_equal(is_ours, 0);
    assert_int_equal(claim_look(dir, key, &now), is_claimed);
    if (is_claimed) assert_string_equal(now.owner, old.owner);
    claim_forget(dir);
    assert_int_equal(count_files(dir), is_claimed);
}

/* The same between the last look and the rename. */
static void test_changed_at_last(void **state) {
    assert_intruder_wins(*state, renew, 1);
    assert_intruder_wins(*state, replace, 1);
    assert_intruder_wins(*state, discard, 0);
}

/* A file that is not whole can be taken over too. */
static void test_unreadable(void **state) {
    char key[KEY_BYTES], path[PATH_MAX];
    struct claim_sight sight;
    bool is_ours = false;
    key_path(*state, 4, key, path);
    assert_ok(draft_write_file(path, "host=n7 pid=", 12, false));
    assert_int_equal(claim_look(*state, key, &sight), 1);
    assert_string_equal(sight.owner, "");
    assert_ok(claim_take_over(*state, key, &sight, &is_ours));
    assert_int_equal(is_ours, 1);
}

/* ---- all claims ---- */

static void write_record(const char *dir, enum store_kind kind, int i) {
    const double step = 0;
    char key[KEY_BYTES];
    struct record *record = sample_point(1, &step, 1, "readout");
    sample_key(i, key);
    assert_ok(record_file_write(dir, kind, key, "", NULL, &sample_provenance, record));
    record_free(record);
}

/* The claims of recorded tasks go, those of others stay. */
static void test_clean(void **state) {
    char key[KEY_BYTES];
    struct claim_sight sight;
    for (int i = 0; i < 3; i++) write_stranger(*state, i);
    write_record(*state, STORE_POINT, 0);
    write_record(*state, STORE_REFERENCE, 1);
    store_clean(*state);
    for (int i = 0; i < 3; i++) {
        sample_key(i, key);
        assert_int_equal(claim_look(*state, key, &sight), i == 2);
    }
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_begin, folder_end)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_exclusive),
        IN_FOLDER(test_exclusive_without_links),
        IN_FOLDER(test_whole),
        IN_FOLDER(test_life),
        IN_FOLDER(test_own),
        IN_FOLDER(test_not_ours),
        IN_FOLDER(test_without_folder),
        IN_FOLDER(test_lost_reply),
        IN_FOLDER(test_disk_full),
        IN_FOLDER(test_take_over),
        IN_FOLDER(test_take_over_without_links),
        IN_FOLDER(test_take_over_left),
        IN_FOLDER(test_take_over_left_without_links),
        IN_FOLDER(test_changed),
        IN_FOLDER(test_changed_at_last),
        IN_FOLDER(test_unreadable),
        IN_FOLDER(test_clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
