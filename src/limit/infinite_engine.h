/* The work of infinite.c: pairs of points at hand, and what is kept of all. Private to infinite*.c. Cannot
 * fail. Not collective. */
#ifndef INFINITE_ENGINE_H
#define INFINITE_ENGINE_H

#include "dual.h"
#include "host.h"
#include "infinite_plan.h"

#define engine_image          REAL_NAME(engine_image)
#define engine_image_of       REAL_NAME(engine_image_of)
#define engine_term_value     REAL_NAME(engine_term_value)
#define engine_apply          REAL_NAME(engine_apply)
#define engine_begin          REAL_NAME(engine_begin)
#define engine_set_slot       REAL_NAME(engine_set_slot)
#define engine_read_inputs    REAL_NAME(engine_read_inputs)
#define engine_evaluate       REAL_NAME(engine_evaluate)
#define engine_take_points_of REAL_NAME(engine_take_points_of)
#define engine_take_points    REAL_NAME(engine_take_points)
#define engine_take_tile      REAL_NAME(engine_take_tile)
#define engine_go_to          REAL_NAME(engine_go_to)
#define engine_strip          REAL_NAME(engine_strip)
#define engine_run_strips     REAL_NAME(engine_run_strips)
#define engine_stops          REAL_NAME(engine_stops)
#define engine_dual           REAL_NAME(engine_dual)
#define engine_find_variances REAL_NAME(engine_find_variances)

/* What an activation keeps. */
struct activated {
    struct dual dual;
    real *variance;           /* of all points' pixels */
    struct dual_side side[2]; /* of the points at hand */
};

/* Points that one side of the activations is filled for: 0, a row's; 1, those of several columns. */
struct range {
    int64_t first, count;
    int side;
};

/* Pairs of points (i, j .. j + count - 1) at hand, and room for `batch` of them. */
struct pairs {
    int64_t i, j, count, batch;
    struct range own, other;
};

struct two_points {
    int64_t i, j;
};

/* Pairs of points that go through the network together, one value after the other: those of pairs.own with those of
 * pairs.other that do not come after them. Activations go through them strip by strip of their pixels, so that what
 * they keep of a strip is made once for all pairs and stays in a cache. */
struct tile {
    int64_t points; /* a side at most; 0: there is none, and `count` is 1 */
    int count;      /* pairs at hand */
    struct two_points *pair;
    struct dual_side *side[2]; /* of a strip of each point */
};

/* The activation, and the points, that a side was filled for last while the variances are found. */
struct filled {
    int number;
    int64_t first, count;
};

struct engine {
    const struct network *network;
    const struct infinite_plan *plan;
    int64_t points;
    double *k;        /* the result; where inputs have one pixel, inner products first */
    int together, at; /* displacements, or pairs of a tile, that go through a segment together; the one at hand */
    real *images;     /* two, K and Theta, for each of these and each slot, of plan.room */
    real *scratch;    /* room of the largest image, zeros in front */
    double *sums;     /* of pooling, two images a segment */
    bool has_images;
    real *planes;                /* inputs [ceil(points/plan.batch), channel, pixel, plan.batch]; NULL: one pixel */
    real *variances;             /* [slot, point, pixel] while the variances are found */
    struct activated *activated; /* of every node */
    real *room[2];               /* of the activations' sides; room[0] serves one point */
    int64_t room_numbers[2];
    struct filled filled[2];
    struct pairs pairs;
    struct tile tile;
    const struct host *host; /* asked within tiles; NULL: not yet */
    bool is_stopped;         /* it was told to: what is left of a tile is not run */
};

enum { DISPLACEMENTS = 4 };
static const struct displacement NOWHERE = {0, 0};

/* Are places of other points of an activation of so many pixels kept side by side? */
static inline bool engine_has_lanes(const struct engine *engine, int64_t pixels) {
    return engine->has_images && engine->plan->batch == DUAL_LANES && pixels > 1;
}

/* Where a point's inputs stand, from one number of a plane on. */
static inline real *engine_plane(const struct engine *engine, int64_t point, int64_t number) {
    int64_t lanes = engine->plan->batch, size = shape_size(engine->network->node[0].in);
    return engine->planes + point / lanes * lanes * size + number * lanes + point % lanes;
}

/* What a pair is made of, as images. */
struct images {
    int count;
    struct covariance image[SOURCES * SOURCES];
};

/* infinite_images.c: an image of a value's size in a slot; of a pair. */
void engine_set_slot(const struct engine *engine, int slot, struct covariance *image);
struct covariance engine_image(const struct engine *engine, int value, int slot, const struct displacement *end);
struct covariance engine_image_of(const struct engine *engine, const struct infinite_pair *pair,
                                  const struct displacement *end);
/* The image of the inputs. */
void engine_read_inputs(const struct engine *engine, struct covariance *out);

/* infinite_segments.c: a value of the size of a pair's terms. */
int engine_term_value(const struct engine *engine, const struct infinite_pair *pair);
/* `out` of a pair by its rule, from its terms. */
void engine_apply(struct engine *engine, const struct infinite_pair *pair, const struct images *in,
                  struct covariance *out);
/* The value that a segment begins with, at `count` displacements: the input, or from the segment before it. */
void engine_begin(struct engine *engine, int segment, const struct displacement *end, int count);
/* The segment's last pair at `count` displacements, at most `together`, one value after the other: what an activation
 * keeps of a place then is in the cache for all of them. */
void engine_evaluate(struct engine *engine, int segment, const struct displacement *end, int count);
/* Fills a side of one activation for some points; returns what `room` is left. Of the activations before node `end`. */
real *engine_take_points_of(struct engine *engine, int number, struct range range, real *room);
void engine_take_points(struct engine *engine, struct range range, int end);

/* infinite_tile.c: the pairs of two ranges, which are the same or have no point in common. */
void engine_take_tile(struct engine *engine, struct range own, struct range other);
/* Number `at` of what goes through a segment together: of each pair at hand, `count` displacements. */
void engine_go_to(struct engine *engine, int at, int count);
/* Asks the host, who is asked no more once it has said so. */
bool engine_stops(struct engine *engine);
/* Pixels of a strip: whole rows. */
int64_t engine_strip(struct shape shape);
/* An activation, K and Theta of what it reads in the images of all pairs of the tile. */
void engine_run_strips(struct engine *engine, const struct infinite_pair *pair);

/* infinite_variances.c: an activation's layer. */
struct dual engine_dual(const struct node *node, int64_t count, const real *variance, struct arena *arena);
/* K[p, p] of x = x' of every activation; each is ready as soon as what it reads is. */
void engine_find_variances(struct engine *engine, struct arena *arena);

#endif
