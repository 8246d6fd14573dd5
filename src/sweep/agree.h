/* Ranks agree before they leave: collectives in which a rank that waits sleeps instead of spinning. */
#ifndef AGREE_H
#define AGREE_H

#include <mpi.h>
#include <stddef.h>
#include "status.h"

/* Collective. Every rank gives how it fared and gets the worst of all, with the words of the lowest rank that fared so
 * ("rank 3 on node7: ..." unless it is rank 0). OK only if all are OK. */
status agree(MPI_Comm comm, status mine);
/* Collective. *data (`bytes` long) of rank 0 comes to all; other ranks get memory of their own, free(). */
void agree_share(MPI_Comm comm, void **data, size_t *bytes);
/* Collective. All ranks wait for rank 0, and get its answer. */
int agree_on(MPI_Comm comm, int answer);

#endif
