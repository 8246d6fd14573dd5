/* One point, or one reference, from spec to record, on one process. Knows nothing of files or ranks. Not collective. */
#ifndef TASK_H
#define TASK_H

#include <stdbool.h>
#include "config.h"
#include "data.h"
#include "host.h"
#include "record.h"
#include "state.h"
#include "status.h"

/* What a running task is told. */
enum task_order { TASK_GO_ON, TASK_SAVE, TASK_STOP };

/* What the sweep lends to a running task. Each may be NULL. */
struct task_hooks {
    /* Asked between steps of training, and between pieces of long computations. TASK_SAVE: a point in training hands
     * its state to `save` and goes on. TASK_STOP: a point hands over its state if it has one, and the task returns
     * ERROR_INTERRUPTED. */
    enum task_order (*order)(void *context);
    /* A point's unfinished record and its state, both the task's. What fails here ends the task. */
    status (*save)(void *context, const struct record *record, const struct state *state);
    /* Asked once, at the beginning: fills the arrays of `state` from what `save` was given for this point, and *record
     * (owned by the task), which stays NULL where there is nothing, or nothing that fits. Arrays that were not saved
     * stay as they are. */
    status (*load)(void *context, struct record **record, const struct state *state);
    void *context;
};

/* The host of long computations: it stops them where the task is told to stop. Lives as long as the hooks. */
struct host task_host(const struct task_hooks *hooks);

/* What a task will take, counted from the sizes alone, without data. */
struct task_cost {
    double parameters;    /* trained ones */
    double flops;         /* of the whole task, convolutions counted as direct sums */
    double share;         /* of the flops' time that is really taken */
    double elementwise;   /* numbers touched outside of matrix products */
    double calls;         /* calls of operators in the training */
    double solver_steps;  /* that an equilibrium is expected to take, and flops with it; 0: there is none */
    double arena_bytes;   /* numerical memory of the task itself, with outside_bytes */
    double outside_bytes; /* of it, what libraries take for themselves */
    double record_bytes;  /* values in the record, before compression; counts among the memory too */
    double state_bytes;   /* of a checkpoint, beside the record */
};

/* What becomes of a point, from its config and the sizes of its data alone. */
struct task_plan {
    struct task_cost cost;
    /* enum linearization: what `auto` comes to, which depends on run.memory; LINEARIZATION_AUTO: there is none. It is
     * put into the config before config_key, so that a record's name says what was done. */
    int linearization;
    /* Does it use infinite-width kernels? All do but those in the standard parameterization at one rate for all
     * tensors, whose kernel has no such limit (unless kernels are kept). */
    bool needs_reference;
};

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
/* Infinite-width NNGP and NTK of (data, train_size, network), and the NTK's eigensystem; always in double. Kernels that
 * are 0 are recorded as such; ERROR_INPUT where they go beyond the range of numbers. */
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

/* GEMM rate of one thread in GFLOP/s, measured for about 0.1 s (n = 1024); the rate that a loop of fused multiply-adds
 * in registers reaches, which is what vector width and clock allow; OpenBLAS's core name and version. */
struct machine {
    double gemm_gflops[2]; /* by enum precision */
    double peak_gflops[2];
    char core[32], blas[64];
};
void task_machine(struct machine *machine, int threads);
void task_libraries(struct machine *machine); /* the two texts alone */
/* OpenBLAS's core type, before anything reaches BLAS: ERROR_INPUT if this CPU cannot run it, or if it is not what was
 * asked for (NULL: nothing); the one that this CPU deserves if that is better, else NULL. See core.h. */
status task_check_core(const char *asked);
const char *task_better_core(void);
/* la/buffer.h. */
status task_take_buffer(void);
void task_set_threads(int threads);

#endif
