/* Errors of the outside world: a study file, a data file, memory, a disk, a signal.
 *
 * A function that can fail returns `status`; TRY(call) hands a failure up; FAIL(code, "...") starts one and records
 * its words, with the source place for --verbose. Nothing below main prints. Words read "FILE: what is wrong; what
 * was expected", without the program's name and without a newline.
 * Not collective. The message is per thread. */
#ifndef STATUS_H
#define STATUS_H

typedef enum {
    OK = 0,
    ERROR_INPUT,       /* the user's study, data, option or directory: exit 1 */
    ERROR_MEMORY,      /* not enough memory: the point fails, the sweep goes on */
    ERROR_DISK,        /* a file that could not be written or read back: the point fails, the sweep goes on */
    ERROR_INTERRUPTED, /* asked to stop by a signal: exit 75 */
    ERROR_INTERNAL,    /* a library refused what it should take: exit 70 */
    ERROR_LEFT         /* done, but for what was damaged and is left: exit 2 */
} status;

/* Records the words of a failure, as one line of text (text.h), and returns `code`. Called through FAIL. */
status status_fail(status code, const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The words of the last failure in this thread; "" if there was none. */
const char *status_message(void);
/* Source place of the last failure in this thread, "file.c:123". */
const char *status_place(void);

#define FAIL(code, ...) return status_fail((code), __FILE__, __LINE__, __VA_ARGS__)
#define TRY(call)                                                                                                      \
    do {                                                                                                               \
        status try_status_ = (call);                                                                                   \
        if (try_status_ != OK) return try_status_;                                                                     \
    } while (0)

#endif
