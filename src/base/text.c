#include "text.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int text_character(const char *text, uint32_t *character) {
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *byte = (const unsigned char *)text;
    int length = byte[0] < 0x80 ? byte[0] != 0 : byte[0] < 0xC0 ? 0 : byte[0] < 0xE0 ? 2 : byte[0] < 0xF0 ? 3 : 4;
    *character = length < 2 ? byte[0] : byte[0] & (0xFFu >> (length + 1));
    for (int i = 1; i < length; i++) {
        if ((byte[i] & 0xC0) != 0x80) return 0;
        *character = *character << 6 | (byte[i] & 0x3Fu);
    }
    bool is_surrogate = *character >= 0xD800 && *character < 0xE000;
    return *character < least[length] || *character > 0x10FFFF || is_surrogate ? 0 : length;
}

/* What stands in one line: no control (C0, DEL, C1), no line or paragraph separator, no byte order mark, no
 * non-character. */
static bool is_plain(uint32_t c) {
    return c >= 0x20 && !(c >= 0x7F && c < 0xA0) && c != 0x2028 && c != 0x2029 && c != 0xFEFF && (c & 0xFFFE) != 0xFFFE;
}

bool text_is_line(const char *text) {
    uint32_t character;
    for (int length; *text; text += length) {
        length = text_character(text, &character);
        if (length == 0 || !is_plain(character)) return false;
    }
    return true;
}

/* \n, \t or \x1b of a byte. */
static void escape(unsigned char byte, char out[8]) {
    const char *short_form = byte == '\n' ? "\\n" : byte == '\t' ? "\\t" : NULL;
    if (short_form)
        strcpy(out, short_form);
    else
        snprintf(out, 8, "\\x%02x", byte);
}

void text_make_line(const char *in, size_t size, char *out) {
    size_t used = 0;
    while (*in) {
        uint32_t character;
        char piece[8] = "";
        int length = text_character(in, &character);
        if (length > 0 && is_plain(character)) {
            memcpy(piece, in, (size_t)length);
        } else {
            escape((unsigned char)*in, piece);
            length = 1;
        }
        size_t bytes = strlen(piece);
        if (used + bytes >= size) break;
        memcpy(out + used, piece, bytes);
        used += bytes;
        in += length;
    }
    out[used] = '\0';
}

const char *text_skip_whole(const char *text) {
    size_t count = strspn(text, "0123456789");
    return count == 0 || (count > 1 && *text == '0') ? NULL : text + count;
}

int64_t text_bytes(const char *text) {
    static const char units[] = "KMG";
    char number[24];
    const char *end = text_skip_whole(text);
    if (!end || end - text >= (ptrdiff_t)sizeof number || (*end && (!strchr(units, *end) || end[1]))) return -1;
    snprintf(number, sizeof number, "%.*s", (int)(end - text), text);
    int shift = *end ? 10 * (int)(strchr(units, *end) - units + 1) : 0;
    double bytes = ldexp(strtod(number, NULL), shift);
    return bytes <= 9007199254740992.0 ? (int64_t)bytes : -1;
}

const char *text_of_bytes(double bytes, char out[TEXT_OF_BYTES]) {
    static const char suffix[] = {'K', 'M', 'G', 'T'};
    int power = 0;
    double value = bytes / 1024;
    for (; value >= 1000 && power < 3; power++) value /= 1024;
    snprintf(out, TEXT_OF_BYTES, "%.4g%c", ceil(value * 100) / 100, suffix[power]);
    return out;
}
