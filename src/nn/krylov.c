/* GMRES (Saad & Schultz 1986), restarted, for (1 - M) z = b with one right-hand side: Arnoldi's basis by modified
 * Gram-Schmidt, the least-squares problem by rotations. SUNDIALS has it in double alone, takes memory at every solve and
 * is not in every build; what is computed here may depend on none of this. */
#include <math.h>
#include <string.h>

#include "fixed_point_rows.h"
#include "matrix.h"

enum { KRYLOV = 200 }; /* of few rows at a time: where eigenvalues of M surround 1, short bases lead nowhere */

int64_t krylov_work(int64_t size) { return (KRYLOV + 2) * size; }

struct krylov {
    const struct fixed_point *how;
    const struct fixed_point_map *map;
    int64_t row, products;
    real unit;
    real *basis, *g;              /* [KRYLOV + 1, size]; M z + b */
    double h[KRYLOV][KRYLOV + 1]; /* columns, rotated: upper triangular */
    double cosine[KRYLOV], sine[KRYLOV];
    double right[KRYLOV + 1];
};

static real *basis_of(const struct krylov *krylov, int64_t i) { return krylov->basis + i * krylov->map->size; }

static void product(struct krylov *krylov, const real *in, real *out) {
    krylov->map->apply(krylov->map->context, krylov->row, 1, in, out);
    krylov->products++;
}

/* The first vector of the basis, the residual of z over its length, which is returned; |M z + b| in *scale. */
static double begin(struct krylov *krylov, const real *z, double *scale) {
    int64_t size = krylov->map->size;
    real *first = basis_of(krylov, 0), *g = krylov->g;
    product(krylov, z, g);
    add_shift(krylov->map, krylov->row, krylov->unit, g);
    for (int64_t i = 0; i < size; i++) first[i] = g[i] - z[i];
    double length = sqrt(la_dot(size, first, first));
    *scale = sqrt(la_dot(size, g, g));
    if (length > 0) la_scale(size, (real)(1 / length), first);
    return length;
}

/* Column j of (1 - M) Q = Q H, and the next vector of the basis. */
static void extend(struct krylov *krylov, int j) {
    int64_t size = krylov->map->size;
    const real *last = basis_of(krylov, j);
    real *next = basis_of(krylov, j + 1);
    product(krylov, last, next);
    for (int64_t i = 0; i < size; i++) next[i] = last[i] - next[i];
    for (int i = 0; i <= j; i++) {
        krylov->h[j][i] = la_dot(size, basis_of(krylov, i), next);
        la_axpy(size, (real)-krylov->h[j][i], basis_of(krylov, i), next);
    }
    double length = sqrt(la_dot(size, next, next));
    krylov->h[j][j + 1] = length;
    if (length > 0) la_scale(size, (real)(1 / length), next);
}

static void turn(double cosine, double sine, double *a, double *b) {
    double first = cosine * *a + sine * *b;
    *b = cosine * *b - sine * *a;
    *a = first;
}

/* The earlier rotations of column j, and its own, which leaves nothing below the diagonal. */
static void rotate(struct krylov *krylov, int j) {
    double *h = krylov->h[j];
    for (int i = 0; i < j; i++) turn(krylov->cosine[i], krylov->sine[i], &h[i], &h[i + 1]);
    double length = hypot(h[j], h[j + 1]);
    krylov->cosine[j] = length > 0 ? h[j] / length : 1;
    krylov->sine[j] = length > 0 ? h[j + 1] / length : 0;
    turn(krylov->cosine[j], krylov->sine[j], &h[j], &h[j + 1]);
    krylov->right[j + 1] = 0;
    turn(krylov->cosine[j], krylov->sine[j], &krylov->right[j], &krylov->right[j + 1]);
}

/* z += Q y with H y = right */
static void improve(struct krylov *krylov, int columns, real *z) {
    double *y = krylov->right;
    for (int i = columns - 1; i >= 0; i--) {
        for (int j = i + 1; j < columns; j++) y[i] -= krylov->h[j][i] * y[j];
        y[i] /= krylov->h[i][i];
        la_axpy(krylov->map->size, (real)y[i], basis_of(krylov, i), z);
    }
}

/* From the residual at the basis' begin down to `enough`, or as far as one basis goes. */
static void cycle(struct krylov *krylov, double residual, double enough, real *z) {
    int64_t most = krylov->map->size < KRYLOV ? krylov->map->size : KRYLOV;
    int columns = 0;
    krylov->right[0] = residual;
    while (columns < most && fabs(krylov->right[columns]) > enough) {
        extend(krylov, columns);
        rotate(krylov, columns);
        if (!(fabs(krylov->h[columns][columns]) > 0)) break; /* 1 - M is singular on the basis, or not a number */
        columns++;
    }
    improve(krylov, columns, z);
}

bool krylov_solve(const struct fixed_point *how, const struct fixed_point_map *map, int64_t row, real unit, real *z,
                  real *work) {
    struct krylov krylov = {
        .how = how, .map = map, .row = row, .unit = unit, .basis = work, .g = work + (KRYLOV + 1) * map->size};
    double largest = largest_of(map, row, unit), last = HUGE_VAL, scale;
    memset(z, 0, (size_t)map->size * sizeof *z);
    for (;;) {
        double residual = begin(&krylov, z, &scale);
        if (!isfinite(residual) || !(scale <= largest)) return false;
        if (residual <= (double)how->tolerance * scale) return true;
        if (!(residual < last) || krylov.products >= how->iterations) return false;
        last = residual;
        cycle(&krylov, residual, (double)how->tolerance * scale / 2, z);
    }
}
