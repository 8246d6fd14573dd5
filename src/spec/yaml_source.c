#include "yaml_source.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "panic.h"

/* libyaml gives no mark for bytes that are not text, but their offset. */
static yaml_mark_t mark_of_problem(const yaml_parser_t *parser, const char *text) {
    if (parser->error != YAML_READER_ERROR) return parser->problem_mark;
    yaml_mark_t mark = {0};
    for (size_t i = 0; i < parser->problem_offset; i++) {
        mark.column = text[i] == '\n' ? 0 : mark.column + 1;
        mark.line += text[i] == '\n';
    }
    return mark;
}

static status syntax_fail(const struct source *source, const yaml_parser_t *parser, const char *text) {
    const char *problem = parser->problem ? parser->problem : "cannot be read";
    if (source->origin != ORIGIN_FILE) FAIL(ERROR_INPUT, "%s: not YAML: %s", source->name, problem);
    yaml_mark_t mark = mark_of_problem(parser, text);
    FAIL(ERROR_INPUT, "%s:%zu:%zu: not YAML: %s%s%s", source->name, mark.line + 1, mark.column + 1, problem,
         parser->context ? " " : "", parser->context ? parser->context : "");
}

static status refuse_second(struct source *source, yaml_parser_t *parser, const char *text) {
    struct source second = {.origin = source->origin, .name = source->name};
    if (!yaml_parser_load(parser, &second.document)) return syntax_fail(source, parser, text);
    second.root = yaml_document_get_root_node(&second.document);
    status outcome = second.root ? place_fail(source_place(&second), "", "a second document; one was expected") : OK;
    yaml_document_delete(&second.document);
    return outcome;
}

static status load(struct source *source, yaml_parser_t *parser, const char *text) {
    if (!yaml_parser_load(parser, &source->document)) return syntax_fail(source, parser, text);
    source->root = yaml_document_get_root_node(&source->document);
    return source->root ? refuse_second(source, parser, text) : OK;
}

/* What libyaml takes very long for: deep nesting, many anchors. A study needs a depth of 4 and no anchor. */
enum { NESTING_MOST = 32, ANCHORS_MOST = 1000, FILE_MOST = 1 << 26 };

static bool has_anchor(const yaml_event_t *event) {
    return (event->type == YAML_SCALAR_EVENT && event->data.scalar.anchor) ||
           (event->type == YAML_SEQUENCE_START_EVENT && event->data.sequence_start.anchor) ||
           (event->type == YAML_MAPPING_START_EVENT && event->data.mapping_start.anchor);
}

static bool opens(const yaml_event_t *event) {
    return event->type == YAML_SEQUENCE_START_EVENT || event->type == YAML_MAPPING_START_EVENT;
}
static bool closes(const yaml_event_t *event) {
    return event->type == YAML_SEQUENCE_END_EVENT || event->type == YAML_MAPPING_END_EVENT;
}

/* Looks through the text before it is loaded; what is not YAML is left to the loading. */
static status check_bounds(const struct source *source, yaml_parser_t *parser) {
    int depth = 0, anchors = 0;
    bool goes_on = true;
    while (goes_on && depth <= NESTING_MOST && anchors <= ANCHORS_MOST) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event)) return OK;
        depth += opens(&event) - closes(&event);
        anchors += has_anchor(&event);
        goes_on = event.type != YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    if (!goes_on) return OK;
    size_t line = parser->mark.line + 1;
    if (depth > NESTING_MOST)
        FAIL(ERROR_INPUT, "%s:%zu: nested more than %d deep; a study was expected", source->name, line, NESTING_MOST);
    FAIL(ERROR_INPUT, "%s:%zu: more than %d anchors; a study was expected", source->name, line, ANCHORS_MOST);
}

static status with_parser(struct source *source, const char *text, size_t length, int loads) {
    yaml_parser_t parser;
    CHECK(yaml_parser_initialize(&parser));
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
    status outcome = loads ? load(source, &parser, text) : check_bounds(source, &parser);
    yaml_parser_delete(&parser);
    return outcome;
}

