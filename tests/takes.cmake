# takes(SECONDS SANITIZED TEST...): what each of these takes at most, in seconds, on a quiet machine of two cores, with
# any BLAS kernel; and in the build with sanitizers. None is above 60 but those of the label long. A test is stopped
# after ten times that, so that none is on a machine four times as busy.
# What no row names takes less than 3, with sanitizers less than 6: tests/check stops it after 60.
function(takes seconds sanitized)
  if(NTKSWEEP_SANITIZE)
    set(seconds ${sanitized})
  endif()
  math(EXPR limit "10 * ${seconds}")
  set_tests_properties(${ARGN} PROPERTIES TIMEOUT ${limit} COST ${seconds})
endfunction()
