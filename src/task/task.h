/* One point, or one reference, from spec to record, on one process. Knows nothing of files or ranks. Not collective. */
#ifndef TASK_H
#define TASK_H

#include "config.h"
#include "data.h"
#include "record.h"
#include "status.h"

/* What the sweep lends to a running task. */
struct task_hooks {
    /* Called after every step of training (in infinite-width kernels after every pair of images, or 1024 pairs without); true asks the task to stop: it returns
     * ERROR_INTERRUPTED and leaves nothing. May be NULL. */
    int (*stop)(void *context);
    void *context;
};

/* What a task will take, counted from the sizes alone, without data. */
struct task_cost {
    double parameters;   /* trained ones */
    double flops;        /* of the whole task, convolutions counted as direct sums */
    double share;        /* of the flops' time that is really taken */
    double elementwise;  /* numbers touched outside of matrix products */
    double calls;        /* calls of operators in the training */
    double arena_bytes;  /* numerical memory of the task itself */
    double record_bytes; /* values in the record, before compression; counts among the memory too */
    int in_parameters;   /* the linearization runs in parameter space */
};

/* shape: as dataset_shape or dataset_load fills it; its examples are not looked at. */
void task_point_cost(const struct config *config, const struct dataset *shape, struct task_cost *cost);
void task_reference_cost(const struct config *config, const struct dataset *shape, struct task_cost *cost);
/* Replaces `linearization: auto` by the point's choice, which depends on run.memory: before config_key, so that a record's
 * name says what was done. */
void task_resolve(struct config *config, const struct dataset *shape);
/* Predicted seconds at `gflops` = measured GEMM rate in the task's precision. */
double task_seconds(const struct task_cost *cost, double gflops);
/* Smallest `run.memory` (bytes) with which the point runs. */
double task_point_memory(const struct config *config, const struct dataset *shape);
/* Does the point use infinite-width kernels? All do but those in the standard parameterization at one rate for all
 * tensors, whose kernel has no such limit (unless kernels are kept). */
int task_needs_reference(const struct config *config);

/* Trains the point's network beside its linearization. `reference` is the record of the point's reference (NULL: it needs none). *record is
 * owned by the caller (record_free), set only on OK. A diverged point is OK. Fails: ERROR_MEMORY, ERROR_INTERRUPTED. */
status task_point(const struct config *config, const struct dataset *data, const struct record *reference,
                  struct task_hooks hooks, struct record **record);
/* Infinite-width NNGP and NTK of (data, train_size, network), and the NTK's eigensystem; always in double. */
status task_reference(const struct config *config, const struct dataset *data, struct task_hooks hooks,
                      struct record **record);

/* GEMM rate of one thread in GFLOP/s, measured for about 0.1 s (n = 1024); the rate that a loop of fused multiply-adds in registers
 * reaches, which is what vector width and clock allow; OpenBLAS's core name and version. */
struct machine {
    double gemm_gflops[2]; /* by enum precision */
    double peak_gflops[2];
    char core[32], blas[64];
};
void task_machine(struct machine *machine, int threads);
/* The OpenBLAS core type this CPU deserves if it is better than the one loaded, else NULL. */
const char *task_better_core(void);
void task_set_threads(int threads);

#endif
