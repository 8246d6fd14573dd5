/* A block of rows on its way to rest, and one step of each solver. Not collective; cannot fail. Private to
 * fixed_point.c and the solvers. */
#ifndef FIXED_POINT_ROWS_H
#define FIXED_POINT_ROWS_H

#include <math.h>
#include <stdbool.h>
#include "fixed_point.h"
#include "matrix.h"

#define anderson_step    REAL_NAME(anderson_step)
#define anderson_work    REAL_NAME(anderson_work)
#define runge_kutta_step REAL_NAME(runge_kutta_step)
#define runge_kutta_work REAL_NAME(runge_kutta_work)
#define krylov_solve     REAL_NAME(krylov_solve)
#define krylov_work      REAL_NAME(krylov_work)

enum { ANDERSON_HISTORY = 5, RESIDUALS = 8 };

/* What anderson knows of a row; its arrays: anderson.c. */
struct mixing {
    int64_t count;                                   /* steps since the beginning or the last restart */
    double least;                                    /* residual since then */
    double gram[ANDERSON_HISTORY][ANDERSON_HISTORY]; /* inner products of the changes of the residual */
};

struct rows {
    const struct fixed_point *how;
    const struct fixed_point_map *map;
    real *z, *g; /* [rows, size]; g = M(z) + b of those that are not done */
    real *work;
    int64_t step;
    bool is_done[FIXED_POINT_ROWS], is_lost[FIXED_POINT_ROWS];
    int64_t steps[FIXED_POINT_ROWS];              /* of those that are done */
    real unit[FIXED_POINT_ROWS];                  /* unit_of */
    double largest[FIXED_POINT_ROWS];             /* |M(z) + b| beyond which a row is lost */
    double residual[FIXED_POINT_ROWS][RESIDUALS]; /* of step i in i mod 8 */
    struct mixing mixing[FIXED_POINT_ROWS];
};

/* b is solved for times this: 1, or a power of two where the squares of residuals would underflow. */
static inline real unit_of(const struct fixed_point_map *map, int64_t row) {
    const real *b = map->shift ? map->shift + row * map->size : NULL;
    return (real)(REAL_BITS == 64 && b && la_dot(map->size, b, b) < 0x1p-800 ? 0x1p+700 : 1);
}
/* g += b */
static inline void add_shift(const struct fixed_point_map *map, int64_t row, real unit, real *g) {
    if (map->shift) la_axpy(map->size, unit, map->shift + row * map->size, g);
}
/* 1e12; where M is linear times |b|, for b may be of any size. */
static inline double largest_of(const struct fixed_point_map *map, int64_t row, real unit) {
    const double largest = 1e12;
    double squares = 0;
    for (int64_t i = row * map->size; map->shift && i < (row + 1) * map->size; i++) {
        double b = (double)(unit * map->shift[i]);
        squares += b * b;
    }
    return map->shift ? largest * sqrt(squares) : largest;
}
/* z of a row, or of all that are not done, from z, g; work for all rows. */
void anderson_step(struct rows *rows, int64_t row);
int64_t anderson_work(int64_t size);
void runge_kutta_step(struct rows *rows);
int64_t runge_kutta_work(int64_t size);
/* One row of a linear map, z[size] = M z + b (times unit), by restarted GMRES; false where it does not rest. */
bool krylov_solve(const struct fixed_point *how, const struct fixed_point_map *map, int64_t row, real unit, real *z,
                  real *work);
int64_t krylov_work(int64_t size);

#endif
