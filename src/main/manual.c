#include "manual.h"

#include <stdlib.h>
#include <string.h>

#include "panic.h"
#include "version.h"

/* As troff reads it as text. */
static void put_text(FILE *out, const char *text, size_t length) {
    if (length && (*text == '.' || *text == '\'')) fputs("\\&", out);
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\\')
            fputs("\\e", out);
        else if (text[i] == '-')
            fputs("\\-", out);
        else
            fputc(text[i], out);
    }
    fputc('\n', out);
}

static bool is_indented(const char *line) { return line[0] == ' ' && line[1] == ' '; }

/* The end of the name in "  name   what it is": before the last gap, or the end of the line. */
static size_t name_end(const char *line, size_t length) {
    for (size_t i = length; i > 4; i--)
        if (line[i - 1] == ' ' && line[i - 2] == ' ') {
            for (i -= 2; line[i - 1] == ' ';) i--;
            return i;
        }
    return length;
}

static void put_item(FILE *out, const char *line, size_t length) {
    size_t name = name_end(line, length);
    fputs(".TP\n.B ", out);
    put_text(out, line + 2, name - 2);
    while (name < length && line[name] == ' ') name++;
    if (name < length) put_text(out, line + name, length - name);
}

struct place {
    bool is_example, is_after_item, is_after_text;
};

static void put_line(FILE *out, const char *line, size_t length, struct place *before) {
    struct place now = {.is_example = before->is_example};
    size_t indent = strspn(line, " ");
    if (now.is_example) {
        put_text(out, line, length);
    } else if (*line == '#') {
        fputs(".PP\nAn example:\n.PP\n.EX\n", out);
        now.is_example = true;
    } else if (indent == 2) {
        put_item(out, line, length);
        now.is_after_item = name_end(line, length) < length;
    } else if (length && is_indented(line)) {
        if (before->is_after_item) fputs(".br\n", out);
        put_text(out, line + indent, length - indent);
        now.is_after_item = true;
    } else if (length) {
        bool is_head = is_indented(line + length + (line[length] == '\n'));
        fputs(is_head ? ".SS " : before->is_after_text ? ".br\n" : ".PP\n", out);
        put_text(out, line, length);
        now.is_after_text = !is_head;
    }
    *before = now;
}

/* Text that is laid out for a terminal: items indented by two, their descriptions by more, heads before items. */
static void put_layout(FILE *out, const char *text) {
    struct place place = {0};
    while (*text) {
        size_t length = strcspn(text, "\n");
        put_line(out, text, length, &place);
        text += length + (text[length] == '\n');
    }
    if (place.is_example) fputs(".EE\n", out);
}

static void put_command(FILE *out, const struct command *command) {
    char *text = NULL;
    size_t size;
    FILE *memory = open_memstream(&text, &size);
    CHECK(memory);
    arguments_help(memory, command);
    CHECK(fclose(memory) == 0);
    fprintf(out, ".SH ntksweep %s\n", command->name);
    put_layout(out, text);
    free(text);
}

void manual_program(FILE *out, const char *usage, const struct command *const *commands) {
    fputs(".TH NTKSWEEP 1 \"\" \"ntksweep " NTKSWEEP_VERSION "\" \"User Commands\"\n"
          ".SH NAME\nntksweep \\- trains wide neural networks beside their linearization\n.SH DESCRIPTION\n",
          out);
    put_layout(out, usage);
    for (; *commands; commands++) put_command(out, *commands);
    fputs(".SH SEE ALSO\n.BR ntksweep\\-study (5)\n", out);
}

void manual_study(FILE *out, const char *study, const char *metrics) {
    fputs(".TH NTKSWEEP\\-STUDY 5 \"\" \"ntksweep " NTKSWEEP_VERSION "\" \"File Formats\"\n"
          ".SH NAME\nntksweep\\-study \\- study files of ntksweep, and what its results hold\n.SH STUDY FILES\n",
          out);
    put_layout(out, study);
    fputs(".SH RESULTS\n", out);
    put_layout(out, metrics);
    fputs(".SH SEE ALSO\n.BR ntksweep (1)\n", out);
}
