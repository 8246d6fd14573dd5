/* How the two threads of rank 0, the server and the worker, wake each other: a message of one process to itself comes
 * without waiting for the next look. In other ranks nobody rings. Not collective. */
#ifndef BELL_H
#define BELL_H

enum bell { BELL_REPORT, BELL_ORDER, BELLS };

/* After the message is sent. */
void bell_ring(enum bell bell);
/* Until the bell rings, or has rung since the last nap, or so many seconds have passed. */
void bell_nap(enum bell bell, double seconds);

#endif
