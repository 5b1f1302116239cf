//===- CheckArrays.h - Arrays of doubles as vectors -------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_RUN_CHECKARRAYS_H
#define ETRACE_RUN_CHECKARRAYS_H

#include "Differences.h"

#include "etrace/Data/Array.h"

namespace etrace::run {

inline llvm::ArrayRef<double> getValues(const Array &array) { return array.values<double>(); }
double dot(const Array &a, const Array &b);
/// The largest absolute value.
double getNorm(const Array &array);
void addTo(Array &sum, llvm::ArrayRef<Estimate> estimates);
/// "D/group0/1/0" ends with the number of a member.
size_t getLastNumber(llvm::StringRef path);

} // namespace etrace::run

#endif // ETRACE_RUN_CHECKARRAYS_H
