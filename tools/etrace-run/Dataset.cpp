//===- Dataset.cpp - Samples from files, packed into batches --------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Dataset.h"

#include "etrace/Data/Files.h"
#include "llvm/Support/FormatVariadic.h"

using namespace etrace;
using namespace etrace::run;
using llvm::createStringError;
using llvm::Error;
using llvm::Expected;
using llvm::formatv;
using llvm::StringRef;

/// The shape at one step, batch included.
static llvm::ArrayRef<int64_t> getStepShape(const EntryArgument &argument) {
  llvm::ArrayRef<int64_t> shape = argument.shape;
  return !shape.empty() && shape.front() < 0 ? shape.drop_front() : shape;
}

/// The shape of one sample at one step.
static std::vector<int64_t> getSampleShape(const EntryArgument &argument, const BatchAxis &batch) {
  std::vector<int64_t> shape = getStepShape(argument).vec();
  if (batch.axis)
    shape.erase(shape.begin() + *batch.axis);
  return shape;
}

Expected<BatchAxis> etrace::run::getBatchAxis(const Program &program, const Externals &externals,
                                              int64_t wanted) {
  const ModelABI &abi = program.getABI();
  BatchAxis batch;
  batch.axis = program.batchDim;
  if (externals.inputs.empty())
    return createStringError("model '" + abi.model + "' has no input to feed data to");
  for (const EntryArgument *argument :
       llvm::concat<const EntryArgument *const>(externals.inputs, externals.targets)) {
    if (!batch.axis)
      break;
    llvm::ArrayRef<int64_t> shape = getStepShape(*argument);
    if (*batch.axis < 0 || *batch.axis >= int64_t(shape.size()))
      return createStringError(formatv("model '{0}': batch_dim = {1}, but '{2}' has the shape {3}",
                                       abi.model, *batch.axis, argument->name, printShape(shape))
                                   .str());
    int64_t extent = shape[*batch.axis];
    if (argument != externals.inputs.front() && extent != batch.extent)
      return createStringError(
          formatv("model '{0}': expected a batch of {1} in '{2}' as in '{3}', found {4}", abi.model,
                  batch.extent, argument->name, externals.inputs.front()->name, extent)
              .str());
    batch.extent = extent;
  }
  if (wanted && wanted != batch.extent)
    return createStringError(formatv("--batch={0}: model '{1}' carries {2}; change the shapes in "
                                     "the model, or pass --batch={3}",
                                     wanted, abi.model,
                                     batch.axis ? formatv("a batch of {0}", batch.extent).str()
                                                : "no batch axis",
                                     batch.extent)
                                 .str());
  return batch;
}

//===----------------------------------------------------------------------===//
// Loading
//===----------------------------------------------------------------------===//

/// Exchanges the axes 1 and 2.
static Array swapTimeAxis(const Array &array) {
  std::vector<int64_t> shape = array.getShape().vec();
  int64_t rows = shape[1], columns = shape[2];
  int64_t width = etrace::getByteWidth(array.getType());
  for (size_t axis = 3; axis < shape.size(); ++axis)
    width *= shape[axis];
  std::swap(shape[1], shape[2]);
  Array result(array.getType(), shape);
  for (int64_t sample = 0; sample < shape[0]; ++sample)
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t column = 0; column < columns; ++column)
        std::memcpy(result.data() + ((sample * columns + column) * rows + row) * width,
                    array.data() + ((sample * rows + row) * columns + column) * width, width);
  return result;
}

/// Samples as sequences, by --sequence.
static Array arrange(const Array &array, Sequence sequence) {
  if (sequence == Sequence::columns && array.getRank() >= 3)
    return swapTimeAxis(array);
  if (sequence == Sequence::pixels && array.getRank() >= 2 && array.getShape()[0] > 0)
    return array.reshape(
        {array.getShape()[0], array.getNumElements() / array.getShape()[0], 1});
  return array;
}

Error Dataset::addColumn(const RunOptions &options, StringRef path, Array array,
                         const EntryArgument &argument, bool isInput) {
  Column column;
  column.argument = &argument;
  std::vector<int64_t> sample = getSampleShape(argument, batch);
  column.elements = *countElements(sample);
  if (isInput && !argument.isSingleStep)
    array = arrange(array, options.sequence);
  if (isInput && isFloat(getDataType(argument.type)))
    column.scale = options.scale;
  llvm::ArrayRef<int64_t> shape = array.getShape();
  // One feature per step needs no axis of its own.
  bool scalarSteps = column.elements == 1 && shape.size() == 2;
  bool perStep = shape.size() >= 2 && shape.drop_front(2) == llvm::ArrayRef<int64_t>(sample);
  bool constant = !shape.empty() && shape.drop_front(1) == llvm::ArrayRef<int64_t>(sample);
  // A target may be given once for all steps; an input may not.
  column.constant = constant && (argument.isSingleStep || (!isInput && !perStep));
  if (argument.isSingleStep ? !constant : !(perStep || scalarSteps || column.constant)) {
    std::vector<int64_t> expected = sample;
    if (!argument.isSingleStep)
      expected.insert(expected.begin(), -1);
    return makeFileError(path, formatv("expected samples of shape {0} for '{1}'{2}, found {3}",
                                       printShape(expected), argument.name,
                                       argument.isSingleStep ? "" : " (steps first)",
                                       shape.empty() ? "a scalar"
                                                     : printShape(shape.drop_front(1))));
  }
  column.values = std::move(array);
  columns.push_back(std::move(column));
  return Error::success();
}

