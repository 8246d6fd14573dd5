#include "zip.h"

#include <stdlib.h>
#include <string.h>

enum { END = 22, END_64 = 56, LOCATOR_64 = 20, ENTRY = 46, LOCAL = 30, COMMENT_MOST = 65535, DIRECTORY_MOST = 1 << 26 };
enum { STORED = 0, DEFLATED = 8, ENCRYPTED = 1 };
static const uint32_t IN_64 = 0xffffffff; /* the number stands in the zip64 extra */

static uint64_t little(const unsigned char *b, int bytes) {
    uint64_t number = 0;
    while (bytes-- > 0) number = number << 8 | b[bytes];
    return number;
}

static bool is_signed(const unsigned char *b, char third, char fourth) {
    return b[0] == 'P' && b[1] == 'K' && b[2] == third && b[3] == fourth;
}

static status broken(void) { FAIL(ERROR_INPUT, "is no whole zip archive"); }

static status read_at(FILE *file, uint64_t at, size_t size, unsigned char *out) {
    if (at > INT64_MAX || fseeko(file, (off_t)at, SEEK_SET) != 0 || fread(out, 1, size, file) != size) return broken();
    return OK;
}

/* --- the directory --- */

struct directory {
    uint64_t file_size, at, size, entries;
};

static status read_end_64(FILE *file, uint64_t end, struct directory *directory) {
    unsigned char locator[LOCATOR_64], record[END_64];
    if (end < LOCATOR_64) return broken();
    TRY(read_at(file, end - LOCATOR_64, sizeof locator, locator));
    if (!is_signed(locator, 6, 7)) return broken();
    TRY(read_at(file, little(locator + 8, 8), sizeof record, record));
    if (!is_signed(record, 6, 6)) return broken();
    directory->entries = little(record + 32, 8);
    directory->size = little(record + 40, 8);
    directory->at = little(record + 48, 8);
    return OK;
}

static status read_end(FILE *file, uint64_t end, const unsigned char *record, struct directory *directory) {
    directory->entries = little(record + 10, 2);
    directory->size = little(record + 12, 4);
    directory->at = little(record + 16, 4);
    if (directory->entries == 0xffff || directory->size == IN_64 || directory->at == IN_64)
        TRY(read_end_64(file, end, directory));
    int fits = directory->at <= directory->file_size && directory->size <= directory->file_size - directory->at;
    return fits && directory->size <= DIRECTORY_MOST ? OK : broken();
}

/* The last record of the file, before a comment. */
static status find_directory(FILE *file, struct directory *directory) {
    static _Thread_local unsigned char tail[END + COMMENT_MOST];
    if (fseeko(file, 0, SEEK_END) != 0) return broken();
    directory->file_size = (uint64_t)ftello(file);
    size_t held = directory->file_size < sizeof tail ? (size_t)directory->file_size : sizeof tail;
    uint64_t first = directory->file_size - held;
    TRY(read_at(file, first, held, tail));
    for (size_t at = held; at >= END; at--)
        if (is_signed(tail + at - END, 5, 6)) return read_end(file, first + at - END, tail + at - END, directory);
    return broken();
}

/* --- an entry --- */

struct entry {
    const unsigned char *bytes;
    size_t name, extra, comment; /* lengths */
    uint64_t packed, unpacked, at;
};

static size_t entry_size(const struct entry *entry) { return ENTRY + entry->name + entry->extra + entry->comment; }

/* Numbers that are IN_64 stand in the extra field 1, in this order. */
static bool take_extra(struct entry *entry) {
    uint64_t *const number[] = {&entry->unpacked, &entry->packed, &entry->at};
    const unsigned char *extra = entry->bytes + ENTRY + entry->name, *end = extra + entry->extra;
    while (end - extra >= 4 && little(extra, 2) != 1) {
        size_t size = (size_t)little(extra + 2, 2);
        if ((size_t)(end - extra) < 4 + size) return false;
        extra += 4 + size;
    }
    extra += 4;
    for (int i = 0; i < 3; i++) {
        if (*number[i] != IN_64) continue;
        if (end - extra < 8) return false;
        *number[i] = little(extra, 8);
        extra += 8;
    }
    return true;
}

static bool take_entry(const unsigned char *bytes, size_t left, struct entry *entry) {
    if (left < ENTRY || !is_signed(bytes, 1, 2)) return false;
    *entry = (struct entry){.bytes = bytes,
                            .name = (size_t)little(bytes + 28, 2),
                            .extra = (size_t)little(bytes + 30, 2),
                            .comment = (size_t)little(bytes + 32, 2),
                            .packed = little(bytes + 20, 4),
                            .unpacked = little(bytes + 24, 4),
                            .at = little(bytes + 42, 4)};
    if (left < entry_size(entry)) return false;
    bool is_64 = entry->packed == IN_64 || entry->unpacked == IN_64 || entry->at == IN_64;
    return !is_64 || take_extra(entry);
}

static status find_entry(const unsigned char *bytes, const struct directory *directory, const char *name,
                         struct entry *entry, bool *found) {
    size_t left = (size_t)directory->size;
    for (uint64_t i = 0; i < directory->entries; i++) {
        if (!take_entry(bytes, left, entry)) return broken();
        *found = entry->name == strlen(name) && memcmp(bytes + ENTRY, name, entry->name) == 0;
        if (*found) return OK;
        bytes += entry_size(entry);
        left -= entry_size(entry);
    }
    return OK;
}

static status go_to(FILE *file, const struct directory *directory, const struct entry *entry,
                    struct zip_member *member) {
    unsigned char local[LOCAL];
    uint64_t method = little(entry->bytes + 10, 2);
    if (little(entry->bytes + 8, 2) & ENCRYPTED) FAIL(ERROR_INPUT, "is encrypted");
    if (method != STORED && method != DEFLATED)
        FAIL(ERROR_INPUT, "is compressed by method %d; 0 (stored) or 8 (deflated) was expected", (int)method);
    if (entry->at > directory->file_size || entry->packed > directory->file_size) return broken();
    TRY(read_at(file, entry->at, sizeof local, local));
    if (!is_signed(local, 3, 4)) return broken();
    uint64_t first = entry->at + LOCAL + little(local + 26, 2) + little(local + 28, 2);
    if (first + entry->packed > directory->file_size || fseeko(file, (off_t)first, SEEK_SET) != 0) return broken();
    *member = (struct zip_member){(int64_t)entry->packed, method == DEFLATED, (uint32_t)little(entry->bytes + 16, 4)};
    return OK;
}

static status search(FILE *file, const struct directory *directory, unsigned char *bytes, const char *name,
                     struct zip_member *member, bool *found) {
    struct entry entry = {0};
    TRY(read_at(file, directory->at, (size_t)directory->size, bytes));
    TRY(find_entry(bytes, directory, name, &entry, found));
    return *found ? go_to(file, directory, &entry, member) : OK;
}

status zip_find(FILE *file, const char *name, struct zip_member *member, bool *found) {
    struct directory directory = {0};
    *found = false;
    TRY(find_directory(file, &directory));
    unsigned char *bytes = malloc((size_t)directory.size + 1);
    if (!bytes) FAIL(ERROR_MEMORY, "memory for the archive's directory could not be had");
    status result = search(file, &directory, bytes, name, member, found);
    free(bytes);
    return result;
}