status source_read_text(struct source *source, const char *text, size_t length) {
    if (length > FILE_MOST)
        FAIL(ERROR_INPUT, "%s: more than %d MB; a study file was expected", source->name, FILE_MOST >> 20);
    TRY(with_parser(source, text, length, 0));
    return with_parser(source, text, length, 1);
}

void source_make_scalar(struct source *source, const char *text) {
    CHECK(yaml_document_initialize(&source->document, NULL, NULL, NULL, 1, 1));
    CHECK(yaml_document_add_scalar(&source->document, NULL, (const yaml_char_t *)text, (int)strlen(text),
                                   YAML_DOUBLE_QUOTED_SCALAR_STYLE));
    source->root = yaml_document_get_root_node(&source->document);
}

void source_free(struct source *source) {
    yaml_document_delete(&source->document);
    source->root = NULL;
}

struct place source_place(struct source *source) {
    return (struct place){source, source->root};
}

const char *place_text(struct place place) {
    if (!place.node || place.node->type != YAML_SCALAR_NODE) return NULL;
    const char *text = (const char *)place.node->data.scalar.value;
    return strlen(text) == place.node->data.scalar.length ? text : NULL;
}

const char *place_plain(struct place place) {
    const char *text = place_text(place);
    return text && *text && place.node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE ? text : NULL;
}

bool place_is_list(struct place place) { return place.node && place.node->type == YAML_SEQUENCE_NODE; }
bool place_is_map(struct place place) { return place.node && place.node->type == YAML_MAPPING_NODE; }

int place_count(struct place place) {
    if (place_is_list(place)) return (int)(place.node->data.sequence.items.top - place.node->data.sequence.items.start);
    if (place_is_map(place)) return (int)(place.node->data.mapping.pairs.top - place.node->data.mapping.pairs.start);
    return false;
}

static struct place place_of(struct place near, int number) {
    return (struct place){near.source, yaml_document_get_node(&near.source->document, number)};
}

struct place place_item(struct place place, int i) {
    return place_of(place, place.node->data.sequence.items.start[i]);
}

struct place place_pair(struct place place, int i, struct place *value) {
    yaml_node_pair_t pair = place.node->data.mapping.pairs.start[i];
    *value = place_of(place, pair.value);
    return place_of(place, pair.key);
}

int place_line(struct place place) { return (int)place.node->start_mark.line + 1; }

static status fail_words(struct place place, const char *key, const char *words) {
    const char *name = place.source->name, *colon = *key ? ": " : "";
    if (place.source->origin == ORIGIN_OPTION) FAIL(ERROR_INPUT, "%s: %s", name, words);
    if (place.source->origin == ORIGIN_DEFAULT || !place.node) FAIL(ERROR_INPUT, "%s: %s%s%s", name, key, colon, words);
    yaml_mark_t mark = place.node->start_mark;
    FAIL(ERROR_INPUT, "%s:%zu:%zu: %s%s%s", name, mark.line + 1, mark.column + 1, key, colon, words);
}

status place_fail(struct place place, const char *key, const char *format, ...) {
    char words[1024];
    va_list list;
    va_start(list, format);
    vsnprintf(words, sizeof words, format, list);
    va_end(list);
    return fail_words(place, key, words);
}

/* "2.5", "\"2.5\"" (quoted), "nothing", "an empty list", ...: one line, shortened. */
static void describe(struct place place, size_t size, char *out) {
    const char *text = place_text(place), *quote = place_plain(place) ? "" : "\"";
    const char *kind = place_is_list(place) ? "list" : place_is_map(place) ? "mapping" : NULL;
    if (kind)
        snprintf(out, size, "%s %s", place_count(place) ? "a" : "an empty", kind);
    else if (!text || (!*text && place.node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE))
        snprintf(out, size, "%s", text || !place.node ? "nothing" : "a text with a NUL");
    else
        snprintf(out, size, "%s%.60s%s%s", quote, text, strlen(text) > 60 ? "..." : "", quote);
}

status place_refuse(struct place place, const char *key, const char *expected) {
    char value[96];
    describe(place, sizeof value, value);
    return place_fail(place, key, "%s is not %s", value, expected);
}
