/* How far each layer's parameters have gone. */
#include <stdio.h>
#include <stdlib.h>

#include "panic.h"
#include "measure.h"

static void parameter_change(const struct point *point, const struct model *model, double *out) {
    (void)model;
    for (int layer = 0; layer < point->problem.network->layers; layer++) {
        double norm, distance = trainer_layer_distance(point_trainer(point), layer, point->theta0, &norm);
        out[layer] = distance / norm;
    }
}

/* The layers' names, a line each. */
static void declare(struct point *point) {
    const struct network *network = point->problem.network;
    size_t bytes = (size_t)network->layers * LAYER_NAME + 1, used = 0;
    char *names = calloc(bytes, 1);
    CHECK(names);
    for (int layer = 0; layer < network->layers; layer++)
        used += (size_t)snprintf(names + used, bytes - used, "%s%s", layer ? "\n" : "", network->layer[layer].name);
    record_text(point->record, METRIC_LAYER, names);
    free(names);
}

static const struct measurement measurements[] = {{METRIC_PARAMETER_CHANGE, parameter_change, NULL}, {0}};

const struct element measure_layers = {.name = "layers", .measurements = measurements, .declare = declare};
