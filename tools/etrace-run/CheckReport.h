//===- CheckReport.h - Derivatives beside differences, as a table -*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_RUN_CHECKREPORT_H
#define ETRACE_RUN_CHECKREPORT_H

#include "Differences.h"

#include "mlir/IR/Location.h"

#include <deque>
#include <string>

namespace etrace::run {

/// Comparisons of one name.
struct CheckRow {
  std::string title;
  mlir::Location loc;
  /// Whether the row is one operation, compared by itself.
  bool isOperation = false;
  /// Numbers of elements. Not resolved: the differences are not sure enough of themselves.
  unsigned compared = 0, parted = 0, kinks = 0, jumps = 0, unresolved = 0;
  /// By how much derivative and difference part, relative to the larger one, where they are
  /// compared, and where that is.
  double largest = 0.0;
  std::string worst = {};
  /// The slopes at the first kink or jump.
  std::string kink = {};
};

/// "element [0, 3]" of an array of this shape.
std::string printElement(size_t element, llvm::ArrayRef<int64_t> shape);

/// Collects comparisons; prints them.
class CheckReport {
public:
  explicit CheckReport(double tolerance) : tolerance(tolerance) {}

  /// The row with this title at this place, made if there is none.
  CheckRow &getRow(const std::string &title, mlir::Location loc, bool isOperation = false);
  /// Compares derivatives with estimates, element by element of an array of this shape; `place`
  /// says of which step. At a kink the derivative of an operation must be one of the slopes or
  /// between them. That of a path through several kinks need not: it is enough that an operation
  /// with a kink is known.
  void compare(CheckRow &row, llvm::ArrayRef<double> derivatives,
               llvm::ArrayRef<Estimate> estimates, llvm::ArrayRef<int64_t> shape,
               llvm::StringRef place);
  /// Says what is not compared, and why.
  void note(std::string text) { notes.push_back(std::move(text)); }

  bool agrees() const;
  /// An operation has been found at a kink or jump.
  bool hasKink() const;
  /// One line for each row, notes, and the total.
  void print(llvm::raw_ostream &os) const;
  /// A diagnostic for every operation and quantity that parts, with its place in the source.
  void emitDiagnostics() const;

private:
  void compareElement(CheckRow &row, double derivative, const Estimate &estimate,
                      llvm::StringRef place);

  double tolerance;
  /// Rows do not move when others are added.
  std::deque<CheckRow> rows;
  std::vector<std::string> notes;
};

} // namespace etrace::run

#endif // ETRACE_RUN_CHECKREPORT_H
