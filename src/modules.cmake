# The layers, in order: a module sees only those it names. (Included by the top CMakeLists.txt.)
module(spec SOURCES keys.c yaml_source.c value.c value_numbers.c value_texts.c value_words.c axes.c study.c freeze.c pairs.c
       help.c metric.c record.c DEPENDS base LIBRARIES PkgConfig::YAML xxhash m)
