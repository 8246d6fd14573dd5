/* A cell that is held contractive: where the product of the spectral norms of its layers' weights is above `most`, all of
 * them shrink by the same factor. Norms by power iteration with W W', from the same vector each time, so that nothing
 * outlives a call. */
#include <math.h>

#include "equilibrium.h"
#include "matrix.h"

/* |W|, W [fan_in, fan_out] times its prefactor; x and y: fan_in + fan_out numbers of scratch. */
static double norm_of(const struct tensor *weight, const real *theta, real *x) {
    enum { STEPS = 200 };
    const double enough = 1e-4;
    int64_t in = weight->shape[0], out = weight->shape[1];
    const real *w = theta + weight->offset;
    real *y = x + out;
    double norm = 0, last = -1;
    for (int64_t i = 0; i < out; i++) x[i] = (real)cos((double)i);
    for (int step = 0; step < STEPS && fabs(norm - last) > enough * norm; step++) {
        double length = sqrt(la_dot(out, x, x));
        if (!(length > 0)) return 0;
        la_scale(out, (real)(1 / length), x);
        la_gemv(LA_PLAIN, in, out, weight->scale, w, x, 0, y);
        last = norm;
        norm = sqrt(la_dot(in, y, y));
        la_gemv(LA_TRANSPOSED, in, out, weight->scale, w, y, 0, x);
    }
    return norm;
}

static bool is_held(const struct network *network, const struct equilibrium *equilibrium, int i) {
    return i > equilibrium->rest && i <= equilibrium->end && network->node[i].kind == &dense_operator;
}

static void hold(const struct network *network, const struct equilibrium *equilibrium, real most, real *theta,
                 real *work) {
    double product = 1;
    int layers = 0;
    for (int i = 0; i <= equilibrium->end; i++)
        if (is_held(network, equilibrium, i)) {
            product *= norm_of(node_weight(network, &network->node[i]), theta, work);
            layers++;
        }
    if (!(product > (double)most)) return;
    for (int i = 0; i <= equilibrium->end; i++)
        if (is_held(network, equilibrium, i)) {
            const struct tensor *weight = node_weight(network, &network->node[i]);
            la_scale(weight->size, (real)pow((double)most / product, 1.0 / layers), theta + weight->offset);
        }
}

void network_contract(const struct network *network, real most, real *theta, real *work) {
    for (int i = 0; i < network->nodes; i++)
        if (network->node[i].kind == &rest_operator) hold(network, network->node[i].form, most, theta, work);
}
