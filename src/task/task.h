/* One point, or one reference, from spec to record, on one process. Knows nothing of files or ranks. Not collective. */
#ifndef TASK_H
#define TASK_H

#include "cost.h"
#include "data.h"
#include "hooks.h"

/* For plan and run, before any work starts. ERROR_INPUT in one line that begins with the key: what cannot be computed
 * at all, whatever the memory: a network that cannot be, an eigenproblem beyond LAPACK's sizes. */
status task_plan(const struct config *config, const struct data_shape *shape, struct task_plan *plan);
/* The same of a reference: ERROR_INPUT where the network has no limit of infinite width. */
status task_plan_reference(const struct config *config, const struct data_shape *shape, struct task_cost *cost);
/* Predicted seconds at `gflops` = measured GEMM rate in the task's precision. */
double task_seconds(const struct task_cost *cost, double gflops);
/* Smallest `run.memory` (bytes) with which a point that can be planned runs. */
double task_point_memory(const struct config *config, const struct data_shape *shape);
/* Trains the point's network beside its linearization. `reference` is the record of the point's reference (NULL: it
 * needs none). *record is owned by the caller (record_free), set only on OK. A diverged point is OK. Fails:
 * ERROR_MEMORY, ERROR_INTERRUPTED. */
status task_point(const struct config *config, const struct dataset *data, const struct record *reference,
                  struct task_hooks hooks, struct record **record);
/* Infinite-width NNGP and NTK of (data, train_size, network), and the NTK's eigensystem, in double (pairs of points in
 * f32 where run.limit_precision says so). Kernels that are 0 are recorded as such; ERROR_INPUT where they go beyond the
 * range of numbers. */
status task_reference(const struct config *config, const struct dataset *data, struct task_hooks hooks,
                      struct record **record);

/* One cell's records reduced over seed: the PLACE_REDUCED metrics, and `step` and `learning_rate_used`. `reduced`
 * begins empty, takes records one by one and ends with mean and variance (n - 1, NaN for one) of the outputs: of the
 * networks that have not diverged (`ensemble_size` of them), and of the linearizations that have not
 * (`ensemble_size_linear`). Whatever has diverged, from `reference` (NULL: none), for the mean squared error, come the
 * NTK Gaussian process at the recorded steps (full-batch SGD at a rate that all seeds share, where the infinite-width
 * NTK belongs to the networks) and the NNGP posterior (not where centred); a covariance larger than run.memory is left
 * out. config: of any point of the cell. host: asked before every step of the process, and in an eigenproblem.
 * ERROR_MEMORY, ERROR_INTERRUPTED. */
void task_reduce_add(const struct record *record, struct record *reduced);
status task_reduce_end(const struct config *config, const struct record *reference, const struct host *host,
                       struct record *reduced);

/* GEMM rate in GFLOP/s (machine.h); the rate that a loop of fused multiply-adds in registers reaches, which is what
 * vector width and clock allow; OpenBLAS's core name and version. */
struct machine {
    double gemm_gflops[2]; /* by enum precision */
    double peak_gflops[2];
    char core[32], blas[64];
};
void task_machine(struct machine *machine, int threads);
double task_gemm_rate(enum precision precision); /* of as many threads as are set */
void task_libraries(struct machine *machine);    /* the two texts alone */
/* OpenBLAS's core type, before anything reaches BLAS: ERROR_INPUT if this CPU cannot run it, or if it is not what was
 * asked for (NULL: nothing); the one that this CPU deserves if that is better, else NULL. See core.h. */
status task_check_core(const char *asked);
const char *task_better_core(void);
/* la/buffer.h. */
status task_take_buffer(void);
void task_set_threads(int threads);

#endif
