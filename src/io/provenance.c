#include "provenance.h"

#define FIELD(member, decides)                                                                                         \
    { #member, offsetof(struct provenance, member), sizeof((struct provenance *)0)->member, decides }
const struct provenance_field provenance_field[PROVENANCE_FIELDS] = {
    FIELD(version, 1), FIELD(commit, 1), FIELD(compiler, 1), FIELD(blas, 1),
    FIELD(core, 1),    FIELD(mpi, 0),    FIELD(hdf5, 0),
};
