#include "agree.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "allocate.h"
#include "clock.h"
#include "panic.h"

static const double NAP = 1e-3;

static void wait_asleep(MPI_Request *request) {
    int is_done = 0;
    MPI_Test(request, &is_done, MPI_STATUS_IGNORE);
    while (!is_done) {
        clock_nap(NAP);
        MPI_Test(request, &is_done, MPI_STATUS_IGNORE);
    }
}

static void broadcast(MPI_Comm comm, int root, void *data, size_t bytes) {
    CHECK(bytes <= INT_MAX);
    MPI_Request request;
    MPI_Ibcast(data, (int)bytes, MPI_BYTE, root, comm, &request);
    wait_asleep(&request);
}

static void tell_words(int rank, char *words, size_t size) {
    char host[MPI_MAX_PROCESSOR_NAME];
    int length;
    MPI_Get_processor_name(host, &length);
    if (rank == 0)
        snprintf(words, size, "%s", status_message());
    else
        snprintf(words, size, "rank %d on %s: %s", rank, host, status_message());
}

status agree(MPI_Comm comm, status mine) {
    struct {
        int code, rank;
    } own = {.code = (int)mine}, worst;
    MPI_Comm_rank(comm, &own.rank);
    MPI_Request request;
    MPI_Iallreduce(&own, &worst, 1, MPI_2INT, MPI_MAXLOC, comm, &request);
    wait_asleep(&request);
    if (worst.code == OK) return OK;
    char words[2048] = "";
    if (worst.rank == own.rank) tell_words(own.rank, words, sizeof words);
    broadcast(comm, worst.rank, words, sizeof words);
    FAIL((status)worst.code, "%s", words);
}

void agree_share(MPI_Comm comm, void **data, size_t *bytes) {
    broadcast(comm, 0, bytes, sizeof *bytes);
    int rank;
    MPI_Comm_rank(comm, &rank);
    if (rank != 0) *data = allocate_zeroed((int64_t)*bytes, 1);
    broadcast(comm, 0, *data, *bytes);
}

int agree_on(MPI_Comm comm, int answer) {
    broadcast(comm, 0, &answer, sizeof answer);
    return answer;
}
