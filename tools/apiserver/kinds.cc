#include "tools/apiserver/kinds.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "boost/json/array.hpp"
#include "core/api/certificates.pb.h"
#include "core/api/codec.h"
#include "core/api/coordination.pb.h"
#include "core/api/core.pb.h"
#include "core/api/csr_status_text.h"
#include "core/api/rbac.pb.h"
#include "core/api/resource.h"
#include "core/base/human_duration.h"
#include "google/protobuf/message.h"
#include "tools/apiserver/csr_strategy.h"
#include "tools/apiserver/field_error.h"
#include "tools/apiserver/kind.h"
#include "tools/apiserver/metadata_validation.h"
#include "tools/apiserver/opaque.pb.h"
#include "tools/apiserver/trust_bundle_strategy.h"
#include "tools/apiserver/user.h"

namespace signet::apiserver {
namespace {

using google::protobuf::Message;
using Cells = boost::json::array;

constexpr size_t kMaxDataBytes = 1 << 20;  // Of a Secret or ConfigMap.

// ---- columns

constexpr Column kName = {"Name", "The object's name.", 0, "string", "name"};
constexpr Column kAge = {"Age", "How long ago it was created."};

std::string Since(const api::Time& time, absl::Time now) {
  if (api::IsZero(time)) return "<unknown>";
  return HumanDuration(now - api::ToAbslTime(time));
}

std::string Since(const api::MicroTime& time, absl::Time now) {
  if (api::IsZero(time)) return "<unknown>";
  return HumanDuration(now - api::ToAbslTime(time));
}

std::string OrNone(absl::string_view text, absl::string_view none = "<none>") {
  return std::string(text.empty() ? none : text);
}

// ---- the table's rows, with the casts in one place

template <class T>
const T& As(const Message& object) {
  return static_cast<const T&>(object);
}

template <class T>
Kind NewKind(absl::string_view singular,
             std::vector<absl::string_view> short_names) {
  Kind kind{.info = api::Resource<T>::kInfo,
            .singular = singular,
            .short_names = std::move(short_names),
            .verbs = {"create", "delete", "deletecollection", "get", "list",
                      "patch", "update", "watch"},
            .subresources = {},
            .make = [] { return std::make_unique<T>(); },
            .fields = {},
            .complete = {},
            .prepare_create = {},
            .validate_create = {},
            .prepare_update = {},
            .validate_update = {},
            .columns = {},
            .cells = {}};
  kind.columns = {kName, kAge};
  kind.cells = [](const Message& object, absl::Time now) -> Cells {
    const api::ObjectMeta& metadata = As<T>(object).metadata();
    return {metadata.name(), Since(metadata.creation_timestamp(), now)};
  };
  return kind;
}

template <class T, class F>
void SetCells(Kind& kind, std::vector<Column> columns, F cells) {
  kind.columns = std::move(columns);
  kind.cells = [cells](const Message& object, absl::Time now) {
    return cells(As<T>(object), now);
  };
}

template <class T, class F>
void AddField(Kind& kind, absl::string_view name, F value) {
  kind.fields.emplace_back(name, [value](const Message& object) {
    return std::string(value(As<T>(object)));
  });
}

const Subresource kStatus = {"status", {"get", "patch", "update"}};

// Spec through the object, status through /status.
template <class T>
void SplitStatus(Kind& kind) {
  kind.subresources = {kStatus};
  kind.prepare_update = [](absl::string_view subresource, const Message& stored,
                           absl::Time, Message& updated) {
    const T& old = As<T>(stored);
    T& changed = static_cast<T&>(updated);
    if (subresource == "status") {
      *changed.mutable_spec() = old.spec();
    } else {
      *changed.mutable_status() = old.status();
    }
  };
}

// ---- certificates.k8s.io

CsrPath PathOf(absl::string_view subresource) {
  if (subresource == "status") return CsrPath::kStatus;
  if (subresource == "approval") return CsrPath::kApproval;
  return CsrPath::kMain;
}

Kind CsrKind() {
  using T = api::CertificateSigningRequest;
  Kind kind = NewKind<T>("certificatesigningrequest", {"csr"});
  kind.subresources = {{"approval", {"get", "patch", "update"}}, kStatus};
  kind.name_rule = NameRule::kPathSegment;
  AddField<T>(kind, "spec.signerName",
              [](const T& csr) { return csr.spec().signer_name(); });
  kind.validates_metadata = true;
  kind.prepare_create = [](const User& user, absl::Time, Message& object) {
    PrepareCsrForCreate(user, static_cast<T&>(object));
  };
  kind.validate_create = [](const Message& object) {
    return ValidateCsrCreate(As<T>(object));
  };
  kind.prepare_update = [](absl::string_view subresource, const Message& stored,
                           absl::Time now, Message& updated) {
    PrepareCsrForUpdate(PathOf(subresource), As<T>(stored), now,
                        static_cast<T&>(updated));
  };
  kind.validate_update = [](absl::string_view subresource,
                            const Message& stored, const Message& updated) {
    return ValidateCsrUpdate(PathOf(subresource), As<T>(stored),
                             As<T>(updated));
  };
  // SPEC E-4.
  SetCells<T>(
      kind,
      {kName,
       kAge,
       {"SignerName", "The signer that is asked."},
       {"Requestor", "Who created the request."},
       {"RequestedDuration", "How long the certificate is to be valid."},
       {"Condition", "Approved, denied, failed, issued or pending."}},
      [](const T& csr, absl::Time now) -> Cells {
        const api::CertificateSigningRequestSpec& spec = csr.spec();
        return {csr.metadata().name(),
                Since(csr.metadata().creation_timestamp(), now),
                OrNone(spec.signer_name()),
                spec.username(),
                spec.has_expiration_seconds()
                    ? HumanDuration(absl::Seconds(spec.expiration_seconds()))
                    : "<none>",
                api::CsrStatusText(csr)};
      });
  return kind;
}

Kind ClusterTrustBundleKind() {
  using T = api::ClusterTrustBundle;
  Kind kind = NewKind<T>("clustertrustbundle", {});
  kind.unconditional_update = false;  // SPEC D-20.
  kind.validates_metadata = true;
  kind.validate_create = [](const Message& object) {
    return ValidateTrustBundleCreate(As<T>(object));
  };
  kind.validate_update = [](absl::string_view, const Message& stored,
                            const Message& updated) {
    return ValidateTrustBundleUpdate(As<T>(stored), As<T>(updated));
  };
  AddField<T>(kind, "spec.signerName",
              [](const T& bundle) { return bundle.spec().signer_name(); });
  SetCells<T>(kind, {kName, {"SignerName", "The signer it is for."}},
              [](const T& bundle, absl::Time) -> Cells {
                return {bundle.metadata().name(),
                        OrNone(bundle.spec().signer_name())};
              });
  return kind;
}

// ---- core

// The key of an entry of a Secret or ConfigMap.
std::vector<std::string> CheckDataKey(absl::string_view key) {
  std::vector<std::string> texts;
  if (key.size() > 253) texts.emplace_back("must be no more than 253 bytes");
  const bool good =
      !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
        return absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.';
      });
  if (!good) {
    texts.emplace_back(
        "a valid config key must consist of alphanumeric characters, '-', '_' "
        "or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used "
        "for validation is '[-._a-zA-Z0-9]+')");
  }
  if (key == ".") {
    texts.emplace_back("must not be '.'");
  } else if (key == "..") {
    texts.emplace_back("must not be '..'");
  } else if (absl::StartsWith(key, "..")) {
    texts.emplace_back("must not start with '..'");
  }
  return texts;
}

