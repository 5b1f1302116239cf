//===- Passes.td - From learner IR to the LLVM dialect -----*- tablegen -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_CONVERSION_PASSES_TD
#define ETRACE_CONVERSION_PASSES_TD

include "mlir/Pass/PassBase.td"

def ConvertEtraceToLinalgPass : Pass<"convert-etrace-to-linalg", "::mlir::ModuleOp"> {
  let summary = "Lower the computational operations of etrace to linalg, arith and math";
  let description = [{
    In functions: `etrace.spike` becomes H(u) = 1[u >= 0], `etrace.logistic`
    1 / (1 + exp(-x)), `etrace.stop_gradient` and `etrace.fresh` their operand. An
    ETP primitive becomes the `linalg.generic` that its indexing maps describe: the
    additive operands are broadcast into the destination, the products are summed
    onto it.

    ```
    %y = etrace.matmul %x, %w : tensor<4x3xf32>, tensor<3x5xf32> -> tensor<4x5xf32>
    // becomes
    %zero = linalg.fill ins(%c0 : f32) outs(%empty : tensor<4x5xf32>) -> tensor<4x5xf32>
    %y = linalg.generic {indexing_maps = [(b, o, i) -> (b, i), ...]} ins(%x, %w) outs(%zero) {...}
    ```
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect",
                           "::mlir::arith::ArithDialect", "::mlir::math::MathDialect"];
}

def MergeLoopsPass : Pass<"etrace-merge-loops", "::mlir::ModuleOp"> {
  let summary = "Make one loop of two over the same range that compute the same";
  let description = [{
    Two `scf.for` of one block without side effects, over the same range, of which neither reads
    the other, become one if an operation of the second does what one of the first does. Carried
    values that start equal and stay so are carried once. A function with its gradient runs once,
    not once for its value and once for what the reverse pass reads.

    ```
    %y = scf.for %i = %a to %b step %c iter_args(%h = %h0) { f(%h) }
    %s:2 = scf.for %i = %a to %b step %c iter_args(%h = %h0, %k = %k0) { f(%h), store(%h, %k) }
    // becomes
    %s:2 = scf.for %i = %a to %b step %c iter_args(%h = %h0, %k = %k0) { f(%h), store(%h, %k) }
    ```
  }];
}

def AccumulateInPlacePass : Pass<"etrace-accumulate-in-place", "::mlir::ModuleOp"> {
  let summary = "Sum onto what a sum is added to; join pieces of a tensor instead of adding them";
  let description = [{
    What reverse mode adds up. A contraction or reduction onto zeros of its own that is then added
    to a tensor which nobody else reads sums onto that tensor. Tensors that are zero but for
    disjoint pieces, the cotangents of slices, are not added but put together.

    ```
    %t = linalg.matmul ins(%x, %d) outs(%zeros)
    %g = arith.addf %gradient, %t
    // becomes
    %g = linalg.matmul ins(%x, %d) outs(%gradient)
    ```
  }];
  let dependentDialects = ["::mlir::tensor::TensorDialect"];
}

def SinkAccumulationsPass : Pass<"etrace-sink-accumulations", "::mlir::ModuleOp"> {
  let summary = "Sum over all iterations behind a loop what each iteration adds";
  let description = [{
    A carried value that an iteration of an `scf.for` with constant bounds does nothing with but
    sum a `linalg.generic` onto is summed behind the loop, over all iterations at once. In reverse
    mode that is the gradient of a weight: one product in place of one for each step, which reads
    and writes the gradient once. Operands are taken from tensors that the loop reads in slices,
    others are stored for each iteration, in all at most twice what the loop reads in slices; and
    only if the operands of an iteration are four times fewer than what they are added to.

    ```
    %g = scf.for %t = %zero to %steps step %one iter_args(%acc = %g0) {
      %x = tensor.extract_slice %xs[%t, 0, 0] ...
      %d = ...
      %next = linalg.generic ... ins(%x, %d) outs(%acc)
      scf.yield %next
    }
    // becomes
    %ds = scf.for %t = %zero to %steps step %one iter_args(%kept = %empty) {
      %d = ...
      %next = tensor.insert_slice %d into %kept[%t, 0, 0] ...
      scf.yield %next
    }
    %g = linalg.generic ... ins(%xs, %ds) outs(%g0)
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
}

def WidenSumsPass : Pass<"etrace-widen-sums"> {
  let summary = "Sum bf16 and f16 in f32";
  let description = [{
    A structured operation that sums floats narrower than f32 over some of its loops computes its
    body in f32, and its results are rounded once. In bf16 the sum of 1000 ones is 256. A body that
    reads the bits of a narrow float stays as it is.

    ```
    %y = linalg.matmul ins(%x, %w : tensor<4x9xbf16>, tensor<9x5xbf16>) outs(%z : tensor<4x5xbf16>)
    // becomes
    %v = arith.extf %z : tensor<4x5xbf16> to tensor<4x5xf32>
    %s = linalg.generic ... ins(%x, %w) outs(%v) { extf; extf; mulf; addf } -> tensor<4x5xf32>
    %y = arith.truncf %s : tensor<4x5xf32> to tensor<4x5xbf16>
    ```
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect",
                           "::mlir::arith::ArithDialect"];
}

def ElementwiseToLinalgPass : Pass<"etrace-elementwise-to-linalg", "::mlir::ModuleOp"> {
  let summary = "Turn trees of elementwise operations on tensors into one linalg.generic each";
  let description = [{
    An elementwise operation joins the tree of its users if all of them stand in one tree, so no
    work is repeated and no value is kept that only the tree reads. Constants of one value become
    scalars of the body. Takes time linear in the number of operations.

    ```
    %a = math.exp %x : tensor<5xf32>
    %b = arith.negf %a : tensor<5xf32>
    // becomes
    %b = linalg.generic ... ins(%x) outs(%e) { exp; negf } -> tensor<5xf32>
    ```
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect",
                           "::mlir::arith::ArithDialect"];
}

def FuseElementwisePass : Pass<"etrace-fuse-elementwise", "::mlir::ModuleOp"> {
  let summary = "Fuse chains of elementwise operations, never repeating work";
  let description = [{
    Named linalg operations become `linalg.generic`. A producer is fused into its
    consumer if it only moves data (broadcast, transpose), or if the consumer is its
    only user and runs over the same iteration space. A producer inside a larger
    iteration space (a contraction, the pass over a trace) would be evaluated again
    for each point, so it stays alone.

    ```
    %a = linalg.generic ... ins(%x) outs(%e) { exp } -> tensor<5xf32>
    %b = linalg.generic ... ins(%a) outs(%e) { negf } -> tensor<5xf32>
    // becomes
    %b = linalg.generic ... ins(%x) outs(%e) { exp; negf } -> tensor<5xf32>
    ```
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect",
                           "::mlir::affine::AffineDialect"];
}

def NarrowSlicesPass : Pass<"etrace-narrow-slices"> {
  let summary = "Compute only the slice of a result that is read";
  let description = [{
    If the only use of an operation is a slice, the operation takes slices of its operands. The
    adjoint of a primitive whose input joins x and h is such a slice: nobody reads
    the part of x.

    ```
    %y = linalg.generic ... ins(%d, %w) outs(%z) { d w^T } -> tensor<32x156xf32>
    %h = tensor.extract_slice %y[0, 28] [32, 128] [1, 1]
    // becomes
    %v = tensor.extract_slice %w[28, 0] [128, 64] [1, 1]
    %h = linalg.generic ... ins(%d, %v) outs(%u) { d w^T } -> tensor<32x128xf32>
    ```
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect",
                           "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect"];
}

def BlockTracesPass : Pass<"etrace-block-traces", "::mlir::ModuleOp"> {
  let summary = "Choose how traces lie in memory";
  let description = [{
    A trace [B, I, O] of which the gradient sums over B is stored as
    [O / ob][B / bb][I / ib][bb][S][ib][ob], S the traces that an update changes
    together: it is one run through memory, in which a piece of the gradient stays in
    registers over bb samples and each vector of [B, O] that it reads serves ib rows.
    For one sample, I / ib comes before O / ob as long as the vectors of a whole row stay
    in the cache. The block of O is a line of the cache; that of B the largest divisor, at
    most 8, with which the vectors of a block stay in a quarter of the first-level cache;
    that of I the largest divisor up to 4, or 2 for one sample and for three states or
    more. Traces without an axis whose turns share vectors, and last axes that are no
    multiple of a line, keep their order. Expects functions inlined in their entries.

    The buffer's attribute `etrace.layout` keeps the natural shape, the blocks, and the
    strides of blocks and inside them, all by natural axis.
  }];
  let options = [
    Option<"cache", "cache", "int64_t", "32 * 1024", "bytes of the first-level data cache">
  ];
}

def BindMemoryPass : Pass<"etrace-bind-memory", "::mlir::ModuleOp"> {
  let summary = "Give every buffer an offset in one block and every entry its C signature";
  let description = [{
    Buffers lie in one block of memory, in the order of their declarations, each at a
    multiple of 64 bytes. An entry becomes two functions: `<entry>.body`, which takes
    one memref for each buffer and each external array (no two of them overlap), and
    the entry itself, which takes the block, checks it and calls the body. The record
    of all this is the attribute `etrace.abi` of the module.

    Results are computed in place: the destination of a result becomes the buffer it
    belongs to, if that is possible without changing what is read.

    ```
    func.func @m_step(%h: tensor<4xf32> {etrace.buffer = "hidden.h"})
        -> (tensor<4xf32> {etrace.buffer = "hidden.h"}) attributes {etrace.entry = "step"}
    // becomes
    func.func private @m_step.body(%h: memref<4xf32> {llvm.noalias})
    func.func @m_step(%block: memref<64xi8>) -> i32
    ```
  }];
  let dependentDialects = ["::mlir::bufferization::BufferizationDialect",
                           "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
                           "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::LLVM::LLVMDialect"];
}

def PlanWorkspacePass : Pass<"etrace-plan-workspace", "::mlir::ModuleOp"> {
  let summary = "Replace allocations by slots of the workspace behind the buffers";
  let description = [{
    A slot is an argument of the body function; temporaries with disjoint lifetimes
    share one (first fit). Each slot lies at a multiple of 64 bytes behind the
    buffers; the functions share the workspace. No allocation remains.
  }];
  let dependentDialects = ["::mlir::memref::MemRefDialect", "::mlir::arith::ArithDialect"];
}

def EmitSaveAndLoadPass : Pass<"etrace-emit-save-and-load", "::mlir::ModuleOp"> {
  let summary = "Add functions that save the state of a learner to memory and load it again";
  let description = [{
    `int <model>_save(const void *block, void *memory)` writes the hash of the ABI, the
    number of bytes that follow and the contents of all buffers, without the gaps between
    them and without the workspace. `int <model>_load(void *block, const void *memory)`
    reads them; if hash or number differ it returns 1 and changes nothing. Both return 1
    for a null or misaligned block and for null memory. Runs last: the hash is that of the
    finished record `etrace.abi`.

    ```
    llvm.func @m_save(%block: !llvm.ptr, %memory: !llvm.ptr) -> i32
    llvm.func @m_load(%block: !llvm.ptr, %memory: !llvm.ptr) -> i32
    ```
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def ExpandCopiesPass : Pass<"etrace-expand-copies"> {
  let summary = "Make copies of strided memory linalg operations";
  let description = [{
    A `memref.copy` between contiguous arrays stays (it becomes memcpy). Any other
    would become a call of a library function, so it becomes `linalg.copy`.
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect"];
}

def TileContractionsPass : Pass<"etrace-tile-contractions"> {
  let summary = "Lower contractions on memory to register-blocked loops of vectors";
  let description = [{
    A `linalg.generic` of the form c += a b becomes loops over tiles of c; the sums of
    a tile stay in vectors while the summed dimensions pass. Extents that are no
    multiple of a tile get smaller tiles. Contractions in which neither a dimension of
    the result nor a summed one is contiguous where it must be are left to
    `etrace-lower-loops`.
  }];
  let options = [
    Option<"vectorBits", "vector-bits", "int64_t", "512", "bits of a vector register">
  ];
  let dependentDialects = ["::mlir::scf::SCFDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::vector::VectorDialect", "::mlir::arith::ArithDialect"];
}

def TileUpdatesPass : Pass<"etrace-tile-updates"> {
  let summary = "Lower updates of blocked traces to loops of vectors";
  let description = [{
    A `linalg.generic` whose last two loops are short rows and whole vectors, as
    `etrace-block-traces` leaves it, becomes loops in the given order, but for the loop
    along a row, which goes around the sums before the rows: these are carried as
    vectors, all rows of a sample are taken at once, and what does not depend on the row is
    loaded once. Others are left to `etrace-lower-loops`.
  }];
  let options = [
    Option<"vectorBits", "vector-bits", "int64_t", "512", "bits of a vector register">
  ];
  let dependentDialects = ["::mlir::scf::SCFDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::vector::VectorDialect", "::mlir::arith::ArithDialect",
                           "::mlir::affine::AffineDialect"];
}

def LowerLoopsPass : Pass<"etrace-lower-loops"> {
  let summary = "Lower linalg operations on memory to loops in the order of memory";
  let description = [{
    The dimension with the largest strides becomes the outermost loop and the
    contiguous one the innermost, so that the pass over a trace runs through memory
    once and in order. An innermost loop which sums may be reassociated.
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::scf::SCFDialect",
                           "::mlir::memref::MemRefDialect", "::mlir::affine::AffineDialect"];
}

def ExpandMathPass : Pass<"etrace-expand-math", "::mlir::ModuleOp"> {
  let summary = "Make math inline code (f32) or calls of libm (f64)";
  let description = [{
    f32 functions become polynomial approximations of a few ulp which vectorise; f16
    and bf16 are computed in f32; what is left are calls of libm. f64 keeps the
    precision of libm.
  }];
  let dependentDialects = ["::mlir::math::MathDialect", "::mlir::arith::ArithDialect",
                           "::mlir::vector::VectorDialect", "::mlir::func::FuncDialect",
                           "::mlir::LLVM::LLVMDialect"];
}

def OutlineLoopsPass : Pass<"etrace-outline-loops", "::mlir::ModuleOp"> {
  let summary = "Make loop nests functions, equal ones one, long parallel ones shareable";
  let description = [{
    Entries repeat each other (`learn_sequence` holds `learn`), so code is generated once
    for each different nest. Every entry and body gets one more argument, the caller's
    loop (null: none). A nest whose outermost loop is parallel becomes a function of a
    range of its turns; `@part.shared`, defined by `etrace-define-shared`, runs them all
    through the caller's loop. Which thread runs a turn has no influence on its result.

    ```
    scf.parallel (%i) = (%c0) to (%c8) step (%c1) { ... }
    // becomes
    func.call @part.shared(%a, %b, %c8, %parallel)
    func.func private @part(%a: memref<..>, %b: memref<..>, %begin: index, %end: index)
    ```
  }];
  let options = [
    Option<"minimumWork", "minimum-work", "int64_t", "512",
           "operations from which a nest becomes a function">,
    Option<"minimumShared", "minimum-shared", "int64_t", "1 << 18",
           "operations from which threads share a nest; a meeting of threads costs about as "
           "much as 30000">
  ];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::arith::ArithDialect"];
}

def DefineSharedPass : Pass<"etrace-define-shared", "::mlir::ModuleOp"> {
  let summary = "Define the functions that run a part through the caller's loop";
  let description = [{
    In the LLVM dialect. The caller's loop is a pointer to a structure that begins with

    ```
    void (*run)(etrace_parallel *self, void (*body)(void *, int64_t begin, int64_t end),
                void *arguments, int64_t turns);
    ```

    which calls `body` for ranges that cover [0, turns) and returns when all have ended.
    A null pointer means no threads: the part is called directly.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

#endif // ETRACE_CONVERSION_PASSES_TD

def ConvertToLLVMPass : Pass<"etrace-convert-to-llvm", "::mlir::ModuleOp"> {
  let summary = "Convert what host code is made of to the LLVM dialect, in one conversion";
  let description = [{
    `arith`, `cf`, `complex`, `func`, `index`, `math`, `memref` and `ub`, by the patterns of their
    upstream conversions. A `memref` argument of static shape is a bare pointer. Operations of
    other dialects stay.

    ```
    func.func @f(%m: memref<4xf32>, %i: index) -> f32 {
      %0 = memref.load %m[%i] : memref<4xf32>
      return %0 : f32
    }
    // becomes
    llvm.func @f(%m: !llvm.ptr, %i: i64) -> f32 {
      %p = llvm.getelementptr inbounds|nuw %m[%i] : (!llvm.ptr, i64) -> !llvm.ptr, f32
      %0 = llvm.load %p : !llvm.ptr -> f32
      llvm.return %0 : f32
    }
    ```
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}
