#include "grid.h"

#include <stdio.h>
#include <stdlib.h>
#include "panic.h"
#include "value.h"

void study_free(struct study *study) {
    if (!study) return;
    pieces_free(&study->memory);
    free(study);
}

void study_point_index(const struct study *study, int64_t point, int64_t *index) {
    for (int a = study->axes - 1; a >= 0; a--) {
        index[a] = point % study->axis[a].count;
        point /= study->axis[a].count;
    }
}

struct config study_point(const struct study *study, int64_t point) {
    int64_t index[AXES_MAX];
    struct config config = study->config;
    study_point_index(study, point, index);
    for (int a = 0; a < study->axes; a++)
        value_put(key_find(study->axis[a].key), study->axis[a].number[index[a]], &config);
    return config;
}

void study_point_label(const struct study *study, int64_t point, size_t size, char *out) {
    struct config config = study_point(study, point);
    FILE *text = fmemopen(out, size, "w");
    CHECK(text);
    for (int a = 0; a < study->axes; a++) {
        fprintf(text, "%s%s=", a ? " " : "", study->axis[a].name);
        value_write_item(key_find(study->axis[a].key), &config, (struct pen){text, STYLE_YAML});
    }
    fclose(text);
    out[size - 1] = '\0';
}
