# Writes HEADER with the commit that is being built ("-dirty" behind it if files differ), if it has changed. A tarball, of package_source
# or `git archive`, knows it from commit.txt.
set(commit unknown)
if(GIT AND EXISTS ${SOURCE}/.git)
  execute_process(COMMAND ${GIT} -C ${SOURCE} describe --always --dirty --abbrev=12 --exclude=*
                  OUTPUT_VARIABLE described OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
else()
  file(STRINGS ${SOURCE}/src/main/commit.txt described LIMIT_COUNT 1)
endif()
if(described MATCHES "^[0-9a-f]+(-dirty)?$")
  string(REGEX REPLACE "^(............)[0-9a-f]*" "\\1" commit ${described})
endif()
file(CONFIGURE OUTPUT ${HEADER} CONTENT "#define NTKSWEEP_COMMIT \"${commit}\"\n" @ONLY)
