# `cmake --install`: bin/ntksweep and share/ntksweep, which find each other by their places alone, so that the prefix may be moved; manual
# pages and completion, made by the program from its tables; a modulefile.
set(MADE ${CMAKE_BINARY_DIR}/made)
file(MAKE_DIRECTORY ${MADE})
# made(FILE FOLDER WORDS...): what `ntksweep help WORDS` prints, installed in FOLDER.
function(made file folder)
  add_custom_command(OUTPUT ${MADE}/${file} COMMAND ntksweep help ${ARGN} > ${MADE}/${file} DEPENDS ntksweep VERBATIM)
  set_property(GLOBAL APPEND PROPERTY NTKSWEEP_MADE ${MADE}/${file})
  install(FILES ${MADE}/${file} DESTINATION ${folder})
endfunction()
made(ntksweep.1 ${CMAKE_INSTALL_MANDIR}/man1 --format=man)
made(ntksweep-study.5 ${CMAKE_INSTALL_MANDIR}/man5 study --format=man)
made(ntksweep ${CMAKE_INSTALL_DATADIR}/bash-completion/completions --format=bash)
made(_ntksweep ${CMAKE_INSTALL_DATADIR}/zsh/site-functions --format=zsh)
get_property(files GLOBAL PROPERTY NTKSWEEP_MADE)
add_custom_target(made ALL DEPENDS ${files})

set(share ${CMAKE_INSTALL_DATADIR}/ntksweep)
install(TARGETS ntksweep)
install(PROGRAMS jobs/submit DESTINATION ${share}/jobs)
install(FILES jobs/lib.sh jobs/profile.sh jobs/sizing.sh jobs/script.sh jobs/job_body.sh DESTINATION ${share}/jobs)
install(DIRECTORY jobs/studies jobs/profiles DESTINATION ${share}/jobs)
install(PROGRAMS analysis/report analysis/check-bands analysis/python DESTINATION ${share}/analysis)
install(FILES analysis/lee2019.csv DESTINATION ${share}/analysis)
install(DIRECTORY analysis/ntksweep DESTINATION ${share}/analysis PATTERN __pycache__ EXCLUDE)

# share/modulefiles/ntksweep/VERSION, three folders below the folder of data.
file(RELATIVE_PATH up ${CMAKE_INSTALL_FULL_DATADIR}/modulefiles/ntksweep ${CMAKE_INSTALL_PREFIX})
configure_file(jobs/packaging/modulefile.in ${MADE}/${PROJECT_VERSION} @ONLY)
install(FILES ${MADE}/${PROJECT_VERSION} DESTINATION ${CMAKE_INSTALL_DATADIR}/modulefiles/ntksweep)
