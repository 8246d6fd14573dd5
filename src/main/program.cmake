# The program. ntksweep_program(NAME SOURCES...): src/main on all modules; SOURCES come before the modules in the link, so that
# tests can put a task of their own in place of the module.
include(GNUInstallDirs)
file(RELATIVE_PATH NTKSWEEP_SHARE ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_DATADIR}/ntksweep)
# The installed program looks for libraries where they were found, but for the system's folders, whose links the system may turn.
if(SUNDIALS_FOUND)
  get_target_property(sundials SUNDIALS::cvode LOCATION)
endif()
foreach(file ${OPENBLAS_LINK_LIBRARIES} ${LAPACKE_LINK_LIBRARIES} ${LAPACK_LIBRARIES} ${LAPACKE_LIBRARY} ${CBLAS_LIBRARY} ${HDF5_C_LIBRARIES}
        ${HDF5_C_HL_LIBRARIES} ${MPI_C_LIBRARIES} ${YAML_LIBRARY} ${XXHASH_LIBRARY} ${ZLIB_LIBRARIES} ${sundials})
  if(IS_ABSOLUTE ${file} AND NOT file MATCHES "^(/usr)?/lib")
    get_filename_component(folder ${file} DIRECTORY)
    list(APPEND CMAKE_INSTALL_RPATH ${folder})
  endif()
endforeach()
list(REMOVE_DUPLICATES CMAKE_INSTALL_RPATH)
find_package(Git QUIET)
add_custom_target(commit COMMAND ${CMAKE_COMMAND} -DGIT=${GIT_EXECUTABLE} -DSOURCE=${CMAKE_SOURCE_DIR}
                  -DHEADER=${CMAKE_BINARY_DIR}/generated/commit.h -P ${CMAKE_SOURCE_DIR}/src/main/commit.cmake
                  BYPRODUCTS ${CMAKE_BINARY_DIR}/generated/commit.h)
function(ntksweep_program name)
  add_executable(${name} src/main/main.c src/main/arguments.c src/main/show.c src/main/startup.c
                 src/main/memory_limit.c src/main/scripts.c src/main/manual.c src/main/completion.c ${ARGN})
  add_dependencies(${name} commit)
  foreach(folder main sweep task io data spec base)
    target_include_directories(${name} PRIVATE src/${folder})
  endforeach()
  target_include_directories(${name} PRIVATE ${CMAKE_BINARY_DIR}/generated)
  target_compile_definitions(${name} PRIVATE NTKSWEEP_HDF5="${HDF5_VERSION}" NTKSWEEP_SHARE="${NTKSWEEP_SHARE}"
                             NTKSWEEP_CHECKOUT="${CMAKE_SOURCE_DIR}")
  target_link_libraries(${name} PRIVATE flags -Wl,--start-group ${NTKSWEEP_LINK} -Wl,--end-group MPI::MPI_C
                        Threads::Threads hdf5::hdf5 hdf5::hdf5_hl m)
endfunction()
ntksweep_program(ntksweep)
