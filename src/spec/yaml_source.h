/* A piece of YAML and where it came from: the study file, an option, a default of the table. Private to spec.
 * Values are nodes of libyaml's documents, which know line and column. Not collective. */
#ifndef YAML_SOURCE_H
#define YAML_SOURCE_H

#include <stdbool.h>
#include <yaml.h>
#include "pieces.h"
#include "status.h"

enum origin { ORIGIN_FILE, ORIGIN_OPTION, ORIGIN_DEFAULT };

struct source {
    enum origin origin;
    const char *name;      /* "study.yaml", also of defaults; "--set network.depth". Borrowed. */
    struct pieces *memory; /* of the texts and lists read from here. Borrowed. */
    yaml_document_t document;
    yaml_node_t *root; /* NULL where there is nothing */
};

/* A value where it stands. node = NULL: not there. */
struct place {
    struct source *source;
    yaml_node_t *node;
};

/* Each takes a source with origin, name and memory set and reads its one document: of text[length], or the scalar
 * `text` as it is. Ended by source_free, also after a failure. Fail with ERROR_INPUT. */
status source_read_text(struct source *source, const char *text, size_t length);
void source_make_scalar(struct source *source, const char *text);
void source_free(struct source *source);
struct place source_place(struct source *source);

/* The scalar's text, or NULL: of any style; unquoted and not empty. */
const char *place_text(struct place place);
const char *place_plain(struct place place);
/* Items of a list and pairs of a mapping; 0 where the node is none. */
bool place_is_list(struct place place);
bool place_is_map(struct place place);
int place_count(struct place place);
struct place place_item(struct place place, int i);
struct place place_pair(struct place place, int i, struct place *value); /* returns the key */
int place_line(struct place place);                                      /* from 1 */

/* ERROR_INPUT, "FILE:LINE:COLUMN: KEY: ..." or "--set KEY: ...". */
status place_fail(struct place place, const char *key, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The same, "VALUE is not EXPECTED". */
status place_refuse(struct place place, const char *key, const char *expected);

#endif
