#include "tools/apiserver/rbac.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "core/api/rbac.pb.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "tools/apiserver/access.h"
#include "tools/apiserver/go_quote.h"
#include "tools/apiserver/user.h"

namespace signet::apiserver {
namespace {

using Strings = google::protobuf::RepeatedPtrField<std::string>;
using Rules = google::protobuf::RepeatedPtrField<api::PolicyRule>;
using Subjects = google::protobuf::RepeatedPtrField<api::Subject>;

constexpr absl::string_view kNodePrefix = "system:node:";
constexpr absl::string_view kServiceAccountPrefix = "system:serviceaccount:";

bool Contains(const Strings& values, absl::string_view value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

bool ContainsOrAll(const Strings& values, absl::string_view value) {
  return Contains(values, "*") || Contains(values, value);
}

bool ResourceMatches(const Strings& resources, const AccessRequest& request) {
  if (request.subresource.empty()) {
    return ContainsOrAll(resources, request.resource);
  }
  return ContainsOrAll(resources, absl::StrCat(request.resource, "/",
                                               request.subresource)) ||
         Contains(resources, absl::StrCat("*/", request.subresource));
}

bool PathMatches(const Strings& urls, absl::string_view path) {
  return std::any_of(urls.begin(), urls.end(), [path](absl::string_view url) {
    if (url == path) return true;
    return absl::ConsumeSuffix(&url, "*") && absl::StartsWith(path, url);
  });
}

bool SubjectMatches(const api::Subject& subject, const User& user,
                    absl::string_view binding_namespace) {
  if (subject.kind() == "User") return subject.name() == user.name;
  if (subject.kind() == "Group") {
    return std::find(user.groups.begin(), user.groups.end(), subject.name()) !=
           user.groups.end();
  }
  if (subject.kind() == "ServiceAccount") {
    const absl::string_view ns =
        subject.namespace_().empty() ? binding_namespace : subject.namespace_();
    return !ns.empty() && user.name == absl::StrCat(kServiceAccountPrefix, ns,
                                                    ":", subject.name());
  }
  return false;
}

const api::Subject* MatchingSubject(const Subjects& subjects, const User& user,
                                    absl::string_view binding_namespace) {
  const auto it = std::find_if(
      subjects.begin(), subjects.end(), [&](const api::Subject& subject) {
        return SubjectMatches(subject, user, binding_namespace);
      });
  return it == subjects.end() ? nullptr : &*it;
}

bool AnyAllows(const Rules& rules, const AccessRequest& request) {
  return std::any_of(rules.begin(), rules.end(),
                     [&request](const api::PolicyRule& rule) {
                       return RuleAllows(rule, request);
                     });
}

std::string Reason(absl::string_view kind, absl::string_view name,
                   const api::RoleRef& role, const api::Subject& subject,
                   absl::string_view binding_namespace) {
  std::string subject_name = subject.name();
  if (subject.kind() == "ServiceAccount") {
    absl::StrAppend(&subject_name, "/",
                    subject.namespace_().empty() ? binding_namespace
                                                 : subject.namespace_());
  }
  return absl::StrCat("RBAC: allowed by ", kind, " ", GoQuote(name), " of ",
                      role.kind(), " ", GoQuote(role.name()), " to ",
                      subject.kind(), " ", GoQuote(subject_name));
}

// The object of this name (and namespace), or null.
template <class T>
const T* FindObject(const std::vector<std::shared_ptr<const T>>& objects,
                    absl::string_view name, absl::string_view ns = "") {
  const auto it =
      std::find_if(objects.begin(), objects.end(), [&](const auto& object) {
        return object->metadata().name() == name &&
               object->metadata().namespace_() == ns;
      });
  return it == objects.end() ? nullptr : it->get();
}

// ---- nodes

AccessDecision Allow() { return {.allowed = true, .reason = ""}; }
AccessDecision Refuse(std::string reason = "") {
  return {.allowed = false, .reason = std::move(reason)};
}

template <class... Verbs>
bool IsVerb(const AccessRequest& request, Verbs... verbs) {
  return ((request.verb == verbs) || ...);
}

AccessDecision JudgeNode(absl::string_view node, const AccessRequest& request) {
  if (request.subresource == "status") {
    return IsVerb(request, "update", "patch") ? Allow() : Refuse();
  }
  if (!request.subresource.empty()) return Refuse();
  // Which node is written is for NodeRestriction to check.
  if (IsVerb(request, "create", "update", "patch")) return Allow();
  if (!IsVerb(request, "get", "list", "watch")) return Refuse();
  if (request.name == node) return Allow();
  if (request.name.empty()) {
    return Refuse(absl::StrCat("node '", node,
                               "' cannot read all nodes, only its own Node "
                               "object"));
  }
  return Refuse(absl::StrCat("node '", node, "' cannot read '", request.name,
                             "', only its own Node object"));
}

AccessDecision JudgeLease(absl::string_view node,
                          const AccessRequest& request) {
  if (!IsVerb(request, "get", "create", "update", "patch", "delete")) {
    return Refuse(
        "can only get, create, update, patch, or delete a node lease");
  }
  if (request.namespace_name != "kube-node-lease") {
    return Refuse(
        R"(can only access leases in the "kube-node-lease" system namespace)");
  }
  if (request.verb != "create" && request.name != node) {
    return Refuse(
        "can only access node lease with the same name as the requesting node");
  }
  return Allow();
}

AccessDecision JudgeCsiNode(absl::string_view node,
                            const AccessRequest& request) {
  if (!request.subresource.empty() ||
      !IsVerb(request, "get", "create", "update", "patch", "delete")) {
    return Refuse("can only get, create, update, patch, or delete a CSINode");
  }
  if (request.verb != "create" && request.name != node) {
    return Refuse(
        "can only access CSINode with the same name as the requesting node");
  }
  return Allow();
}

AccessDecision JudgePod(absl::string_view node, const AccessRequest& request) {
  if (request.subresource == "status") {
    return IsVerb(request, "update", "patch") ? Allow() : Refuse();
  }
  if (!request.subresource.empty()) return Refuse();
  if (IsVerb(request, "create", "delete")) return Allow();
  if (IsVerb(request, "list", "watch")) {
    if (request.field_selector == absl::StrCat("spec.nodeName=", node)) {
      return Allow();
    }
    return Refuse("can only list/watch pods with spec.nodeName field selector");
  }
  return Refuse();
}

// Nothing is related to a node as long as there are no pods.
AccessDecision JudgeReadOfObject(absl::string_view node,
                                 const AccessRequest& request) {
  if (!IsVerb(request, "get", "list", "watch")) {
    return Refuse("can only read resources of this type");
  }
  if (request.namespace_name.empty()) {
    return Refuse("can only read namespaced object of this type");
  }
  if (request.name.empty()) return Refuse("No Object name found");
  return Refuse(absl::StrCat("no relationship found between node '", node,
                             "' and this object"));
}

// Lists that a node may have only of what is its own.
AccessDecision JudgeListOfNode(absl::string_view node,
                               const AccessRequest& request) {
  if (request.subresource.empty() &&
      IsVerb(request, "list", "watch", "deletecollection") &&
      request.field_selector == absl::StrCat("spec.nodeName=", node)) {
    return Allow();
  }
  return Refuse(absl::StrCat("can only list/watch ", request.resource,
                             " with nodeName field selector"));
}

// What all nodes may do alike.
bool EveryNodeMay(const AccessRequest& request) {
  if (!request.is_resource || !request.subresource.empty()) return false;
  const bool reads = IsVerb(request, "get", "list", "watch");
  if (request.group.empty()) {
    if (request.resource == "services") return reads;
    if (request.resource == "events") {
      return IsVerb(request, "create", "update", "patch");
    }
    return false;
  }
  if (request.group == "events.k8s.io") {
    return request.resource == "events" &&
           IsVerb(request, "create", "update", "patch");
  }
  if (request.group == "certificates.k8s.io") {
    if (request.resource == "certificatesigningrequests") {
      return reads || request.verb == "create";
    }
    return request.resource == "clustertrustbundles" && reads;
  }
  if (request.group == "authorization.k8s.io") {
    return request.resource == "subjectaccessreviews" &&
           request.verb == "create";
  }
  if (request.group == "storage.k8s.io") {
    return request.resource == "csidrivers" && reads;
  }
  if (request.group == "node.k8s.io") {
    return request.resource == "runtimeclasses" && reads;
  }
  return false;
}

}  // namespace

bool RuleAllows(const api::PolicyRule& rule, const AccessRequest& request) {
  if (!ContainsOrAll(rule.verbs(), request.verb)) return false;
  if (!request.is_resource) {
    return PathMatches(rule.non_resource_urls(), request.path);
  }
  return ContainsOrAll(rule.api_groups(), request.group) &&
         ResourceMatches(rule.resources(), request) &&
         (rule.resource_names().empty() ||
          Contains(rule.resource_names(), request.name));
}

AccessDecision RbacPolicy::Authorize(const AccessRequest& request) const {
  for (const auto& binding : objects_.cluster_role_bindings) {
    const api::Subject* subject =
        MatchingSubject(binding->subjects(), request.user, "");
    if (subject == nullptr) continue;
    const api::ClusterRole* role =
        FindObject(objects_.cluster_roles, binding->role_ref().name());
    if (role != nullptr && AnyAllows(role->rules(), request)) {
      return {.allowed = true,
              .reason = Reason("ClusterRoleBinding", binding->metadata().name(),
                               binding->role_ref(), *subject, "")};
    }
  }
  if (request.namespace_name.empty()) return Refuse();
  for (const auto& binding : objects_.role_bindings) {
    const std::string& ns = binding->metadata().namespace_();
    if (ns != request.namespace_name) continue;
    const api::Subject* subject =
        MatchingSubject(binding->subjects(), request.user, ns);
    if (subject == nullptr) continue;
    const api::RoleRef& ref = binding->role_ref();
    bool allowed = false;
    if (ref.kind() == "ClusterRole") {
      const api::ClusterRole* role =
          FindObject(objects_.cluster_roles, ref.name());
      allowed = role != nullptr && AnyAllows(role->rules(), request);
    } else {
      const api::Role* role = FindObject(objects_.roles, ref.name(), ns);
      allowed = role != nullptr && AnyAllows(role->rules(), request);
    }
    if (allowed) {
      const std::string name =
          absl::StrCat(binding->metadata().name(), "/", ns);
      return {.allowed = true,
              .reason = Reason("RoleBinding", name, ref, *subject, ns)};
    }
  }
  return Refuse();
}

AccessDecision NodeAuthorizer::Authorize(const AccessRequest& request) const {
  AccessDecision decision = JudgeByNode(request);
  if (!decision.reason.empty()) {
    decision.reason = absl::StrCat("node: ", decision.reason);
  }
  return decision;
}

AccessDecision NodeAuthorizer::JudgeByNode(const AccessRequest& request) {
  absl::string_view node = request.user.name;
  if (!absl::ConsumePrefix(&node, kNodePrefix) ||
      std::find(request.user.groups.begin(), request.user.groups.end(),
                "system:nodes") == request.user.groups.end()) {
    return Refuse();
  }
  if (node.empty()) {
    return Refuse(
        absl::StrCat("unknown node for user ", GoQuote(request.user.name)));
  }
  if (!request.is_resource) return Refuse();
  if (request.group.empty()) {
    if (request.resource == "nodes") return JudgeNode(node, request);
    if (request.resource == "pods") return JudgePod(node, request);
    if (request.resource == "secrets" || request.resource == "configmaps") {
      return JudgeReadOfObject(node, request);
    }
  } else if (request.group == "coordination.k8s.io" &&
             request.resource == "leases") {
    return JudgeLease(node, request);
  } else if (request.group == "storage.k8s.io" &&
             request.resource == "csinodes") {
    return JudgeCsiNode(node, request);
  } else if ((request.group == "certificates.k8s.io" &&
              request.resource == "podcertificaterequests") ||
             (request.group == "resource.k8s.io" &&
              request.resource == "resourceslices")) {
    return JudgeListOfNode(node, request);
  }
  return EveryNodeMay(request) ? Allow() : Refuse();
}

AccessDecision MastersAuthorizer::Authorize(
    const AccessRequest& request) const {
  const std::vector<std::string>& groups = request.user.groups;
  return std::find(groups.begin(), groups.end(), "system:masters") ==
                 groups.end()
             ? Refuse()
             : Allow();
}

}  // namespace signet::apiserver
