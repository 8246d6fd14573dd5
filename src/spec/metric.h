/* The table of metrics: what a record (or a reference) holds. Task fills it, io writes it, the report labels it.
 * Adding a metric is one row in metric.c and one line where it is filled. */
#ifndef METRIC_H
#define METRIC_H

#include <stdbool.h>
#include <stdint.h>
#include "config.h"

/* Inner dimensions. A *row* is (example, output), output fastest. */
enum dimension {
    DIM_NONE,
    DIM_STEP,
    DIM_KERNEL_STEP,
    DIM_LAYER,
    DIM_STATE_STEP,
    DIM_STATE,
    DIM_UNIT,
    DIM_PROBE,
    DIM_PROBE_2,
    DIM_OUTPUT,
    DIM_TRAIN_EXAMPLE,
    DIM_TRAIN_EXAMPLE_2,
    DIM_TEST_EXAMPLE,
    DIM_TEST_EXAMPLE_2,
    DIM_TRAIN_ROW,
    DIM_TRAIN_ROW_2,
    DIM_TEST_ROW,
    DIM_TRAINING_STEP,
    DIM_BATCH,
    DIM_FREE, /* kept arrays whose shape is their own: inputs, parameter tensors */
    DIMENSIONS
};
extern const char *const dimension_name[DIMENSIONS];    /* "" for DIM_NONE and DIM_FREE */
extern const char *const dimension_meaning[DIMENSIONS]; /* long_name */

/* A count in a file is a whole number, -1 where the record has NaN. */
enum metric_type { METRIC_REAL, METRIC_COUNT, METRIC_FLAG, METRIC_BITS, METRIC_TEXT };
enum metric_place {
    PLACE_COORDINATE, /* of the record: step, kernel_step, layer; named as their dimension */
    PLACE_RECORD,     /* root of the record, aggregated in results.h5 */
    PLACE_REDUCED,    /* reduced over seed by collect, on the axes without it; never in a record */
    PLACE_KEPT,       /* group `kept` of the record, never aggregated */
    PLACE_REFERENCE   /* a reference's own arrays */
};
enum { METRIC_DIMENSIONS = 4 };

struct metric {
    const char *name; /* "rmse_test"; kept tensors "parameters", written as parameters/NN */
    enum metric_place place;
    const char *unit;    /* "1", "s", "B", "GFLOP/s" */
    const char *meaning; /* long_name */
    enum metric_type type;
    enum dimension dim[METRIC_DIMENSIONS]; /* DIM_NONE after the last */
    const char
        *flags;      /* the words of 0, 1, ... (METRIC_FLAG), of 1, 2, 4, ... (METRIC_BITS), a space between; or NULL */
    bool varies;     /* may differ between equal runs: tests/same-results leaves it out */
    unsigned models; /* bits of enum model_id, whose numbers it is of: absent where one is not trained, NaN from where
                        one diverges */
    /* How the report draws it (positive numbers, of PLACE_RECORD) where it has no figure made by hand. */
    const char *label; /* of an axis, with TeX between dollars; NULL: the name */
    const char
        *against; /* a numeric axis of the grid, "step", "kernel_step", or "layer", "state_index" at the last step;
                            it is not drawn by itself */
    double slope; /* of a guide, against an axis of the grid; 0: none */
};