template <class Map>
void AppendDataErrors(absl::string_view field, const Map& data, size_t& bytes,
                      FieldErrors& errors) {
  const std::map<std::string, std::string> sorted(data.begin(), data.end());
  for (const auto& [key, value] : sorted) {
    bytes += value.size();
    for (const std::string& text : CheckDataKey(key)) {
      errors.push_back(Invalid(absl::StrCat(field, "[", key, "]"),
                               BadValue::String(key), text));
    }
  }
}

template <class Map>
bool SameData(const Map& a, const Map& b) {
  return std::map<std::string, std::string>(a.begin(), a.end()) ==
         std::map<std::string, std::string>(b.begin(), b.end());
}

constexpr absl::string_view kImmutableText =
    "field is immutable when `immutable` is set";

FieldErrors ValidateSecret(const api::Secret& secret) {
  FieldErrors errors;
  size_t bytes = 0;
  AppendDataErrors("data", secret.data(), bytes, errors);
  if (bytes > kMaxDataBytes) errors.push_back(TooLong("data", kMaxDataBytes));
  if (secret.type() == "kubernetes.io/tls") {
    for (const char* key : {"tls.crt", "tls.key"}) {
      if (!secret.data().contains(key)) {
        errors.push_back(Required(absl::StrCat("data[", key, "]")));
      }
    }
  }
  return errors;
}

