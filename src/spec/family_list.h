/* The families of networks, a row each: their numbers (config.h), words and `help study` come from it, and the table of
 * their lists of operators: family_NAME of nn/family_NAME.c. IMAGES: 1, it needs them; 0, an image is a row of numbers
 * to it. A new one comes last. */
#ifndef FAMILY_LIST_H
#define FAMILY_LIST_H

#define FAMILY_LIST(ROW)                                                                                               \
    ROW(FC, fc, 0, "fully connected")                                                                                  \
    ROW(CONV, conv, 1, "convolutional, of images")                                                                     \
    ROW(WRN, wrn, 1, "wide residual, of images (three groups of blocks)")                                              \
    ROW(RESIDUAL, residual, 0, "blocks h <- h + c N(h), with weights of their own or tied, up to continuous depth")    \
    ROW(CLOSED, closed, 0, "one number that flows in time, in closed form, with two parameters w1 and w2")             \
    ROW(DEQ, deq, 0, "deep equilibrium")

#endif
