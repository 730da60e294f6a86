#include "tools/apiserver/structured_merge.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "boost/json.hpp"
#include "google/protobuf/descriptor.h"
#include "tools/apiserver/field_set.h"

namespace signet::apiserver {
namespace {

namespace json = boost::json;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

// How the elements of a place are told apart.
enum class Form {
  kAtomic,  // Not at all: scalars, and what is replaced as a whole.
  kFields,  // By the field's or entry's name.
  kByKey,   // A list of objects, each known by one of its fields.
  kSet,     // A list of values.
};

// What is not as its type alone would say (x-kubernetes-list-type,
// -map-type).
struct Rule {
  absl::string_view kind;  // "" for every kind.
  absl::string_view path;
  Form form;
  absl::string_view key = "";
};
constexpr Rule kRules[] = {
    {"", "metadata.finalizers", Form::kSet},
    {"", "metadata.ownerReferences", Form::kByKey, "uid"},
    {"", "metadata.ownerReferences.", Form::kAtomic},
    {"CertificateSigningRequest", "status.conditions", Form::kByKey, "type"},
    {"ClusterRoleBinding", "roleRef", Form::kAtomic},
    {"Event", "involvedObject", Form::kAtomic},
    {"Event", "related", Form::kAtomic},
    {"Namespace", "status.conditions", Form::kByKey, "type"},
    {"Node", "spec.podCIDRs", Form::kSet},
    {"Node", "status.addresses", Form::kByKey, "type"},
    {"Node", "status.conditions", Form::kByKey, "type"},
    {"RoleBinding", "roleRef", Form::kAtomic},
};

// A place in an object's type.
struct Place {
  const ObjectType& type;
  // Null: values without fields of their own, or unknown.
  const Descriptor* message;
  std::string path;  // "status.conditions"; elements add a dot.
  bool is_list = false;
  bool is_map = false;
  // Of a map's entries and a list's elements; null: scalars.
  const Descriptor* element = nullptr;

  const Rule* FindRule() const {
    for (const Rule& rule : kRules) {
      if ((rule.kind.empty() || rule.kind == type.kind) && rule.path == path) {
        return &rule;
      }
    }
    return nullptr;
  }
  Form form() const {
    if (const Rule* rule = FindRule()) return rule->form;
    if (is_list) return Form::kAtomic;
    return is_map || message != nullptr ? Form::kFields : Form::kAtomic;
  }
  absl::string_view key() const { return FindRule()->key; }

  const FieldDescriptor* FindField(absl::string_view name) const {
    if (message == nullptr) return nullptr;
    for (int i = 0; i < message->field_count(); ++i) {
      if (message->field(i)->json_name() == name) return message->field(i);
    }
    return nullptr;
  }

