/* The convolution h = s_w x * W + s_b b on images, W [ky, kx, in, out], b [1, 1, 1, out], s_w = sigma_w/sqrt(in ky kx), s_b = sigma_b
 * (NTK parameterization, Lee et al. 2019, Table S1) or 1 (standard); zero padding "same", stride 1 or more. */
#include <math.h>

#include "matrix.h"
#include "operator.h"

static int64_t places(const struct operator* op) { return op->out.rows * op->out.columns; }

/* h = s_b b + s_w x * W */
static void forward(const struct operator* op, const real *theta, int64_t n, const real *const in[SOURCES], real *out,
                    real *work) {
    const real *bias = op->bias->active ? theta + op->bias->offset : NULL;
    op->way->forward(&op->filtering, n, op->weight->scale, in[0], theta + op->weight->offset, op->bias->scale, bias, 0,
                     out, work);
}

/* dh = s_b db + s_w (x * dW + dx * W) */
static void jvp(const struct operator* op, const real *theta, const real *dtheta, int64_t n,
                const real *const in[SOURCES], const real *const din[SOURCES], const real *out, real *dout,
                real *work) {
    (void)out;
    forward(op, dtheta, n, in, dout, work);
    if (din[0])
        op->way->forward(&op->filtering, n, op->weight->scale, din[0], theta + op->weight->offset, 0, NULL, 1, dout,
                         work);
}

static void vjp_input(const struct operator* op, int s, const real *theta, int64_t n, int64_t count,
                      const real *const in[SOURCES], const real *out, const real *w, real beta, real *din, real *work) {
    (void)s, (void)in, (void)out;
    op->way->input(&op->filtering, n * count, op->weight->scale, w, theta + op->weight->offset, beta, din, work);
}

static void vjp_parameters(const struct operator* op, int64_t n, const real *const in[SOURCES], const real *w,
                           real alpha, real *gradient, real *work) {
    op->way->filter(&op->filtering, n, alpha * op->weight->rate * op->weight->scale, in[0], w,
                    gradient + op->weight->offset, work);
    if (op->bias->active)
        la_add_columns(n * places(op), op->out.channels, alpha * op->bias->rate * op->bias->scale, w, op->out.channels,
                       gradient + op->bias->offset);
}

static int64_t work_size(const struct operator* op) { return op->way->work(&op->filtering); }

/* ---- kernel by per-example gradients ---- */

static int64_t gradient_size(const struct operator* op) {
    return op->filtering.size * op->filtering.size * op->in.channels + op->bias->active;
}

static void gradients(const struct operator* op, int64_t count, const struct operator_side *side, int64_t from,
                      int64_t to, real *gradient, real *work) {
    int64_t ld = gradient_size(op) * (to - from), filter = ld - op->bias->active * (to - from);
    op->way->filter_each(&op->filtering, side->n, count, op->weight->scale * (real)sqrt((double)op->weight->rate),
                         side->in, side->w, from, to, gradient, ld, work);
    real scale = op->bias->scale * (real)sqrt((double)op->bias->rate);
    for (int64_t row = 0; op->bias->active && row < side->n * count; row++) {
        real *bias = gradient + row * ld + filter;
        for (int64_t j = 0; j < to - from; j++) bias[j] = 0;
        la_add_columns(places(op), to - from, scale, side->w + row * shape_size(op->out) + from, op->out.channels,
                       bias);
    }
}

/* ---- kernel by pairs of positions ---- */

/* patch[p, q] = <patch of x at p, patch of x' at q> = sum over the window of <x, x'> at the pixels under p and q, where both are
 * inside the image. pixel [pixels, pixels], patch [places, places]. */
static void sum_windows(const struct filtering *f, const real *pixel, real *patch) {
    int64_t reach = (f->size - 1) / 2, pixels = f->rows * f->columns, q_count = f->out_rows * f->out_columns;
    for (int64_t i = 0; i < q_count * q_count; i++) {
        int64_t p = i / q_count, q = i % q_count;
        int64_t pr = p / f->out_columns * f->stride, pc = p % f->out_columns * f->stride;
        int64_t qr = q / f->out_columns * f->stride, qc = q % f->out_columns * f->stride;
        real sum = 0;
        for (int64_t u = -reach; u <= reach; u++) {
            if (pr + u < 0 || pr + u >= f->rows || qr + u < 0 || qr + u >= f->rows) continue;
            for (int64_t v = -reach; v <= reach; v++) {
                if (pc + v < 0 || pc + v >= f->columns || qc + v < 0 || qc + v >= f->columns) continue;
                sum += pixel[((pr + u) * f->columns + pc + v) * pixels + (qr + u) * f->columns + qc + v];
            }
        }
        patch[i] = sum;
    }
}

