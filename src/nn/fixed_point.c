#include "fixed_point.h"

#include <math.h>
#include <string.h>

#include "fixed_point_rows.h"
#include "matrix.h"
#include "panic.h"

static void picard_step(struct rows *rows, int64_t row) {
    int64_t size = rows->map->size;
    memcpy(rows->z + row * size, rows->g + row * size, (size_t)size * sizeof *rows->z);
}
static int64_t picard_work(int64_t size) {
    (void)size;
    return 0;
}

static const struct {
    void (*step_row)(struct rows *rows, int64_t row); /* or */
    void (*step)(struct rows *rows);                  /* all that are not done */
    int64_t (*work)(int64_t size);
    int products;
} solvers[] = {[SOLVER_EULER] = {picard_step, NULL, picard_work, 1},
               [SOLVER_PICARD] = {picard_step, NULL, picard_work, 1},
               [SOLVER_ANDERSON] = {anderson_step, NULL, anderson_work, 1},
               [SOLVER_ODE] = {NULL, runge_kutta_step, runge_kutta_work, 4}};

int fixed_point_products(enum solver solver) { return solvers[solver].products; }

int64_t fixed_point_work(enum solver solver, int64_t size) {
    int64_t work = solvers[solver].work(size), krylov = krylov_work(size);
    return FIXED_POINT_ROWS * size + (work > krylov ? work : krylov);
}

/* ---- a row's end ---- */

static void end(struct rows *rows, int64_t row, bool is_lost, const real *z) {
    int64_t size = rows->map->size;
    rows->is_done[row] = true;
    rows->is_lost[row] = is_lost;
    rows->steps[row] = rows->step;
    for (int64_t i = 0; i < size; i++) rows->z[row * size + i] = is_lost ? 0 : z[i]; /* rides along as a number */
}

/* A relative test alone would see a rest where z overflows. */
static void judge(struct rows *rows, int64_t row) {
    int64_t size = rows->map->size;
    const real *z = rows->z + row * size;
    real *g = rows->g + row * size;
    add_shift(rows->map, row, rows->unit[row], g);
    double residual = sqrt(la_distance_squares(size, g, z)), scale = sqrt(la_dot(size, g, g));
    rows->residual[row][rows->step % RESIDUALS] = residual;
    bool is_sound = isfinite(residual) && scale <= rows->largest[row];
    if (!is_sound || residual <= (double)rows->how->tolerance * scale) end(rows, row, !is_sound, g);
}

/* Judges the rows, and those that go on alone do so while they are at hand. Rows that are not done yet. */
static int64_t judge_all(struct rows *rows) {
    enum solver solver = rows->how->solver;
    int64_t left = 0;
    for (int64_t row = 0; row < rows->map->rows; row++) {
        if (rows->is_done[row]) continue;
        judge(rows, row);
        if (!rows->is_done[row] && solvers[solver].step_row) solvers[solver].step_row(rows, row);
        left += !rows->is_done[row];
    }
    return left;
}

static double contraction(const struct rows *rows, int64_t row) {
    int64_t last = rows->steps[row], over = last - 1 < RESIDUALS - 1 ? last - 1 : RESIDUALS - 1;
    double ratio = rows->residual[row][last % RESIDUALS] / rows->residual[row][(last - over) % RESIDUALS];
    return over > 0 ? pow(ratio, 1 / (double)over) : (double)NAN;
}

static void tell_step(const struct rows *rows, int64_t step) {
    if (rows->map->tell) rows->map->tell(rows->map->context, step, rows->z);
}

static void tell(const struct rows *rows, struct fixed_point_found *found) {
    for (int64_t row = 0; row < rows->map->rows; row++) {
        found[row].iterations = rows->is_lost[row] ? (real)INFINITY : (real)rows->steps[row];
        found[row].contraction = (real)contraction(rows, row);
    }
}

/* Rows without rest: the other way where M is linear, or NaN. */
static void settle(struct rows *rows, int64_t row) {
    int64_t size = rows->map->size;
    real *z = rows->z + row * size;
    if (rows->map->shift && krylov_solve(rows->how, rows->map, row, rows->unit[row], z, rows->work)) return;
    for (int64_t i = 0; i < size; i++) z[i] = (real)NAN;
}

static void begin(struct rows *rows) {
    for (int64_t row = 0; row < rows->map->rows; row++) {
        rows->unit[row] = unit_of(rows->map, row);
        rows->largest[row] = largest_of(rows->map, row, rows->unit[row]);
    }
}

/* Steps until all rows have ended, or may go no further. */
static void go(struct rows *rows) {
    const struct fixed_point_map *map = rows->map;
    for (;; rows->step++) {
        tell_step(rows, rows->step - 1);
        map->apply(map->context, 0, map->rows, rows->z, rows->g);
        if (judge_all(rows) == 0) return;
        if (solvers[rows->how->solver].step) solvers[rows->how->solver].step(rows);
        if (rows->step == rows->how->iterations) return;
    }
}

static void finish(struct rows *rows, int64_t row) {
    if (!rows->is_done[row]) {
        end(rows, row, true, NULL);
        settle(rows, row);
    }
    if (rows->unit[row] != 1) la_scale(rows->map->size, 1 / rows->unit[row], rows->z + row * rows->map->size);
}

void fixed_point_solve(const struct fixed_point *how, const struct fixed_point_map *map, real *z,
                       struct fixed_point_found *found, real *work) {
    ASSERT(map->rows <= FIXED_POINT_ROWS);
    struct rows rows = {.how = how, .map = map, .z = z, .g = work, .work = work + map->rows * map->size, .step = 1};
    begin(&rows);
    go(&rows);
    for (int64_t row = 0; row < map->rows; row++)
        if (rows.is_lost[row]) settle(&rows, row);
    tell_step(&rows, rows.step);
    for (int64_t row = 0; row < map->rows; row++) finish(&rows, row);
    if (found) tell(&rows, found);
}
