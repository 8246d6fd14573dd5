/* Text that others made: what is one line of it, and what becomes of the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "random.h"
#include "status.h"
#include "text.h"

static void test_lines(void **state) {
    (void)state;
    static const char *const good[] = {"",         "plain",        "é Θ 🙂 \"quoted\" \\ #[]{}",
                                       "\xc2\xa0", "\xef\xbf\xbd", "\xf4\x8f\xbf\xbd"};
    static const char *const bad[] = {"a\nb",
                                      "\t",
                                      "\x1b[31m",
                                      "\x7f",
                                      ("a\x9b"
                                       "b"),
                                      "\xc2\x85",
                                      "\xc2\x9b",
                                      "\xe2\x80\xa8",
                                      "\xe2\x80\xa9",
                                      "\xef\xbb\xbf",
                                      "\xef\xbf\xbe",
                                      "\xff",
                                      "\xc0\xaf",
                                      "\xe0\x80\xaf",
                                      "\xed\xa0\x80",
                                      "\xf4\x90\x80\x80",
                                      "\xc3",
                                      "\xe2\x82",
                                      "\xf0\x9f\x99"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (!text_is_line(good[i])) fail_msg("good text %zu", i);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (text_is_line(bad[i])) fail_msg("bad text %zu", i);
}

static void test_escapes(void **state) {
    (void)state;
    static const char *const pairs[][2] = {
        {"é\n\x1b[0m", "é\\n\\x1b[0m"}, {"a\xff\xc2\x9b", "a\\xff\\xc2\\x9b"}, {"\t", "\\t"}};
    char out[64];
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        text_make_line(pairs[i][0], sizeof out, out);
        assert_string_equal(out, pairs[i][1]);
    }
    text_make_line("aé", 3, out); /* no half characters */
    assert_string_equal(out, "a");
}

/* Any bytes become a line, and a line stays as it is. */
static void test_any_bytes(void **state) {
    (void)state;
    enum { LENGTH = 40, ROUNDS = 20000 };
    double number[LENGTH];
    char in[LENGTH + 1], out[4 * LENGTH + 1], again[sizeof out];
    for (int round = 0; round < ROUNDS; round++) {
        random_normal(2385, RANDOM_TEST, 7, (int64_t)round * LENGTH, LENGTH, number);
        for (int i = 0; i < LENGTH; i++) in[i] = (char)(int)(number[i] * 1e6);
        in[LENGTH] = '\0';
        text_make_line(in, sizeof out, out);
        assert_true(text_is_line(out));
        text_make_line(out, sizeof again, again);
        assert_string_equal(out, again);
    }
}

static void test_message(void **state) {
    (void)state;
    assert_int_equal(status_fail(ERROR_INPUT, "x.c", 1, "%s: gone", "a\nb\x1b[31m"), ERROR_INPUT);
    assert_string_equal(status_message(), "a\\nb\\x1b[31m: gone");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lines), cmocka_unit_test(test_escapes),
                                       cmocka_unit_test(test_any_bytes), cmocka_unit_test(test_message)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
