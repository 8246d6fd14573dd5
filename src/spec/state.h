/* The state of an unfinished point, as a table of named arrays lent by their owners: what a checkpoint holds beside the
 * unfinished record. Written and read as it is, bit by bit. Not collective; cannot fail. */
#ifndef STATE_H
#define STATE_H

#include <stdint.h>

enum { STATE_ARRAYS = 24 };

struct state {
    int count;
    struct {
        const char *name; /* unique */
        int bits;         /* 32: float, 64: double */
        int64_t size;     /* numbers */
        void *value;      /* lent */
    } array[STATE_ARRAYS];
};

/* Adds an array; nothing where value is NULL. */
void state_add(struct state *state, const char *name, int bits, int64_t size, void *value);
#endif
