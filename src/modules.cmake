# The layers, in order: a module sees only those it names. (Included by the top CMakeLists.txt.)
module(spec SOURCES keys.c yaml_source.c value.c value_numbers.c value_texts.c value_words.c axes.c study.c freeze.c pairs.c
       help.c metric.c record.c DEPENDS base LIBRARIES PkgConfig::YAML xxhash m)
module(la REAL SOURCES matrix.c vector.c PLAIN eigen.c machine.c DEPENDS base
       LIBRARIES PkgConfig::OPENBLAS PkgConfig::LAPACKE m)
module(data SOURCES dataset.c images.c mnist.c cifar10.c gaussian.c bytes.c DEPENDS base spec LIBRARIES ZLIB::ZLIB xxhash m)
