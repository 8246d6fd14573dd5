#include "elements.h"

static const struct element *const elements[] = {
    &measure_circumstances, &measure_losses,   &measure_differences, &measure_outputs,
    &measure_layers,        &measure_kernels,  &measure_predictions, &measure_stability,
    &measure_kept,          &measure_rounding, &measure_equilibria,
};
enum { ELEMENTS = sizeof elements / sizeof *elements };

typedef void visitor(struct point *point, const struct measurement *measurement, void *context);

static bool is_recorded(const struct point *point, const struct measurement *measurement) {
    return measure_is_of(point, measurement->metric) && (!measurement->is_wanted || measurement->is_wanted(point)) &&
           measure_numbers(point, measurement->metric) > 0;
}

/* Those of models that have not diverged: before the first step all there are. */
static void visit_recorded(struct point *point, visitor *visit, void *context) {
    for (int i = 0; i < ELEMENTS; i++)
        for (const struct measurement *at = elements[i]->measurements; at && at->fill; at++)
            if (is_recorded(point, at)) visit(point, at, context);
}

static void add_array(struct point *point, const struct measurement *measurement, void *context) {
    (void)context;
    (void)measure_add(point, measurement->metric);
}

static void add_bytes(struct point *point, const struct measurement *measurement, void *context) {
    *(double *)context += sizeof(double) * measure_numbers(point, measurement->metric);
}

static void fill_row(struct point *point, const struct measurement *measurement, void *context) {
    double *row = measure_row(point, measurement->metric, *(const int64_t *)context);
    if (row) measurement->fill(point, measure_model(point, measurement->metric), row);
}

/* ---- all elements ---- */

void elements_lay_out(struct arena *arena, struct point *point) {
    for (int i = 0; i < ELEMENTS; i++)
        if (elements[i]->lay_out) elements[i]->lay_out(arena, point);
}

void elements_count(struct arena *arena, struct point *point) {
    for (int i = 0; i < ELEMENTS; i++) {
        size_t mark = arena_mark(arena);
        if (elements[i]->count) elements[i]->count(arena, point);
        arena_release(arena, mark);
    }
}

void elements_declare(struct point *point) {
    visit_recorded(point, add_array, NULL);
    for (int i = 0; i < ELEMENTS; i++)
        if (elements[i]->declare) elements[i]->declare(point);
}

status elements_start(struct point *point, struct arena *arena) {
    for (int i = 0; i < ELEMENTS; i++) {
        size_t mark = arena_mark(arena);
        if (elements[i]->at_start) TRY(elements[i]->at_start(point, arena));
        arena_release(arena, mark);
    }
    return OK;
}

void elements_step(struct point *point, int64_t index) {
    visit_recorded(point, fill_row, &index);
    for (int i = 0; i < ELEMENTS; i++)
        if (elements[i]->at_step) elements[i]->at_step(point, index);
}

void elements_end(struct point *point) {
    for (int i = 0; i < ELEMENTS; i++)
        if (elements[i]->at_end) elements[i]->at_end(point);
}

status elements_after(struct point *point, struct arena *arena) {
    for (int i = 0; i < ELEMENTS; i++)
        if (elements[i]->after) TRY(elements[i]->after(point, arena));
    return OK;
}

void elements_cost(struct point *point, struct task_cost *cost) {
    visit_recorded(point, add_bytes, &cost->record_bytes);
    for (int i = 0; i < ELEMENTS; i++)
        if (elements[i]->cost) elements[i]->cost(point, cost);
}
