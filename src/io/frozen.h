/* DIR/study.yaml: the study as it was frozen. Not collective. */
#ifndef FROZEN_H
#define FROZEN_H

#include "status.h"
#include "study.h"

/* Freezes the study. If one is there and `study` extends it, the old one stays as study.1.yaml (.2., ...); if it is any
 * other study, ERROR_INPUT naming the key. ERROR_DISK. */
status frozen_write(const char *dir, const struct study *study);
/* Owned by the caller, study_free. ERROR_INPUT. */
status frozen_read(const char *dir, struct study **study);

#endif
