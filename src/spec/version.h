/* The program's version, and the version of its numbers: raised whenever a record of the same study would differ, for
 * the kinds of points alone whose records do (record_name.c): others keep their names. */
#ifndef VERSION_H
#define VERSION_H

#define NTKSWEEP_VERSION           "0.1.0"
#define NTKSWEEP_NUMERICAL_VERSION 3
#define NTKSWEEP_NUMERICAL_VERSION_SEEN                                                                                \
    4 /* relu passes on what is not a number; infinite-width kernels far from 1 are right */
#define NTKSWEEP_NUMERICAL_VERSION_FILTERED 5 /* 3x3 filters go by F(4x4, 3x3): rounding */

#endif
