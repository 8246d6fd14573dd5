/* Who a process is to other processes, hosts and jobs, and what can be known of another one without asking it. From any
 * thread. Not collective. */
#ifndef OWNER_H
#define OWNER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { OWNER_BYTES = 512 };

/* This process in a line of `name=value`, the same for its whole life: host, pid, `space` (boot id and pid
 * namespace: where pid means something), `start` (the process's, in clock ticks since boot: a pid that is used again
 * is another one), and within a batch system `job` (slurm:CLUSTER:ID or pbs:ID) and `restart` (how often Slurm
 * requeued it). The memory is the calling thread's. */
const char *owner_text(void);
/* "HOST~SPACE~PID" of this process, for names of files that are its own; SPACE: the beginning of the boot id, and
 * the pid namespace. The memory is the calling thread's. */
const char *owner_name(void);

/* True: that process is known to be gone, since it would be seen from here and is not (a zombie counts as gone), or
 * since it belongs to an earlier start of this very job. False: it lives, or nothing is known of it: in another space,
 * hidden /proc. */
bool owner_is_gone(const char *text);
/* Is it seen from here, alive? */
bool owner_is_seen(const char *text);
/* Has no process here this pid, or a zombie? */
bool owner_pid_is_gone(pid_t pid);
/* For messages: "job 4711 on n3 (pid 123)", or without a job "n3 (pid 123)"; "an unknown run" for what is no owner's
 * text. */
void owner_words(const char *text, size_t size, char *out);

#endif