// What a writer gave as text becomes data (as decoding does in Kubernetes).
void MoveStringData(api::Secret& secret) {
  for (const auto& [key, value] : secret.string_data()) {
    (*secret.mutable_data())[key] = value;
  }
  secret.clear_string_data();
  if (secret.type().empty()) secret.set_type("Opaque");
}

Kind SecretKind() {
  using T = api::Secret;
  Kind kind = NewKind<T>("secret", {});
  AddField<T>(kind, "type", [](const T& secret) { return secret.type(); });
  kind.complete = [](Message& object) {
    MoveStringData(static_cast<T&>(object));
  };
  kind.validate_create = [](const Message& object) {
    return ValidateSecret(As<T>(object));
  };
  kind.validate_update = [](absl::string_view, const Message& stored,
                            const Message& updated) {
    const T& old = As<T>(stored);
    const T& changed = As<T>(updated);
    FieldErrors errors;
    if (changed.type() != old.type()) {
      errors.push_back(Invalid("type", BadValue::Json(changed.type()),
                               "field is immutable"));
    }
    if (old.immutable()) {
      if (!changed.immutable()) {
        errors.push_back(Forbidden("immutable", kImmutableText));
      }
      if (!SameData(changed.data(), old.data())) {
        errors.push_back(Forbidden("data", kImmutableText));
      }
    }
    FieldErrors more = ValidateSecret(changed);
    errors.insert(errors.end(), more.begin(), more.end());
    return errors;
  };
  SetCells<T>(kind,
              {kName,
               {"Type", "What the data is for."},
               {"Data", "The number of entries."},
               kAge},
              [](const T& secret, absl::Time now) -> Cells {
                return {secret.metadata().name(), secret.type(),
                        static_cast<int64_t>(secret.data_size()),
                        Since(secret.metadata().creation_timestamp(), now)};
              });
  return kind;
}

FieldErrors ValidateConfigMap(const api::ConfigMap& map) {
  FieldErrors errors;
  size_t bytes = 0;
  AppendDataErrors("data", map.data(), bytes, errors);
  AppendDataErrors("binaryData", map.binary_data(), bytes, errors);
  for (const auto& [key, value] : std::map<std::string, std::string>(
           map.binary_data().begin(), map.binary_data().end())) {
    if (map.data().contains(key)) {
      errors.push_back(Invalid(absl::StrCat("data[", key, "]"),
                               BadValue::String(key),
                               "duplicate of key present in binaryData"));
    }
  }
  if (bytes > kMaxDataBytes) errors.push_back(TooLong("", kMaxDataBytes));
  return errors;
}

Kind ConfigMapKind() {
  using T = api::ConfigMap;
  Kind kind = NewKind<T>("configmap", {"cm"});
  kind.validate_create = [](const Message& object) {
    return ValidateConfigMap(As<T>(object));
  };
  kind.validate_update = [](absl::string_view, const Message& stored,
                            const Message& updated) {
    const T& old = As<T>(stored);
    const T& changed = As<T>(updated);
    FieldErrors errors;
    if (old.immutable()) {
      if (!changed.immutable()) {
        errors.push_back(Forbidden("immutable", kImmutableText));
      }
      if (!SameData(changed.data(), old.data())) {
        errors.push_back(Forbidden("data", kImmutableText));
      }
      if (!SameData(changed.binary_data(), old.binary_data())) {
        errors.push_back(Forbidden("binaryData", kImmutableText));
      }
    }
    FieldErrors more = ValidateConfigMap(changed);
    errors.insert(errors.end(), more.begin(), more.end());
    return errors;
  };
  SetCells<T>(
      kind, {kName, {"Data", "The number of entries."}, kAge},
      [](const T& map, absl::Time now) -> Cells {
        return {map.metadata().name(),
                static_cast<int64_t>(map.data_size() + map.binary_data_size()),
                Since(map.metadata().creation_timestamp(), now)};
      });
  return kind;
}

