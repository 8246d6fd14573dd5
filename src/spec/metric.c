#include "metric.h"

#include <stddef.h>

const char *const dimension_name[DIMENSIONS] = {
    [DIM_NONE] = "",
    [DIM_STEP] = "step",
    [DIM_KERNEL_STEP] = "kernel_step",
    [DIM_LAYER] = "layer",
    [DIM_PROBE] = "probe",
    [DIM_PROBE_2] = "probe_2",
    [DIM_OUTPUT] = "output",
    [DIM_TRAIN_EXAMPLE] = "train_example",
    [DIM_TRAIN_EXAMPLE_2] = "train_example_2",
    [DIM_TEST_EXAMPLE] = "test_example",
    [DIM_TEST_EXAMPLE_2] = "test_example_2",
    [DIM_TRAIN_ROW] = "train_row",
    [DIM_TRAIN_ROW_2] = "train_row_2",
    [DIM_TEST_ROW] = "test_row",
    [DIM_TRAINING_STEP] = "training_step",
    [DIM_BATCH] = "batch",
    [DIM_FREE] = "",
};

const char *const dimension_meaning[DIMENSIONS] = {
    [DIM_NONE] = "",
    [DIM_STEP] = "step of training",
    [DIM_KERNEL_STEP] = "step at which kernels are measured",
    [DIM_LAYER] = "layer",
    [DIM_PROBE] = "test example whose outputs are recorded",
    [DIM_PROBE_2] = "test example whose outputs are recorded (columns)",
    [DIM_OUTPUT] = "output of the network",
    [DIM_TRAIN_EXAMPLE] = "training example",
    [DIM_TRAIN_EXAMPLE_2] = "training example (columns)",
    [DIM_TEST_EXAMPLE] = "test example",
    [DIM_TEST_EXAMPLE_2] = "test example (columns)",
    [DIM_TRAIN_ROW] = "training example and output, output fastest",
    [DIM_TRAIN_ROW_2] = "training example and output, output fastest (columns)",
    [DIM_TEST_ROW] = "test example and output, output fastest",
    [DIM_TRAINING_STEP] = "step of training, each one",
    [DIM_BATCH] = "place in a batch",
    [DIM_FREE] = "",
};

/* Rows. The dimensions come last: none is DIM_NONE. */
#define COORDINATE(name, type, meaning, ...)                                                                           \
    { name, PLACE_COORDINATE, type, {__VA_ARGS__}, "1", meaning, NULL, 0 }
#define NUMBER(name, unit, meaning, ...)                                                                               \
    { name, PLACE_RECORD, METRIC_REAL, {__VA_ARGS__}, unit, meaning, NULL, 0 }
#define COUNT(name, meaning)                                                                                           \
    { name, PLACE_RECORD, METRIC_COUNT, {DIM_NONE}, "1", meaning, NULL, 0 }
#define FLAG(name, flags, meaning)                                                                                     \
    { name, PLACE_RECORD, METRIC_FLAG, {DIM_NONE}, "1", meaning, flags, 0 }
#define BITS(name, flags, meaning)                                                                                     \
    { name, PLACE_RECORD, METRIC_BITS, {DIM_NONE}, "1", meaning, flags, 0 }
#define REDUCED(name, meaning, ...)                                                                                    \
    { name, PLACE_REDUCED, METRIC_REAL, {__VA_ARGS__}, "1", meaning, NULL, 0 }
#define REDUCED_COUNT(name, meaning)                                                                                   \
    { name, PLACE_REDUCED, METRIC_COUNT, {DIM_NONE}, "1", meaning, NULL, 0 }
#define VARYING(name, type, unit, meaning)                                                                             \
    { name, PLACE_RECORD, type, {DIM_NONE}, unit, meaning, NULL, 1 }
#define KEPT(name, meaning, ...)                                                                                       \
    { name, PLACE_KEPT, METRIC_REAL, {__VA_ARGS__}, "1", meaning, NULL, 0 }
#define REFERENCE(name, meaning, ...)                                                                                  \
    { name, PLACE_REFERENCE, METRIC_REAL, {__VA_ARGS__}, "1", meaning, NULL, 0 }

