#include "tools/apiserver/field_set.h"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "boost/json.hpp"

namespace signet::apiserver {
namespace {

namespace json = boost::json;

constexpr absl::string_view kSelf = ".";
constexpr size_t kMaxDepth = 64;

absl::string_view View(json::string_view text) {
  return absl::string_view(text.data(), text.size());
}

// One step as messages show it.
std::string StepText(absl::string_view step) {
  const absl::string_view rest = step.substr(2);
  if (absl::StartsWith(step, "f:")) return absl::StrCat(".", rest);
  if (absl::StartsWith(step, "k:")) {
    boost::system::error_code error;
    const json::value keys =
        json::parse(json::string_view(rest.data(), rest.size()), error);
    if (!error && keys.is_object()) {
      std::vector<std::string> texts;
      for (const auto& [key, value] : keys.get_object()) {
        texts.push_back(absl::StrCat(View(key), "=", json::serialize(value)));
      }
      return absl::StrCat("[", absl::StrJoin(texts, ","), "]");
    }
  }
  if (absl::StartsWith(step, "v:")) return absl::StrCat("[=", rest, "]");
  return absl::StrCat("[", rest, "]");
}

void AppendPaths(const FieldSet& set, const std::string& path,
                 std::vector<std::string>& paths) {
  if (set.member) paths.push_back(path);
  for (const auto& [step, child] : set.children) {
    AppendPaths(child, absl::StrCat(path, StepText(step)), paths);
  }
}

json::object ToObject(const FieldSet& set) {
  json::object object;
  if (set.member && !set.children.empty()) {
    object[kSelf] = json::object();
  }
  for (const auto& [step, child] : set.children) {
    if (!child.Empty()) object[step] = ToObject(child);
  }
  return object;
}

absl::StatusOr<FieldSet> FromObject(const json::value& value) {
  const json::object* object = value.if_object();
  if (object == nullptr) {
    return absl::InvalidArgumentError("a set of fields is an object");
  }
  FieldSet set;
  set.member = object->empty();
  for (const auto& [raw, child] : *object) {
    const absl::string_view step = View(raw);
    if (step == kSelf) {
      set.member = true;
      continue;
    }
    if (step.size() < 2 || step[1] != ':' ||
        !absl::StrContains("fkvi", step.substr(0, 1))) {
      return absl::InvalidArgumentError(
          absl::StrCat("no step to a field: ", step));
    }
    absl::StatusOr<FieldSet> inner = FromObject(child);
    if (!inner.ok()) return inner;
    set.children[std::string(step)] = *std::move(inner);
  }
  return set;
}

}  // namespace

bool FieldSet::Empty() const {
  if (member) return false;
  for (const auto& [step, child] : children) {
    if (!child.Empty()) return false;
  }
  return true;
}

FieldSet& FieldSet::At(const std::vector<std::string>& steps) {
  FieldSet* at = this;
  for (const std::string& step : steps) at = &at->children[step];
  return *at;
}

void FieldSet::Add(const FieldSet& other) {
  member = member || other.member;
  for (const auto& [step, child] : other.children) children[step].Add(child);
}

void FieldSet::Remove(const FieldSet& other) {
  if (other.member) member = false;
  for (const auto& [step, child] : other.children) {
    const auto it = children.find(step);
    if (it == children.end()) continue;
    it->second.Remove(child);
    if (it->second.Empty()) children.erase(it);
  }
}

void FieldSet::Prune(const std::vector<std::string>& steps) {
  FieldSet* at = this;
  for (size_t i = 0; i < steps.size(); ++i) {
    const auto it = at->children.find(steps[i]);
    if (it == at->children.end()) return;
    if (i + 1 == steps.size()) {
      at->children.erase(it);
      return;
    }
    at = &it->second;
  }
}

FieldSet FieldSet::Intersection(const FieldSet& other) const {
  FieldSet common;
  common.member = member && other.member;
  for (const auto& [step, child] : children) {
    const auto it = other.children.find(step);
    if (it == other.children.end()) continue;
    FieldSet inner = child.Intersection(it->second);
    if (!inner.Empty()) common.children[step] = std::move(inner);
  }
  return common;
}

std::vector<std::string> FieldSet::Paths() const {
  std::vector<std::string> paths;
  AppendPaths(*this, "", paths);
  return paths;
}

std::string FieldSet::ToJson() const {
  return json::serialize(ToObject(*this));
}

absl::StatusOr<FieldSet> FieldSet::FromJson(absl::string_view text) {
  boost::system::error_code error;
  json::parse_options options;
  options.max_depth = kMaxDepth;
  const json::value value = json::parse(
      json::string_view(text.data(), text.size()), error, {}, options);
  if (error) return absl::InvalidArgumentError(error.message());
  absl::StatusOr<FieldSet> set = FromObject(value);
  // Here an empty object is the empty set.
  if (set.ok() && set->children.empty()) set->member = false;
  return set;
}

}  // namespace signet::apiserver
