# `cmake --build BUILD --target package`: a Debian package. `--target package_source`: a tarball of the commit, which knows its number.
set(CPACK_PACKAGE_NAME ntksweep)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Trains wide neural networks beside their linearization")
if(NOT CPACK_PACKAGE_CONTACT) # -DCPACK_PACKAGE_CONTACT= says who builds it
  set(CPACK_PACKAGE_CONTACT "ntksweep <root@localhost>")
endif()
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_GENERATOR DEB)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON) # the libraries that it was linked with, from dpkg-shlibdeps
set(CPACK_DEBIAN_PACKAGE_DEPENDS "openmpi-bin")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "python3-munkres, python3-numpy, python3-mpmath, python3-xarray, python3-h5netcdf, python3-h5py, python3-matplotlib")
set(CPACK_SOURCE_GENERATOR TGZ)
set(CPACK_SOURCE_PACKAGE_FILE_NAME ntksweep-${PROJECT_VERSION})
set(CPACK_SOURCE_INSTALLED_DIRECTORIES "")
# Packages are filled by the install rules, the tarball by this alone.
set(CPACK_INSTALL_SCRIPTS ${CMAKE_SOURCE_DIR}/src/main/archive.cmake)
include(CPack)
