#include "show.h"

#include <langinfo.h>
#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "clock.h"
#include "panic.h"
#include "signals.h"
#include "survey.h"
#include "text.h"

static const double REFRESH_SECONDS = 2, BLOCK_SECONDS = 60, NAP = 0.05;

/* ---- the terminal ---- */

struct terminal {
    int columns, rows; /* 0: standard output is none that could be drawn on */
};

static struct terminal terminal_find(void) {
    struct winsize size = {0};
    const char *kind = getenv("TERM");
    if (!isatty(STDOUT_FILENO) || !kind || strcmp(kind, "dumb") == 0) return (struct terminal){0};
    bool is_known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col && size.ws_row;
    return is_known ? (struct terminal){size.ws_col, size.ws_row} : (struct terminal){80, 24};
}

static struct survey_page page_of(struct terminal terminal) {
    setlocale(LC_CTYPE, "");
    return (struct survey_page){
        .columns = terminal.columns, .most = INT_MAX, .is_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0};
}

/* ---- texts ---- */

/* Names and reasons are a shared folder's: nothing in them reaches the terminal but text. */
static char *clean(char *text) {
    size_t size = 4 * strlen(text) + 1, used = 0;
    char *out = malloc(size), *rest = text;
    CHECK(out);
    while (rest) {
        char *line = strsep(&rest, "\n");
        text_make_line(line, size - used, out + used);
        used += strlen(out + used);
        if (rest) out[used++] = '\n';
    }
    out[used] = '\0';
    free(text);
    return out;
}

/* What would be printed, owned. */
static char *compose(const struct survey *survey, const struct survey_page *page, bool json) {
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    CHECK(out);
    if (json)
        survey_print_json(out, survey);
    else
        survey_print(out, survey, page);
    CHECK(fclose(out) == 0);
    return json ? text : clean(text);
}

static int count_lines(const char *text) {
    int lines = 0;
    for (; (text = strchr(text, '\n')); text++) lines++;
    return lines;
}

/* With lists so short that the whole fits the terminal, if it can. */
static char *compose_fitting(const struct survey *survey, struct survey_page page, int rows) {
    for (page.most = rows;; page.most--) {
        char *text = compose(survey, &page, false);
        if (page.most <= 1 || count_lines(text) < rows) return text;
        free(text);
    }
}

/* Bytes of the first `columns` characters of a line; those of UTF-8 go on with 10xxxxxx. */
static int cut(const char *line, int columns) {
    int bytes = 0;
    for (int count = 0; line[bytes] && line[bytes] != '\n'; bytes++) {
        count += (line[bytes] & 0xC0) != 0x80;
        if (count > columns) break;
    }
    return bytes;
}

/* ---- watching ---- */

struct watch {
    bool json;
    struct survey survey;
    struct terminal terminal;
    int drawn;        /* lines that stand on the terminal and will be drawn over */
    char *said;       /* the block that was printed last; owned */
    double say_again; /* when the next may be */
};

/* Draws over what was drawn; all in one piece, so nothing flickers. The last line of the terminal stays free for the
 * cursor. */
static void draw(struct watch *watch) {
    struct survey_page page = page_of(watch->terminal);
    page.is_watched = true;
    char *text = compose_fitting(&watch->survey, page, watch->terminal.rows);
    const char *line = text;
    if (watch->drawn) printf("\r\033[%dA", watch->drawn);
    for (watch->drawn = 0; *line && watch->drawn < watch->terminal.rows - 1; watch->drawn++) {
        int length = (int)strcspn(line, "\n");
        bool is_long = cut(line, watch->terminal.columns) < length;
        printf("%.*s%s\033[K\n", cut(line, watch->terminal.columns - is_long), line, is_long ? ">" : "");
        line += length + 1;
    }
    fputs("\033[J", stdout);
    free(text);
}

static void erase(struct watch *watch) {
    if (watch->drawn) printf("\r\033[%dA\033[J", watch->drawn);
    watch->drawn = 0;
}

/* A block of its own, if it is not the one that was said last. */
static void say(struct watch *watch, bool is_last) {
    struct survey_page page = page_of(watch->terminal);
    page.is_watched = !is_last;
    char *text = compose(&watch->survey, &page, watch->json);
    bool is_new = !watch->said || strcmp(watch->said, text) != 0;
    if (is_new) printf("%s%s", watch->said && !watch->json ? "\n" : "", text);
    if (is_new) watch->say_again = clock_seconds() + (watch->terminal.columns ? 0 : BLOCK_SECONDS);
    free(watch->said);
    watch->said = text;
}

static void refresh(struct watch *watch) {
    struct terminal before = watch->terminal;
    watch->terminal = terminal_find();
    if (before.columns != watch->terminal.columns && watch->drawn) {
        fputs("\033[H\033[J", stdout);
        watch->drawn = 0;
    }
    if (watch->terminal.columns && !watch->json)
        draw(watch);
    else if (clock_seconds() >= watch->say_again)
        say(watch, false);
    fflush(stdout);
}

/* Until the next refresh is due. 0: a signal came. */
static bool wait_for_next(void) {
    double end = clock_seconds() + REFRESH_SECONDS;
    while (!signals_caught() && clock_seconds() < end) clock_nap(NAP);
    return !signals_caught();
}

status show_watch(const char *dir, bool json) {
    enum { SCREEN_BYTES = 1 << 16 }; /* more than what is drawn at once */
    struct watch watch = {.json = json};
    setvbuf(stdout, NULL, _IOFBF, SCREEN_BYTES);
    signals_install();
    status read = survey_read(dir, &watch.survey);
    while (read == OK && !survey_is_over(&watch.survey) && !ferror(stdout)) {
        refresh(&watch);
        if (!wait_for_next()) break;
        read = survey_read(dir, &watch.survey);
    }
    erase(&watch);
    if (read == OK) say(&watch, true);
    survey_free(&watch.survey);
    free(watch.said);
    return read;
}

status show_status(const char *dir, bool json) {
    struct survey survey = {0};
    status read = survey_read(dir, &survey);
    struct survey_page page = page_of(terminal_find());
    if (read == OK) {
        char *text = compose(&survey, &page, json);
        fputs(text, stdout);
        free(text);
    }
    survey_free(&survey);
    return read;
}
