#include "snapshot_json.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "allocate.h"

void snapshot_free(struct snapshot *snapshot) {
    for (int i = 0; i < snapshot->running; i++) free(snapshot->task[i].label);
    free(snapshot->task);
    free(snapshot->busy);
    *snapshot = (struct snapshot){0};
}

/* ---- writing ---- */

void snapshot_json_string(FILE *out, const char *text) {
    fputc('"', out);
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if (*c < 0x20)
            fprintf(out, "\\u%04x", *c);
        else
            fprintf(out, *c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
    }
    fputc('"', out);
}

void snapshot_json_number(FILE *out, double value) {
    if (isfinite(value))
        fprintf(out, "%.3f", value);
    else
        fputs("null", out);
}

void snapshot_json_shares(FILE *out, int count, const double *share) {
    fputc('[', out);
    for (int i = 0; i < count; i++) fprintf(out, "%s%.4f", i ? ", " : "", share[i]);
    fputc(']', out);
}

static void print_counts(FILE *out, const struct snapshot *snapshot) {
    fprintf(out, "  \"total\": %lld,\n  \"done\": %lld,\n  \"diverged\": %lld,\n  \"failed\": %lld,\n",
            (long long)snapshot->total, (long long)snapshot->done, (long long)snapshot->diverged,
            (long long)snapshot->failed);
    fprintf(out, "  \"computed\": %lld,\n  \"elsewhere\": %lld,\n  \"stopping\": %d,\n  \"ended\": %d,\n",
            (long long)snapshot->computed, (long long)snapshot->elsewhere, snapshot->is_stopping, snapshot->is_ended);
}

static void print_tasks(FILE *out, const struct snapshot *snapshot) {
    fputs("  \"running_tasks\": [", out);
    for (int i = 0; i < snapshot->running; i++) {
        const struct snapshot_task *task = &snapshot->task[i];
        fprintf(out, "%s\n    {\"rank\": %d, \"seconds\": %.3f, \"label\": ", i ? "," : "", task->rank, task->seconds);
        snapshot_json_string(out, task->label);
        fputc('}', out);
    }
    fputs("]\n", out);
}

void snapshot_json_print(FILE *out, const struct snapshot_run *run) {
    const struct snapshot *snapshot = &run->snapshot;
    fputs("{\n  \"owner\": ", out);
    snapshot_json_string(out, run->owner);
    fprintf(out, ",\n  \"renewed\": %.0f,\n", run->renewed);
    print_counts(out, snapshot);
    fputs("  \"elapsed_seconds\": ", out);
    snapshot_json_number(out, snapshot->elapsed);
    fputs(",\n  \"eta_seconds\": ", out);
    snapshot_json_number(out, snapshot->eta);
    fprintf(out, ",\n  \"ranks\": %d,\n  \"busy\": ", snapshot->ranks);
    snapshot_json_shares(out, snapshot->ranks, snapshot->busy);
    fputs(",\n", out);
    print_tasks(out, snapshot);
    fputs("}\n", out);
}

/* ---- reading ---- */

/* The value of `key`, or NULL. */
static yaml_node_t *member(yaml_document_t *json, const yaml_node_t *object, const char *key) {
    if (!object || object->type != YAML_MAPPING_NODE) return NULL;
    for (yaml_node_pair_t *pair = object->data.mapping.pairs.start; pair < object->data.mapping.pairs.top; pair++) {
        const yaml_node_t *name = yaml_document_get_node(json, pair->key);
        if (name->type == YAML_SCALAR_NODE && strcmp((const char *)name->data.scalar.value, key) == 0)
            return yaml_document_get_node(json, pair->value);
    }
    return NULL;
}

static const char *text_of(const yaml_node_t *node) {
    return node && node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : "";
}

/* NaN for null and for what is not there. */
static double number_of(const yaml_node_t *node) {
    char *end;
    const char *text = text_of(node);
    double value = strtod(text, &end);
    return end == text ? (double)NAN : value;
}

/* 0 for what is no count. */
static int64_t integer_of(const yaml_node_t *node) {
    double value = number_of(node);
    return value >= 0 && value <= INT_MAX ? (int64_t)value : 0;
}

static double share_of(const yaml_node_t *node) { return fmin(fmax(0, number_of(node)), 1); }

static int length_of(const yaml_node_t *node) {
    if (!node || node->type != YAML_SEQUENCE_NODE) return 0;
    return (int)(node->data.sequence.items.top - node->data.sequence.items.start);
}

static yaml_node_t *item(yaml_document_t *json, const yaml_node_t *list, int index) {
    return yaml_document_get_node(json, list->data.sequence.items.start[index]);
}

static void read_counts(yaml_document_t *json, const yaml_node_t *root, struct snapshot *snapshot) {
    snapshot->total = integer_of(member(json, root, "total"));
    snapshot->done = integer_of(member(json, root, "done"));
    snapshot->diverged = integer_of(member(json, root, "diverged"));
    snapshot->failed = integer_of(member(json, root, "failed"));
    snapshot->computed = integer_of(member(json, root, "computed"));
    snapshot->elsewhere = integer_of(member(json, root, "elsewhere"));
    snapshot->is_stopping = integer_of(member(json, root, "stopping")) != 0;
    snapshot->is_ended = integer_of(member(json, root, "ended")) != 0;
    snapshot->elapsed = number_of(member(json, root, "elapsed_seconds"));
    snapshot->eta = number_of(member(json, root, "eta_seconds"));
}

static void read_ranks(yaml_document_t *json, const yaml_node_t *root, struct snapshot *snapshot) {
    const yaml_node_t *busy = member(json, root, "busy"), *tasks = member(json, root, "running_tasks");
    snapshot->ranks = length_of(busy);
    snapshot->running = length_of(tasks);
    snapshot->busy = allocate_zeroed(snapshot->ranks, sizeof *snapshot->busy);
    snapshot->task = allocate_zeroed(snapshot->running, sizeof *snapshot->task);
    for (int i = 0; i < snapshot->ranks; i++) snapshot->busy[i] = share_of(item(json, busy, i));
    for (int i = 0; i < snapshot->running; i++) {
        const yaml_node_t *task = item(json, tasks, i);
        const char *label = text_of(member(json, task, "label"));
        snapshot->task[i] = (struct snapshot_task){.rank = (int)integer_of(member(json, task, "rank")),
                                                   .seconds = number_of(member(json, task, "seconds")),
                                                   .label = allocate_copy(label, strlen(label) + 1)};
    }
}

/* What has an owner and ranks is a run. */
static bool read_root(yaml_document_t *json, struct snapshot_run *run) {
    const yaml_node_t *root = yaml_document_get_root_node(json);
    const char *owner = text_of(member(json, root, "owner"));
    if (!*owner || strlen(owner) >= OWNER_BYTES || !length_of(member(json, root, "busy"))) return false;
    strcpy(run->owner, owner);
    run->renewed = number_of(member(json, root, "renewed"));
    read_counts(json, root, &run->snapshot);
    read_ranks(json, root, &run->snapshot);
    return true;
}

bool snapshot_json_read(const char *text, struct snapshot_run *run) {
    yaml_parser_t parser;
    yaml_document_t json;
    bool is_run = false;
    *run = (struct snapshot_run){0};
    if (!yaml_parser_initialize(&parser)) return false;
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, strlen(text));
    if (yaml_parser_load(&parser, &json)) {
        is_run = read_root(&json, run);
        yaml_document_delete(&json);
    }
    yaml_parser_delete(&parser);
    return is_run;
}
