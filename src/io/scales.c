#include "scales.h"

#include <stdlib.h>
#include "panic.h"

/* An axis as in REFERENCE_LIST, and its scale. */
struct axis {
    hobj_ref_t set;
    int number, gap; /* which is written too */
};
struct attachment {
    hobj_ref_t scale; /* 0: written */
    struct axis axis;
};
static struct attachment *attached;
static size_t count, room;

static void note(struct attachment attachment) {
    if (count == room) {
        room = room ? 2 * room : 64;
        attached = realloc(attached, room * sizeof *attached);
        CHECK(attached);
    }
    attached[count++] = attachment;
}

void scales_begin(void) { count = 0; }

static bool write_list(hid_t object, const char *name, hid_t type, hsize_t length, const void *value) {
    hid_t space = H5Screate_simple(1, &length, NULL);
    hid_t attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    bool good = attribute >= 0 && H5Awrite(attribute, type, value) >= 0;
    good &= attribute >= 0 && H5Aclose(attribute) >= 0;
    H5Sclose(space);
    return good;
}

static hid_t scales_type(void) {
    static hid_t type = H5I_INVALID_HID;
    if (type < 0) type = H5Tvlen_create(H5T_STD_REF_OBJ);
    CHECK(type >= 0);
    return type;
}

static hid_t axis_type(void) {
    static hid_t type = H5I_INVALID_HID;
    if (type >= 0) return type;
    type = H5Tcreate(H5T_COMPOUND, sizeof(struct axis));
    CHECK(type >= 0 && H5Tinsert(type, "dataset", HOFFSET(struct axis, set), H5T_STD_REF_OBJ) >= 0 &&
          H5Tinsert(type, "dimension", HOFFSET(struct axis, number), H5T_NATIVE_INT) >= 0);
    return type;
}

bool scales_attach(hid_t file, hid_t set, int ndim, const char *const *dimension) {
    struct attachment attachment = {0};
    hobj_ref_t scale[H5S_MAX_RANK];
    hvl_t list[H5S_MAX_RANK];
    if (ndim == 0) return true;
    if (H5Rcreate(&attachment.axis.set, set, ".", H5R_OBJECT, -1) < 0) return false;
    for (int i = 0; i < ndim; i++) {
        if (H5Rcreate(&scale[i], file, dimension[i], H5R_OBJECT, -1) < 0) return false;
        list[i] = (hvl_t){1, &scale[i]};
        attachment.scale = scale[i];
        attachment.axis.number = i;
        note(attachment);
    }
    return write_list(set, "DIMENSION_LIST", scales_type(), (hsize_t)ndim, list);
}

/* The axes of a scale, in the order in which they were attached. */
static hsize_t take_axes(hobj_ref_t scale, struct axis *axis) {
    hsize_t taken = 0;
    for (size_t i = 0; i < count; i++) {
        if (attached[i].scale != scale) continue;
        axis[taken++] = attached[i].axis;
        attached[i].scale = 0;
    }
    return taken;
}

static bool write_axes(hid_t file, hobj_ref_t scale, struct axis *axis) {
    hsize_t axes = take_axes(scale, axis);
    hid_t set = H5Rdereference2(file, H5P_DEFAULT, H5R_OBJECT, &scale);
    if (set < 0) return false;
    bool good = write_list(set, "REFERENCE_LIST", axis_type(), axes, axis);
    return H5Dclose(set) >= 0 && good;
}

bool scales_end(hid_t file) {
    struct axis *axis = calloc(count + 1, sizeof *axis);
    CHECK(axis);
    bool good = true;
    for (size_t i = 0; i < count && good; i++)
        if (attached[i].scale) good = write_axes(file, attached[i].scale, axis);
    free(axis);
    return good;
}
