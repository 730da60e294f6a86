#include "tools/apiserver/managed_fields.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "boost/json.hpp"
#include "core/api/codec.h"
#include "core/api/json_error.h"
#include "core/api/meta.pb.h"
#include "core/api/resource.h"
#include "core/api/yaml.h"
#include "google/protobuf/message.h"
#include "tools/apiserver/api_error.h"
#include "tools/apiserver/field_set.h"
#include "tools/apiserver/go_quote.h"
#include "tools/apiserver/kind.h"
#include "tools/apiserver/store.h"
#include "tools/apiserver/structured_merge.h"

namespace signet::apiserver {
namespace {

namespace json = boost::json;
using google::protobuf::Message;

constexpr absl::string_view kApply = "Apply";
constexpr absl::string_view kUpdate = "Update";
constexpr absl::string_view kFieldsType = "FieldsV1";
constexpr size_t kMaxManagerBytes = 128;
// More updaters than these share one entry.
constexpr size_t kMaxUpdaters = 10;
constexpr absl::string_view kManyUpdaters = "ancient-changes";
constexpr absl::string_view kBefore = "before-first-apply";

// What is never owned: it is the server's, or says which object it is.
constexpr absl::string_view kStripped[] = {
    "apiVersion",
    "kind",
    "metadata.creationTimestamp",
    "metadata.generation",
    "metadata.managedFields",
    "metadata.name",
    "metadata.namespace",
    "metadata.resourceVersion",
    "metadata.selfLink",
    "metadata.uid",
};

// What a write through a subresource ("" for none) does not change, so that
// nobody comes to own it (GetResetFields of Kubernetes' strategies).
struct Reset {
  absl::string_view kind;
  absl::string_view subresource;
  absl::string_view path;
};
constexpr Reset kResets[] = {
    {"CertificateSigningRequest", "", "spec"},
    {"CertificateSigningRequest", "", "status"},
    {"CertificateSigningRequest", "approval", "spec"},
    {"CertificateSigningRequest", "approval", "status.certificate"},
    {"CertificateSigningRequest", "status", "spec"},
    {"CertificateSigningRequest", "status", "status.conditions"},
    {"Namespace", "", "status"},
    {"Namespace", "status", "spec"},
    {"Node", "", "status"},
    {"Node", "status", "spec"},
};

std::vector<std::string> StepsOf(absl::string_view path) {
  std::vector<std::string> steps;
  for (const absl::string_view name : absl::StrSplit(path, '.')) {
    steps.push_back(absl::StrCat("f:", name));
  }
  return steps;
}

// ---- managers

struct ManagerId {
  std::string manager;
  std::string operation;
  std::string api_version;  // Of an applier: "", as it may change.
  std::string subresource;

