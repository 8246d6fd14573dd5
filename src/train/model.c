#include "model.h"

#include <stdlib.h>
#include <string.h>

#include "matrix.h"
#include "panic.h"

struct model *model_allocate(const struct model_kind *kind) {
    struct model *model = calloc(1, kind->bytes);
    CHECK(model);
    return model;
}

void model_create(const struct model_kind *kind, const struct training *training, struct arena *arena,
                  struct model *model) {
    const struct points *points = training->points;
    memset(model, 0, kind->bytes);
    model->kind = kind;
    model->training = training;
    model->f_train = ARENA_TAKE(arena, points->train * points->outputs, real);
    model->f_test = ARENA_TAKE(arena, points->test * points->outputs, real);
    kind->lay_out(arena, model);
    batch_create(points, model->chunk, model->f_train, arena, &model->batch);
}

void model_start(struct model *model, const struct beginning *beginning) {
    optimizer_start(beginning->eta, &model->optimizer);
    model->kind->start(model, beginning);
}

void model_look(struct model *model) {
    const struct points *points = model->training->points;
    model->kind->look(model, points->train, points->test, model->f_test);
    if (points_are_in_batches(points) && model->kind->backward)
        model->kind->look(model, 0, points->train, model->f_train);
}

static bool goes_back_at_once(const struct model *model) {
    return model->kind->backward && model_has_several_chunks(model);
}

static void forward_and_backward(struct model *model) {
    int64_t all = model->batch.n;
    real *gathered = optimizer_target(&model->optimizer, model->parameters);
    for (int64_t from = 0; from < all; from += model->chunk) {
        int64_t n = points_at(from, all, model->chunk);
        model->kind->forward(model, from, n);
        model->kind->backward(model, from, n, gathered);
    }
}

void model_forward(struct model *model, const int64_t *batch) {
    batch_begin(model->training->points, batch, &model->batch);
    if (goes_back_at_once(model))
        forward_and_backward(model);
    else
        model->kind->forward(model, 0, model->batch.n);
}

double model_loss(const struct model *model) {
    return batch_loss(&model->batch, model->training->descent.loss, model->training->points->outputs);
}

void model_gradient(const struct model *model, int64_t from, int64_t n, real *g) {
    const struct descent *descent = &model->training->descent;
    int64_t k = model->training->points->outputs;
    real share = model->optimizer.share;
    batch_gradient(&model->batch, descent->loss, k, from, n, g);
    if (share < 1 && !optimizer_takes_gradient(descent)) la_scale(n * k, share, g);
}

void model_step(struct model *model) {
    const struct model_kind *kind = model->kind;
    if (kind->backward && !goes_back_at_once(model))
        kind->backward(model, 0, model->batch.n, optimizer_target(&model->optimizer, model->parameters));
    if (kind->backward) optimizer_apply(&model->optimizer, model->parameters);
    if (kind->step) kind->step(model);
}

void model_state(struct model *model, struct state *state) {
    if (model->kind->names) optimizer_state(&model->optimizer, model->parameters, model->kind->names, state);
    if (model->kind->state) model->kind->state(model, state);
}
