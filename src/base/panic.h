/* Our own bugs. CHECK is always tested, ASSERT only in debug builds; both end in panic(), which prints one line and
 * calls the hook that main sets (MPI_Abort(70)), or abort(). Never for what a user can cause. Not collective. */
#ifndef PANIC_H
#define PANIC_H

_Noreturn void panic(const char *file, int line, const char *what);
/* The hook that ends the program; it must not return. */
void panic_set_hook(void (*hook)(void));

#define CHECK(condition) ((condition) ? (void)0 : panic(__FILE__, __LINE__, #condition))
#ifdef NDEBUG
#define ASSERT(condition) ((void)0)
#else
#define ASSERT(condition) CHECK(condition)
#endif

#endif