/* sum over positions p, q of <w_a at p, w_b at q> (rate_w s_w^2 patch[p, q] + rate_b s_b^2), patch weighed already */
static real contract(const struct operator* op, const real *patch, const real *w_a, const real *w_b, real *product) {
    int64_t count = places(op), channels = op->out.channels;
    la_gemm(LA_PLAIN, LA_TRANSPOSED, count, count, channels, 1, w_a, channels, w_b, channels, 0, product, count);
    return (real)la_dot(count * count, patch, product);
}

static void weigh(const struct operator* op, real *patch) {
    real w = op->weight->rate * op->weight->scale * op->weight->scale;
    real b = op->bias->active ? op->bias->rate * op->bias->scale * op->bias->scale : 0;
    for (int64_t i = 0; i < places(op) * places(op); i++) patch[i] = w * patch[i] + b;
}

static void ntk(const struct operator* op, int64_t count, const struct operator_side *a, const struct operator_side *b,
                const real *inner, int64_t inner_ld, real *scratch, real *ntk_tile, int64_t ld) {
    (void)inner, (void)inner_ld;
    const struct filtering *f = &op->filtering;
    int64_t pixels = f->rows * f->columns, in = shape_size(op->in), out = shape_size(op->out);
    real *pixel = scratch, *patch = pixel + pixels * pixels, *product = patch + places(op) * places(op);
    for (int64_t i = 0; i < a->n; i++)
        for (int64_t j = 0; j < b->n; j++) {
            la_gemm(LA_PLAIN, LA_TRANSPOSED, pixels, pixels, f->in, 1, a->in + i * in, f->in, b->in + j * in, f->in, 0,
                    pixel, pixels);
            sum_windows(f, pixel, patch);
            weigh(op, patch);
            for (int64_t c = 0; c < count * count; c++) {
                int64_t row = i * count + c / count, column = j * count + c % count;
                ntk_tile[row * ld + column] += contract(op, patch, a->w + row * out, b->w + column * out, product);
            }
        }
}

static int64_t ntk_scratch(const struct operator* op, int64_t count, int64_t na, int64_t nb) {
    (void)count, (void)na, (void)nb;
    int64_t pixels = op->in.rows * op->in.columns;
    return pixels * pixels + 2 * places(op) * places(op);
}

static double ntk_flops(const struct operator* op, int64_t count, int inner_is_known) {
    (void)inner_is_known;
    double pixels = (double)(op->in.rows * op->in.columns), out = (double)places(op);
    double window = (double)(op->filtering.size * op->filtering.size);
    return 2 * (pixels * pixels * (double)op->in.channels + out * out * window) +
           2 * (double)(count * count) * out * out * (double)op->out.channels;
}

/* ---- infinite width: the mean over the window's pixels, of which those outside the image are 0 ---- */

static void infinite(const struct operator* op, const struct infinite *at, const struct covariance *const in[SOURCES],
                     struct covariance *out) {
    const struct filtering *f = &op->filtering;
    covariance_windows(f->size, f->stride, in[0], at->scratch, out);
    covariance_affine(at->sigma_w2 / (double)(f->size * f->size), at->sigma_b2, out);
}

static int64_t infinite_stride(const struct operator* op) { return op->filtering.stride; }

static double flops(const struct operator* op, int64_t n) {
    return 2.0 * (double)n * (double)shape_size(op->out) * (double)op->in.channels *
           (double)(op->filtering.size * op->filtering.size);
}

const struct operator_kind convolution_operator = {
    .name = "convolution",
    .forward = forward,
    .jvp = jvp,
    .vjp_input = vjp_input,
    .vjp_parameters = vjp_parameters,
    .work = work_size,
    .ntk = ntk,
    .ntk_scratch = ntk_scratch,
    .ntk_flops = ntk_flops,
    .gradients = gradients,
    .gradient_size = gradient_size,
    .infinite = infinite,
    .infinite_stride = infinite_stride,
    .flops = flops,
};
