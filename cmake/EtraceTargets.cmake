# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# How the project declares its libraries and tools.

# etrace_add_library(<name> <sources>... DEPENDS <tablegen targets>... LINK <libraries>...)
# A static library of the compiler; it is exported as Etrace::<name>.
function(etrace_add_library name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LINK" ${ARGN})
  add_mlir_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS}
    EXCLUDE_FROM_LIBMLIR DISABLE_INSTALL DEPENDS EtraceIncGen ${ARG_DEPENDS})
  target_link_libraries(${name} PUBLIC ${ARG_LINK} MLIR LLVM)
  target_include_directories(${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
    $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include>
    $<INSTALL_INTERFACE:include>)
  target_include_directories(${name} SYSTEM INTERFACE
    $<INSTALL_INTERFACE:${MLIR_INCLUDE_DIRS}>)
  etrace_precompile(${name})
  set_property(GLOBAL APPEND PROPERTY ETRACE_EXPORTS ${name})
endfunction()

# etrace_add_tool(<name> <sources>... LINK <libraries>...)
function(etrace_add_tool name)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  add_llvm_executable(${name} ${ARG_UNPARSED_ARGUMENTS} PARTIAL_SOURCES_INTENDED)
  target_link_libraries(${name} PRIVATE ${ARG_LINK} MLIR LLVM)
  etrace_precompile(${name})
  set_property(GLOBAL APPEND PROPERTY ETRACE_TOOLS ${name})
endfunction()

# The precompiled header is built once and shared by all targets.
function(etrace_precompile name)
  if(NOT ETRACE_PRECOMPILE)
    return()
  endif()
  if(NOT TARGET EtracePrecompiled)
    file(WRITE ${PROJECT_BINARY_DIR}/precompiled.cpp "")
    add_library(EtracePrecompiled OBJECT ${PROJECT_BINARY_DIR}/precompiled.cpp)
    llvm_update_compile_flags(EtracePrecompiled)
    if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
      # A time stamp in the header would make it another one for ccache at each build.
      target_compile_options(EtracePrecompiled PUBLIC "SHELL:-Xclang -fno-pch-timestamp")
    endif()
    target_precompile_headers(EtracePrecompiled PRIVATE ${PROJECT_SOURCE_DIR}/cmake/Precompiled.h)
  endif()
  # -fPIC comes from LLVM's flags; -fPIE beside it would not fit the header.
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_precompile_headers(${name} REUSE_FROM EtracePrecompiled)
endfunction()
