//===- Batch.cpp - Memory of one batch ------------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Batch.h"

using namespace etrace;
using namespace etrace::run;

void Batch::addResult(const EntryArgument &argument) {
  std::vector<int64_t> shape = argument.shape;
  if (!shape.empty() && shape.front() < 0)
    shape.front() = steps;
  Array &array = results[argument.name];
  array = Array(getDataType(argument.type), shape);
  arguments[argument.name] = array.data();
}

Batch::Batch(const Dataset &dataset, const Externals &externals, const BatchAxis &axis,
             bool withTargets)
    : dataset(dataset), externals(externals), axis(axis), steps(dataset.getNumSteps()) {
  llvm::ArrayRef<Column> all = dataset.getColumns();
  for (const Column &column : withTargets ? all : all.take_front(dataset.getNumInputs())) {
    columns.push_back(&column);
    memory.emplace_back(dataset.getPackedBytes(column));
    arguments[column.argument->name] = memory.back().data();
  }
  arguments["steps"] = &steps;
  for (const EntryArgument *output : externals.outputs)
    addResult(*output);
  if (withTargets && externals.loss)
    addResult(*externals.loss);
}

void Batch::pack(llvm::ArrayRef<int64_t> indices) {
  for (size_t i = 0; i < columns.size(); ++i)
    dataset.pack(*columns[i], indices, memory[i].data());
}

int64_t Batch::countHits(llvm::ArrayRef<int64_t> indices) const {
  const Array &output = results.at(externals.outputs.front()->name);
  llvm::ArrayRef<int64_t> shape = output.getShape().drop_front();
  int64_t elements = *countElements(shape), classes = elements / axis.extent, inner = 1;
  for (int64_t extent : axis.axis ? shape.drop_front(*axis.axis + 1) : shape)
    inner *= extent;
  int64_t hits = 0, last = (steps - 1) * elements;
  for (auto [b, sample] : llvm::enumerate(indices)) {
    auto at = [&, b = int64_t(b)](int64_t k) {
      return output.get(last + (k / inner * axis.extent + b) * inner + k % inner);
    };
    int64_t best = 0;
    for (int64_t k = 1; k < classes; ++k)
      if (at(k) > at(best))
        best = k;
    hits += best == dataset.getLabel(sample);
  }
  return hits;
}

double Batch::getLoss() const {
  const Array &losses = results.at(externals.loss->name);
  double sum = 0;
  for (int64_t i = 0, e = losses.getNumElements(); i < e; ++i)
    sum += losses.get(i);
  return sum / double(losses.getNumElements());
}
