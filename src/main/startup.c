#include "startup.h"

#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commit.h"
#include "file.h"
#include "task.h"
#include "version.h"

#ifdef __clang__
#define COMPILER __VERSION__
#else
#define COMPILER "gcc " __VERSION__
#endif

static const char CORE[] = "OPENBLAS_CORETYPE";
static const char CHOSEN[] = "NTKSWEEP_CHOSEN_CORE"; /* tells the second execution that it is one */

/* The core type that the user wants; NULL: none. */
static const char *asked_core(void) {
    const char *core = getenv(CORE);
    return core && *core && !getenv(CHOSEN) ? core : NULL;
}

static void execute_again(char **argv, const char *core) {
    setenv(CORE, core, 1);
    setenv(CHOSEN, core, 1);
    setenv("OPENBLAS_NUM_THREADS", "1", 0); /* the study says how many; none are made before */
    execv("/proc/self/exe", argv);
    unsetenv(CORE); /* it could not be: on with what there is */
    unsetenv(CHOSEN);
}

status startup_choose_core(char **argv) {
    const char *better = asked_core() || getenv(CHOSEN) ? NULL : task_better_core();
    if (better) execute_again(argv, better);
    return task_check_core(asked_core());
}

/* What the launchers of Open MPI, of PMIx and of PMI (srun, MPICH's, Flux's, Cray's) tell each process that they start. */
static bool is_launched(void) {
    static const char *const told[] = {"OMPI_COMM_WORLD_SIZE", "PMIX_RANK",  "PMI_RANK", "PMI_FD",
                                       "PALS_RANKID",          "ALPS_APP_PE"};
    bool is = false;
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) is |= getenv(told[i]) != NULL;
    return is;
}

/* ---- what the user has said to Open MPI ---- */

/* `name = value`, or `-mca name value` */
static bool sets(char *line, const char *name) {
    static const char between[] = " \t\r\n=";
    line[strcspn(line, "#")] = '\0';
    char *rest = NULL, *word = strtok_r(line, between, &rest);
    if (word && (strcmp(word, "-mca") == 0 || strcmp(word, "--mca") == 0)) word = strtok_r(NULL, between, &rest);
    return word && strcmp(word, name) == 0;
}

static bool is_in_file(const char *path, const char *name) {
    const char *why;
    char *line = NULL;
    size_t capacity = 0;
    bool is = false;
    FILE *in = file_open_stream(path, &why);
    if (!in) return false;
    while (!is && getline(&line, &capacity, in) > 0) is = sets(line, name);
    free(line);
    fclose(in);
    return is;
}

/* The user's files of parameters, between commas; free(). */
static char *users_files(void) {
    static const char *const told[] = {"OMPI_MCA_mca_base_param_files", "OMPI_MCA_mca_param_files"};
    const char *home = getenv("HOME");
    char *files;
    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        if (getenv(told[i])) return strdup(getenv(told[i]));
    return asprintf(&files, "%s/.openmpi/mca-params.conf", home ? home : "") < 0 ? NULL : files;
}

static bool is_users(const char *name) {
    char *rest = NULL, *files = users_files();
    bool is = false;
    for (char *file = files ? strtok_r(files, ",", &rest) : NULL; file && !is; file = strtok_r(NULL, ",", &rest))
        is = is_in_file(file, name);
    free(files);
    return is;
}

void startup_spare_mpi(void) {
    static const char prefix[] = "OMPI_MCA_";
    static const char *const settings[][2] = {{"OMPI_MCA_ess_singleton_isolated", "1"},
                                              {"OMPI_MCA_orte_create_session_dirs", "0"},
                                              {"OMPI_MCA_pml", "ob1"},
                                              {"OMPI_MCA_btl", "self"}};
    if (is_launched()) return;
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        if (!is_users(settings[i][0] + strlen(prefix))) setenv(settings[i][0], settings[i][1], 0);
}

const char *startup_chosen_core(void) { return getenv(CHOSEN); }

struct provenance startup_provenance(void) {
    struct provenance provenance = {
        .version = NTKSWEEP_VERSION, .commit = NTKSWEEP_COMMIT, .compiler = COMPILER, .hdf5 = NTKSWEEP_HDF5};
    char mpi[MPI_MAX_LIBRARY_VERSION_STRING];
    int length;
    MPI_Get_library_version(mpi, &length);
    mpi[strcspn(mpi, ",\n")] = '\0';
    for (char *tab; (tab = strchr(mpi, '\t'));) *tab = ' '; /* MPICH has one */
    snprintf(provenance.mpi, sizeof provenance.mpi, "%.127s", mpi);
    return provenance;
}

void startup_print_version(void) {
    struct provenance provenance = startup_provenance();
    struct machine machine;
    task_libraries(&machine);
    printf("ntksweep %s\ncommit %s, %s\n%s, core %s\n%s\nHDF5 %s\n", provenance.version, provenance.commit,
           provenance.compiler, machine.blas, machine.core, provenance.mpi, provenance.hdf5);
}
