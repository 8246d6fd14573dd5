/* The sources of data, a row each: their numbers (config.h), words, properties (sources.h) and `help study` come from
 * it, and the table of their loaders: source_NAME of a file in data/ (data/source.h). A new source comes last. */
#ifndef SOURCE_LIST_H
#define SOURCE_LIST_H

#define SOURCE_LIST(ROW)                                                                                               \
    ROW(MNIST, mnist, SOURCE_LABELLED_IMAGES, "files of MNIST (IDX, also .gz)")                                        \
    ROW(CIFAR10, cifar10, SOURCE_LABELLED_IMAGES, "files of CIFAR-10 (binary version)")                                \
    ROW(GAUSSIAN, gaussian, SOURCE_DRAWN, "normal inputs and a random teacher")                                        \
    ROW(CIFAR100, cifar100, SOURCE_LABELLED_IMAGES, "files of CIFAR-100 (binary version)")                             \
    ROW(ARRAYS, arrays, SOURCE_FILES | SOURCE_IMAGES | SOURCE_CLASSES, "your own arrays")                              \
    ROW(SPHERE, sphere, SOURCE_DRAWN, "inputs on a sphere and a polynomial")                                           \
    ROW(CLUSTERS, clusters, SOURCE_DRAWN | SOURCE_CLASSES, "two clusters")                                             \
    ROW(FUNCTION, function, SOURCE_APART, "a function of one number at the midpoints of an interval")                  \
    ROW(SPHERES, spheres, SOURCE_DRAWN | SOURCE_CLASSES, "a ball and a shell around it")                               \
    ROW(SPIRALS, spirals, SOURCE_CLASSES, "two interleaved spirals in the plane")                                      \
    ROW(SPIRAL_FLOW, spiral_flow, 0, "where the flow of a cubic spiral takes a point of the plane")

#endif
