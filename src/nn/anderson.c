/* Anderson's mixing of type II (Walker & Ni 2011), row by row: z <- g - sum_j gamma_j dg_j, where gamma makes
 * |f - sum_j gamma_j df_j| least, f = g - z the residual, df_j and dg_j its changes and those of g over the last steps.
 * Normal equations of columns of length 1, regularized; a residual that grows tenfold forgets all changes. */
#include <math.h>
#include <string.h>

#include "fixed_point_rows.h"
#include "matrix.h"

enum { HISTORY = ANDERSON_HISTORY };

int64_t anderson_work(int64_t size) { return FIXED_POINT_ROWS * size * (2 * HISTORY + 2); }

/* A row's: 0 the residual, 1 g, both of the last step; 2 + j changes of the residual; 2 + HISTORY + j of g. */
static real *array_of(const struct rows *rows, int64_t row, int64_t i) {
    return rows->work + (row * (2 * HISTORY + 2) + i) * rows->map->size;
}

/* As many changes as a row has dimensions make every residual 0. */
static int64_t most_changes(int64_t size) { return size < HISTORY ? size : HISTORY; }
static int64_t changes(const struct rows *rows, int64_t row) {
    int64_t most = most_changes(rows->map->size), count = rows->mixing[row].count;
    return count < most ? count : most;
}

static void add_change(struct rows *rows, int64_t row) {
    struct mixing *mixing = &rows->mixing[row];
    int64_t size = rows->map->size, slot = mixing->count++ % most_changes(size);
    const real *z = rows->z + row * size, *g = rows->g + row * size;
    const real *last_f = array_of(rows, row, 0), *last_g = array_of(rows, row, 1);
    real *df = array_of(rows, row, 2 + slot), *dg = array_of(rows, row, 2 + HISTORY + slot);
    for (int64_t i = 0; i < size; i++) df[i] = g[i] - z[i] - last_f[i];
    for (int64_t i = 0; i < size; i++) dg[i] = g[i] - last_g[i];
    for (int64_t j = 0; j < changes(rows, row); j++)
        mixing->gram[slot][j] = mixing->gram[j][slot] = la_dot(size, df, array_of(rows, row, 2 + j));
}

static void remember(struct rows *rows, int64_t row) {
    int64_t size = rows->map->size;
    const real *z = rows->z + row * size, *g = rows->g + row * size;
    real *f = array_of(rows, row, 0);
    for (int64_t i = 0; i < size; i++) f[i] = g[i] - z[i];
    memcpy(array_of(rows, row, 1), g, (size_t)size * sizeof *g);
    rows->mixing[row].is_begun = true;
}

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

/* gamma; false where a change is 0. */
static bool weigh(const struct rows *rows, int64_t row, double *gamma) {
    const double regularization = REAL_BITS == 64 ? 1e-12 : 1e-5;
    const struct mixing *mixing = &rows->mixing[row];
    int64_t n = changes(rows, row), size = rows->map->size;
    double g[HISTORY][HISTORY], length[HISTORY];
    for (int64_t i = 0; i < n; i++) length[i] = sqrt(mixing->gram[i][i]);
    for (int64_t i = 0; i < n; i++) {
        if (!(length[i] > 0)) return false;
        gamma[i] = la_dot(size, array_of(rows, row, 2 + i), array_of(rows, row, 0)) / length[i];
        for (int64_t j = 0; j < n; j++) g[i][j] = mixing->gram[i][j] / (length[i] * length[j]);
        g[i][i] += (double)n * regularization;
    }
    solve(n, g, gamma);
    for (int64_t i = 0; i < n; i++) gamma[i] /= length[i];
    return true;
}

static void forget_where_it_grows(struct rows *rows, int64_t row) {
    const double growth = 10;
    struct mixing *mixing = &rows->mixing[row];
    double residual = rows->residual[row][rows->step % RESIDUALS];
    if (!mixing->is_begun || residual > growth * mixing->least) *mixing = (struct mixing){.least = residual};
    if (residual < mixing->least) mixing->least = residual;
}

static void step_row(struct rows *rows, int64_t row) {
    int64_t size = rows->map->size;
    real *z = rows->z + row * size;
    double gamma[HISTORY];
    forget_where_it_grows(rows, row);
    if (rows->mixing[row].is_begun) add_change(rows, row);
    remember(rows, row);
    memcpy(z, rows->g + row * size, (size_t)size * sizeof *z);
    if (!weigh(rows, row, gamma)) return;
    for (int64_t j = 0; j < changes(rows, row); j++)
        la_axpy(size, (real)-gamma[j], array_of(rows, row, 2 + HISTORY + j), z);
}

void anderson_step(struct rows *rows) {
    for (int64_t row = 0; row < rows->map->rows; row++)
        if (!rows->is_done[row]) step_row(rows, row);
}