Error Dataset::addFile(const RunOptions &options, StringRef path,
                       llvm::ArrayRef<const EntryArgument *> arguments, bool isInput) {
  Expected<ArrayMap> arrays = readArrays(path);
  if (!arrays)
    return arrays.takeError();
  // One array for one external needs no name.
  if (arguments.size() == 1 && arrays->size() == 1)
    return addColumn(options, path, std::move(arrays->begin()->second), *arguments.front(),
                     isInput);
  for (const EntryArgument *argument : arguments) {
    auto array = arrays->find(argument->name);
    if (array == arrays->end()) {
      std::string found;
      for (const auto &[name, value] : *arrays)
        found += (found.empty() ? "'" : ", '") + name + "'";
      return makeFileError(path, "expected an array '" + argument->name + "', found " +
                                     (found.empty() ? "none" : found));
    }
    if (Error error = addColumn(options, path, std::move(array->second), *argument, isInput))
      return error;
  }
  return Error::success();
}

Error Dataset::checkCounts(StringRef path, const Column &column, StringRef firstPath) {
  llvm::ArrayRef<int64_t> shape = column.values.getShape();
  if (samples < 0)
    samples = shape[0];
  if (shape[0] != samples)
    return makeFileError(path, formatv("expected {0} samples as in {1}, found {2}", samples,
                                       firstPath, shape[0]));
  if (column.constant)
    return Error::success();
  if (steps < 0)
    steps = shape[1];
  if (shape[1] != steps)
    return makeFileError(path, formatv("expected sequences of {0} steps as in {1}, found {2}",
                                       steps, firstPath, shape[1]));
  return Error::success();
}

bool Dataset::hasLabels() const {
  return int64_t(columns.size()) > numInputs &&
         !isFloat(getDataType(columns[numInputs].argument->type)) &&
         columns[numInputs].elements == 1;
}

int64_t Dataset::getLabel(int64_t sample) const {
  const Column &column = columns[numInputs];
  int64_t index = column.constant ? sample : sample * steps + steps - 1;
  return int64_t(column.values.get(index));
}

/// A label out of range would make the loss that of no class at all.
Error Dataset::checkLabels(StringRef path, const Externals &externals) const {
  if (!hasLabels() || externals.outputs.empty())
    return Error::success();
  std::vector<int64_t> shape = getSampleShape(*externals.outputs.front(), batch);
  int64_t classes = *countElements(shape);
  const Array &labels = columns[numInputs].values;
  for (int64_t i = 0, e = labels.getNumElements(); i < e; ++i) {
    double label = labels.get(i);
    if (!(label >= 0 && label < double(classes)) || label != double(int64_t(label)))
      return makeFileError(path, formatv("label {0} out of range: expected 0 to {1} (output '{2}' "
                                         "has {3} classes), found {4}",
                                         i, classes - 1, externals.outputs.front()->name, classes,
                                         label));
  }
  return Error::success();
}

Expected<Dataset> Dataset::load(const RunOptions &options, const Externals &externals,
                                const BatchAxis &batch, StringRef inputs, StringRef targets) {
  Dataset dataset;
  dataset.batch = batch;
  if (Error error = dataset.addFile(options, inputs, externals.inputs, true))
    return error;
  dataset.numInputs = dataset.columns.size();
  if (externals.targets.empty())
    return createStringError("the model has no loss, so there is nothing to compare '" + targets +
                             "' with");
  if (Error error = dataset.addFile(options, targets, externals.targets, false))
    return error;
  for (const auto &[i, column] : llvm::enumerate(dataset.columns))
    if (Error error = dataset.checkCounts(int64_t(i) < dataset.numInputs ? inputs : targets, column,
                                          inputs))
      return error;
  if (dataset.samples == 0)
    return makeFileError(inputs, "expected at least one sample, found none");
  if (dataset.steps <= 0)
    return makeFileError(inputs, "expected sequences of at least one step, found none");
  if (Error error = dataset.checkLabels(targets, externals))
    return error;
  return dataset;
}

//===----------------------------------------------------------------------===//
// Packing
//===----------------------------------------------------------------------===//

size_t Dataset::getPackedBytes(const Column &column) const {
  int64_t perStep = *countElements(getStepShape(*column.argument));
  return perStep * (column.argument->isSingleStep ? 1 : steps) *
         etrace::getByteWidth(column.argument->type);
}

template <typename From, typename To>
void Dataset::packAs(const Column &column, llvm::ArrayRef<int64_t> indices, To *result) const {
  llvm::ArrayRef<int64_t> shape = getStepShape(*column.argument);
  int64_t inner = 1, length = column.argument->isSingleStep ? 1 : steps;
  for (int64_t extent : batch.axis ? shape.drop_front(*batch.axis + 1) : shape)
    inner *= extent;
  int64_t outer = inner ? column.elements / inner : 0;
  const From *values = column.values.values<From>().data();
  for (int64_t b = 0; b < batch.extent; ++b) {
    int64_t sample = indices[b < int64_t(indices.size()) ? b : 0];
    const From *source = values + sample * (column.constant ? 1 : steps) * column.elements;
    for (int64_t t = 0; t < length; ++t)
      for (int64_t o = 0; o < outer; ++o) {
        const From *from = source + (column.constant ? 0 : t * column.elements) + o * inner;
        To *to = result + ((t * outer + o) * batch.extent + b) * inner;
        for (int64_t i = 0; i < inner; ++i)
          if constexpr (std::is_floating_point_v<To>)
            to[i] = To(from[i]) / To(column.scale);
          else
            to[i] = To(from[i]);
      }
  }
}

void Dataset::pack(const Column &column, llvm::ArrayRef<int64_t> indices, void *result) const {
  dispatch(column.values.getType(), [&](auto from) {
    dispatch(getDataType(column.argument->type), [&](auto to) {
      packAs<decltype(from)>(column, indices, static_cast<decltype(to) *>(result));
    });
  });
}
