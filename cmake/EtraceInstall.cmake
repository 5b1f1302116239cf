# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Installs libraries, tools and headers, and exports the CMake package Etrace.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
get_property(libraries GLOBAL PROPERTY ETRACE_EXPORTS)
get_property(executables GLOBAL PROPERTY ETRACE_TOOLS)
list(TRANSFORM libraries PREPEND "Etrace::" OUTPUT_VARIABLE ETRACE_EXPORTED_LIBRARIES)
list(JOIN ETRACE_EXPORTED_LIBRARIES " " ETRACE_EXPORTED_LIBRARIES)
# Not CMAKE_INSTALL_LIBDIR: tools look for libraries beside them, in ../lib.
set(package_dir lib/cmake/Etrace)
install(TARGETS ${libraries} EtraceC EXPORT EtraceTargets
  ARCHIVE DESTINATION lib LIBRARY DESTINATION lib)
install(TARGETS ${executables} RUNTIME DESTINATION bin)
install(DIRECTORY include/etrace include/etrace-c DESTINATION include
  FILES_MATCHING PATTERN "*.h" PATTERN "*.td")
install(DIRECTORY ${PROJECT_BINARY_DIR}/include/etrace DESTINATION include
  FILES_MATCHING PATTERN "*.inc" PATTERN "CMakeFiles" EXCLUDE)
install(EXPORT EtraceTargets NAMESPACE Etrace:: DESTINATION ${package_dir})
configure_package_config_file(cmake/EtraceConfig.cmake.in
  ${CMAKE_CURRENT_BINARY_DIR}/EtraceConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/EtraceConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/EtraceConfig.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/EtraceConfigVersion.cmake DESTINATION ${package_dir})
