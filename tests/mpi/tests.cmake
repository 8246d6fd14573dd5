# Runs under mpirun (label mpi). ntksweep_stub is the program with a task that sleeps: stub_task.c.
ntksweep_program(ntksweep_stub tests/mpi/stub_task.c)
function(mpi_test name)
  add_test(NAME mpi_${name} COMMAND ${CMAKE_SOURCE_DIR}/tests/mpi/${name} ${ARGN})
  set_tests_properties(mpi_${name} PROPERTIES LABELS mpi TIMEOUT 300)
endfunction()
set(twelve ${CMAKE_SOURCE_DIR}/tests/data/twelve.yaml)
set(twenty ${CMAKE_SOURCE_DIR}/tests/data/twenty.yaml)
foreach(name alone any_ranks interrupted killed checkpoints shared failing prompt refused commands status)
  mpi_test(${name} $<TARGET_FILE:ntksweep_stub> ${twelve})
endforeach()
mpi_test(busy $<TARGET_FILE:ntksweep_stub> ${twenty})
# The stub mostly sleeps, so these run beside each other; but not those that look at times.
set_tests_properties(mpi_busy mpi_prompt PROPERTIES RUN_SERIAL TRUE)
# The same with real points.
function(mpi_real_test name)
  add_test(NAME mpi_real_${name} COMMAND ${CMAKE_SOURCE_DIR}/tests/mpi/${name} $<TARGET_FILE:ntksweep> ${twelve} ${ARGN})
  set_tests_properties(mpi_real_${name} PROPERTIES LABELS mpi TIMEOUT 300 RUN_SERIAL TRUE)
endfunction()
mpi_real_test(any_ranks)
mpi_real_test(commands)
mpi_real_test(plan_json)
mpi_real_test(older)
mpi_real_test(core_type)
mpi_real_test(limits)
if(NOT NTKSWEEP_SANITIZE) # long enough to be hit, so too long there
  mpi_real_test(killed --set training.steps=20000)
  mpi_real_test(resumed)
endif()
# The real program's record, replayed by NumPy.
add_test(NAME replay COMMAND ${CMAKE_SOURCE_DIR}/analysis/python ${CMAKE_SOURCE_DIR}/tests/replay.py $<TARGET_FILE:ntksweep>)
# The studies of own arrays in the README, from file to report.
add_test(NAME own_arrays COMMAND ${CMAKE_SOURCE_DIR}/analysis/python ${CMAKE_SOURCE_DIR}/tests/own_arrays.py $<TARGET_FILE:ntksweep>)
set_tests_properties(replay own_arrays PROPERTIES LABELS mpi TIMEOUT 300)
