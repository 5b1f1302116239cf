//===- CompareStep.cpp - What a learner derives in one step ---------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "GradientCheck.h"

#include "CheckArrays.h"

using namespace etrace;
using namespace etrace::run;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;

/// A query of the learner; zeros if it knows that they are.
Array GradientCheck::readQuery(const std::string &path, llvm::ArrayRef<int64_t> shape) const {
  const BufferInfo *buffer = program.getABI().findBuffer(BufferKind::query, path);
  return buffer ? restarted.read(*buffer) : Array(DataType::f64, shape.vec());
}

static Array multiply(const Array &a, const Array &b) {
  Array product = a;
  for (auto [x, y] : llvm::zip(product.mutableValues<double>(), getValues(b)))
    x *= y;
  return product;
}

Error GradientCheck::compareTransition(const DifferenceInfo &entry) {
  std::vector<std::string> members = entry.getTexts("members");
  size_t source = entry.record.getAs<mlir::IntegerAttr>("member").getInt();
  llvm::ArrayRef<int64_t> shape = values["state:" + members[source]].getShape();
  Array direction = makeRandomArray(entry.entry, shape);
  Expected<Estimates> estimates = differentiateEntry(entry.entry, {{"direction", direction}});
  if (!estimates)
    return estimates.takeError();
  for (auto &[path, response] : *estimates) {
    const std::string &member = members[getLastNumber(StringRef(path).rsplit('/').first)];
    CheckRow &row = report.getRow("D " + entry.getText("group") + ": " + member + " <- " +
                                      members[source],
                                  entry.loc);
    Array derivative = multiply(readQuery(path, shape), direction);
    report.compare(row, getValues(derivative), response, shape, place);
  }
  return Error::success();
}

Error GradientCheck::compareTail(const DifferenceInfo &entry) {
  std::vector<std::string> members = entry.getTexts("members");
  const EntryInfo *info = differences.getABI().findEntry(entry.entry);
  auto argument = llvm::find_if(info->arguments, [](const EntryArgument &candidate) {
    return candidate.name == "direction";
  });
  Directions directions = {{"direction", makeRandomArray(entry.entry, argument->shape)}};
  Expected<Estimates> estimates = differentiateEntry(entry.entry, directions);
  if (!estimates)
    return estimates.takeError();
  ArrayMap results;
  if (Error error = callEntry(entry.entry, directions, results))
    return error;
  const Array &moved = results["moved"];
  for (auto &[path, response] : *estimates) {
    if (path == "moved")
      continue;
    CheckRow &row = report.getRow("f " + entry.getText("relation") + " -> " +
                                      entry.getText("group") + ": " +
                                      members[getLastNumber(path)],
                                  entry.loc);
    Array derivative = multiply(readQuery(path, moved.getShape()), moved);
    report.compare(row, getValues(derivative), response, moved.getShape(), place);
  }
  return Error::success();
}

/// "value/3/0" is result 0 of operation 3.
static size_t getOperationNumber(StringRef name) {
  size_t number = 0;
  (void)name.split('/').second.split('/').first.getAsInteger(10, number);
  return number;
}

/// A number that is known exactly, as the derivative of something smooth.
static Estimate makeExact(double value) {
  Estimate estimate;
  estimate.value = value;
  return estimate;
}

/// Values of all operations at h and, as they are at any h, what their rules give.
Expected<std::vector<Estimate>> GradientCheck::runOperations(const std::string &entry,
                                                             Directions &directions,
                                                             ArrayMap &results) {
  const EntryInfo *info = differences.getABI().findEntry(entry);
  for (const EntryArgument &argument : info->arguments)
    if (!argument.isResult && !point.count(argument.name))
      directions[argument.name] = makeRandomArray(argument.name, argument.shape);
  auto line = [&](double h, std::vector<double> &flat) -> Error {
    directions["h"] = Array::from<double>({}, llvm::ArrayRef(h));
    if (Error error = callEntry(entry, directions, results))
      return error;
    for (auto &[name, array] : results)
      if (StringRef(name).starts_with("value/"))
        llvm::append_range(flat, getValues(array));
    return Error::success();
  };
  return differentiate(line);
}

