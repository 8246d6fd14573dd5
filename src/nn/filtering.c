/* Which way a filtering goes. */
#include "filtering.h"

/* Fewer channels than this leave products too thin to be worth the transforms; tiles that are mostly outside the image
 * are not either. */
enum { CHANNELS_MIN = 16 };

const struct filtering_way *filtering_way_of(const struct filtering *f) {
    int minimal = f->size == 3 && f->stride == 1 && f->in >= CHANNELS_MIN && f->out >= CHANNELS_MIN &&
                  filtering_winograd.work_ratio(f) < 1;
    return minimal ? &filtering_winograd : &filtering_patches;
}
