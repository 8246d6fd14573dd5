/* Texts that others made: bytes that may be anything. Not collective. */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the UTF-8 character that `text` begins with, and the character; 0: it begins with none (also at the end of
 * the text). */
int text_character(const char *text, uint32_t *character);
/* Is it one line of UTF-8 that YAML and terminals take as it is: no control characters, line separators, byte order
 * marks or non-characters? "" is. */
bool text_is_line(const char *text);
/* The text as such a line: other bytes become \n, \t, \x1b. out[size], cut at a whole character. in = out is not
 * allowed. */
void text_make_line(const char *in, size_t size, char *out);

/* Behind 0 or a whole number without leading zeros (010 could be octal); NULL: there is none. */
const char *text_skip_whole(const char *text);
/* Bytes in "4G", "512M", "1048576" (K, M, G: powers of 1024), or -1: no such number, or one above 2^53. */
int64_t text_bytes(const char *text);
/* Bytes in that form, rounded up: "1.21G". */
enum { TEXT_OF_BYTES = 32 };
const char *text_of_bytes(double bytes, char out[TEXT_OF_BYTES]);

#endif
