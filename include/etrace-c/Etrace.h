/*===- Etrace.h - The compiler from C -----------------------------*- C -*-===*\
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Parse a module, run passes, compile a learner to native code, call it. C99; needs no
|* header of MLIR. Functions that return a pointer return NULL on failure, those that
|* return int return 0 on success; what went wrong comes through the callback.
|* A context and what was made from it belong to one thread at a time.
\*===----------------------------------------------------------------------===*/
#ifndef ETRACE_C_ETRACE_H
#define ETRACE_C_ETRACE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ETRACE_API __attribute__((visibility("default")))

/* Holds dialects and passes; outlives the modules made in it. */
typedef struct EtraceContext EtraceContext;
/* Model, graph, learner IR, or any other MLIR. */
typedef struct EtraceModule EtraceModule;
/* Native code of a module; independent of the module and its context. */
typedef struct EtraceModel EtraceModel;
/* Runs the parts of a long loop of an entry: begins with the same member as the
 * `etrace_parallel` of generated headers. */
typedef struct EtraceParallel EtraceParallel;

typedef enum {
  ETRACE_NOTE = 0,
  ETRACE_REMARK = 1,
  ETRACE_WARNING = 2,
  ETRACE_ERROR = 3
} EtraceSeverity;

/* Receives each diagnostic; the strings live for the call only. `location` is
 * "file:line:column" where it is known. */
typedef void (*EtraceDiagnosticCallback)(EtraceSeverity severity, const char *location,
                                         const char *message, void *userData);
/* Receives text in pieces; a piece is not terminated by 0. */
typedef void (*EtraceStringCallback)(const char *text, size_t length, void *userData);

/*--- Contexts and modules ---------------------------------------------------*/

ETRACE_API EtraceContext *etraceContextCreate(void);
ETRACE_API void etraceContextDestroy(EtraceContext *context);
/* NULL drops diagnostics, which is also the state in the beginning. */
ETRACE_API void etraceContextSetDiagnosticCallback(EtraceContext *context,
                                                   EtraceDiagnosticCallback callback,
                                                   void *userData);

/* Parses and verifies text; `name` stands for a file name in diagnostics. */
ETRACE_API EtraceModule *etraceModuleParse(EtraceContext *context, const char *text,
                                           size_t length, const char *name);
ETRACE_API EtraceModule *etraceModuleParseFile(EtraceContext *context, const char *path);
ETRACE_API void etraceModuleDestroy(EtraceModule *module);
/* Prints the module in its textual form. */
ETRACE_API void etraceModulePrint(EtraceModule *module, EtraceStringCallback callback,
                                  void *userData);
/* Runs passes and named pipelines on the module, such as "etrace-pipeline{rule=pp-prop}"
 * (no "builtin.module(...)" around it). After a failure the module is only to be destroyed. */
ETRACE_API int etraceModuleRunPipeline(EtraceModule *module, const char *pipeline);

/*--- Compiled models --------------------------------------------------------*/

typedef enum {
  ETRACE_F32 = 0,
  ETRACE_F64 = 1,
  ETRACE_I32 = 2,
  ETRACE_I64 = 3
} EtraceElementType;

typedef enum {
  ETRACE_PARAM = 0,
  ETRACE_HIDDEN = 1,
  ETRACE_STATE = 2,
  ETRACE_TRACE = 3,
  ETRACE_GRADIENT = 4,
  ETRACE_OPTIMIZER = 5,
  ETRACE_COUNTER = 6,
  ETRACE_QUERY = 7
} EtraceBufferKind;

/* Storage inside the block. Pointers live as long as the model. */
typedef struct {
  const char *path;
  EtraceBufferKind kind;
  EtraceElementType type;
  size_t rank;
  const int64_t *shape;
  uint64_t offset;
  uint64_t bytes;
  /* Whether elements lie in row-major order of `shape` (traces may not). */
  int isRowMajor;
} EtraceBuffer;

/* An external argument or result of an entry. */
typedef struct {
  const char *name;
  EtraceElementType type;
  size_t rank;
  /* -1 in front stands for the number of steps. */
  const int64_t *shape;
  int isScalar;
  int isResult;
} EtraceArgument;

/* Compiles a learner: the result of "etrace-analyze,etrace-derive-pipeline", which is lowered
 * for the processor first, or a module in the LLVM dialect, as it is. `cpu` is a name of LLVM or
 * NULL for this processor; `optimisation` is 0 to 3. */
ETRACE_API EtraceModel *etraceModelCompile(EtraceModule *module, const char *cpu,
                                           unsigned optimisation);
ETRACE_API void etraceModelDestroy(EtraceModel *model);
ETRACE_API const char *etraceModelGetName(const EtraceModel *model);
/* Bytes of the block that the caller provides, aligned to 64 bytes. */
ETRACE_API uint64_t etraceModelGetSize(const EtraceModel *model);
/* Changes with names, types, shapes and offsets. */
ETRACE_API uint64_t etraceModelGetHash(const EtraceModel *model);

ETRACE_API size_t etraceModelGetNumBuffers(const EtraceModel *model);
ETRACE_API int etraceModelGetBuffer(const EtraceModel *model, size_t index, EtraceBuffer *buffer);
ETRACE_API int etraceModelFindBuffer(const EtraceModel *model, EtraceBufferKind kind,
                                     const char *path, EtraceBuffer *buffer);

ETRACE_API size_t etraceModelGetNumEntries(const EtraceModel *model);
/* NULL if there is no such entry. */
ETRACE_API const char *etraceModelGetEntryName(const EtraceModel *model, size_t index);
/* The number of externals of an entry, -1 if there is no such entry. */
ETRACE_API ptrdiff_t etraceModelGetNumArguments(const EtraceModel *model, const char *entry);
ETRACE_API int etraceModelGetArgument(const EtraceModel *model, const char *entry, size_t index,
                                      EtraceArgument *argument);

/* Threads for long loops, the caller's counted; they serve one call at a time. */
ETRACE_API EtraceParallel *etraceParallelCreate(unsigned threads);
ETRACE_API void etraceParallelDestroy(EtraceParallel *parallel);

/* Calls an entry: the block, then the address of each external, scalars included, in
 * order; `parallel` may be NULL. No result depends on the number of threads. Returns the
 * status of the entry; not 0 as well if there is no such entry or the number of addresses
 * is wrong. */
ETRACE_API int etraceModelInvoke(const EtraceModel *model, const char *entry, void *block,
                                 void *const *arguments, size_t numArguments,
                                 EtraceParallel *parallel);

#ifdef __cplusplus
}
#endif

#endif /* ETRACE_C_ETRACE_H */
