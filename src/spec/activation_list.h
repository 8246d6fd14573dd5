/* The activations, a row each: their numbers (config.h) and words come from it, and the table of their rows in nn:
 * activation_NAME of nn/activation_NAME.c. A new one comes last. */
#ifndef ACTIVATION_LIST_H
#define ACTIVATION_LIST_H

#define ACTIVATION_LIST(ROW)                                                                                           \
    ROW(RELU, relu)                                                                                                    \
    ROW(ERF, erf)                                                                                                      \
    ROW(TANH, tanh)                                                                                                    \
    ROW(IDENTITY, identity)                                                                                            \
    ROW(LEAKY_RELU, leaky_relu)                                                                                        \
    ROW(COS, cos)

#endif
