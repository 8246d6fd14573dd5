/* Values that are texts: free ones, paths, lists of names. */
#include "value_type.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "text.h"

static const char *keep_text(struct place place, const char *text) {
    char *copy = pieces_take(place.source->memory, strlen(text) + 1);
    return strcpy(copy, text);
}

static void text_words(const struct key *key, size_t size, char *out) {
    snprintf(out, size, "a %s of one line", key->type == TYPE_PATH ? "path" : "text");
}

static status read_text(const struct key *key, struct place place, struct config *config) {
    const char *text = place_text(place);
    bool missing = text && !*text && key->type != TYPE_TEXT && !key->fallback;
    if (!text || missing || !text_is_line(text)) return value_refuse_key(key, place, text_words);
    *MEMBER(const char *, key, config) = keep_text(place, text);
    return OK;
}

/* In double quotes, so that nothing in it is read as YAML. */
static void write_quoted(const char *text, FILE *out) {
    fputc('"', out);
    for (; *text; text++) {
        if (strchr("\"\\", *text)) fputc('\\', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

static void write_text(const struct key *key, const struct config *config, struct pen pen) {
    write_quoted(*MEMBER_CONST(char *, key, config), pen.out);
}

/* Made absolute: in a file it is relative to the file's folder, in an option to the working directory. None stays
 * "". */
static status read_path(const struct key *key, struct place place, struct config *config) {
    TRY(read_text(key, place, config));
    const char **path = MEMBER(const char *, key, config), *name = place.source->name, *slash = strrchr(name, '/');
    if ((*path)[0] == '/' || !**path) return OK;
    int folder = place.source->origin == ORIGIN_FILE && slash ? (int)(slash - name) + 1 : 0;
    char *here = folder && name[0] == '/' ? strdup("") : get_current_dir_name();
    if (!here) FAIL(ERROR_INPUT, "%s: the working directory cannot be read; an absolute path was expected", *path);
    size_t size = strlen(here) + 1 + (size_t)folder + strlen(*path) + 1;
    char *joined = pieces_take(place.source->memory, size);
    snprintf(joined, size, "%s%s%.*s%s", here, *here ? "/" : "", folder, name, *path);
    free(here);
    *path = joined;
    if (!text_is_line(joined)) return place_fail(place, key->name, "%s is not a path of one line of text", joined);
    return OK;
}

static int compare_texts(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void texts_words(const struct key *key, size_t size, char *out) {
    (void)key;
    snprintf(out, size, "a list of at least two names or numbers, or []");
}

static status read_texts(const struct key *key, struct place place, struct config *config) {
    int count = place_count(place);
    if (!place_is_list(place) || count == 1) return value_refuse_key(key, place, texts_words);
    const char **list = pieces_take(place.source->memory, (size_t)count * sizeof *list);
    for (int i = 0; i < count; i++) {
        struct place item = place_item(place, i);
        const char *text = place_text(item);
        if (!text || !*text || !text_is_line(text)) return place_refuse(item, key->name, "a name or number");
        list[i] = keep_text(place, text);
    }
    int64_t repeat = value_first_repeat(count, sizeof *list, list, compare_texts);
    if (repeat >= 0)
        return place_refuse(place_item(place, (int)repeat), key->name, "a new name; it is in the list already");
    *MEMBER(struct text_list, key, config) = (struct text_list){count, list};
    return OK;
}

static void write_texts(const struct key *key, const struct config *config, struct pen pen) {
    const struct text_list *list = MEMBER_CONST(struct text_list, key, config);
    fputc('[', pen.out);
    for (int64_t i = 0; i < list->count; i++) {
        fputs(i ? ", " : "", pen.out);
        write_quoted(list->item[i], pen.out);
    }
    fputc(']', pen.out);
}

static bool same_text(const struct key *key, const struct config *a, const struct config *b) {
    const char *x = *MEMBER_CONST(char *, key, a), *y = *MEMBER_CONST(char *, key, b);
    return x == y || (x && y && strcmp(x, y) == 0);
}

static bool same_texts(const struct key *key, const struct config *a, const struct config *b) {
    const struct text_list *x = MEMBER_CONST(struct text_list, key, a), *y = MEMBER_CONST(struct text_list, key, b);
    if (x->count != y->count) return false;
    for (int64_t i = 0; i < x->count; i++)
        if (strcmp(x->item[i], y->item[i]) != 0) return false;
    return true;
}

const struct value_type value_text = {.read = read_text, .write = write_text, .words = text_words, .same = same_text};
const struct value_type value_path = {.read = read_path, .write = write_text, .words = text_words, .same = same_text};
const struct value_type value_texts = {
    .read = read_texts, .write = write_texts, .words = texts_words, .same = same_texts};