Kind NamespaceKind() {
  using T = api::Namespace;
  Kind kind = NewKind<T>("namespace", {"ns"});
  kind.verbs = {"create", "delete", "get", "list", "patch", "update", "watch"};
  kind.name_rule = NameRule::kDnsLabel;
  SplitStatus<T>(kind);
  AddField<T>(kind, "status.phase",
              [](const T& ns) { return ns.status().phase(); });
  kind.prepare_create = [](const User&, absl::Time, Message& object) {
    T& ns = static_cast<T&>(object);
    (*ns.mutable_metadata()->mutable_labels())["kubernetes.io/metadata.name"] =
        ns.metadata().name();
    ns.mutable_spec()->clear_finalizers();
    ns.mutable_spec()->add_finalizers("kubernetes");
    ns.mutable_status()->Clear();
    ns.mutable_status()->set_phase("Active");
  };
  SetCells<T>(kind, {kName, {"Status", "Its phase."}, kAge},
              [](const T& ns, absl::Time now) -> Cells {
                return {ns.metadata().name(), ns.status().phase(),
                        Since(ns.metadata().creation_timestamp(), now)};
              });
  return kind;
}

std::string NodeStatusText(const api::Node& node) {
  std::string text = "Unknown";
  for (const api::NodeCondition& condition : node.status().conditions()) {
    if (condition.type() == "Ready") {
      text = condition.status() == "True" ? "Ready" : "NotReady";
    }
  }
  if (node.spec().unschedulable()) text += ",SchedulingDisabled";
  return text;
}

std::string NodeRoles(const api::Node& node) {
  std::vector<std::string> roles;
  for (const auto& [key, value] : node.metadata().labels()) {
    absl::string_view role = key;
    if (absl::ConsumePrefix(&role, "node-role.kubernetes.io/")) {
      if (!role.empty()) roles.emplace_back(role);
    } else if (key == "kubernetes.io/role" && !value.empty()) {
      roles.push_back(value);
    }
  }
  std::sort(roles.begin(), roles.end());
  roles.erase(std::unique(roles.begin(), roles.end()), roles.end());
  return OrNone(absl::StrJoin(roles, ","));
}

std::string NodeAddressOf(const api::Node& node, absl::string_view type) {
  for (const api::NodeAddress& address : node.status().addresses()) {
    if (address.type() == type) return address.address();
  }
  return "<none>";
}

Kind NodeKind() {
  using T = api::Node;
  Kind kind = NewKind<T>("node", {"no"});
  kind.complete = [](Message& object) {
    T& node = static_cast<T&>(object);
    if (!node.spec().pod_cidr().empty() && node.spec().pod_cidrs().empty()) {
      node.mutable_spec()->add_pod_cidrs(node.spec().pod_cidr());
    }
  };
  SplitStatus<T>(kind);
  AddField<T>(kind, "spec.unschedulable", [](const T& node) {
    return node.spec().unschedulable() ? "true" : "false";
  });
  SetCells<T>(kind,
              {kName,
               {"Status", "Whether the node is ready."},
               {"Roles", "From its labels."},
               kAge,
               {"Version", "The kubelet's version."},
               {"Internal-IP", "Its first internal address.", 1},
               {"External-IP", "Its first external address.", 1},
               {"OS-Image", "Its operating system.", 1},
               {"Kernel-Version", "Its kernel.", 1},
               {"Container-Runtime", "Its container runtime.", 1}},
              [](const T& node, absl::Time now) -> Cells {
                const api::NodeSystemInfo& info = node.status().node_info();
                std::string kernel = OrNone(info.kernel_version(), "<unknown>");
                if (!info.architecture().empty()) {
                  absl::StrAppend(&kernel, " (", info.architecture(), ")");
                }
                return {node.metadata().name(),
                        NodeStatusText(node),
                        NodeRoles(node),
                        Since(node.metadata().creation_timestamp(), now),
                        info.kubelet_version(),
                        NodeAddressOf(node, "InternalIP"),
                        NodeAddressOf(node, "ExternalIP"),
                        OrNone(info.os_image(), "<unknown>"),
                        kernel,
                        OrNone(info.container_runtime_version(), "<unknown>")};
              });
  return kind;
}

