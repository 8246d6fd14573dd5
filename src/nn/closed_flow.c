#include "closed.h"

#include <math.h>

/* Where the rectifier is on, from a to b, one span after the other. */
enum { SPANS = 2 };
struct span {
    double a, b;
};
struct active {
    int count;
    struct span span[SPANS];
};

/* g(s) = c + w1 s + h s^2 is what the rectifier sees of the input; of the state it sees f besides. */
struct drive {
    double h, w1, w2, time;
};

static double slope_of(const struct drive *d, double s) { return 2 * d->h * s + d->w1; }

static void add_span(const struct drive *d, double a, double b, struct active *active) {
    a = fmax(a, 0), b = fmin(b, d->time);
    if (a < b) active->span[active->count++] = (struct span){a, b};
}

/* ---- a parabola or a line, c + w1 s + h s^2 > 0 ---- */

/* Its roots, without cancellation; false: it has none. */
static bool roots_of(const struct drive *d, double c, double root[2]) {
    double determinant = d->w1 * d->w1 - 4 * c, q = -(d->w1 + copysign(sqrt(fmax(determinant, 0)), d->w1)) / 2;
    if (determinant <= 0) return false;
    root[0] = fmin(q, c / q), root[1] = fmax(q, c / q);
    return true;
}

static struct active active_of_input(const struct drive *d, double c) {
    struct active active = {0};
    double root[2] = {0, 0};
    if (d->h > 0) {
        bool dips = roots_of(d, c, root);
        add_span(d, 0, dips ? root[0] : d->time, &active);
        if (dips) add_span(d, fmax(root[1], 0), d->time, &active);
    } else if (d->w1 == 0) {
        if (c > 0) add_span(d, 0, d->time, &active);
    } else if (d->w1 > 0) {
        add_span(d, -c / d->w1, d->time, &active);
    } else {
        add_span(d, 0, -c / d->w1, &active);
    }
    return active;
}

/* Simpson's rule is exact. */
static struct flow flow_of_input(const struct drive *d, double x) {
    double c = x + d->w2;
    struct active active = active_of_input(d, c);
    struct flow flow = {0};
    for (int i = 0; i < active.count; i++) {
        double at[] = {active.span[i].a, (active.span[i].a + active.span[i].b) / 2, active.span[i].b};
        double length = at[2] - at[0], g[3];
        for (int j = 0; j < 3; j++) g[j] = c + at[j] * (d->w1 + d->h * at[j]);
        flow.f += length / 6 * (g[0] + 4 * g[1] + g[2]);
        flow.x += length;
        flow.w1 += length * at[1];
    }
    flow.w2 = flow.x;
    return flow;
}

/* ---- the state: on from s = a, g(a + t) = g(a) + C (e^t - 1) - 2 h t, C = g(a) + d'(a) + 2 h ---- */

/* C of g(a) at a: dg/ds = g + d'(s) while it is on. */
static double growth(const struct drive *d, double a, double g) { return g + slope_of(d, a) + 2 * d->h; }

/* When g falls to 0, beginning with g > 0 at 0, C < 2 h where it falls at all; Newton's method between bounds. */
static double turning_off(const struct drive *d, double g) {
    double c = growth(d, 0, g), low = 0, high = c > 0 ? fmin(d->time, log(2 * d->h / c)) : d->time;
    if (c >= 2 * d->h || g + c * expm1(high) - 2 * d->h * high >= 0) return HUGE_VAL;
    double t = high;
    for (int round = 0; round < 100 && high - low > 0; round++) {
        double now = g + c * expm1(t) - 2 * d->h * t, next = t - now / (c * exp(t) - 2 * d->h);
        if (now > 0)
            low = t;
        else
            high = t;
        if (next == t) break;
        t = next > low && next < high ? next : (low + high) / 2;
    }
    return t;
}

/* Is it on at s = 0? Next to 0 its slope decides, which is d'. */
static bool begins_on(const struct drive *d, double g) {
    if (fabs(g) >= 1e-12 || (d->w1 == 0 && d->h == 0)) return g > 0;
    return d->w1 > 0 || (d->w1 == 0 && d->h > 0);
}

/* When g, off since 0, rises to 0: the larger root of a parabola that is not above 0 at 0, or a line's. */
static double turning_on(const struct drive *d, double g) {
    double root[2];
    if (d->h > 0) return roots_of(d, g, root) ? root[1] : 0;
    return d->w1 > 0 ? -g / d->w1 : HUGE_VAL;
}

/* After it was on and went off at u, a parabola's other root; then it is on for ever. */
static struct active active_of_state(const struct drive *d, double g) {
    struct active active = {0};
    if (!begins_on(d, g)) {
        add_span(d, turning_on(d, g), d->time, &active);
        return active;
    }
    double u = turning_off(d, g);
    add_span(d, 0, u, &active);
    if (u < d->time && d->h > 0) add_span(d, -d->w1 - u, d->time, &active);
    return active;
}

/* A derivative v has dv/ds = v + (dd/dw)(s) while it is on. */
static struct flow flow_of_state(const struct drive *d, double x) {
    struct active active = active_of_state(d, x + d->w2);
    struct flow flow = {.f = x, .x = 1};
    for (int i = 0; i < active.count; i++) {
        double a = active.span[i].a, b = active.span[i].b, length = b - a, grows = expm1(length);
        double c = growth(d, a, flow.f + d->w2 + a * (d->w1 + d->h * a));
        flow.f += c * grows - length * (d->w1 + d->h * (a + b + 2));
        flow.x += grows * flow.x;
        flow.w1 += grows * (flow.w1 + a + 1) - length;
        flow.w2 += grows * (flow.w2 + 1);
    }
    return flow;
}

struct flow closed_flow(const struct closed *closed, double x, double w1, double w2) {
    if (!isfinite(x + w1 + w2)) return (struct flow){(double)NAN, (double)NAN, (double)NAN, (double)NAN};
    struct drive drive = {closed->example == EXAMPLE_2, w1, w2, closed->time};
    if (closed->example == EXAMPLE_3) drive.w1 = drive.w2 = 0;
    return closed->example == EXAMPLE_3 || closed->reading == READING_STATE ? flow_of_state(&drive, x)
                                                                            : flow_of_input(&drive, x);
}
