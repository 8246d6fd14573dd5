/* Before the work begins: the right BLAS kernel, and what this program is. Not collective. */
#ifndef STARTUP_H
#define STARTUP_H

#include "provenance.h"
#include "status.h"

/* OpenBLAS reads OPENBLAS_CORETYPE when it is loaded. If this CPU deserves a better kernel than the one it chose, and
 * the user has not set the variable, sets it and executes the program again; then it does not return. ERROR_INPUT, on
 * this rank alone, for a core type that the CPU cannot run or OpenBLAS does not have. Before MPI_Init. */
status startup_choose_core(char **argv);
/* Before MPI_Init: a process that no launcher started is alone. Open MPI would give it a daemon, which is of use only to
 * start more ranks, and a folder, which stays where it is killed, and would look for networks, all of which takes it
 * half a second. What the user has set stays: in the environment, in ~/.openmpi/mca-params.conf or in the files that
 * OMPI_MCA_mca_base_param_files names instead. A site's file, which is of its networks, gives way in these four
 * parameters, but not where the user names it. Nothing is set under a launcher. */
void startup_spare_mpi(void);
/* The core type that was set so, or NULL. */
const char *startup_chosen_core(void);
/* Version, git commit, compiler, MPI and HDF5; BLAS and core type are left empty. */
struct provenance startup_provenance(void);
/* Version, commit, compiler, and the libraries as they are loaded. */
void startup_print_version(void);

#endif