std::string EventSourceText(const api::Event& event) {
  const std::string& component = event.source().component().empty()
                                     ? event.reporting_component()
                                     : event.source().component();
  const std::string& instance = event.source().host().empty()
                                    ? event.reporting_instance()
                                    : event.source().host();
  if (instance.empty()) return component;
  return absl::StrCat(component, ", ", instance);
}

// An event lies in the namespace of what it is about, or, if that is in none,
// in one of two.
FieldErrors ValidateEvent(const api::Event& event) {
  const std::string& about = event.involved_object().namespace_();
  const std::string& own = event.metadata().namespace_();
  if (about.empty() ? own == "default" || own == "kube-system" : own == about) {
    return {};
  }
  return {Invalid("involvedObject.namespace", BadValue::String(about),
                  "does not match event.namespace")};
}

Kind EventKind() {
  using T = api::Event;
  Kind kind = NewKind<T>("event", {"ev"});
  kind.validate_create = [](const Message& object) {
    return ValidateEvent(As<T>(object));
  };
  kind.create_on_update = true;
  AddField<T>(kind, "involvedObject.kind",
              [](const T& event) { return event.involved_object().kind(); });
  AddField<T>(kind, "involvedObject.namespace", [](const T& event) {
    return event.involved_object().namespace_();
  });
  AddField<T>(kind, "involvedObject.name",
              [](const T& event) { return event.involved_object().name(); });
  AddField<T>(kind, "involvedObject.uid",
              [](const T& event) { return event.involved_object().uid(); });
  AddField<T>(kind, "involvedObject.apiVersion", [](const T& event) {
    return event.involved_object().api_version();
  });
  AddField<T>(kind, "involvedObject.resourceVersion", [](const T& event) {
    return event.involved_object().resource_version();
  });
  AddField<T>(kind, "involvedObject.fieldPath", [](const T& event) {
    return event.involved_object().field_path();
  });
  AddField<T>(kind, "reason", [](const T& event) { return event.reason(); });
  AddField<T>(kind, "reportingComponent",
              [](const T& event) { return event.reporting_component(); });
  AddField<T>(kind, "source", [](const T& event) {
    return event.source().component().empty() ? event.reporting_component()
                                              : event.source().component();
  });
  AddField<T>(kind, "type", [](const T& event) { return event.type(); });
  SetCells<T>(
      kind,
      {{"Last Seen", "When it was last seen."},
       {"Type", "Normal or Warning."},
       {"Reason", "Why it was emitted."},
       {"Object", "What it is about."},
       {"Subobject", "Which part of that.", 1},
       {"Source", "Who emitted it.", 1},
       {"Message", "What happened."},
       {"First Seen", "When it was first seen.", 1},
       {"Count", "How often it was seen.", 1},
       {"Name", "The event's name.", 1, "string", "name"}},
      [](const T& event, absl::Time now) -> Cells {
        const std::string first = api::IsZero(event.first_timestamp())
                                      ? Since(event.event_time(), now)
                                      : Since(event.first_timestamp(), now);
        std::string last = api::IsZero(event.last_timestamp())
                               ? first
                               : Since(event.last_timestamp(), now);
        int64_t count = event.count() == 0 ? 1 : event.count();
        if (event.has_series()) {
          last = Since(event.series().last_observed_time(), now);
          count = event.series().count();
        }
        std::string target =
            absl::AsciiStrToLower(event.involved_object().kind());
        if (!event.involved_object().name().empty()) {
          absl::StrAppend(&target, "/", event.involved_object().name());
        }
        return {last,
                event.type(),
                event.reason(),
                target,
                event.involved_object().field_path(),
                EventSourceText(event),
                std::string(absl::StripAsciiWhitespace(event.message())),
                first,
                count,
                event.metadata().name()};
      });
  return kind;
}

// ---- coordination.k8s.io

