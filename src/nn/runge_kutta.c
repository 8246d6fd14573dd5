/* dz/dt = M(z) + b - z by the classical Runge-Kutta method, h = 1/2, on its way to the steady state. */
#include <string.h>

#include "fixed_point_rows.h"

int64_t runge_kutta_work(int64_t size) { return 3 * FIXED_POINT_ROWS * size; }

/* sum += share k, y = z + ahead k, with k = g - y the slope at y; rows that are done stay at z. */
static void add_stage(const struct rows *rows, double share, double ahead, const real *g, real *sum, real *y) {
    int64_t size = rows->map->size;
    for (int64_t row = 0; row < rows->map->rows; row++)
        for (int64_t i = row * size; !rows->is_done[row] && i < (row + 1) * size; i++) {
            real k = g[i] - y[i];
            sum[i] += (real)share * k;
            y[i] = rows->z[i] + (real)ahead * k;
        }
}

/* out = M(in) + b */
static void evaluate(const struct rows *rows, const real *in, real *out) {
    const struct fixed_point_map *map = rows->map;
    map->apply(map->context, 0, map->rows, in, out);
    for (int64_t row = 0; row < map->rows; row++) add_shift(map, row, rows->unit[row], out + row * map->size);
}

void runge_kutta_step(struct rows *rows) {
    const double h = 0.5, share[] = {h / 6, h / 3, h / 3, h / 6}, ahead[] = {h / 2, h / 2, h, 0};
    int64_t all = rows->map->rows * rows->map->size;
    real *y = rows->work, *sum = y + all, *g = sum + all;
    memcpy(y, rows->z, (size_t)all * sizeof *y);
    memcpy(sum, rows->z, (size_t)all * sizeof *sum);
    add_stage(rows, share[0], ahead[0], rows->g, sum, y);
    for (int stage = 1; stage < 4; stage++) {
        evaluate(rows, y, g);
        add_stage(rows, share[stage], ahead[stage], g, sum, y);
    }
    memcpy(rows->z, sum, (size_t)all * sizeof *sum);
}