const struct metric metric_table[METRICS] = {
    [METRIC_STEP] = COORDINATE("step", METRIC_COUNT, "step of training", DIM_STEP),
    [METRIC_KERNEL_STEP] =
        COORDINATE("kernel_step", METRIC_COUNT, "step at which kernels are measured", DIM_KERNEL_STEP),
    [METRIC_LAYER] = COORDINATE("layer", METRIC_TEXT, "layer", DIM_LAYER),

    [METRIC_RMSE_TRAIN] =
        NUMBER("rmse_train", "1", "RMSE between network and linearization, training examples", DIM_STEP),
    [METRIC_RMSE_TEST] = NUMBER("rmse_test", "1", "RMSE between network and linearization, test examples", DIM_STEP),
    [METRIC_RMSE_TEST_MAX] =
        NUMBER("rmse_test_max", "1", "largest difference of network and linearization, test examples", DIM_STEP),
    [METRIC_LOSS_TRAIN] = NUMBER("loss_train", "1", "training loss of the network", DIM_STEP),
    [METRIC_LOSS_TEST] = NUMBER("loss_test", "1", "test loss of the network", DIM_STEP),
    [METRIC_LOSS_TRAIN_LINEAR] = NUMBER("loss_train_linear", "1", "training loss of the linearization", DIM_STEP),
    [METRIC_LOSS_TEST_LINEAR] = NUMBER("loss_test_linear", "1", "test loss of the linearization", DIM_STEP),
    [METRIC_ACCURACY_TRAIN] = NUMBER("accuracy_train", "1", "training accuracy of the network", DIM_STEP),
    [METRIC_ACCURACY_TEST] = NUMBER("accuracy_test", "1", "test accuracy of the network", DIM_STEP),
    [METRIC_ACCURACY_TRAIN_LINEAR] =
        NUMBER("accuracy_train_linear", "1", "training accuracy of the linearization", DIM_STEP),
    [METRIC_ACCURACY_TEST_LINEAR] = NUMBER("accuracy_test_linear", "1", "test accuracy of the linearization", DIM_STEP),
    [METRIC_F_RMS] = NUMBER("f_rms", "1", "root mean square of the network's test outputs", DIM_STEP),
    [METRIC_PARAMETER_CHANGE] =
        NUMBER("parameter_change", "1", "relative change of a layer's parameters since step 0", DIM_STEP, DIM_LAYER),
    [METRIC_NTK_CHANGE] =
        NUMBER("ntk_change", "1", "relative change of the empirical NTK since step 0", DIM_KERNEL_STEP),
    [METRIC_NNGP_CHANGE] =
        NUMBER("nngp_change", "1", "relative change of the empirical NNGP kernel since step 0", DIM_KERNEL_STEP),
    [METRIC_OUTPUTS] = NUMBER("outputs", "1", "test outputs of the network", DIM_STEP, DIM_PROBE, DIM_OUTPUT),
    [METRIC_OUTPUTS_LINEAR] =
        NUMBER("outputs_linear", "1", "test outputs of the linearization", DIM_STEP, DIM_PROBE, DIM_OUTPUT),

    [METRIC_LEARNING_RATE_USED] = NUMBER(
        "learning_rate_used", "1",
        "learning rate eta; with training.rates: matched a tensor's own is eta times its initial variance", DIM_NONE),
    [METRIC_LAMBDA_MAX] = NUMBER("lambda_max", "1", "largest eigenvalue of the empirical NTK at step 0", DIM_NONE),
    [METRIC_LAMBDA_MIN] = NUMBER("lambda_min", "1", "smallest eigenvalue of the empirical NTK at step 0", DIM_NONE),
    [METRIC_NTK_TRACE] = NUMBER("ntk_trace", "1", "trace of the empirical NTK at step 0", DIM_NONE),
    [METRIC_NTK_DISTANCE_INFINITE] = NUMBER(
        "ntk_distance_infinite", "1", "relative distance of the empirical NTK from the infinite-width one", DIM_NONE),
    [METRIC_RMSE_TEST_INFINITE] = NUMBER(
        "rmse_test_infinite", "1", "RMSE of the network at the last step against the infinite-width NTK", DIM_NONE),
    [METRIC_RMSE_TEST_DISCRETE] = NUMBER("rmse_test_discrete", "1",
                                         "RMSE of the network against discrete steps with the empirical NTK", DIM_STEP),
    [METRIC_RMSE_TEST_FLOW] =
        NUMBER("rmse_test_flow", "1", "RMSE of the network against gradient flow with the empirical NTK", DIM_STEP),
    [METRIC_RMSE_TEST_DISCRETE_INFINITE] =
        NUMBER("rmse_test_discrete_infinite", "1",
               "RMSE of the network against discrete steps with the infinite-width NTK", DIM_STEP),
    [METRIC_RMSE_TEST_FLOW_INFINITE] =
        NUMBER("rmse_test_flow_infinite", "1", "RMSE of the network against gradient flow with the infinite-width NTK",
               DIM_STEP),
    [METRIC_RMSE_ROUNDING] =
        NUMBER("rmse_rounding", "1", "RMSE between the network's last outputs evaluated in f32 and in f64", DIM_NONE),
    [METRIC_RMSE_ROUNDING_LINEAR] = NUMBER(
        "rmse_rounding_linear", "1", "RMSE between the linearization's last outputs run in f32 and in f64", DIM_NONE),
    [METRIC_STATUS] = BITS("status", "network_diverged linearization_diverged", "which of the models diverged"),
    [METRIC_DIVERGED_STEP] = COUNT("diverged_step", "step at which the network diverged"),
    [METRIC_DIVERGED_STEP_LINEAR] = COUNT("diverged_step_linear", "step at which the linearization diverged"),
    [METRIC_PARAMETERS] = COUNT("parameters", "number of trained parameters"),
    [METRIC_LINEARIZATION_USED] =
        FLAG("linearization_used", "auto function parameter", "space in which the linearization ran"),
    [METRIC_INPUT_MEAN] = NUMBER("input_mean", "1", "mean of the training split, taken from inputs", DIM_NONE),
    [METRIC_INPUT_DEVIATION] =
        NUMBER("input_deviation", "1", "deviation of the training split, by which inputs are divided", DIM_NONE),

    [METRIC_FLOPS] =
        VARYING("flops", METRIC_REAL, "1",
                "floating-point operations of the whole point, counted beforehand; more where memory is short"),
    [METRIC_ARENA_BYTES] = VARYING("arena_bytes", METRIC_REAL, "B", "memory planned for the point's numbers"),
    [METRIC_SECONDS_SETUP] = VARYING("seconds_setup", METRIC_REAL, "s", "time to set up the point"),
    [METRIC_SECONDS_KERNEL] = VARYING("seconds_kernel", METRIC_REAL, "s", "time in kernels"),
    [METRIC_SECONDS_TRAINING] = VARYING("seconds_training", METRIC_REAL, "s", "time in training steps"),
    [METRIC_SECONDS_RECORDING] = VARYING("seconds_recording", METRIC_REAL, "s", "time in measuring recorded steps"),
    [METRIC_SECONDS_TOTAL] = VARYING("seconds_total", METRIC_REAL, "s", "time for the point"),
    [METRIC_RSS_BYTES] = VARYING("rss_bytes", METRIC_REAL, "B", "peak resident memory of the process"),
    [METRIC_GEMM_GFLOPS] = VARYING("gemm_gflops", METRIC_REAL, "GFLOP/s", "GEMM rate measured on this machine"),
    [METRIC_RANK] = VARYING("rank", METRIC_COUNT, "1", "MPI rank that ran the point"),
    [METRIC_HOST] = VARYING("host", METRIC_TEXT, "1", "host that ran the point"),

    [METRIC_ENSEMBLE_SIZE] = REDUCED_COUNT("ensemble_size", "seeds whose network has not diverged"),
    [METRIC_ENSEMBLE_SIZE_LINEAR] = REDUCED_COUNT("ensemble_size_linear", "seeds whose linearization has not diverged"),
    [METRIC_OUTPUTS_MEAN] =
        REDUCED("outputs_mean", "mean over seeds of the network's test outputs", DIM_STEP, DIM_PROBE, DIM_OUTPUT),
    [METRIC_OUTPUTS_VARIANCE] = REDUCED("outputs_variance", "variance over seeds of the network's test outputs",
                                        DIM_STEP, DIM_PROBE, DIM_OUTPUT),
    [METRIC_OUTPUTS_LINEAR_MEAN] = REDUCED("outputs_linear_mean", "mean over seeds of the linearization's test outputs",
                                           DIM_STEP, DIM_PROBE, DIM_OUTPUT),
    [METRIC_OUTPUTS_LINEAR_VARIANCE] =
        REDUCED("outputs_linear_variance", "variance over seeds of the linearization's test outputs", DIM_STEP,
                DIM_PROBE, DIM_OUTPUT),
    [METRIC_NTK_GP_MEAN] =
        REDUCED("ntk_gp_mean", "mean of the NTK Gaussian process at a step: the infinitely wide network", DIM_STEP,
                DIM_PROBE, DIM_OUTPUT),
    [METRIC_NTK_GP_COVARIANCE] =
        REDUCED("ntk_gp_covariance", "covariance of the NTK Gaussian process at a step, of each output", DIM_STEP,
                DIM_PROBE, DIM_PROBE_2),
    [METRIC_NNGP_POSTERIOR_MEAN] = REDUCED(
        "nngp_posterior_mean", "mean of the NNGP posterior: a network whose readout alone is trained to the end",
        DIM_PROBE, DIM_OUTPUT),
    [METRIC_NNGP_POSTERIOR_COVARIANCE] = REDUCED(
        "nngp_posterior_covariance", "covariance of the NNGP posterior, of each output", DIM_PROBE, DIM_PROBE_2),

    [METRIC_KEPT_X_TRAIN] = KEPT("x_train", "training inputs, scaled", DIM_TRAIN_EXAMPLE, DIM_FREE),
    [METRIC_KEPT_Y_TRAIN] = KEPT("y_train", "training targets", DIM_TRAIN_EXAMPLE, DIM_OUTPUT),
    [METRIC_KEPT_X_TEST] = KEPT("x_test", "test inputs, scaled", DIM_TEST_EXAMPLE, DIM_FREE),
    [METRIC_KEPT_Y_TEST] = KEPT("y_test", "test targets", DIM_TEST_EXAMPLE, DIM_OUTPUT),
    [METRIC_KEPT_F_TRAIN] = KEPT("f_train", "training outputs of the network", DIM_STEP, DIM_TRAIN_EXAMPLE, DIM_OUTPUT),
    [METRIC_KEPT_F_TEST] = KEPT("f_test", "test outputs of the network", DIM_STEP, DIM_TEST_EXAMPLE, DIM_OUTPUT),
    [METRIC_KEPT_F_TRAIN_LINEAR] =
        KEPT("f_train_linear", "training outputs of the linearization", DIM_STEP, DIM_TRAIN_EXAMPLE, DIM_OUTPUT),
    [METRIC_KEPT_F_TEST_LINEAR] =
        KEPT("f_test_linear", "test outputs of the linearization", DIM_STEP, DIM_TEST_EXAMPLE, DIM_OUTPUT),
    [METRIC_KEPT_BATCHES] = {"batches",
                             PLACE_KEPT,
                             METRIC_COUNT,
                             {DIM_TRAINING_STEP, DIM_BATCH},
                             "1",
                             "training examples of a step's batch, places in the training set",
                             NULL,
                             0},
    [METRIC_KEPT_PARAMETERS] = KEPT("parameters", "parameter tensor at step 0", DIM_FREE, DIM_FREE),
    [METRIC_KEPT_PARAMETERS_FINAL] = KEPT("parameters_final", "parameter tensor at the last step", DIM_FREE, DIM_FREE),
    [METRIC_KEPT_NTK_TRAIN_TRAIN] =
        KEPT("ntk_train_train",
             "empirical NTK J R J' at step 0, training with training; R: a tensor's rate over eta, 1 unless matched",
             DIM_TRAIN_ROW, DIM_TRAIN_ROW_2),
    [METRIC_KEPT_NTK_TEST_TRAIN] =
        KEPT("ntk_test_train",
             "empirical NTK J R J' at step 0, test with training; R: a tensor's rate over eta, 1 unless matched",
             DIM_TEST_ROW, DIM_TRAIN_ROW_2),
    [METRIC_KEPT_NTK_INFINITE_TRAIN_TRAIN] =
        KEPT("ntk_infinite_train_train", "infinite-width NTK, training with training", DIM_TRAIN_EXAMPLE,
             DIM_TRAIN_EXAMPLE_2),
    [METRIC_KEPT_NTK_INFINITE_TEST_TRAIN] = KEPT("ntk_infinite_test_train", "infinite-width NTK, test with training",
                                                 DIM_TEST_EXAMPLE, DIM_TRAIN_EXAMPLE_2),
    [METRIC_KEPT_NNGP_INFINITE_TRAIN_TRAIN] =
        KEPT("nngp_infinite_train_train", "infinite-width NNGP kernel, training with training", DIM_TRAIN_EXAMPLE,
             DIM_TRAIN_EXAMPLE_2),
    [METRIC_KEPT_NNGP_INFINITE_TEST_TRAIN] =
        KEPT("nngp_infinite_test_train", "infinite-width NNGP kernel, test with training", DIM_TEST_EXAMPLE,
             DIM_TRAIN_EXAMPLE_2),
    [METRIC_KEPT_NNGP_INFINITE_TEST_TEST] = KEPT(
        "nngp_infinite_test_test", "infinite-width NNGP kernel, test with test", DIM_TEST_EXAMPLE, DIM_TEST_EXAMPLE_2),

    [METRIC_REFERENCE_NTK_TRAIN_TRAIN] =
        REFERENCE("ntk_infinite_train_train", "infinite-width NTK, training with training", DIM_TRAIN_EXAMPLE,
                  DIM_TRAIN_EXAMPLE_2),
    [METRIC_REFERENCE_NTK_TEST_TRAIN] = REFERENCE("ntk_infinite_test_train", "infinite-width NTK, test with training",
                                                  DIM_TEST_EXAMPLE, DIM_TRAIN_EXAMPLE_2),
    [METRIC_REFERENCE_NNGP_TRAIN_TRAIN] =
        REFERENCE("nngp_infinite_train_train", "infinite-width NNGP kernel, training with training", DIM_TRAIN_EXAMPLE,
                  DIM_TRAIN_EXAMPLE_2),
    [METRIC_REFERENCE_NNGP_TEST_TRAIN] =
        REFERENCE("nngp_infinite_test_train", "infinite-width NNGP kernel, test with training", DIM_TEST_EXAMPLE,
                  DIM_TRAIN_EXAMPLE_2),
    [METRIC_REFERENCE_NNGP_TEST_TEST] = REFERENCE(
        "nngp_infinite_test_test", "infinite-width NNGP kernel, test with test", DIM_TEST_EXAMPLE, DIM_TEST_EXAMPLE_2),
    [METRIC_REFERENCE_EIGENVALUES] =
        REFERENCE("ntk_infinite_eigenvalues", "eigenvalues of the infinite-width NTK, ascending", DIM_TRAIN_EXAMPLE),
    [METRIC_REFERENCE_EIGENVECTORS] =
        REFERENCE("ntk_infinite_eigenvectors", "eigenvectors of the infinite-width NTK, one a column",
                  DIM_TRAIN_EXAMPLE, DIM_TRAIN_EXAMPLE_2),
    [METRIC_REFERENCE_Y_TRAIN] = REFERENCE("y_train", "training targets", DIM_TRAIN_EXAMPLE, DIM_OUTPUT),
    [METRIC_REFERENCE_SECONDS] =
        {"seconds_total", PLACE_REFERENCE, METRIC_REAL, {DIM_NONE}, "s", "time for the reference", NULL, 1},
};
