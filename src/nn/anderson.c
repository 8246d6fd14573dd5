/* Anderson's mixing of type II (Walker & Ni 2011), row by row: z <- g - sum_j gamma_j dg_j, where gamma makes
 * |f - sum_j gamma_j df_j| least, f = g - z the residual, df_j and dg_j its changes and those of g over the last steps.
 * Normal equations of columns of length 1, regularized; a residual that grows tenfold forgets all changes.
 *
 * A step takes as long as its memory does, for products of a block of rows leave none of it near the CPU. So f and g of
 * the last steps are kept as they were, read once and the oldest overwritten; changes are made where they are needed;
 * and the next row is fetched meanwhile. */
#include <math.h>
#include <string.h>

#include "fixed_point_rows.h"
#include "simd.h"

enum { HISTORY = ANDERSON_HISTORY, LANES = 16, PIECE = 16 * LANES, CACHE_LINE = 64 };

static int64_t row_work(int64_t size) { return 2 * HISTORY * size; }

int64_t anderson_work(int64_t size) { return FIXED_POINT_ROWS * row_work(size); }

/* A row on its way. Step r since the beginning or a restart is in slot r mod slots, and so is the change from there to
 * step r + 1. As many changes as a row has dimensions make every residual 0. */
struct mixed_row {
    int64_t size, slots, changes;
    int64_t newest, oldest; /* slots: of the last change, which leads to this step (-1: none); where this step goes */
    const real *present;    /* g */
    real *z, *f, *g;        /* f, g of the last steps, piece by piece: [slots, numbers of the piece] */
};

static struct mixed_row row_of(const struct rows *rows, int64_t row) {
    int64_t size = rows->map->size, slots = size < HISTORY ? size : HISTORY, count = rows->mixing[row].count;
    real *work = rows->work + row * row_work(size);
    return (struct mixed_row){.size = size,
                              .slots = slots,
                              .changes = count < slots ? count : slots,
                              .newest = count > 0 ? (count - 1) % slots : -1,
                              .oldest = count % slots,
                              .present = rows->g + row * size,
                              .z = rows->z + row * size,
                              .f = work,
                              .g = work + HISTORY * size};
}

static int64_t piece_from(const struct mixed_row *row, int64_t at) {
    return row->size - at < PIECE ? row->size - at : PIECE;
}

/* Where change j leads, in a piece of f or g. */
static const real *later(const struct mixed_row *row, int64_t j, int64_t n, const real *kept, const real *present) {
    return j == row->newest ? present : kept + (j + 1) % row->slots * n;
}

/* Of memcpy gcc makes a string instruction here, which takes longer than a piece does. */
static void copy(int64_t n, const real *from, real *to) { memmove(to, from, (size_t)n * sizeof *to); }

/* Numbers that are wanted soon. */
static void fetch(int64_t n, const real *x) {
    for (int64_t i = 0; i < n; i += CACHE_LINE / (int64_t)sizeof *x) __builtin_prefetch(x + i, 0, 2);
}

/* ---- inner products ---- */

/* A piece's: those of this step's change and residual, which are multiplied with all changes, in double. */
struct factors {
    double newest[PIECE], f[PIECE];
};

/* <df, df_j> and <f, df_j>: partial sums, as in la_dot. */
struct sums {
    double newest[HISTORY][LANES], f[HISTORY][LANES];
};

SIMD_CLONES static void residual(int64_t n, const real *g, const real *z, const real *last, real *restrict f,
                                 double *restrict newest, double *restrict wide) {
    for (int64_t i = 0; i < n; i++) {
        f[i] = g[i] - z[i];
        newest[i] = (double)(real)(f[i] - last[i]);
        wide[i] = (double)f[i];
    }
}

SIMD_CLONES static void add_products(int64_t n, const real *to, const real *from, const double *restrict newest,
                                     const double *restrict f, double *restrict with_newest, double *restrict with_f) {
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int j = 0; j < LANES; j++) {
            real change = to[i + j] - from[i + j];
            with_newest[j] += newest[i + j] * (double)change;
            with_f[j] += f[i + j] * (double)change;
        }
    for (int j = 0; i < n; i++, j++) {
        real change = to[i] - from[i];
        with_newest[j] += newest[i] * (double)change;
        with_f[j] += f[i] * (double)change;
    }
}