  auto AsTuple() const {
    return std::tie(manager, operation, api_version, subresource);
  }
  friend bool operator<(const ManagerId& a, const ManagerId& b) {
    return a.AsTuple() < b.AsTuple();
  }
  friend bool operator==(const ManagerId& a, const ManagerId& b) {
    return a.AsTuple() == b.AsTuple();
  }
};

struct Owned {
  FieldSet fields;
  std::string api_version;
  api::Time time;
};
using Owners = std::map<ManagerId, Owned>;

ManagerId IdOf(absl::string_view manager, absl::string_view operation,
               absl::string_view api_version, absl::string_view subresource) {
  return {manager.empty() ? "unknown" : std::string(manager),
          std::string(operation),
          operation == kApply ? "" : std::string(api_version),
          std::string(subresource)};
}

Owners OwnersOf(const api::ObjectMeta& metadata) {
  Owners owners;
  for (const api::ManagedFieldsEntry& entry : metadata.managed_fields()) {
    absl::StatusOr<FieldSet> fields =
        FieldSet::FromJson(entry.fields_v1().raw());
    if (!fields.ok()) continue;
    owners[IdOf(entry.manager(), entry.operation(), entry.api_version(),
                entry.subresource())] = {*std::move(fields),
                                         entry.api_version(), entry.time()};
  }
  return owners;
}

void SetOwners(const Owners& owners, api::ObjectMeta& metadata) {
  std::vector<api::ManagedFieldsEntry> entries;
  for (const auto& [id, owned] : owners) {
    if (owned.fields.Empty()) continue;
    api::ManagedFieldsEntry& entry = entries.emplace_back();
    entry.set_manager(id.manager);
    entry.set_operation(id.operation);
    entry.set_api_version(owned.api_version);
    *entry.mutable_time() = owned.time;
    entry.set_fields_type(kFieldsType);
    entry.mutable_fields_v1()->set_raw(owned.fields.ToJson());
    if (!id.subresource.empty()) entry.set_subresource(id.subresource);
  }
  const auto key = [](const api::ManagedFieldsEntry& entry) {
    return std::make_tuple(entry.operation(), entry.time().seconds(),
                           entry.manager(), entry.api_version(),
                           entry.subresource());
  };
  std::sort(
      entries.begin(), entries.end(),
      [&key](const api::ManagedFieldsEntry& a,
             const api::ManagedFieldsEntry& b) { return key(a) < key(b); });
  metadata.clear_managed_fields();
  for (api::ManagedFieldsEntry& entry : entries) {
    *metadata.add_managed_fields() = std::move(entry);
  }
}

void CapUpdaters(Owners& owners) {
  std::vector<Owners::iterator> updaters;
  for (auto it = owners.begin(); it != owners.end(); ++it) {
    if (it->first.operation == kUpdate) updaters.push_back(it);
  }
  if (updaters.size() <= kMaxUpdaters) return;
  std::sort(updaters.begin(), updaters.end(), [](auto a, auto b) {
    return std::make_pair(a->second.time.seconds(), a->first) <
           std::make_pair(b->second.time.seconds(), b->first);
  });
  Owned merged;
  const size_t surplus = updaters.size() - kMaxUpdaters + 1;
  for (size_t i = 0; i < surplus; ++i) {
    const Owned& old = updaters[i]->second;
    merged.fields.Add(old.fields);
    merged.api_version = old.api_version;
    merged.time = old.time;
    owners.erase(updaters[i]);
  }
  const ManagerId id = IdOf(kManyUpdaters, kUpdate, merged.api_version, "");
  merged.fields.Add(owners[id].fields);
  owners[id] = std::move(merged);
}

// ---- objects

ObjectType TypeOf(const api::ResourceInfo& info, const Message& object) {
  return {*object.GetDescriptor(), info.kind};
}

json::value Tree(const Message& object) {
  // What the codec writes can be read.
  return json::parse(api::EncodeJson(object, {}));
}

void StripFields(const api::ResourceInfo& info, absl::string_view subresource,
                 FieldSet& fields) {
  for (const absl::string_view path : kStripped) fields.Prune(StepsOf(path));
  fields.At({"f:metadata"}).member = false;
  for (const Reset& reset : kResets) {
    if (reset.kind == info.kind && reset.subresource == subresource) {
      fields.Prune(StepsOf(reset.path));
    }
  }
}

// Takes from all but `self` what the write took or removed.
void TakeFromOthers(const ManagerId& self, const FieldSet& taken,
                    const FieldSet& removed, Owners& owners) {
  for (auto& [id, owned] : owners) {
    if (id == self) continue;
    owned.fields.Remove(taken);
    owned.fields.Remove(removed);
  }
}

std::string ManagerText(const ManagerId& id, const Owned& owned) {
  std::string text = GoQuote(id.manager);
  if (!id.subresource.empty()) {
    absl::StrAppend(&text, " with subresource ", GoQuote(id.subresource));
  }
  if (id.operation == kUpdate) {
    absl::StrAppend(&text, " using ", owned.api_version);
  }
  return text;
}

absl::Status ConflictError(
    const std::vector<std::pair<std::string, std::string>>& conflicts) {
  api::Status status;
  status.mutable_metadata();
  status.set_status("Failure");
  status.set_reason("Conflict");
  status.set_code(409);
  std::map<std::string, std::vector<std::string>> by_manager;
  for (const auto& [manager, path] : conflicts) {
    api::StatusCause& cause = *status.mutable_details()->add_causes();
    cause.set_reason("FieldManagerConflict");
    cause.set_message(absl::StrCat("conflict with ", manager));
    cause.set_field(path);
    by_manager[manager].push_back(absl::StrCat("- ", path));
  }
  if (conflicts.size() == 1) {
    status.set_message(
        absl::StrCat("Apply failed with 1 conflict: conflict with ",
                     conflicts[0].first, ": ", conflicts[0].second));
    return FromApi(status);
  }
  std::vector<std::string> lines;
  for (const auto& [manager, paths] : by_manager) {
    lines.push_back(absl::StrCat("conflicts with ", manager, ":"));
    lines.insert(lines.end(), paths.begin(), paths.end());
  }
  status.set_message(absl::StrCat("Apply failed with ", conflicts.size(),
                                  " conflicts: ", absl::StrJoin(lines, "\n")));
  return FromApi(status);
}

// The configuration as a tree, without what says which kind it is.
absl::StatusOr<json::value> ReadConfiguration(const Kind& kind,
                                              absl::string_view text) {
  const absl::StatusOr<std::vector<std::string>> documents =
      api::YamlToJson(text);
  if (!documents.ok()) {
    return BadRequest(
        absl::StrCat("error decoding YAML: ", documents.status().message()));
  }
  json::value config = documents->empty() ? json::value(json::object())
                                          : json::parse(documents->front());
  if (!config.is_object()) {
    return BadRequest("error decoding YAML: the configuration is no object");
  }
  json::object& object = config.get_object();
  const auto take = [&object](json::string_view name) -> std::string {
    const json::value* value = object.if_contains(name);
    std::string text_of;
    if (value != nullptr && value->is_string()) {
      text_of = std::string(value->get_string());
    }
    object.erase(name);
    return text_of;
  };
  const std::string api_version = take("apiVersion");
  const std::string name = take("kind");
  if (api_version != kind.info.ApiVersion() || name != kind.info.kind) {
    const size_t slash = api_version.find('/');
    const std::string group =
        slash == std::string::npos ? "" : api_version.substr(0, slash);
    const std::string version = slash == std::string::npos
                                    ? api_version
                                    : api_version.substr(slash + 1);
    return BadRequest(absl::StrCat("invalid object type: ", group, "/", version,
                                   ", Kind=", name));
  }
  return config;
}

}  // namespace

std::string ManagerOf(absl::string_view field_manager,
                      absl::string_view user_agent) {
  if (!field_manager.empty()) return std::string(field_manager);
  std::string manager;
  for (const char c : user_agent.substr(0, user_agent.find('/'))) {
    if (absl::ascii_isprint(c)) manager += c;
  }
  return manager.substr(0, kMaxManagerBytes);
}

void TrackUpdate(const api::ResourceInfo& info, const Message& live,
                 const FieldWriter& writer, Message& updated) {
  api::ObjectMeta& metadata = MutableMetadataOf(updated);
  metadata.clear_managed_fields();
  const api::ObjectMeta& live_metadata = MetadataOf(live);
  if (!live_metadata.uid().empty() && live_metadata.managed_fields().empty()) {
    return;
  }
  const Comparison change =
      Compare(TypeOf(info, live), Tree(live), Tree(updated));
  const std::string api_version = info.ApiVersion();
  const ManagerId self =
      IdOf(writer.manager, kUpdate, api_version, writer.subresource);
  FieldSet taken = change.added;
  taken.Add(change.modified);
  StripFields(info, writer.subresource, taken);
  FieldSet removed = change.removed;
  StripFields(info, writer.subresource, removed);

  Owners owners = OwnersOf(live_metadata);
  TakeFromOthers(self, taken, removed, owners);
  const auto own = owners.find(self);
  if (own != owners.end()) own->second.fields.Remove(removed);
  if (!taken.Empty()) {
    Owned& owned = owners[self];
    owned.fields.Add(taken);
    owned.api_version = api_version;
    owned.time = api::FromAbslTime(writer.now);
    CapUpdaters(owners);
  }
  SetOwners(owners, metadata);
}

absl::StatusOr<std::unique_ptr<Message>> ApplyConfiguration(
    const Kind& kind, const Message& live, const FieldWriter& writer,
    absl::string_view configuration, bool force) {
  ABSL_ASSIGN_OR_RETURN(const json::value config,
                        ReadConfiguration(kind, configuration));
  const ObjectType type = TypeOf(kind.info, live);
  const std::string api_version = kind.info.ApiVersion();
  const ManagerId self =
      IdOf(writer.manager, kApply, api_version, writer.subresource);
  Owners owners = OwnersOf(MetadataOf(live));
  if (owners.empty() && !MetadataOf(live).uid().empty()) {
    // What was there before anybody applied.
    std::unique_ptr<Message> owned_by_all(live.New());
    owned_by_all->CopyFrom(live);
    TrackUpdate(kind.info, *kind.make(),
                {std::string(kBefore), writer.subresource, writer.now},
                *owned_by_all);
    owners = OwnersOf(MetadataOf(*owned_by_all));
  }
  const FieldSet last = owners[self].fields;

  FieldSet fields = FieldsOf(type, config);
  FieldSet owned = fields;
  StripFields(kind.info, writer.subresource, fields);
  owners[self].fields = fields;
  owners[self].api_version = api_version;
  for (const auto& [id, other] : owners) owned.Add(other.fields);

  std::unique_ptr<Message> bare(live.New());
  bare->CopyFrom(live);
  MutableMetadataOf(*bare).clear_managed_fields();
  const json::value before = Tree(*bare);
  json::value after = before;
  MergeInto(type, config, after);
  RemoveUnowned(type, last, owned, after);

  std::unique_ptr<Message> object = kind.make();
  std::vector<std::string> unknown;
  const absl::Status decoded =
      api::DecodeJson(json::serialize(after), object.get(), nullptr, &unknown);
  if (!decoded.ok()) return BadRequest(api::GoErrorText(decoded));
  const std::string& name = MetadataOf(live).name();
  if (!unknown.empty()) {
    return Unclassified(absl::StrCat(
        "failed to create typed patch object (",
        MetadataOf(*object).namespace_(), "/", MetadataOf(*object).name(), "; ",
        api_version, ", Kind=", kind.info.kind, "): .", unknown.front(),
        ": field not declared in schema"));
  }
  if (!name.empty() && MetadataOf(*object).name() != name) {
    return NameMismatch(MetadataOf(*object).name(), name);
  }

  const Comparison change = Compare(type, before, Tree(*object));
  FieldSet taken = change.added;
  taken.Add(change.modified);
  if (!force) {
    std::vector<std::pair<std::string, std::string>> conflicts;
    for (const auto& [id, other] : owners) {
      if (id == self) continue;
      for (const std::string& path : other.fields.Intersection(taken).Paths()) {
        conflicts.emplace_back(ManagerText(id, other), path);
      }
    }
    if (!conflicts.empty()) return ConflictError(conflicts);
  }
  TakeFromOthers(self, taken, change.removed, owners);
  if (!taken.Empty() || !change.removed.Empty()) {
    owners[self].time = api::FromAbslTime(writer.now);
  }
  SetOwners(owners, MutableMetadataOf(*object));
  return object;
}

}  // namespace signet::apiserver
