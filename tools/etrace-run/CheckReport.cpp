//===- CheckReport.cpp - Derivatives beside differences, as a table -------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "CheckReport.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <cmath>

using namespace etrace::run;
using llvm::format;
using llvm::StringRef;

/// An error estimate of differences may be this much too small.
static constexpr double kErrorMargin = 10.0;

CheckRow &CheckReport::getRow(const std::string &title, mlir::Location loc, bool isOperation) {
  for (CheckRow &row : rows)
    if (row.title == title && row.loc == loc)
      return row;
  rows.push_back({title, loc, isOperation});
  return rows.back();
}

static std::string printNumber(double number) {
  std::string text;
  llvm::raw_string_ostream(text) << format("%.9g", number);
  return text;
}

std::string etrace::run::printElement(size_t element, llvm::ArrayRef<int64_t> shape) {
  std::string index;
  for (int64_t axis = shape.size(); axis--;) {
    index = std::to_string(element % shape[axis]) + (index.empty() ? "" : ", " + index);
    element /= shape[axis];
  }
  return "element [" + index + "]";
}

void CheckReport::compareElement(CheckRow &row, double derivative, const Estimate &estimate,
                                 StringRef place) {
  double scale = std::max({std::abs(derivative), std::abs(estimate.value),
                           1e-4 * estimate.magnitude});
  double distance = std::abs(derivative - estimate.value);
  bool agrees = distance <= tolerance * scale;
  // The mean of two slopes may agree by chance, or because it is the rule at a tie.
  Estimate::Kind kind = agrees && !row.isOperation ? Estimate::Kind::smooth
                                                   : estimate.getKind(tolerance);
  if (kind != Estimate::Kind::smooth) {
    double low = std::min(estimate.left[1], estimate.right[1]) - tolerance * scale;
    double high = std::max(estimate.left[1], estimate.right[1]) + tolerance * scale;
    bool isBetween = derivative >= low && derivative <= high;
    if (kind == Estimate::Kind::jump || isBetween || (!row.isOperation && hasKink())) {
      ++(kind == Estimate::Kind::jump ? row.jumps : row.kinks);
      if (row.kink.empty())
        row.kink = (place + ": slope " + printNumber(estimate.left[1]) + " to the left, " +
                    printNumber(estimate.right[1]) + " to the right, derivative " +
                    printNumber(derivative))
                       .str();
      return;
    }
  }
  if (!agrees && kind == Estimate::Kind::smooth && estimate.error > tolerance * scale &&
      distance <= kErrorMargin * estimate.error) {
    ++row.unresolved;
    return;
  }
  ++row.compared;
  row.parted += !agrees;
  double relative = distance == 0.0 ? 0.0 : distance / scale;
  if (row.worst.empty() || !(relative <= row.largest)) {
    row.largest = relative;
    row.worst = (place + ": derivative " + printNumber(derivative) + ", difference " +
                 printNumber(estimate.value))
                    .str();
  }
}

void CheckReport::compare(CheckRow &row, llvm::ArrayRef<double> derivatives,
                          llvm::ArrayRef<Estimate> estimates, llvm::ArrayRef<int64_t> shape,
                          StringRef place) {
  for (size_t element = 0; element < estimates.size(); ++element)
    compareElement(row, derivatives[element], estimates[element],
                   shape.empty() ? place.str()
                                 : (place + ", " + printElement(element, shape)).str());
}

bool CheckReport::agrees() const {
  return llvm::none_of(rows, [](const CheckRow &row) { return row.parted > 0; });
}

bool CheckReport::hasKink() const {
  return llvm::any_of(rows, [](const CheckRow &row) {
    return row.isOperation && (row.kinks > 0 || row.jumps > 0);
  });
}

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

static void printRow(llvm::raw_ostream &os, StringRef title, const CheckRow &row) {
  constexpr size_t width = 44;
  std::string name = title.str();
  if (name.size() > width)
    name = name.substr(0, width - 3) + "...";
  os << llvm::left_justify(name, width) << format("%10u%8u", row.compared, row.parted);
  if (row.compared)
    os << format("%12.1e", row.largest) << "\n";
  else
    os << llvm::right_justify("-", 12) << "\n";
}

/// All operations as one row.
static CheckRow sumOperations(const std::deque<CheckRow> &rows, unsigned &number) {
  CheckRow sum{"", rows.front().loc, true};
  for (const CheckRow &row : rows) {
    if (!row.isOperation)
      continue;
    ++number;
    sum.compared += row.compared;
    sum.parted += row.parted;
    if (!(row.largest <= sum.largest))
      sum.largest = row.largest;
  }
  return sum;
}

void CheckReport::print(llvm::raw_ostream &os) const {
  os << llvm::left_justify("derivative", 44) << "  compared  parted     largest\n";
  for (const CheckRow &row : rows)
    if (!row.isOperation)
      printRow(os, row.title, row);
  unsigned operations = 0;
  if (!rows.empty()) {
    CheckRow sum = sumOperations(rows, operations);
    if (operations)
      printRow(os, std::to_string(operations) + " operations, each by itself", sum);
  }
  for (const CheckRow &row : rows)
    if (row.unresolved)
      os << row.title << ": " << row.unresolved
         << " elements that differences do not resolve are left out\n";
  for (const std::string &text : notes)
    os << text << "\n";
}

static std::string getKinkText(const CheckRow &row) {
  if (row.jumps)
    return "its value jumps at the nominal point, so there is no derivative to compare; ";
  return "it has a kink at the nominal point; the derivative is right if it is what you expect "
         "there; ";
}

void CheckReport::emitDiagnostics() const {
  bool partedByItself = llvm::any_of(
      rows, [](const CheckRow &row) { return row.isOperation && row.parted > 0; });
  for (const CheckRow &row : rows) {
    if (row.isOperation && (row.kinks || row.jumps))
      mlir::emitRemark(row.loc) << "'" << row.title << "': " << getKinkText(row) << row.kink
                                << " [gradient-kink]";
    if (!row.parted)
      continue;
    mlir::InFlightDiagnostic diag = mlir::emitError(row.loc);
    if (row.isOperation)
      diag << "the derivative of '" << row.title << "' is not that of its value; " << row.worst
           << " [gradient-operation]";
    else
      diag << row.title << ": derivative and difference part; " << row.worst
           << " [gradient-difference]";
    if (!row.isOperation && !partedByItself)
      diag.attachNote() << "every operation agrees by itself; unless the tolerance is wide, the "
                           "compiler puts them together wrongly: please report this model";
  }
}
