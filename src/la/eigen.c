/* dsyevd of LAPACK, taken apart so that a signal need not wait for its end: A = Q T Q' panel by panel (dsytrd), T = Z
 * diag(value) Z' by divide and conquer (dstedc), or its eigenvalues alone (dsterf), and Q Z panel by panel (dormtr).
 *
 * LAPACK reads column-major: our row-major lower triangle is its upper one, reduced from its last columns to its
 * first. */
#include "eigen.h"

#include <math.h>
#include <stdlib.h>

#include "blas.h"

enum { PANEL = 32, LAST = 64 }; /* columns; what is left to reduce at the end, unblocked in LAPACK too */

/* LAPACKE lacks this one: `panel` columns of the upper triangle of a[n, n] from the end, and w[n, panel] for what the
 * rest loses, A -= V W' + W V'. gfortran passes the length of a character last. */
void dlatrd_(const char *uplo, const lapack_int *n, const lapack_int *panel, double *a, const lapack_int *lda,
             double *e, double *tau, double *w, const lapack_int *ldw, size_t uplo_length);

struct eigenproblem {
    lapack_int n;
    const struct host *host;
    double *a, *value;    /* the caller's: A and then the reflectors of Q; diagonal of T and then eigenvalues */
    double *e, *tau, *t;  /* [n] off-diagonal of T, [n] and [PANEL, PANEL] of the reflectors */
    double *work;         /* [n, PANEL], with vectors dstedc's */
    double *z;            /* [n, n] vectors */
    lapack_int *counting; /* dstedc's integers */
};

static size_t stedc_work(size_t n) { return 1 + 4 * n + n * n; }
static size_t stedc_integers(size_t n) { return 3 + 5 * n; }

static size_t work_size(size_t n, int vectors) {
    size_t panels = PANEL * n, divided = vectors ? stedc_work(n) : 0;
    return panels > divided ? panels : divided;
}

static size_t doubles(size_t n, int vectors) {
    return 2 * n + (size_t)PANEL * PANEL + work_size(n, vectors) + (vectors ? n * n : 0);
}

size_t la_eigen_bytes(int64_t n, int vectors) {
    size_t size = (size_t)n;
    return doubles(size, vectors) * sizeof(double) + (vectors ? stedc_integers(size) : 0) * sizeof(lapack_int);
}

int64_t la_eigen_most(int vectors) { return vectors ? 46338 : 46340; }

#define ASK(host)                                                                                                      \
    do {                                                                                                               \
        if (host_stops(host)) FAIL(ERROR_INTERRUPTED, "stopped in an eigenproblem");                                   \
    } while (0)

/* Lays all arrays into one block, which is ->e. */
static status create(int vectors, struct eigenproblem *problem) {
    size_t n = (size_t)problem->n;
    problem->e = malloc(la_eigen_bytes(problem->n, vectors));
    if (!problem->e) FAIL(ERROR_MEMORY, "no memory for an eigenproblem of size %zu", n);
    problem->tau = problem->e + n;
    problem->t = problem->tau + n;
    problem->work = problem->t + PANEL * PANEL;
    if (!vectors) return OK;
    problem->z = problem->work + work_size(n, vectors);
    problem->counting = (lapack_int *)(problem->z + n * n);
    return OK;
}

/* dsytrd: A = Q T Q'. */
static status reduce(struct eigenproblem *problem) {
    const lapack_int n = problem->n, panel = PANEL;
    double *a = problem->a;
    lapack_int left = n;
    for (; left > LAST; left -= PANEL) {
        ASK(problem->host);
        double *v = a + (size_t)(left - PANEL) * (size_t)n;
        dlatrd_("U", &left, &panel, a, &n, problem->e, problem->tau, problem->work, &n, 1);
        cblas_dsyr2k(CblasColMajor, CblasUpper, CblasNoTrans, left - PANEL, PANEL, -1, v, n, problem->work, n, 1, a, n);
    }
    for (lapack_int i = left; i < n; i++) problem->value[i] = a[(size_t)i * (size_t)n + (size_t)i];
    LAPACKE_dsytrd_work(LAPACK_COL_MAJOR, 'U', left, a, n, problem->value, problem->e, problem->tau, problem->work,
                        left * PANEL);
    return OK;
}

/* dormtr: Z = Q Z, a panel of reflectors at a time. */
static status transform(struct eigenproblem *problem) {
    const lapack_int n = problem->n;
    for (lapack_int i = 0; i < n - 1; i += PANEL) {
        ASK(problem->host);
        lapack_int panel = n - 1 - i < PANEL ? n - 1 - i : PANEL, rows = i + panel;
        const double *v = problem->a + (size_t)(i + 1) * (size_t)n;
        LAPACKE_dlarft_work(LAPACK_COL_MAJOR, 'B', 'C', rows, panel, v, n, problem->tau + i, problem->t, PANEL);
        LAPACKE_dlarfb_work(LAPACK_COL_MAJOR, 'L', 'N', 'B', 'C', rows, n, panel, v, n, problem->t, PANEL, problem->z,
                            n, problem->work, n);
    }
    return OK;
}

/* a = Z from column-major to row-major. */
static void transpose(int64_t n, const double *z, double *a) {
    enum { TILE = 32 };
    for (int64_t i0 = 0; i0 < n; i0 += TILE)
        for (int64_t j0 = 0; j0 < n; j0 += TILE)
            for (int64_t i = i0; i < n && i < i0 + TILE; i++)
                for (int64_t j = j0; j < n && j < j0 + TILE; j++) a[i * n + j] = z[j * n + i];
}

static bool is_finite(const struct eigenproblem *problem) {
    for (lapack_int i = 0; i < problem->n; i++)
        if (!isfinite(problem->value[i]) || (i > 0 && !isfinite(problem->e[i - 1]))) return false;
    return true;
}

/* T = Z diag(value) Z' */
static lapack_int divide(struct eigenproblem *problem, int vectors) {
    lapack_int n = problem->n;
    if (!vectors) return LAPACKE_dsterf_work(n, problem->value, problem->e);
    return LAPACKE_dstedc_work(LAPACK_COL_MAJOR, 'I', n, problem->value, problem->e, problem->z, n, problem->work,
                               (lapack_int)stedc_work((size_t)n), problem->counting,
                               (lapack_int)stedc_integers((size_t)n));
}

static status solve(struct eigenproblem *problem, int vectors) {
    TRY(reduce(problem));
    if (!is_finite(problem)) FAIL(ERROR_INTERNAL, "an eigenproblem of a matrix that is not finite");
    ASK(problem->host);
    lapack_int code = divide(problem, vectors);
    if (code != 0)
        FAIL(ERROR_INTERNAL, "LAPACK's eigenproblem of size %d ended with code %d", (int)problem->n, (int)code);
    if (!vectors) return OK;
    TRY(transform(problem));
    transpose(problem->n, problem->z, problem->a);
    return OK;
}

status la_eigen(int64_t n, int vectors, double *a, double *value, const struct host *host) {
    if (n == 0) return OK;
    if (n > la_eigen_most(vectors))
        FAIL(ERROR_INTERNAL, "an eigenproblem of size %lld is beyond LAPACK's 32-bit sizes (at most %lld)",
             (long long)n, (long long)la_eigen_most(vectors));
    struct eigenproblem problem = {.n = (lapack_int)n, .host = host, .a = a, .value = value};
    TRY(create(vectors, &problem));
    status solved = solve(&problem, vectors);
    free(problem.e);
    return solved;
}
