# Runs under mpirun (label mpi). ntksweep_stub is the program with a task that sleeps: stub_task.c.
ntksweep_program(ntksweep_stub tests/mpi/stub_task.c)
function(mpi_test name)
  add_test(NAME mpi_${name} COMMAND ${CMAKE_SOURCE_DIR}/tests/mpi/${name} ${ARGN})
  set_tests_properties(mpi_${name} PROPERTIES LABELS mpi)
endfunction()
set(twelve ${CMAKE_SOURCE_DIR}/tests/data/twelve.yaml)
set(twenty ${CMAKE_SOURCE_DIR}/tests/data/twenty.yaml)
foreach(name alone flips any_ranks interrupted killed checkpoints shared failing prompt refused commands status)
  mpi_test(${name} $<TARGET_FILE:ntksweep_stub> ${twelve})
endforeach()
mpi_test(busy $<TARGET_FILE:ntksweep_stub> ${twenty})
# The stub mostly sleeps, so these run beside each other; but not those that look at times.
set_tests_properties(mpi_busy mpi_prompt PROPERTIES RUN_SERIAL TRUE)
# The same with real points.
function(mpi_real_test name)
  add_test(NAME mpi_real_${name} COMMAND ${CMAKE_SOURCE_DIR}/tests/mpi/${name} $<TARGET_FILE:ntksweep> ${twelve} ${ARGN})
  set_tests_properties(mpi_real_${name} PROPERTIES LABELS mpi RUN_SERIAL TRUE)
endfunction()
mpi_real_test(any_ranks)
mpi_real_test(commands)
mpi_real_test(plan_json)
mpi_real_test(older)
mpi_real_test(core_type)
if(NOT NTKSWEEP_SANITIZE) # long enough to be hit, so too long there; shadow memory does not fit a limit
  mpi_real_test(limits)
  mpi_real_test(killed --set training.steps=20000)
  mpi_real_test(resumed)
  # Every command and snippet of all READMEs.
  add_test(NAME readme COMMAND ${CMAKE_SOURCE_DIR}/analysis/python ${CMAKE_SOURCE_DIR}/tests/readme $<TARGET_FILE:ntksweep>)
  set_tests_properties(readme PROPERTIES LABELS mpi)
  # With 20 kills each (label long: tests/check long).
  function(long_test name program)
    add_test(NAME long_${name} COMMAND ${CMAKE_COMMAND} -E env KILLS=20 ${CMAKE_SOURCE_DIR}/tests/mpi/${name}
             $<TARGET_FILE:${program}> ${twelve} ${ARGN})
    set_tests_properties(long_${name} PROPERTIES LABELS long RUN_SERIAL TRUE)
  endfunction()
  long_test(killed ntksweep --set training.steps=20000)
  long_test(resumed ntksweep)
  add_test(NAME long_flips COMMAND ${CMAKE_SOURCE_DIR}/tests/mpi/flips $<TARGET_FILE:ntksweep_stub> ${twelve} 300)
  set_tests_properties(long_flips PROPERTIES LABELS long RUN_SERIAL TRUE)
endif()
# The real program's record, replayed by NumPy.
add_test(NAME replay COMMAND ${CMAKE_SOURCE_DIR}/analysis/python ${CMAKE_SOURCE_DIR}/tests/replay.py $<TARGET_FILE:ntksweep>)
# The notebook, from a study to the report's numbers.
add_test(NAME notebook COMMAND ${CMAKE_SOURCE_DIR}/analysis/python ${CMAKE_SOURCE_DIR}/tests/notebook.py $<TARGET_FILE:ntksweep>)
# The studies of own arrays in jobs/studies/README.md, from file to report.
add_test(NAME own_arrays COMMAND ${CMAKE_SOURCE_DIR}/analysis/python ${CMAKE_SOURCE_DIR}/tests/own_arrays.py $<TARGET_FILE:ntksweep>)
set_tests_properties(own_arrays notebook PROPERTIES LABELS mpi)
set_tests_properties(replay PROPERTIES LABELS "mpi;blas")

takes(10 20 mpi_any_ranks mpi_failing mpi_refused mpi_commands mpi_real_commands mpi_real_plan_json)
takes(20 30 mpi_flips mpi_interrupted mpi_checkpoints mpi_shared mpi_prompt mpi_status mpi_busy mpi_real_any_ranks mpi_real_core_type)
takes(30 40 mpi_killed mpi_real_older replay own_arrays notebook)
if(NOT NTKSWEEP_SANITIZE)
  takes(20 20 mpi_real_limits)
  takes(40 40 mpi_real_killed mpi_real_resumed readme)
  takes(180 180 long_killed long_resumed long_flips)
endif()