FieldErrors ValidateLease(const api::Lease& lease) {
  const api::LeaseSpec& spec = lease.spec();
  FieldErrors errors;
  if (spec.has_lease_duration_seconds() && spec.lease_duration_seconds() <= 0) {
    errors.push_back(Invalid("spec.leaseDurationSeconds",
                             BadValue::Number(spec.lease_duration_seconds()),
                             "must be greater than 0"));
  }
  if (spec.lease_transitions() < 0) {
    errors.push_back(Invalid("spec.leaseTransitions",
                             BadValue::Number(spec.lease_transitions()),
                             "must be greater than or equal to 0"));
  }
  return errors;
}

Kind LeaseKind() {
  using T = api::Lease;
  Kind kind = NewKind<T>("lease", {});
  kind.validate_create = [](const Message& object) {
    return ValidateLease(As<T>(object));
  };
  kind.validate_update = [](absl::string_view, const Message&,
                            const Message& updated) {
    return ValidateLease(As<T>(updated));
  };
  kind.create_on_update = true;
  kind.unconditional_update = false;
  SetCells<T>(kind, {kName, {"Holder", "Who holds it."}, kAge},
              [](const T& lease, absl::Time now) -> Cells {
                return {lease.metadata().name(), lease.spec().holder_identity(),
                        Since(lease.metadata().creation_timestamp(), now)};
              });
  return kind;
}

// ---- rbac.authorization.k8s.io

template <class T>
Kind RoleKind(absl::string_view singular) {
  Kind kind = NewKind<T>(singular, {});
  kind.name_rule = NameRule::kPathSegment;
  kind.create_on_update = true;
  SetCells<T>(kind, {kName, {"Created At", "When it was created."}},
              [](const T& role, absl::Time) -> Cells {
                return {
                    role.metadata().name(),
                    absl::FormatTime(
                        "%Y-%m-%dT%H:%M:%SZ",
                        api::ToAbslTime(role.metadata().creation_timestamp()),
                        absl::UTCTimeZone())};
              });
  return kind;
}

template <class T>
Kind BindingKind(absl::string_view singular) {
  Kind kind = NewKind<T>(singular, {});
  kind.name_rule = NameRule::kPathSegment;
  kind.create_on_update = true;
  kind.validate_create = [](const Message& object) {
    FieldErrors errors;
    if (As<T>(object).role_ref().name().empty()) {
      errors.push_back(Required("roleRef.name"));
    }
    return errors;
  };
  kind.validate_update = [](absl::string_view, const Message& stored,
                            const Message& updated) {
    FieldErrors errors;
    const api::RoleRef& ref = As<T>(updated).role_ref();
    if (ref.SerializeAsString() !=
        As<T>(stored).role_ref().SerializeAsString()) {
      errors.push_back(Invalid("roleRef", BadValue::Json(ref.name()),
                               "cannot change roleRef"));
    }
    return errors;
  };
  SetCells<T>(kind,
              {kName,
               {"Role", "The role that is granted."},
               kAge,
               {"Users", "To which users.", 1},
               {"Groups", "To which groups.", 1},
               {"ServiceAccounts", "To which service accounts.", 1}},
              [](const T& binding, absl::Time now) -> Cells {
                std::vector<std::string> users, groups, accounts;
                for (const api::Subject& subject : binding.subjects()) {
                  if (subject.kind() == "User") {
                    users.push_back(subject.name());
                  } else if (subject.kind() == "Group") {
                    groups.push_back(subject.name());
                  } else {
                    accounts.push_back(absl::StrCat(subject.namespace_(), "/",
                                                    subject.name()));
                  }
                }
                return {binding.metadata().name(),
                        absl::StrCat(binding.role_ref().kind(), "/",
                                     binding.role_ref().name()),
                        Since(binding.metadata().creation_timestamp(), now),
                        absl::StrJoin(users, ", "),
                        absl::StrJoin(groups, ", "),
                        absl::StrJoin(accounts, ", ")};
              });
  return kind;
}

// ---- kinds that a kubelet registers with or lists