/// J v against differences along v; (J^T c) . v against c . J v.
Error GradientCheck::compareOperations(const DifferenceInfo &entry) {
  Directions directions;
  ArrayMap results;
  Expected<std::vector<Estimate>> all = runOperations(entry.entry, directions, results);
  if (!all)
    return all.takeError();
  std::vector<std::string> names = entry.getTexts("operations");
  auto locations = entry.record.getAs<mlir::ArrayAttr>("locations");
  llvm::ArrayRef<bool> hasForward =
      entry.record.getAs<mlir::DenseBoolArrayAttr>("forward").asArrayRef();
  auto getRow = [&](size_t k) -> CheckRow & {
    return report.getRow(names[k], mlir::cast<mlir::LocationAttr>(locations[k]),
                         /*isOperation=*/true);
  };
  std::vector<double> transposed(names.size());
  std::vector<Estimate> contracted(names.size());
  size_t next = 0;
  for (auto &[name, array] : results) {
    size_t k = getOperationNumber(name);
    std::string numbers = StringRef(name).split('/').second.str();
    if (StringRef(name).starts_with("cotangent/"))
      transposed[k] += dot(array, directions["v/" + numbers]);
    if (!StringRef(name).starts_with("value/"))
      continue;
    llvm::ArrayRef<Estimate> estimates(all->data() + next, array.getNumElements());
    next += array.getNumElements();
    const Array &weights = directions["c/" + numbers];
    if (!hasForward[k]) {
      for (auto [estimate, weight] : llvm::zip(estimates, getValues(weights)))
        contracted[k] = contracted[k] + estimate * weight;
      continue;
    }
    auto tangent = results.find("tangent/" + numbers);
    Array derivative = tangent == results.end() ? Array(DataType::f64, array.getShape().vec())
                                                : tangent->second;
    report.compare(getRow(k), getValues(derivative), estimates, array.getShape(), place);
    contracted[k] = contracted[k] + makeExact(dot(derivative, weights));
  }
  for (size_t k = 0; k < names.size(); ++k)
    report.compare(getRow(k), transposed[k], contracted[k], {}, place + ", reverse mode");
  return Error::success();
}

Error GradientCheck::compareSignals(const DifferenceInfo &entry, StringRef group,
                                    llvm::ArrayRef<std::string> members) {
  for (auto [number, member] : llvm::enumerate(members)) {
    llvm::ArrayRef<int64_t> shape = values["state:" + member].getShape();
    Array signal = readQuery(("signal/" + group + "/" + llvm::Twine(number)).str(), shape);
    CheckRow &row = report.getRow(("signal " + group + ": " + member).str(),
                                  target.declarations.at(member));
    for (Direction &direction : makeDirections(member, shape)) {
      Expected<Estimate> slope =
          differentiateLoss(entry.entry, {{"direction:" + member, direction.values}});
      if (!slope)
        return slope.takeError();
      report.compare(row, dot(signal, direction.values), *slope, {},
                     place + ", " + direction.label);
    }
  }
  return Error::success();
}

/// The gradients of the learner whose traces are zero.
Error GradientCheck::compareInstantaneous() {
  for (const BufferInfo &buffer : program.getABI().buffers) {
    if (buffer.kind != BufferKind::gradient)
      continue;
    Array gradient = restarted.read(buffer);
    CheckRow &row = report.getRow("gradient of " + buffer.path + ", in a step",
                                  target.declarations.at(buffer.path));
    for (Direction &direction : makeDirections(buffer.path, buffer.shape)) {
      Expected<Estimate> slope = differentiateLoss(
          target.find("loss")->entry, {{"direction:" + buffer.path, direction.values}});
      if (!slope)
        return slope.takeError();
      report.compare(row, dot(gradient, direction.values), *slope, {},
                     place + ", " + direction.label);
    }
  }
  return Error::success();
}
