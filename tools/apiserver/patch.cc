#include "tools/apiserver/patch.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "boost/json.hpp"
#include "core/api/json_error.h"
#include "tools/apiserver/go_quote.h"

namespace signet::apiserver {
namespace {

namespace json = boost::json;

constexpr size_t kMaxOperations = 10000;
constexpr size_t kMaxDepth = 64;
// Of what all the copy operations of a patch copy, together.
constexpr size_t kMaxCopiedBytes = 3 << 20;
// Merging a list looks at each pair of elements.
constexpr size_t kMaxPairs = 1000 * 1000;

absl::string_view View(const json::string& text) {
  return absl::string_view(text.data(), text.size());
}
json::string_view Key(absl::string_view text) {
  return json::string_view(text.data(), text.size());
}

absl::StatusOr<json::value> Parse(absl::string_view text) {
  boost::system::error_code error;
  json::parse_options options;
  options.max_depth = kMaxDepth;
  json::value value = json::parse(json::string_view(text.data(), text.size()),
                                  error, json::storage_ptr(), options);
  if (error) {
    return absl::InvalidArgumentError(
        absl::StrCat("invalid JSON: ", error.message()));
  }
  return value;
}

absl::Status CannotUnmarshal(const json::value& value, absl::string_view type) {
  return absl::InvalidArgumentError(
      absl::StrCat("json: cannot unmarshal ", api::GoKindOf(value),
                   " into Go value of type ", type));
}

// As Go's %v: map[a:1 b:[x y]].
std::string GoPrint(const json::value& value) {
  if (const json::object* object = value.if_object()) {
    std::vector<std::string> entries;
    for (const auto& [key, element] : *object) {
      entries.push_back(absl::StrCat(absl::string_view(key.data(), key.size()),
                                     ":", GoPrint(element)));
    }
    std::sort(entries.begin(), entries.end());
    return absl::StrCat("map[", absl::StrJoin(entries, " "), "]");
  }
  if (const json::array* array = value.if_array()) {
    std::vector<std::string> elements;
    for (const json::value& element : *array) {
      elements.push_back(GoPrint(element));
    }
    return absl::StrCat("[", absl::StrJoin(elements, " "), "]");
  }
  if (value.is_null()) return "<nil>";
  if (value.is_string()) return std::string(View(value.get_string()));
  return json::serialize(value);
}

// ---- RFC 7396

void Merge(json::value& target, const json::value& patch) {
  if (!patch.is_object()) {
    target = patch;
    return;
  }
  if (!target.is_object()) target = json::object();
  json::object& object = target.get_object();
  for (const auto& [key, value] : patch.get_object()) {
    if (value.is_null()) {
      object.erase(key);
    } else {
      Merge(object[key], value);
    }
  }
}

// ---- RFC 6902 and 6901

absl::Status DoesNotFit(absl::string_view path, absl::string_view why) {
  return absl::FailedPreconditionError(
      absl::StrCat("the patch does not fit: ", path, ": ", why));
}

absl::StatusOr<std::vector<std::string>> ParsePointer(absl::string_view path) {
  std::vector<std::string> tokens;
  if (path.empty()) return tokens;
  if (!absl::ConsumePrefix(&path, "/")) {
    return absl::InvalidArgumentError(
        absl::StrCat("JSON pointer ", GoQuote(path), " does not begin with /"));
  }
  for (const absl::string_view token : absl::StrSplit(path, '/')) {
    // In this order: ~01 is ~1.
    std::string text = absl::StrReplaceAll(token, {{"~1", "/"}});
    tokens.push_back(absl::StrReplaceAll(text, {{"~0", "~"}}));
  }
  return tokens;
}

std::optional<size_t> ParseIndex(absl::string_view token, size_t limit) {
  size_t index = 0;
  if (token.empty() || (token.size() > 1 && token[0] == '0') ||
      !absl::SimpleAtoi(token, &index) || index >= limit) {
    return std::nullopt;
  }
  return index;
}

// The value at `tokens`, or null.
json::value* Find(json::value& root, const std::vector<std::string>& tokens,
                  size_t count) {
  json::value* at = &root;
  for (size_t i = 0; i < count; ++i) {
    if (at->is_object()) {
      const auto it = at->get_object().find(Key(tokens[i]));
      if (it == at->get_object().end()) return nullptr;
      at = &it->value();
    } else if (at->is_array()) {
      const std::optional<size_t> index =
          ParseIndex(tokens[i], at->get_array().size());
      if (!index.has_value()) return nullptr;
      at = &at->get_array()[*index];
    } else {
      return nullptr;
    }
  }
  return at;
}

absl::Status Add(json::value& root, const std::vector<std::string>& tokens,
                 absl::string_view path, json::value value) {
  if (tokens.empty()) {
    root = std::move(value);
    return absl::OkStatus();
  }
  json::value* parent = Find(root, tokens, tokens.size() - 1);
  if (parent == nullptr) return DoesNotFit(path, "no such parent");
  const std::string& last = tokens.back();
  if (parent->is_object()) {
    parent->get_object()[Key(last)] = std::move(value);
    return absl::OkStatus();
  }
  if (!parent->is_array()) return DoesNotFit(path, "no such parent");
  json::array& array = parent->get_array();
  const std::optional<size_t> index =
      last == "-" ? array.size() : ParseIndex(last, array.size() + 1);
  if (!index.has_value()) return DoesNotFit(path, "no such index");
  array.insert(array.begin() + *index, std::move(value));
  return absl::OkStatus();
}

absl::Status Remove(json::value& root, const std::vector<std::string>& tokens,
                    absl::string_view path) {
  if (tokens.empty()) return DoesNotFit(path, "the whole cannot be removed");
  json::value* parent = Find(root, tokens, tokens.size() - 1);
  if (parent == nullptr || Find(root, tokens, tokens.size()) == nullptr) {
    return DoesNotFit(path, "no such value");
  }
  if (parent->is_object()) {
    parent->get_object().erase(Key(tokens.back()));
  } else {
    json::array& array = parent->get_array();
    array.erase(array.begin() + *ParseIndex(tokens.back(), array.size()));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> StringMember(const json::object& operation,
                                         absl::string_view name) {
  const json::value* member = operation.if_contains(Key(name));
  if (member == nullptr || !member->is_string()) {
    return DoesNotFit("", absl::StrCat("an operation has no ", GoQuote(name)));
  }
  return std::string(View(member->get_string()));
}

absl::Status Apply(json::value& root, const json::object& operation,
                   size_t& copied_bytes) {
  ABSL_ASSIGN_OR_RETURN(const std::string op, StringMember(operation, "op"));
  ABSL_ASSIGN_OR_RETURN(const std::string path,
                        StringMember(operation, "path"));
  ABSL_ASSIGN_OR_RETURN(const std::vector<std::string> tokens,
                        ParsePointer(path));
  if (op == "remove") return Remove(root, tokens, path);
  if (op == "move" || op == "copy") {
    ABSL_ASSIGN_OR_RETURN(const std::string from,
                          StringMember(operation, "from"));
    ABSL_ASSIGN_OR_RETURN(const std::vector<std::string> from_tokens,
                          ParsePointer(from));
    const json::value* source = Find(root, from_tokens, from_tokens.size());
    if (source == nullptr) return DoesNotFit(from, "no such value");
    json::value value = *source;
    if (op == "move") {
      if (absl::StartsWith(path, absl::StrCat(from, "/"))) {
        return DoesNotFit(path, "a value cannot be moved into itself");
      }
      ABSL_RETURN_IF_ERROR(Remove(root, from_tokens, from));
    } else {
      copied_bytes += json::serialize(value).size();
      if (copied_bytes > kMaxCopiedBytes) {
        return absl::InvalidArgumentError(absl::StrCat(
            "JSON patch: copies more than ", kMaxCopiedBytes, " bytes"));
      }
    }
    return Add(root, tokens, path, std::move(value));
  }
  const json::value* value = operation.if_contains("value");
  if (value == nullptr) {
    return DoesNotFit(path, R"(an operation has no "value")");
  }
  if (op == "add") return Add(root, tokens, path, *value);
  json::value* target = Find(root, tokens, tokens.size());
  if (op == "replace") {
    if (target == nullptr) return DoesNotFit(path, "no such value");
    *target = *value;
    return absl::OkStatus();
  }
  if (op == "test") {
    if (target == nullptr || *target != *value) {
      return DoesNotFit(path, "the test failed");
    }
    return absl::OkStatus();
  }
  return DoesNotFit(path, absl::StrCat("unknown operation ", GoQuote(op)));
}

absl::Status ApplyJsonPatch(json::value& root, const json::value& patch) {
  if (!patch.is_array()) {
    return CannotUnmarshal(patch, "[]handlers.jsonPatchOp");
  }
  if (patch.get_array().size() > kMaxOperations) {
    return absl::InvalidArgumentError(absl::StrCat(
        "a JSON patch may have at most ", kMaxOperations, " operations"));
  }
  size_t copied_bytes = 0;
  for (const json::value& operation : patch.get_array()) {
    if (!operation.is_object()) {
      return absl::InvalidArgumentError(
          "JSON patch: an operation is not an object");
    }
    ABSL_RETURN_IF_ERROR(Apply(root, operation.get_object(), copied_bytes));
  }
  return absl::OkStatus();
}

// ---- strategic merge

// Lists that are merged, as patchStrategy says in Kubernetes' types.
struct MergedList {
  absl::string_view kind;  // "" for every kind.
  absl::string_view path;
  absl::string_view key;  // "" for lists of plain values.
};
constexpr MergedList kMergedLists[] = {
    {"", "metadata.ownerReferences", "uid"},
    {"", "metadata.finalizers", ""},
    {"Node", "spec.podCIDRs", ""},
    {"Node", "status.addresses", "type"},
    {"Node", "status.conditions", "type"},
    {"Namespace", "status.conditions", "type"},
};

const MergedList* FindMergedList(absl::string_view kind,
                                 absl::string_view path) {
  for (const MergedList& list : kMergedLists) {
    if ((list.kind.empty() || list.kind == kind) && list.path == path) {
      return &list;
    }
  }
  return nullptr;
}

constexpr absl::string_view kDirective = "$patch";
constexpr absl::string_view kRetainKeys = "$retainKeys";
constexpr absl::string_view kDeleteFrom = "$deleteFromPrimitiveList/";
constexpr absl::string_view kElementOrder = "$setElementOrder/";

absl::string_view Directive(const json::value& patch) {
  const json::object* object = patch.if_object();
  if (object == nullptr) return "";
  const json::value* directive = object->if_contains(Key(kDirective));
  return directive != nullptr && directive->is_string()
             ? View(directive->get_string())
             : absl::string_view();
}

json::value WithoutDirective(const json::value& value) {
  json::value copy = value;
  if (copy.is_object()) copy.get_object().erase(Key(kDirective));
  return copy;
}

// The value by which elements of a merged list are told apart, or null.
const json::value* KeyOf(const json::value& element, absl::string_view key) {
  if (key.empty()) return &element;
  const json::object* object = element.if_object();
  return object == nullptr ? nullptr : object->if_contains(Key(key));
}

json::array::iterator FindElement(json::array& list, absl::string_view key,
                                  const json::value& wanted) {
  return std::find_if(list.begin(), list.end(),
                      [&](const json::value& element) {
                        const json::value* found = KeyOf(element, key);
                        return found != nullptr && *found == wanted;
                      });
}

// Puts the elements that `order` names into its order; the others keep their
// places after them.
void Reorder(json::array& list, absl::string_view key,
             const json::array& order) {
  json::array sorted;
  for (const json::value& entry : order) {
    const json::value* wanted = KeyOf(entry, key);
    if (wanted == nullptr) continue;
    const auto it = FindElement(list, key, *wanted);
    if (it == list.end()) continue;
    sorted.push_back(std::move(*it));
    list.erase(it);
  }
  for (json::value& rest : list) sorted.push_back(std::move(rest));
  list = std::move(sorted);
}

class StrategicMerger {
 public:
  explicit StrategicMerger(absl::string_view kind) : kind_(kind) {}

  absl::Status Merge(json::value& target, const json::value& patch,
                     const std::string& path) {
    if (!patch.is_object()) {
      target = patch;
      return absl::OkStatus();
    }
    const absl::string_view directive = Directive(patch);
    if (directive == "replace") {
      target = WithoutDirective(patch);
      return absl::OkStatus();
    }
    if (directive == "delete") {
      target = json::object();
      return absl::OkStatus();
    }
    if (!directive.empty() && directive != "merge") {
      return absl::InternalError(absl::StrCat("unknown patch type: ", directive,
                                              " in map: ", GoPrint(patch)));
    }
    if (!target.is_object()) target = json::object();
    json::object& object = target.get_object();
    ABSL_RETURN_IF_ERROR(RetainKeys(object, patch.get_object()));
    for (const auto& [raw_key, value] : patch.get_object()) {
      absl::string_view key(raw_key.data(), raw_key.size());
      if (key == kDirective || key == kRetainKeys ||
          absl::StartsWith(key, kElementOrder)) {
        continue;
      }
      if (absl::ConsumePrefix(&key, kDeleteFrom)) {
        ABSL_RETURN_IF_ERROR(DeletePrimitives(object, key, value));
        continue;
      }
      if (value.is_null()) {
        object.erase(raw_key);
        continue;
      }
      const std::string child =
          path.empty() ? std::string(key) : absl::StrCat(path, ".", key);
      const MergedList* list = FindMergedList(kind_, child);
      if (list != nullptr && value.is_array()) {
        ABSL_RETURN_IF_ERROR(
            MergeList(object[raw_key], value.get_array(), *list));
      } else {
        ABSL_RETURN_IF_ERROR(Merge(object[raw_key], value, child));
      }
    }
    // Last, when the new elements are there.
    for (const auto& [raw_key, value] : patch.get_object()) {
      absl::string_view key(raw_key.data(), raw_key.size());
      if (!absl::ConsumePrefix(&key, kElementOrder)) continue;
      const MergedList* list =
          FindMergedList(kind_, path.empty() ? std::string(key)
                                             : absl::StrCat(path, ".", key));
      json::value* target_list = object.if_contains(Key(key));
      if (list == nullptr || target_list == nullptr ||
          !target_list->is_array() || !value.is_array() ||
          target_list->get_array().size() * value.get_array().size() >
              kMaxPairs) {
        continue;
      }
      Reorder(target_list->get_array(), list->key, value.get_array());
    }
    return absl::OkStatus();
  }

 private:
  static absl::Status RetainKeys(json::object& object,
                                 const json::object& patch) {
    const json::value* retain = patch.if_contains(Key(kRetainKeys));
    if (retain == nullptr) return absl::OkStatus();
    if (!retain->is_array()) {
      return absl::InvalidArgumentError(
          "strategic merge patch: $retainKeys is not a list");
    }
    std::vector<std::string> drop;
    for (const auto& [key, value] : object) {
      const json::array& keep = retain->get_array();
      if (std::find(keep.begin(), keep.end(), json::value(key)) == keep.end()) {
        drop.emplace_back(key.data(), key.size());
      }
    }
    for (const std::string& key : drop) object.erase(Key(key));
    return absl::OkStatus();
  }

  static absl::Status DeletePrimitives(json::object& object,
                                       absl::string_view key,
                                       const json::value& doomed) {
    if (!doomed.is_array()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "strategic merge patch: ", kDeleteFrom, key, " is not a list"));
    }
    json::value* list = object.if_contains(Key(key));
    if (list == nullptr || !list->is_array()) return absl::OkStatus();
    if (list->get_array().size() * doomed.get_array().size() > kMaxPairs) {
      return absl::InvalidArgumentError(absl::StrCat(
          "strategic merge patch: ", key, " is too long to be merged"));
    }
    for (const json::value& value : doomed.get_array()) {
      json::array& elements = list->get_array();
      elements.erase(std::remove(elements.begin(), elements.end(), value),
                     elements.end());
    }
    return absl::OkStatus();
  }

  absl::Status MergeList(json::value& target, const json::array& patch,
                         const MergedList& list) {
    if (std::any_of(patch.begin(), patch.end(), [](const json::value& one) {
          return Directive(one) == "replace";
        })) {
      json::array replaced;
      for (const json::value& element : patch) {
        json::value value = WithoutDirective(element);
        // An element of the directive alone replaces by nothing.
        if (!value.is_object() || !value.get_object().empty()) {
          replaced.push_back(std::move(value));
        }
      }
      target = std::move(replaced);
      return absl::OkStatus();
    }
    if (!target.is_array()) target = json::array();
    json::array& elements = target.get_array();
    if ((elements.size() + patch.size()) * patch.size() > kMaxPairs) {
      return absl::InvalidArgumentError(absl::StrCat(
          "strategic merge patch: ", list.path, " is too long to be merged"));
    }
    for (const json::value& element : patch) {
      const json::value* key = KeyOf(element, list.key);
      if (key == nullptr) {
        return absl::InvalidArgumentError(
            absl::StrCat("strategic merge patch: an element of ", list.path,
                         " has no ", list.key));
      }
      const auto it = FindElement(elements, list.key, *key);
      if (Directive(element) == "delete") {
        if (it != elements.end()) elements.erase(it);
      } else if (it == elements.end()) {
        elements.push_back(WithoutDirective(element));
      } else if (!list.key.empty()) {
        ABSL_RETURN_IF_ERROR(Merge(*it, element, ""));
      }
    }
    return absl::OkStatus();
  }

  const absl::string_view kind_;
};

}  // namespace

absl::StatusOr<std::string> ApplyPatch(PatchType type, absl::string_view kind,
                                       absl::string_view document,
                                       absl::string_view patch) {
  ABSL_ASSIGN_OR_RETURN(json::value root, Parse(document));
  absl::StatusOr<json::value> parsed = Parse(patch);
  if (!parsed.ok()) {
    return type == PatchType::kMerge
               ? absl::InvalidArgumentError("invalid JSON patch")
               : parsed.status();
  }
  const json::value& change = *parsed;
  switch (type) {
    case PatchType::kJson:
      ABSL_RETURN_IF_ERROR(ApplyJsonPatch(root, change));
      break;
    case PatchType::kMerge:
    case PatchType::kStrategic:
      if (!change.is_object()) {
        return CannotUnmarshal(change, "map[string]interface {}");
      }
      if (type == PatchType::kMerge) {
        Merge(root, change);
      } else {
        ABSL_RETURN_IF_ERROR(StrategicMerger(kind).Merge(root, change, ""));
      }
      break;
  }
  return json::serialize(root);
}

}  // namespace signet::apiserver