Kind OpaqueKind(const api::ResourceInfo& info, absl::string_view singular,
                std::vector<absl::string_view> short_names) {
  using T = api::OpaqueObject;
  Kind kind{.info = info,
            .singular = singular,
            .short_names = std::move(short_names),
            .verbs = {"create", "delete", "deletecollection", "get", "list",
                      "patch", "update", "watch"},
            .subresources = {},
            .json_bodies = false,
            .make = [] { return std::make_unique<T>(); },
            .fields = {},
            .complete = {},
            .prepare_create = {},
            .validate_create = {},
            .prepare_update = {},
            .validate_update = {},
            .columns = {kName, kAge},
            .cells = [](const Message& object, absl::Time now) -> Cells {
              const api::ObjectMeta& metadata = As<T>(object).metadata();
              return {metadata.name(),
                      Since(metadata.creation_timestamp(), now)};
            }};
  return kind;
}

// A field that can be selected but that is not read: it is always "".
Kind WithUnreadField(Kind kind, absl::string_view field) {
  kind.fields.emplace_back(field, [](const Message&) { return std::string(); });
  return kind;
}

std::vector<Kind> MakeKinds() {
  std::vector<Kind> kinds;
  kinds.push_back(ConfigMapKind());
  kinds.push_back(EventKind());
  kinds.push_back(NamespaceKind());
  kinds.push_back(NodeKind());
  kinds.push_back(WithUnreadField(
      OpaqueKind({"", "v1", "pods", "Pod", true}, "pod", {"po"}),
      "spec.nodeName"));
  kinds.push_back(SecretKind());
  kinds.push_back(
      OpaqueKind({"", "v1", "serviceaccounts", "ServiceAccount", true},
                 "serviceaccount", {"sa"}));
  kinds.push_back(WithUnreadField(
      OpaqueKind({"", "v1", "services", "Service", true}, "service", {"svc"}),
      "spec.clusterIP"));
  kinds.push_back(CsrKind());
  kinds.push_back(ClusterTrustBundleKind());
  kinds.push_back(WithUnreadField(
      OpaqueKind({"certificates.k8s.io", "v1", "podcertificaterequests",
                  "PodCertificateRequest", true},
                 "podcertificaterequest", {"pcr"}),
      "spec.nodeName"));
  kinds.push_back(LeaseKind());
  kinds.push_back(
      OpaqueKind({"node.k8s.io", "v1", "runtimeclasses", "RuntimeClass", false},
                 "runtimeclass", {}));
  kinds.push_back(BindingKind<api::ClusterRoleBinding>("clusterrolebinding"));
  kinds.push_back(RoleKind<api::ClusterRole>("clusterrole"));
  kinds.push_back(BindingKind<api::RoleBinding>("rolebinding"));
  kinds.push_back(RoleKind<api::Role>("role"));
  kinds.push_back(WithUnreadField(
      OpaqueKind(
          {"resource.k8s.io", "v1", "resourceslices", "ResourceSlice", false},
          "resourceslice", {}),
      "spec.nodeName"));
  kinds.push_back(
      OpaqueKind({"storage.k8s.io", "v1", "csidrivers", "CSIDriver", false},
                 "csidriver", {}));
  kinds.push_back(OpaqueKind(
      {"storage.k8s.io", "v1", "csinodes", "CSINode", false}, "csinode", {}));
  return kinds;
}

}  // namespace

const std::vector<Kind>& Kinds() {
  static const auto* const kinds = new std::vector<Kind>(MakeKinds());
  return *kinds;
}

const Kind* FindKind(absl::string_view group, absl::string_view version,
                     absl::string_view plural) {
  for (const Kind& kind : Kinds()) {
    if (kind.info.plural == plural && kind.info.group == group &&
        kind.info.version == version) {
      return &kind;
    }
  }
  return nullptr;
}

bool IsKnownGroup(absl::string_view group) {
  return group == "authorization.k8s.io" ||
         std::any_of(Kinds().begin(), Kinds().end(), [group](const Kind& kind) {
           return kind.info.group == group;
         });
}

bool IsKnownKind(absl::string_view api_version, absl::string_view name) {
  return std::any_of(Kinds().begin(), Kinds().end(), [&](const Kind& kind) {
    return kind.info.kind == name && kind.info.ApiVersion() == api_version;
  });
}

const Kind* FindKindByKey(absl::string_view key) {
  for (const Kind& kind : Kinds()) {
    if (kind.key() == key) return &kind;
  }
  return nullptr;
}

}  // namespace signet::apiserver