/* In the order of the table in metric.c. */
enum metric_id {
    METRIC_STEP,
    METRIC_KERNEL_STEP,
    METRIC_LAYER, /* a text: the names joined by '\n' */
    METRIC_STATE_STEP,
    METRIC_RMSE_TRAIN,
    METRIC_RMSE_TEST,
    METRIC_RMSE_TEST_MAX,
    METRIC_LOSS_TRAIN,
    METRIC_LOSS_TEST,
    METRIC_LOSS_TRAIN_LINEAR,
    METRIC_LOSS_TEST_LINEAR,
    METRIC_ACCURACY_TRAIN,
    METRIC_ACCURACY_TEST,
    METRIC_ACCURACY_TRAIN_LINEAR,
    METRIC_ACCURACY_TEST_LINEAR,
    METRIC_F_RMS,
    METRIC_SOLVER_ITERATIONS,
    METRIC_SOLVER_ITERATIONS_MAX,
    METRIC_SOLVER_UNCONVERGED,
    METRIC_CONTRACTION,
    METRIC_PARAMETER_CHANGE,
    METRIC_GRADIENT_RMS,
    METRIC_JACOBIAN_MAX,
    METRIC_JACOBIAN_MIN,
    METRIC_TRAJECTORIES, /* of measure.probes examples, whatever measure.outputs says */
    METRIC_NTK_CHANGE,
    METRIC_NNGP_CHANGE,
    METRIC_OUTPUTS, /* [step, probe | test_example, output]: the second dimension is as measure.outputs says */
    METRIC_OUTPUTS_LINEAR,
    METRIC_LEARNING_RATE_USED,
    METRIC_LAMBDA_MAX,
    METRIC_LAMBDA_MIN,
    METRIC_NTK_TRACE,
    METRIC_NTK_DISTANCE_INFINITE,
    METRIC_RMSE_TEST_INFINITE,
    METRIC_RMSE_TEST_DISCRETE, /* the four of measure.predictions, [step] */
    METRIC_RMSE_TEST_FLOW,
    METRIC_RMSE_TEST_DISCRETE_INFINITE,
    METRIC_RMSE_TEST_FLOW_INFINITE,
    METRIC_RMSE_ROUNDING,
    METRIC_RMSE_ROUNDING_LINEAR,
    METRIC_NTK_INFINITE_ROUNDING,
    METRIC_NNGP_INFINITE_ROUNDING,
    METRIC_STATUS, /* enum status_bits; -1 in results.h5 where there is no record */
    METRIC_DIVERGED_STEP,
    METRIC_DIVERGED_STEP_LINEAR,
    METRIC_DIVERGED_OF, /* enum divergence */
    METRIC_DIVERGED_UNCONVERGED,
    METRIC_STOPPED_STEP,
    METRIC_PARAMETERS,
    METRIC_LINEARIZATION_USED, /* 1 function, 2 parameter: enum linearization */
    METRIC_FLOPS,
    METRIC_ARENA_BYTES,
    METRIC_INPUT_MEAN,
    METRIC_INPUT_DEVIATION,
    METRIC_SECONDS_SETUP,
    METRIC_SECONDS_KERNEL,
    METRIC_SECONDS_TRAINING,
    METRIC_SECONDS_RECORDING,
    METRIC_SECONDS_TOTAL,
    METRIC_RSS_BYTES,
    METRIC_GEMM_GFLOPS,
    METRIC_RANK,
    METRIC_HOST,
    METRIC_ENSEMBLE_SIZE, /* PLACE_REDUCED */
    METRIC_ENSEMBLE_SIZE_LINEAR,
    METRIC_OUTPUTS_MEAN,
    METRIC_OUTPUTS_VARIANCE,
    METRIC_OUTPUTS_LINEAR_MEAN,
    METRIC_OUTPUTS_LINEAR_VARIANCE,
    METRIC_NTK_GP_MEAN,
    METRIC_NTK_GP_COVARIANCE,
    METRIC_NNGP_POSTERIOR_MEAN,
    METRIC_NNGP_POSTERIOR_COVARIANCE,
    METRIC_KEPT_X_TRAIN,
    METRIC_KEPT_Y_TRAIN,
    METRIC_KEPT_X_TEST,
    METRIC_KEPT_Y_TEST,
    METRIC_KEPT_F_TRAIN,
    METRIC_KEPT_F_TEST,
    METRIC_KEPT_F_TRAIN_LINEAR,
    METRIC_KEPT_F_TEST_LINEAR,
    METRIC_KEPT_BATCHES,          /* mini-batches */
    METRIC_KEPT_PARAMETERS,       /* parameters/NN */
    METRIC_KEPT_PARAMETERS_FINAL, /* parameters_final/NN */
    METRIC_KEPT_NTK_TRAIN_TRAIN,
    METRIC_KEPT_NTK_TEST_TRAIN,
    METRIC_KEPT_NTK_INFINITE_TRAIN_TRAIN,
    METRIC_KEPT_NTK_INFINITE_TEST_TRAIN,
    METRIC_KEPT_NNGP_INFINITE_TRAIN_TRAIN,
    METRIC_KEPT_NNGP_INFINITE_TEST_TRAIN,
    METRIC_KEPT_NNGP_INFINITE_TEST_TEST,
    METRIC_REFERENCE_NTK_TRAIN_TRAIN,
    METRIC_REFERENCE_NTK_TEST_TRAIN,
    METRIC_REFERENCE_NNGP_TRAIN_TRAIN,
    METRIC_REFERENCE_NNGP_TEST_TRAIN,
    METRIC_REFERENCE_NNGP_TEST_TEST,
    METRIC_REFERENCE_EIGENVALUES,  /* of the NTK, ascending */
    METRIC_REFERENCE_EIGENVECTORS, /* row i: the example, column j: of eigenvalue j */
    METRIC_REFERENCE_NTK_ROUNDING, /* where run.limit_precision is f32 */
    METRIC_REFERENCE_NNGP_ROUNDING,
    METRIC_REFERENCE_Y_TRAIN, /* targets, for Gaussian processes */
    METRIC_REFERENCE_SECONDS,
    METRICS
};
extern const struct metric metric_table[METRICS];

#endif