  // The place of the field or entry `name`.
  Place Field(absl::string_view name) const {
    Place place{
        type, nullptr,
        path.empty() ? std::string(name) : absl::StrCat(path, ".", name)};
    if (is_map) {
      place.message = element;
      return place;
    }
    const FieldDescriptor* field = FindField(name);
    if (field == nullptr) return place;
    if (field->is_map()) {
      place.is_map = true;
      place.element = field->message_type()->map_value()->message_type();
    } else if (field->is_repeated()) {
      place.is_list = true;
      place.element = field->message_type();
    } else {
      place.message = field->message_type();
    }
    return place;
  }
  Place Element() const { return {type, element, absl::StrCat(path, ".")}; }
};

Place Root(const ObjectType& type) { return {type, &type.descriptor, ""}; }

// Scalars of which the codec makes messages: Time and the like.
bool IsLeaf(const Place& place, const json::value& value) {
  const Form form = place.form();
  if (form == Form::kAtomic) return true;
  return form == Form::kFields ? !value.is_object() : !value.is_array();
}

absl::string_view View(json::string_view text) {
  return absl::string_view(text.data(), text.size());
}

// The step to an element of a list; nullopt if it has no key.
std::optional<std::string> StepOf(const Place& list,
                                  const json::value& element) {
  if (list.form() == Form::kSet) {
    return absl::StrCat("v:", json::serialize(element));
  }
  const json::object* object = element.if_object();
  if (object == nullptr) return std::nullopt;
  const absl::string_view key = list.key();
  const json::value* value =
      object->if_contains(json::string_view(key.data(), key.size()));
  if (value == nullptr) return std::nullopt;
  return absl::StrCat(
      "k:", json::serialize(json::object{
                {json::string_view(key.data(), key.size()), *value}}));
}

// The children of a place that is no leaf, each with its step and its place.
template <class Visit>
void ForEachChild(const Place& place, const json::value& value,
                  const Visit& visit) {
  if (place.form() == Form::kFields) {
    for (const auto& [name, child] : value.get_object()) {
      visit(absl::StrCat("f:", View(name)), place.Field(View(name)), child);
    }
    return;
  }
  for (const json::value& element : value.get_array()) {
    const std::optional<std::string> step = StepOf(place, element);
    if (step.has_value()) visit(*step, place.Element(), element);
  }
}

// The child of `value` at `step`, or null.
const json::value* FindChild(const Place& place, const json::value& value,
                             const std::string& step) {
  if (IsLeaf(place, value)) return nullptr;
  const json::value* found = nullptr;
  ForEachChild(
      place, value,
      [&](const std::string& at, const Place&, const json::value& child) {
        if (found == nullptr && at == step) found = &child;
      });
  return found;
}

// All of `value`: itself and whatever is below.
void AddAll(const Place& place, const json::value& value, FieldSet& set) {
  set.member = true;
  if (IsLeaf(place, value)) return;
  ForEachChild(
      place, value,
      [&](const std::string& step, const Place& at, const json::value& child) {
        AddAll(at, child, set.children[step]);
      });
}

void CompareAt(const Place& place, const json::value& before,
               const json::value& after, const std::vector<std::string>& steps,
               Comparison& result) {
  if (IsLeaf(place, before) || IsLeaf(place, after)) {
    if (before != after) result.modified.At(steps).member = true;
    return;
  }
  std::vector<std::string> below = steps;
  below.emplace_back();
  ForEachChild(
      place, after,
      [&](const std::string& step, const Place& at, const json::value& child) {
        below.back() = step;
        if (const json::value* old = FindChild(place, before, step)) {
          CompareAt(at, *old, child, below, result);
        } else {
          AddAll(at, child, result.added.At(below));
        }
      });
  ForEachChild(
      place, before,
      [&](const std::string& step, const Place& at, const json::value& child) {
        if (FindChild(place, after, step) != nullptr) return;
        below.back() = step;
        AddAll(at, child, result.removed.At(below));
      });
}

void AddFields(const Place& place, const json::value& value, FieldSet& set) {
  if (IsLeaf(place, value)) {
    set.member = true;
    return;
  }
  ForEachChild(
      place, value,
      [&](const std::string& step, const Place& at, const json::value& child) {
        FieldSet& below = set.children[step];
        AddFields(at, child, below);
        // Elements and entries are members, and what is empty.
        if (place.is_map || place.is_list || child.is_null() ||
            (child.is_object() && child.get_object().empty())) {
          below.member = true;
        }
      });
}

void MergeAt(const Place& place, const json::value& config, json::value& live) {
  if (IsLeaf(place, config) || IsLeaf(place, live)) {
    live = config;
    return;
  }
  if (place.form() == Form::kFields) {
    json::object& object = live.get_object();
    for (const auto& [name, child] : config.get_object()) {
      if (json::value* old = object.if_contains(name)) {
        MergeAt(place.Field(View(name)), child, *old);
      } else {
        object[name] = child;
      }
    }
    return;
  }
  json::array& list = live.get_array();
  for (const json::value& element : config.get_array()) {
    const std::optional<std::string> step = StepOf(place, element);
    const auto it =
        std::find_if(list.begin(), list.end(), [&](const json::value& old) {
          return step.has_value() && StepOf(place, old) == step;
        });
    if (it == list.end()) {
      list.push_back(element);
    } else {
      MergeAt(place.Element(), element, *it);
    }
  }
}

bool IsEmpty(const json::value& value) {
  if (const json::object* object = value.if_object()) return object->empty();
  if (const json::array* array = value.if_array()) return array->empty();
  return false;
}

// False if nothing of `value` is left.
bool RemoveAt(const Place& place, const FieldSet& last, const FieldSet& owned,
              json::value& value) {
  static const FieldSet* const kNone = new FieldSet();
  if (IsLeaf(place, value) || last.children.empty()) {
    return !last.member || !owned.Empty();
  }
  const auto remains = [&](const std::string& step, const Place& at,
                           json::value& child) {
    const auto then = last.children.find(step);
    if (then == last.children.end()) return true;
    const auto now = owned.children.find(step);
    return RemoveAt(at, then->second,
                    now == owned.children.end() ? *kNone : now->second, child);
  };
  if (json::object* object = value.if_object()) {
    for (auto it = object->begin(); it != object->end();) {
      if (remains(absl::StrCat("f:", View(it->key())),
                  place.Field(View(it->key())), it->value())) {
        ++it;
      } else {
        it = object->erase(it);
      }
    }
  } else {
    json::array& list = value.get_array();
    for (auto it = list.begin(); it != list.end();) {
      const std::optional<std::string> step = StepOf(place, *it);
      if (!step.has_value() || remains(*step, place.Element(), *it)) {
        ++it;
      } else {
        it = list.erase(it);
      }
    }
  }
  return !IsEmpty(value) || !owned.Empty() || place.path.empty();
}

}  // namespace

Comparison Compare(const ObjectType& type, const json::value& before,
                   const json::value& after) {
  Comparison result;
  CompareAt(Root(type), before, after, {}, result);
  return result;
}

FieldSet FieldsOf(const ObjectType& type, const json::value& config) {
  FieldSet set;
  AddFields(Root(type), config, set);
  return set;
}

void MergeInto(const ObjectType& type, const json::value& config,
               json::value& live) {
  MergeAt(Root(type), config, live);
}

void RemoveUnowned(const ObjectType& type, const FieldSet& last,
                   const FieldSet& owned, json::value& object) {
  RemoveAt(Root(type), last, owned, object);
}

}  // namespace signet::apiserver
