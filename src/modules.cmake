# The layers, in order: a module sees only those it names. (Included by the top CMakeLists.txt.)
module(spec SOURCES pieces.c keys.c yaml_source.c value_type.c value_numbers.c value_texts.c value_words.c value.c axes.c checks.c study.c
       study_text.c grid.c record_name.c data_keys.c help.c metric.c record.c sources.c state.c DEPENDS base LIBRARIES yaml xxhash m)
module(la REAL SOURCES matrix.c vector.c product.c PLAIN eigen.c cholesky.c singular.c core.c machine.c buffer.c DEPENDS base
       LIBRARIES blas m ${CMAKE_DL_LIBS})
if(SUNDIALS_FOUND)
  module(solve SOURCES ode.c DEPENDS base LIBRARIES SUNDIALS::cvode m)
else()
  module(solve SOURCES ode_none.c DEPENDS base)
  target_compile_definitions(spec PRIVATE NTKSWEEP_WITHOUT_SUNDIALS)
endif()
file(GLOB sources_of_data RELATIVE ${CMAKE_SOURCE_DIR}/src/data CONFIGURE_DEPENDS src/data/*.c) # a source is its file
module(data SOURCES ${sources_of_data} DEPENDS base spec LIBRARIES ZLIB::ZLIB xxhash m)
file(GLOB lists_of_nn RELATIVE ${CMAKE_SOURCE_DIR}/src/nn CONFIGURE_DEPENDS src/nn/activation_*.c src/nn/family_*.c) # and so is one of these
module(nn REAL SOURCES activation.c ${lists_of_nn} convolution.c dense.c flatten.c sum.c components.c prelu.c closed.c pooling.c filtering.c
       filtering_patches.c filtering_winograd.c winograd.c network.c jacobian.c build.c family.c rest.c resolve.c fixed_point.c
       anderson.c runge_kutta.c krylov.c contraction.c PLAIN closed_flow.c
       DEPENDS base spec la)
module(limit REAL SOURCES limit.c covariance.c dual.c dual_lanes.c dual_hermite.c infinite.c infinite_images.c
       infinite_segments.c infinite_tile.c infinite_variances.c infinite_plan.c infinite_pairs.c infinite_equilibrium.c PLAIN dual_series.c inner_products.c
       DEPENDS base spec la nn)
module(ntk REAL SOURCES empirical.c PLAIN prediction.c gaussian_process.c DEPENDS base spec la solve nn)
module(train REAL SOURCES loss.c difference.c points.c optimizer.c model.c sample_space.c trainer.c
       linear_functions.c linear_parameters.c PLAIN batches.c DEPENDS base spec la nn)
module(task REAL SOURCES problem.c point_plan.c orders.c run.c kernels.c predict.c elements.c measure.c measure_circumstances.c
       measure_losses.c measure_differences.c measure_outputs.c measure_layers.c measure_kernels.c measure_stability.c measure_kept.c
       measure_rounding.c measure_equilibria.c wide.c PLAIN task.c hooks.c schedule.c reference.c reduce.c rounding.c
       DEPENDS base spec data la nn ntk limit train)
module(io SOURCES owner.c draft.c store.c claim.c manifest.c failure.c frozen.c provenance.c driver.c sum.c scales.c summary.c hdf.c
       hdf_record.c record_file.c checkpoint.c layout.c results.c array_file.c array_apart.c
       DEPENDS base spec data
       LIBRARIES hdf5::hdf5 hdf5::hdf5_hl xxhash)
module(sweep SOURCES agree.c allocate.c bell.c claims.c collect.c data_cache.c heap.c makespan.c memory_check.c plan.c
       progress.c queue.c rank_metrics.c remarks.c server.c signals.c snapshot_file.c snapshot_json.c survey.c
       survey_json.c survey_text.c sweep.c work.c worker.c
       DEPENDS base spec data io task
       LIBRARIES MPI::MPI_C yaml Threads::Threads)
set_source_files_properties(src/la/product.c src/nn/winograd.c PROPERTIES COMPILE_OPTIONS -ffp-contract=fast)
# Plain files that use the double modules.
set_source_files_properties(src/limit/dual_series.c src/limit/inner_products.c src/ntk/prediction.c src/ntk/gaussian_process.c
                            src/task/reference.c src/task/reduce.c src/task/rounding.c PROPERTIES COMPILE_DEFINITIONS REAL_BITS=64)
