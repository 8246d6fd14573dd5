# The layers, in order: a module sees only those it names. (Included by the top CMakeLists.txt.)
