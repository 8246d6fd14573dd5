#include "ode.h"

#include <cvode/cvode.h>
#include <math.h>
#include <nvector/nvector_serial.h>
#include <sunlinsol/sunlinsol_spgmr.h>

/* Krylov vectors: spectra spread over many decades need them, and n of them cost little beside the products. */
enum { KRYLOV = 50, CVODE_VECTORS = 20, STEPS_MOST = 100000 };

struct solver {
    const struct ode *ode;
    bool is_stopped;
    SUNContext context;
    N_Vector y;
    SUNLinearSolver gmres;
    void *cvode;
};

/* What CVODE's callbacks return. */
enum { GO_ON = 0, TRY_SMALLER = 1, END = -1 };

static int ask(struct solver *solver) {
    solver->is_stopped = host_stops(solver->ode->host);
    return solver->is_stopped ? END : GO_ON;
}

static bool are_finite(int64_t n, const double *x) {
    for (int64_t i = 0; i < n; i++)
        if (!isfinite(x[i])) return false;
    return true;
}

static int call_rate(sunrealtype t, N_Vector y, N_Vector rate, void *data) {
    struct solver *solver = data;
    const struct ode *ode = solver->ode;
    if (ask(solver)) return END;
    ode->rate(t, N_VGetArrayPointer(y), N_VGetArrayPointer(rate), ode->context);
    return are_finite(ode->n, N_VGetArrayPointer(rate)) ? GO_ON : TRY_SMALLER;
}

static int call_jacobian(N_Vector v, N_Vector product, sunrealtype t, N_Vector y, N_Vector rate, void *data,
                         N_Vector scratch) {
    (void)scratch;
    struct solver *solver = data;
    const struct ode *ode = solver->ode;
    if (ask(solver)) return END;
    ode->jacobian(t, N_VGetArrayPointer(y), N_VGetArrayPointer(rate), N_VGetArrayPointer(v),
                  N_VGetArrayPointer(product), ode->context);
    return GO_ON;
}

/* CVODE's words are not heard: what they say is in what it returns. */
#if SUNDIALS_VERSION_MAJOR < 7
#define SUN_COMM_NULL NULL
static void ignore(int code, const char *module, const char *function, char *words, void *data) {
    (void)code, (void)module, (void)function, (void)words, (void)data;
}
static int silence(struct solver *solver) { return CVodeSetErrHandlerFn(solver->cvode, ignore, NULL); }
#else
static int silence(struct solver *solver) { return SUNContext_ClearErrHandlers(solver->context); }
#endif

static bool created(struct solver *solver, double start, double *y) {
    const struct ode *ode = solver->ode;
    if (SUNContext_Create(SUN_COMM_NULL, &solver->context)) return false;
    solver->y = N_VMake_Serial((sunindextype)ode->n, y, solver->context);
    if (!solver->y) return false;
    solver->gmres = SUNLinSol_SPGMR(solver->y, SUN_PREC_NONE, ode->n < KRYLOV ? (int)ode->n : KRYLOV, solver->context);
    solver->cvode = CVodeCreate(CV_BDF, solver->context);
    if (!solver->gmres || !solver->cvode) return false;
    return !silence(solver) && !CVodeInit(solver->cvode, call_rate, start, solver->y) &&
           !CVodeSetUserData(solver->cvode, solver) &&
           !CVodeSStolerances(solver->cvode, ode->relative, ode->absolute) &&
           !CVodeSetMaxNumSteps(solver->cvode, STEPS_MOST) &&
           !CVodeSetLinearSolver(solver->cvode, solver->gmres, NULL) &&
           (!ode->jacobian || !CVodeSetJacTimes(solver->cvode, NULL, call_jacobian));
}

static void destroy(struct solver *solver) {
    CVodeFree(&solver->cvode);
    SUNLinSolFree(solver->gmres);
    N_VDestroy(solver->y);
    SUNContext_Free(&solver->context);
}

static status integrate(struct solver *solver, double start, double *y, int64_t count, const double *time,
                        int64_t *done) {
    if (!created(solver, start, y))
        FAIL(ERROR_MEMORY, "no memory to integrate %lld equations", (long long)solver->ode->n);
    for (*done = 0; *done < count; ++*done) {
        double t = start;
        if (time[*done] > start) {
            int code = CVode(solver->cvode, time[*done], solver->y, &t, CV_NORMAL);
            if (solver->is_stopped) FAIL(ERROR_INTERRUPTED, "stopped in an integration");
            if (code == CV_MEM_FAIL) FAIL(ERROR_MEMORY, "no memory to integrate");
            if (code < 0) return OK;
        }
        if (solver->ode->reached) solver->ode->reached(*done, y, solver->ode->context);
    }
    return OK;
}

status ode_integrate(const struct ode *ode, double start, double *y, int64_t count, const double *time, int64_t *done) {
    struct solver solver = {.ode = ode};
    status integrated = integrate(&solver, start, y, count, time, done);
    destroy(&solver);
    return integrated;
}

size_t ode_bytes(int64_t n) { return (KRYLOV + CVODE_VECTORS) * (size_t)n * sizeof(double); }
