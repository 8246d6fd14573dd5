#include "status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

static _Thread_local char message[2048];
static _Thread_local char place[256];

status status_fail(status code, const char *file, int line, const char *format, ...) {
    char words[sizeof message]; /* the arguments may point into `message` */
    va_list list;
    va_start(list, format);
    vsnprintf(words, sizeof words, format, list);
    va_end(list);
    text_make_line(words, sizeof message, message); /* whatever names are in it */
    const char *slash = strrchr(file, '/');
    snprintf(place, sizeof place, "%s:%d", slash ? slash + 1 : file, line);
    return code;
}

const char *status_message(void) { return message; }
const char *status_place(void) { return place; }
