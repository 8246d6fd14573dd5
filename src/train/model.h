/* A model that a point trains: the network (trainer.h), or an expansion of it around its beginning (linear.h). All have
 * one face, and go in lockstep. A step is model_forward and model_step; the batch's points go through in chunks. With
 * one chunk model_forward keeps the values and model_step goes back through them; with several, model_forward also
 * takes each chunk back, summing the gradient, and model_step applies it. Between steps everything that the future
 * depends on is in model_state. Not collective; cannot fail. Adding a model: a file with its kind, a word of
 * training.models, a row of the table in task/point_plan.c. */
#ifndef MODEL_H
#define MODEL_H

#include <stdbool.h>
#include "optimizer.h"
#include "points.h"

#define model_allocate REAL_NAME(model_allocate)
#define model_create   REAL_NAME(model_create)
#define model_start    REAL_NAME(model_start)
#define model_look     REAL_NAME(model_look)
#define model_forward  REAL_NAME(model_forward)
#define model_loss     REAL_NAME(model_loss)
#define model_gradient REAL_NAME(model_gradient)
#define model_step     REAL_NAME(model_step)
#define model_state    REAL_NAME(model_state)

/* What the models of a point are trained on, and how: all of them in the same way. */
struct training {
    const struct network *network;
    const struct points *points;
    struct descent descent; /* but for eta */
    bool is_centred;        /* the network is F = f - f_0: all its outputs are F's */
    bool is_plain;          /* nothing is kept in sample space */
};

/* Where a model begins. Lent; what a kind does not name it does not look at. */
struct beginning {
    real eta;
    real *theta;                          /* the network's own, which its steps change */
    const real *theta0;                   /* the same as it was drawn, unchanged while a model runs */
    const real *f0_train, *f0_test;       /* the network's outputs there: zeros where it is centred */
    const real *train_train, *test_train; /* Theta_0 [N k, N k], [M k, N k] */
};

struct model_kind;
struct model { /* the first member of each kind's own struct */
    const struct model_kind *kind;
    const struct training *training;
    struct optimizer optimizer; /* its descent says how, with eta */
    real *parameters;           /* what the optimizer steps; NULL: nothing */
    int64_t chunk, test_chunk;  /* points at once, of a step and of those looked at */
    struct batch batch;         /* of the last model_forward */
    real *f_train;              /* [train, k], set by model_forward (full batches) or model_look (mini-batches) */
    real *f_test;               /* [test, k], set by model_look */
};

struct model_kind {
    const char *name;
    size_t bytes; /* of its own struct */
    /* Its memory, its chunks, its optimizer. */
    void (*lay_out)(struct arena *arena, struct model *model);
    void (*start)(struct model *model, const struct beginning *beginning);
    /* Outputs of `count` points from row `begin` of [train; test] on, at the present step. */
    void (*look)(struct model *model, int64_t begin, int64_t count, real *f);
    /* Outputs of the batch's points from .. from + n - 1, into batch.f. */
    void (*forward)(struct model *model, int64_t from, int64_t n);
    /* Those points back: gathered += their part of alpha dL/dparameters. NULL: it has no parameters, and f_train is
     * live. */
    void (*backward)(struct model *model, int64_t from, int64_t n, real *gathered);
    /* What a step is beside the optimizer's. NULL: nothing. */
    void (*step)(struct model *model);
    /* What outlives a step beside parameters and optimizer. NULL: nothing. */
    void (*state)(struct model *model, struct state *state);
    const char *const *names; /* in a state: of its parameters, then as optimizer_state says */
    bool passes;              /* does a step go through the network? */
    /* Multiply-adds times 2 of a step with its forward pass, and of a look; numbers of a state. From sizes alone. */
    double (*step_flops)(const struct training *training);
    double (*look_flops)(const struct training *training);
    double (*state_numbers)(const struct training *training);
};

/* Room for the kind's own struct, without its numbers: owned by the caller, ended by free. */
struct model *model_allocate(const struct model_kind *kind);
/* Lays out (a counting arena: sizes only) in that room. The training is lent. */
void model_create(const struct model_kind *kind, const struct training *training, struct arena *arena,
                  struct model *model);
void model_start(struct model *model, const struct beginning *beginning);
/* f_test, and with mini-batches f_train, at the present step. Call before model_forward. */
void model_look(struct model *model);
/* Outputs of the batch at the present step, and all that model_step needs. batch: rows of training points, ascending,
 * as many as points_batch, valid until model_step; NULL: all of them (full batches). */
void model_forward(struct model *model, const int64_t *batch);
/* Loss of that batch. */
double model_loss(const struct model *model);
/* g = dL/df of n of the batch's points from `from` on, times the share of eta where the step is a multiple of it:
 * optimizer.share, which is set before model_forward. */
void model_gradient(const struct model *model, int64_t from, int64_t n, real *g);
/* One step down that loss's gradient. */
void model_step(struct model *model);
/* Adds all that outlives a step: with these arrays as they were between steps, and after model_start at the same
 * beginning, the future is the same to the bit. */
void model_state(struct model *model, struct state *state);

static inline bool model_has_several_chunks(const struct model *model) {
    return model->chunk < points_batch(model->training->points);
}

#endif
