#include "remarks.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

static const struct axis *find_axis(const struct study *study, const char *key) {
    for (int a = 0; a < study->axes; a++)
        if (strcmp(study->axis[a].key, key) == 0) return &study->axis[a];
    return NULL;
}

/* `seed: 5` is one seed. */
static void remark_seed(FILE *out, const struct study *study) {
    const struct axis *seed = find_axis(study, "sweep.seed");
    if (!seed || seed->count != 1 || seed->number[0] < 2) return;
    fprintf(out, "remark: sweep.seed: %.0f is the one seed %.0f; { count: %.0f } would be %.0f seeds\n",
            seed->number[0], seed->number[0], seed->number[0], seed->number[0]);
}

static double largest_rate(const struct study *study) {
    const struct axis *axis = find_axis(study, "training.learning_rate");
    if (!axis) return study->config.training.learning_rate.value;
    double most = 0;
    for (int64_t i = 0; i < axis->count; i++) most = axis->number[i] > most ? axis->number[i] : most;
    return most;
}

static void remark_rate(FILE *out, const struct study *study) {
    double rate = largest_rate(study);
    if (study->config.training.learning_rate.form == RATE_ABSOLUTE || rate <= 1) return;
    fprintf(out, "remark: training.learning_rate: %g times the largest stable rate, so that linearizations diverge\n",
            rate);
}

static void remark_ranks(FILE *out, int ranks) {
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (ranks > cores)
        fprintf(out,
                "remark: %d ranks on this host's %ld cores would share them; the wall time is that of as many cores\n",
                ranks, cores);
}

void remarks_print(FILE *out, const struct study *study, int ranks) {
    remark_seed(out, study);
    remark_rate(out, study);
    remark_ranks(out, ranks);
}
