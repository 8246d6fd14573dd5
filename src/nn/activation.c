/* The elementwise operator x = phi(h), whose form is an activation, and the table of them. */
#include "activation.h"

#include "operator.h"

#define ACTIVATION_ROW(NAME, name) &REAL_NAME(activation_##name),
static const struct activation *const table[] = {ACTIVATION_LIST(ACTIVATION_ROW)};

const struct activation *activation_of(enum activation_kind kind) { return table[kind]; }

struct activation_form activation_at_first(const struct config *config) {
    int kind = config->network.activation;
    return (struct activation_form){table[kind == ACTIVATION_PRELU ? ACTIVATION_LEAKY_RELU : kind],
                                    (real)config->network.slope};
}

void activation_forward(struct activation_form phi, const struct node *node, const struct pass *pass, real *out) {
    phi.activation->map(pass->n * shape_size(node->in), phi.slope, pass_in(pass, node, 0), out);
}

/* dout = phi'(h) din */
void activation_jvp(struct activation_form phi, const struct node *node, const struct pass *pass, real *const *din,
                    real *dout) {
    int64_t size = pass->n * shape_size(node->in);
    const real *dh = tangent_in(din, node, 0);
    if (dh)
        phi.activation->backward(size, phi.slope, pass_in(pass, node, 0), pass->value[node->value], dh, dout);
    else
        tangent_clear(size, dout);
}

/* din = phi'(h) w for each of the cotangents of an example */
void activation_vjp(struct activation_form phi, const struct node *node, const struct pass *pass, int s, const real *w,
                    real *din) {
    enum { PIECE = 512 };
    int64_t size = shape_size(node->in);
    const real *h = pass_in(pass, node, 0), *x = pass->value[node->value];
    if (!node->is_added[s] && pass->count == 1) {
        phi.activation->backward(pass->n * size, phi.slope, h, x, w, din);
        return;
    }
    for (int64_t row = 0; row < pass->n * pass->count; row++)
        for (int64_t at = 0; at < size; at += PIECE) {
            real piece[PIECE];
            int64_t length = size - at < PIECE ? size - at : PIECE, from = row / pass->count * size + at,
                    to = row * size + at;
            phi.activation->backward(length, phi.slope, h + from, x + from, w + to, piece);
            pass_on(length, 1, piece, node->is_added[s], din + to);
        }
}

static struct activation_form form_of(const struct node *node) { return *(const struct activation_form *)node->form; }

static void forward(const struct node *node, const struct pass *pass, real *out) {
    activation_forward(form_of(node), node, pass, out);
}

static void jvp(const struct node *node, const struct pass *pass, const real *dtheta, real *const *din, real *dout) {
    (void)dtheta;
    activation_jvp(form_of(node), node, pass, din, dout);
}

static void vjp(const struct node *node, const struct pass *pass, int s, const real *w, real *din) {
    activation_vjp(form_of(node), node, pass, s, w, din);
}

const struct operator_kind activation_operator = {
    .name = "activation",
    .in_place = true,
    .forward = forward,
    .jvp = jvp,
    .vjp = vjp,
};
