#include "driver.h"

#include <stdlib.h>

/* What HDF5 keeps of an open file; its own part comes first. */
struct driver_file {
    H5FD_t own;
    struct draft *draft;
    haddr_t allocated; /* end of what is allocated */
};
/* What the access list carries. */
struct driver_setting {
    struct draft *draft;
};

static H5FD_t *driver_open(const char *name, unsigned flags, hid_t access_list, haddr_t largest) {
    (void)name, (void)flags, (void)largest;
    const struct driver_setting *setting = H5Pget_driver_info(access_list);
    struct driver_file *file = calloc(1, sizeof *file);
    if (!setting || !file) {
        free(file);
        return NULL;
    }
    file->draft = setting->draft;
    return &file->own;
}

static herr_t driver_close(H5FD_t *file) {
    free(file);
    return 0;
}

static herr_t driver_query(const H5FD_t *file, unsigned long *flags) {
    (void)file;
    *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE |
             H5FD_FEAT_AGGREGATE_SMALLDATA;
    return 0;
}

static haddr_t driver_get_eoa(const H5FD_t *file, H5FD_mem_t type) {
    (void)type;
    return ((const struct driver_file *)file)->allocated;
}

static herr_t driver_set_eoa(H5FD_t *file, H5FD_mem_t type, haddr_t address) {
    (void)type;
    ((struct driver_file *)file)->allocated = address;
    return 0;
}

static haddr_t driver_get_eof(const H5FD_t *file, H5FD_mem_t type) {
    (void)type;
    return (haddr_t)((const struct driver_file *)file)->draft->end;
}

static herr_t driver_read(H5FD_t *own, H5FD_mem_t type, hid_t list, haddr_t address, size_t size, void *buffer) {
    (void)type, (void)list;
    draft_read(((const struct driver_file *)own)->draft, buffer, size, (off_t)address);
    return 0;
}

static herr_t driver_write(H5FD_t *own, H5FD_mem_t type, hid_t list, haddr_t address, size_t size, const void *buffer) {
    (void)type, (void)list;
    draft_write(((const struct driver_file *)own)->draft, buffer, size, (off_t)address);
    return 0;
}

/* The file ends where its allocation ends: a shorter file is refused as truncated. */
static herr_t driver_truncate(H5FD_t *own, hid_t list, hbool_t closing) {
    (void)list, (void)closing;
    const struct driver_file *file = (const struct driver_file *)own;
    draft_set_end(file->draft, (off_t)file->allocated);
    return 0;
}

static const H5FD_class_t driver_class = {
#ifdef H5FD_CLASS_VERSION /* from HDF5 1.14 on */
    .version = H5FD_CLASS_VERSION,
    .value = 511, /* the last of those that are nobody's */
#endif
    .name = "draft",
    .maxaddr = ((haddr_t)1 << 62) - 1,
    .fc_degree = H5F_CLOSE_STRONG,
    .fapl_size = sizeof(struct driver_setting),
    .open = driver_open,
    .close = driver_close,
    .query = driver_query,
    .get_eoa = driver_get_eoa,
    .set_eoa = driver_set_eoa,
    .get_eof = driver_get_eof,
    .read = driver_read,
    .write = driver_write,
    .truncate = driver_truncate,
    .fl_map = H5FD_FLMAP_DICHOTOMY,
};

herr_t driver_set(hid_t access_list, struct draft *draft) {
    static hid_t driver = H5I_INVALID_HID;
    if (driver < 0) driver = H5FDregister(&driver_class);
    struct driver_setting setting = {draft};
    return H5Pset_driver(access_list, driver, &setting);
}