/* f takes the place of the oldest. */
static void multiply(const struct mixed_row *row, struct sums *sums) {
    for (int64_t at = 0, n; at < row->size; at += n) {
        real f[PIECE], *kept = row->f + at * HISTORY;
        struct factors factors;
        n = piece_from(row, at);
        const real *z = row->z + at, *last = row->newest < 0 ? z : kept + row->newest * n;
        residual(n, row->present + at, z, last, f, factors.newest, factors.f);
        for (int64_t j = 0; j < row->changes; j++) {
            fetch(n, kept + j * n + row_work(row->size));
            add_products(n, later(row, j, n, kept, f), kept + j * n, factors.newest, factors.f, sums->newest[j],
                         sums->f[j]);
        }
        copy(n, f, kept + row->oldest * n);
    }
}

static double sum_of(const double lane[LANES]) {
    double sum = 0;
    for (int i = 0; i < LANES; i++) sum += lane[i];
    return sum;
}

/* The last change's row of the Gram matrix; <f, df_j>. */
static void update(const struct mixed_row *row, struct mixing *mixing, double *right) {
    struct sums sums = {0};
    multiply(row, &sums);
    for (int64_t j = 0; j < row->changes; j++) {
        mixing->gram[row->newest][j] = mixing->gram[j][row->newest] = sum_of(sums.newest[j]);
        right[j] = sum_of(sums.f[j]);
    }
}

/* ---- weights ---- */

/* x <- G^-1 x, G [n, n] symmetric and positive definite, by elimination. */
static void solve(int64_t n, double g[HISTORY][HISTORY], double *x) {
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = i + 1; j < n; j++) {
            double factor = g[j][i] / g[i][i];
            for (int64_t c = i; c < n; c++) g[j][c] -= factor * g[i][c];
            x[j] -= factor * x[i];
        }
    for (int64_t i = n - 1; i >= 0; i--) {
        for (int64_t c = i + 1; c < n; c++) x[i] -= g[i][c] * x[c];
        x[i] /= g[i][i];
    }
}

/* gamma from <f, df_j>; false where a change is 0. */
static bool weigh(const struct mixing *mixing, int64_t n, double *gamma) {
    const double regularization = REAL_BITS == 64 ? 1e-12 : 1e-5;
    double g[HISTORY][HISTORY], length[HISTORY];
    for (int64_t i = 0; i < n; i++) length[i] = sqrt(mixing->gram[i][i]);
    for (int64_t i = 0; i < n; i++) {
        if (!(length[i] > 0)) return false;
        gamma[i] /= length[i];
        for (int64_t j = 0; j < n; j++) g[i][j] = mixing->gram[i][j] / (length[i] * length[j]);
        g[i][i] += (double)n * regularization;
    }
    solve(n, g, gamma);
    for (int64_t i = 0; i < n; i++) gamma[i] /= length[i];
    return true;
}

/* ---- a step ---- */

SIMD_CLONES static void add_change(int64_t n, real weight, const real *to, const real *from, real *restrict z) {
    for (int64_t i = 0; i < n; i++) z[i] += weight * (to[i] - from[i]);
}

/* z <- g - sum_j gamma_j dg_j; g takes the place of the oldest. */
static void mix(const struct mixed_row *row, int64_t changes, const double *gamma) {
    for (int64_t at = 0, n; at < row->size; at += n) {
        const real *g = row->present + at;
        real *kept = row->g + at * HISTORY, *z = row->z + at;
        n = piece_from(row, at);
        fetch(n, g + row->size);
        fetch(n, z + row->size);
        copy(n, g, z);
        for (int64_t j = 0; j < changes; j++) {
            fetch(n, kept + j * n + row_work(row->size));
            add_change(n, (real)-gamma[j], later(row, j, n, kept, g), kept + j * n, z);
        }
        copy(n, g, kept + row->oldest * n);
    }
}

static void forget_where_it_grows(struct rows *rows, int64_t row) {
    const double growth = 10;
    struct mixing *mixing = &rows->mixing[row];
    double residual = rows->residual[row][rows->step % RESIDUALS];
    if (mixing->count == 0 || residual > growth * mixing->least) *mixing = (struct mixing){.least = residual};
    if (residual < mixing->least) mixing->least = residual;
}

void anderson_step(struct rows *rows, int64_t index) {
    struct mixing *mixing = &rows->mixing[index];
    double gamma[HISTORY];
    forget_where_it_grows(rows, index);
    const struct mixed_row row = row_of(rows, index);
    update(&row, mixing, gamma);
    mix(&row, weigh(mixing, row.changes, gamma) ? row.changes : 0, gamma);
    mixing->count++;
}
