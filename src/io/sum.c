#include "sum.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "panic.h"

enum { PIECE = 1 << 16 };
static const char signature[] = "\211HDF\r\n\032\n"; /* of HDF5 */
static const char beginning[] = "ntksweep: XXH3 ";

/* As many bytes as there are up to `size`; -1: errno. */
static ssize_t read_piece(int fd, void *bytes, size_t size, off_t offset) {
    ssize_t done;
    do done = pread(fd, bytes, size, offset);
    while (done < 0 && errno == EINTR);
    return done;
}

static XXH3_state_t *begin_sum(void) {
    XXH3_state_t *state = XXH3_createState();
    CHECK(state);
    XXH3_128bits_reset(state);
    return state;
}

/* The block in front of the bytes up to `end`, which were added. Frees `state`. */
static void end_sum(XXH3_state_t *state, off_t end, char block[SUM_BYTES]) {
    XXH128_hash_t hash = XXH3_128bits_digest(state);
    XXH3_freeState(state);
    memset(block, 0, SUM_BYTES);
    snprintf(block, SUM_BYTES, "%s%016" PRIx64 "%016" PRIx64 " of the %jd bytes from byte %d on, HDF5\n", beginning,
             hash.high64, hash.low64, (intmax_t)(end - SUM_BYTES), SUM_BYTES);
}

/* The block that belongs to what follows it. 0, or errno. */
static int make_block(int fd, char block[SUM_BYTES]) {
    char piece[PIECE];
    off_t offset = SUM_BYTES;
    ssize_t done;
    XXH3_state_t *state = begin_sum();
    for (; (done = read_piece(fd, piece, PIECE, offset)) > 0; offset += done)
        XXH3_128bits_update(state, piece, (size_t)done);
    int error = done < 0 ? errno : 0;
    end_sum(state, offset, block);
    return error;
}

void sum_write(struct draft *draft) {
    char block[SUM_BYTES], piece[PIECE];
    XXH3_state_t *state = begin_sum();
    for (off_t offset = SUM_BYTES; offset < draft->end; offset += PIECE) {
        size_t count = draft->end - offset < PIECE ? (size_t)(draft->end - offset) : PIECE;
        draft_read(draft, piece, count, offset);
        XXH3_128bits_update(state, piece, count);
    }
    end_sum(state, draft->end, block);
    draft_write(draft, block, SUM_BYTES, 0);
}

bool sum_is_there(int fd) {
    char found[sizeof beginning - 1];
    ssize_t done = read_piece(fd, found, sizeof found, 0);
    return done == (ssize_t)sizeof found && memcmp(found, beginning, sizeof found) == 0;
}

status sum_check(int fd) {
    char found[SUM_BYTES] = {0}, expected[SUM_BYTES];
    ssize_t done = read_piece(fd, found, SUM_BYTES, 0);
    int error = done < 0 ? errno : 0;
    if (!error && memcmp(found, signature, sizeof signature - 1) == 0) return OK;
    if (!error) error = make_block(fd, expected);
    if (error) FAIL(ERROR_DISK, "cannot be read: %s", strerror(error));
    if (memcmp(found, expected, SUM_BYTES) == 0) return OK;
    FAIL(ERROR_DISK, "damaged: it does not agree with the sum at its head");
}
