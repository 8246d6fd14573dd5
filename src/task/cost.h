/* What is known of a task before it runs. */
#ifndef COST_H
#define COST_H

#include <stdbool.h>

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

#endif
