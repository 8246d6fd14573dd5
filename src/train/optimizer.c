#include "optimizer.h"

#include <math.h>
#include <string.h>

#include "matrix.h"
#include "simd.h"

void optimizer_create(const struct descent *descent, int64_t from, int64_t n, bool gathers, struct arena *arena,
                      struct optimizer *optimizer) {
    bool is_adam = descent->optimizer == OPTIMIZER_ADAM, has_momentum = !is_adam && descent->momentum > 0;
    *optimizer = (struct optimizer){.descent = *descent, .from = from, .n = n};
    if (gathers || optimizer_takes_gradient(descent)) optimizer->gathered = ARENA_TAKE(arena, n, real);
    if (has_momentum) optimizer->velocity = ARENA_TAKE(arena, n, real);
    if (is_adam) optimizer->mean = ARENA_TAKE(arena, n, real);
    if (is_adam) optimizer->square = ARENA_TAKE(arena, n, real);
}

static void clear(const struct optimizer *optimizer, real *array) {
    if (array) memset(array + optimizer->from, 0, (size_t)(optimizer->n - optimizer->from) * sizeof *array);
}

void optimizer_start(real eta, struct optimizer *optimizer) {
    optimizer->descent.eta = eta;
    optimizer->share = 1;
    optimizer->steps = 0;
    clear(optimizer, optimizer->velocity);
    clear(optimizer, optimizer->mean);
    clear(optimizer, optimizer->square);
}

/* v <- beta v */
static void slow_down(const struct optimizer *optimizer) {
    for (int64_t i = optimizer->from; i < optimizer->n; i++) optimizer->velocity[i] *= optimizer->descent.momentum;
}

real *optimizer_target(struct optimizer *optimizer, real *parameters) {
    if (optimizer->gathered) {
        clear(optimizer, optimizer->gathered);
        return optimizer->gathered;
    }
    if (!optimizer->velocity) return parameters;
    slow_down(optimizer);
    return optimizer->velocity;
}

real optimizer_alpha(const struct optimizer *optimizer) {
    return optimizer_takes_gradient(&optimizer->descent) ? 1 : -optimizer->descent.eta;
}

/* min(1, c/|g|); NaN where |g| is no number, so that nothing stands still unseen. */
static double shortening(const struct optimizer *optimizer) {
    const real *g = optimizer->gathered + optimizer->from;
    double norm = sqrt(la_dot(optimizer->n - optimizer->from, g, g)), most = (double)optimizer->descent.clip;
    if (!isfinite(norm)) return (double)NAN;
    return norm > most ? most / norm : 1;
}

/* g, or of sgd its step, in the place of g. */
static void clip(struct optimizer *optimizer) {
    double scale = shortening(optimizer);
    if (!optimizer->mean) scale *= -(double)optimizer->descent.eta * (double)optimizer->share;
    la_scale(optimizer->n - optimizer->from, (real)scale, optimizer->gathered + optimizer->from);
}

static void add(const struct optimizer *optimizer, const real *x, real *y) {
    la_axpy(optimizer->n - optimizer->from, 1, x + optimizer->from, y + optimizer->from);
}

static void heavy_ball(struct optimizer *optimizer, real *parameters) {
    if (optimizer->gathered) {
        slow_down(optimizer);
        add(optimizer, optimizer->gathered, optimizer->velocity);
    }
    add(optimizer, optimizer->velocity, parameters);
}

struct adam {
    real b1, b2, c1, c2; /* c = 1 - b */
    real eta, epsilon;
    real mean_scale, square_scale; /* 1/(1 - b^i) */
};

SIMD_CLONES static void adam_step(const struct adam adam, int64_t n, const real *restrict g, real *restrict m,
                                  real *restrict s, real *restrict p) {
    for (int64_t i = 0; i < n; i++) {
        m[i] = adam.b1 * m[i] + adam.c1 * g[i];
        s[i] = adam.b2 * s[i] + adam.c2 * g[i] * g[i];
        p[i] -= adam.eta * (m[i] * adam.mean_scale) / (REAL_MATH(sqrt)(s[i] * adam.square_scale) + adam.epsilon);
    }
}

static void adam(struct optimizer *optimizer, real *parameters) {
    const double b1 = 0.9, b2 = 0.999;
    const struct adam adam = {
        .b1 = (real)b1,
        .b2 = (real)b2,
        .c1 = (real)(1 - b1),
        .c2 = (real)(1 - b2),
        .eta = optimizer->descent.eta * optimizer->share,
        .epsilon = (real)1e-8,
        .mean_scale = (real)(1 / (1 - pow(b1, optimizer->steps))),
        .square_scale = (real)(1 / (1 - pow(b2, optimizer->steps))),
    };
    int64_t from = optimizer->from;
    adam_step(adam, optimizer->n - from, optimizer->gathered + from, optimizer->mean + from, optimizer->square + from,
              parameters + from);
}

void optimizer_apply(struct optimizer *optimizer, real *parameters) {
    optimizer->steps++;
    if (optimizer->descent.clip > 0) clip(optimizer);
    if (optimizer->mean)
        adam(optimizer, parameters);
    else if (optimizer->velocity)
        heavy_ball(optimizer, parameters);
    else if (optimizer->gathered)
        add(optimizer, optimizer->gathered, parameters);
}

int optimizer_arrays(const struct descent *descent) {
    return 1 + (descent->momentum > 0) + 2 * (descent->optimizer == OPTIMIZER_ADAM);
}

void optimizer_state(struct optimizer *optimizer, real *parameters, const char *const names[5], struct state *state) {
    real *const arrays[] = {parameters, optimizer->velocity, optimizer->mean, optimizer->square};
    int64_t from = optimizer->from;
    for (int i = 0; i < 4; i++)
        if (arrays[i]) state_add(state, names[i], REAL_BITS, optimizer->n - from, arrays[i] + from);
    state_add(state, names[4], 64, 1, &optimizer->steps);
}
