/* The memory that OpenBLAS works in. Not collective. */
#ifndef BUFFER_H
#define BUFFER_H

#include "status.h"

/* Makes OpenBLAS take the buffer that it keeps for ever, at its first product: where the system refuses it (ulimit
 * -v), it asks again and again without end, so it is tried before. To be called before anything else takes memory.
 * ERROR_MEMORY. */
status la_take_buffer(void);

#endif
