//===- EtraceIndexedOps.td - Operations with index operands *- tablegen -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_IR_ETRACEINDEXEDOPS_TD
#define ETRACE_IR_ETRACEINDEXEDOPS_TD

/// Rows of a table, coordinates of stored entries.
def Etrace_IndexTensor : RankedTensorOf<[I32, I64, Index]>;

//===----------------------------------------------------------------------===//
// ETP primitives
//===----------------------------------------------------------------------===//

/// A primitive of the family of its mnemonic, with an inherent `id`.
class Etrace_NamedPrimitive<string mnemonic, list<string> overridden = []>
    : Etrace_ETPOp<mnemonic, [], overridden> {
  let results = (outs Etrace_FloatTensor:$result);
  let extraClassDefinition = [{
    llvm::StringRef $cppClass::getFamilyName() { return "}] # mnemonic # [{"; }
    mlir::StringAttr $cppClass::getPrimitiveId() { return getIdAttr(); }
    void $cppClass::setPrimitiveId(mlir::StringAttr id) { setIdAttr(id); }
  }];
}

def Etrace_EmbeddingOp : Etrace_NamedPrimitive<"embedding", ["getDimIndices"]> {
  let summary = "ETP primitive: rows of a table";
  let description = [{
    y[b, d] = table[index[b], d]: `index` has shape (batch...), `table` (V, D), the result
    (batch..., D). An index below 0 reads the first row, one of V or more the last; the row that is
    read is the row that learns. A constant index outside the table is an error of
    `etrace-build-graph`.

    * P1: ranks and extents agree; one element type.
    * P3: the table has a row.

    ```mlir
    %y = etrace.embedding %index, %table : tensor<3xi32>, tensor<7x4xf32> -> tensor<3x4xf32>
    ```
  }];
  let arguments = (ins Etrace_IndexTensor:$index, Etrace_FloatTensor:$table,
                       OptionalAttr<StrAttr>:$id);
  let assemblyFormat = [{
    $index `,` $table (`id` $id^)? attr-dict `:` type($index) `,` type($table) `->` type($result)
  }];
}

def Etrace_SparseMatmulOp : Etrace_NamedPrimitive<"sparse_matmul", ["getDimIndices"]> {
  let summary = "ETP primitive: product with a matrix of which some entries are stored";
  let description = [{
    y[b, j] = sum over stored entries e with cols[e] = j of x[b, rows[e]] w[e] (+ bias[j]): `x` has
    shape (batch..., I), `w`, `rows` and `cols` (entries), `bias` (O), the result (batch..., O). A
    trace holds a number for each stored entry, not for each pair (i, j). Entries may come in any
    order, rows and columns may be empty, and entries of one place are added up. Compressed rows
    or columns become coordinates by `etrace.expand_pointers`. A coordinate below 0 counts as 0,
    one beyond the matrix as the last; a constant one outside is an error of `etrace-build-graph`.

    * P1: ranks and extents agree; one element type.
    * P3: rows and columns have positions.

    ```mlir
    %y = etrace.sparse_matmul %x, %w at(%rows, %cols) bias %b : tensor<3x6xf32>, tensor<15xf32>, tensor<15xi32>, tensor<15xi32>, tensor<5xf32> -> tensor<3x5xf32>
    ```
  }];
  let arguments = (ins Etrace_FloatTensor:$x, Etrace_FloatTensor:$weight,
                       Etrace_IndexTensor:$rows, Etrace_IndexTensor:$cols,
                       Optional<Etrace_FloatTensor>:$bias, OptionalAttr<StrAttr>:$id);
  let assemblyFormat = [{
    $x `,` $weight `at` `(` $rows `,` $cols `)` (`bias` $bias^)? (`id` $id^)? attr-dict
    `:` type($x) `,` type($weight) `,` type($rows) `,` type($cols) (`,` type($bias)^)?
    `->` type($result)
  }];
}

//===----------------------------------------------------------------------===//
// Beside primitives
//===----------------------------------------------------------------------===//

def Etrace_ExpandPointersOp : Etrace_Op<"expand_pointers", [
    Pure, SameOperandsAndResultElementType]> {
  let summary = "the row of every entry of a matrix of compressed rows";
  let description = [{
    Entry e has the row k with pointers[k] <= e < pointers[k + 1]. For compressed columns the
    result is the column. Pointers that decrease give rows within the matrix, but no
    meaning.

    * EP1: ranks are 1, and there are two pointers at least.

    ```mlir
    %rows = etrace.expand_pointers %pointers : tensor<7xi32> -> tensor<15xi32>
    ```
  }];
  let arguments = (ins Etrace_IndexTensor:$pointers);
  let results = (outs Etrace_IndexTensor:$result);
  let assemblyFormat = "$pointers attr-dict `:` type($pointers) `->` type($result)";
  let hasVerifier = 1;
}

def Etrace_IndexedContractionOp : Etrace_Op<"indexed_contraction", [Pure, AttrSizedOperandSegments,
    TypesMatchWith<"result has the type of init", "result", "init", "$_self">]> {
  let summary = "a sum of products in which integer tensors give dimensions";
  let description = [{
    result[m(it)] = init[m(it)] + sum over it of the product of factor_k[m_k(it)], where only
    those points of the iteration space count at which it[dims[i]] = index_i[map(it)]. `maps` has
    the maps of the factors, then of the indices, then of the result. An index below 0 counts as 0,
    one beyond the extent of its dimension as the last. What primitives with index operands
    have for derivatives: closed under linearisation and transposition.

    * IC1: maps select dimensions of one iteration space; ranks and extents agree.
    * IC2: an index gives one dimension, of an extent of 1 or more; its own map has none that is
      given.
    * P1: one element type.

    ```mlir
    // dtable[index[b], d] += dy[b, d]
    %g = etrace.indexed_contraction factors(%dy : tensor<3x4xf32>) indices(%index : tensor<3xi32>)
        dims [1] maps [affine_map<(b, v, d) -> (b, d)>, affine_map<(b, v, d) -> (b)>, affine_map<(b, v, d) -> (v, d)>] init(%dtable) : tensor<7x4xf32>
    ```
  }];
  let arguments = (ins Variadic<Etrace_FloatTensor>:$factors, Variadic<Etrace_IndexTensor>:$indices,
                       Etrace_FloatTensor:$init, DenseI64ArrayAttr:$dims, AffineMapArrayAttr:$maps);
  let results = (outs Etrace_FloatTensor:$result);
  let assemblyFormat = [{
    `factors` `(` ($factors^ `:` type($factors))? `)`
    `indices` `(` ($indices^ `:` type($indices))? `)` `dims` $dims `maps` $maps `init` `(` $init `)` attr-dict `:` type($result)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The maps of the factors; the map of the result.
    llvm::SmallVector<mlir::AffineMap> getFactorMaps();
    mlir::AffineMap getResultMap();
    llvm::SmallVector<::etrace::DimIndex> getDimIndices();
  }];
}

#endif // ETRACE_IR_ETRACEINDEXEDOPS_TD
