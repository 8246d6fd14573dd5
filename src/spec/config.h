/* One resolved setting of every key of the study file: plain values, filled by the table of keys (keys.c).
 *
 * A study holds one `struct config` and its axes; a point is the same struct with the values of its cell in place.
 * Every member that a row of the table names has one of the types below. Texts and lists are borrowed from the study.
 * Adding a key: a member here, a row in keys.c. */
#ifndef CONFIG_H
#define CONFIG_H

#include <stdint.h>

enum data_source { SOURCE_MNIST, SOURCE_CIFAR10, SOURCE_GAUSSIAN };
enum data_order { ORDER_SHUFFLED, ORDER_FILE };
enum family { FAMILY_FC, FAMILY_CONV, FAMILY_WRN };
enum pooling { POOLING_GLOBAL, POOLING_FLATTEN };
enum activation_kind { ACTIVATION_RELU, ACTIVATION_ERF, ACTIVATION_TANH, ACTIVATION_IDENTITY };
enum parameterization { PARAMETERIZATION_NTK, PARAMETERIZATION_STANDARD };
enum loss { LOSS_MSE };
enum optimizer { OPTIMIZER_SGD };
enum batch_size { BATCH_SIZE_FULL };
enum rate_form { RATE_NONE, RATE_ABSOLUTE, RATE_CRITICAL_FRACTION };
enum linearization { LINEARIZATION_AUTO, LINEARIZATION_FUNCTION, LINEARIZATION_PARAMETER };
enum spacing { SPACING_LOG, SPACING_LINEAR };
enum kernel_steps { KERNEL_STEPS_NONE, KERNEL_STEPS_LAST, KERNEL_STEPS_ALL, KERNEL_STEPS_LIST };
enum outputs { OUTPUTS_NONE, OUTPUTS_PROBES, OUTPUTS_ALL };
enum keep { KEEP_INPUTS = 1, KEEP_OUTPUTS = 2, KEEP_PARAMETERS = 4, KEEP_KERNELS = 8 };
enum precision { PRECISION_F32, PRECISION_F64 };

struct text_list {
    int64_t count;
    const char *const *item;
};
struct count_list {
    int64_t count;
    const int64_t *item;
};
/* `{ absolute: x }` or `{ critical_fraction: c }`; momentum and the rest of the optimizer stand beside it. */
struct learning_rate {
    int form; /* enum rate_form; RATE_NONE: not given */
    double value;
};

struct config {
    const char *title;
    struct {
        int source;                 /* enum data_source */
        const char *path;           /* folder, absolute; NULL for gaussian */
        struct text_list classes;   /* empty: all */
        int64_t dimension, outputs; /* gaussian */
        int64_t resize;             /* images: squares of resize x resize pixels become one, their mean */
        int64_t test_size, seed;
        int order; /* enum data_order */
    } data;
    struct {
        int family;
        int64_t depth;       /* fc, conv */
        int64_t blocks;      /* wrn: in each of the three groups; depth is 6 blocks + 4 */
        int64_t kernel_size; /* conv */
        int pooling;         /* conv: enum pooling */
        int activation;
        double sigma_w2, sigma_b2;
        int parameterization;
    } network;
    struct {
        int loss, optimizer;
        int batch_size; /* enum batch_size */
        struct learning_rate learning_rate;
        int64_t steps;
        int linearization;
    } training;
    struct {
        int64_t recorded_steps;
        int spacing;
        int kernel_steps;                    /* enum kernel_steps */
        struct count_list kernel_steps_list; /* for KERNEL_STEPS_LIST */
        int64_t probes;
        int outputs;
        int keep; /* bits of enum keep */
    } measure;
    int64_t width, train_size, seed; /* of the point; 0 in a study's own config */
    struct {
        int precision;
        int64_t memory; /* bytes a rank, bounds tiles and chunks */
        int64_t threads;
    } run;
};

/* Does a reference hold the kernel of test points with test points? Only kept kernels have a use for it; the reference's name says
 * so. */
static inline int config_wants_test_test(const struct config *config) {
    return (config->measure.keep & KEEP_KERNELS) != 0;
}

#endif
