#include "core/api/json_rules.h"

#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/strip.h"

namespace signet::api {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

constexpr absl::string_view kPackage = "signet.api.";

// Fields whose Go tag has no omitempty, and all whose Go type is a struct (on
// those, omitempty does nothing).
constexpr absl::string_view kAlways[] = {
    "AttachedVolume.device_path",
    "AttachedVolume.name",
    "CertificateSigningRequest.metadata",
    "CertificateSigningRequest.spec",
    "CertificateSigningRequest.status",
    "CertificateSigningRequestCondition.last_transition_time",
    "CertificateSigningRequestCondition.last_update_time",
    "CertificateSigningRequestCondition.status",
    "CertificateSigningRequestCondition.type",
    "CertificateSigningRequestSpec.request",
    "CertificateSigningRequestSpec.signer_name",
    "ClusterRole.metadata",
    "ClusterRole.rules",
    "ClusterRoleBinding.metadata",
    "ClusterRoleBinding.role_ref",
    "ClusterTrustBundle.metadata",
    "ClusterTrustBundle.spec",
    "ClusterTrustBundleSpec.trust_bundle",
    "ConfigMap.metadata",
    "ConfigMapNodeConfigSource.kubelet_config_key",
    "ConfigMapNodeConfigSource.name",
    "ConfigMapNodeConfigSource.namespace",
    "ContainerImage.names",
    "DaemonEndpoint.port",
    "Event.event_time",
    "Event.first_timestamp",
    "Event.involved_object",
    "Event.last_timestamp",
    "Event.metadata",
    "Event.reporting_component",
    "Event.reporting_instance",
    "Event.source",
    "EventSeries.last_observed_time",
    "FieldSelectorRequirement.key",
    "FieldSelectorRequirement.operator",
    "LabelSelectorRequirement.key",
    "LabelSelectorRequirement.operator",
    "Lease.metadata",
    "Lease.spec",
    "Namespace.metadata",
    "Namespace.spec",
    "Namespace.status",
    "NamespaceCondition.last_transition_time",
    "NamespaceCondition.status",
    "NamespaceCondition.type",
    "Node.metadata",
    "Node.spec",
    "Node.status",
    "NodeAddress.address",
    "NodeAddress.type",
    "NodeCondition.last_heartbeat_time",
    "NodeCondition.last_transition_time",
    "NodeCondition.status",
    "NodeCondition.type",
    "NodeDaemonEndpoints.kubelet_endpoint",
    "NodeRuntimeHandler.name",
    "NodeStatus.daemon_endpoints",
    "NodeStatus.node_info",
    "NodeSystemInfo.architecture",
    "NodeSystemInfo.boot_id",
    "NodeSystemInfo.container_runtime_version",
    "NodeSystemInfo.kernel_version",
    "NodeSystemInfo.kube_proxy_version",
    "NodeSystemInfo.kubelet_version",
    "NodeSystemInfo.machine_id",
    "NodeSystemInfo.operating_system",
    "NodeSystemInfo.os_image",
    "NodeSystemInfo.system_uuid",
    "OwnerReference.api_version",
    "OwnerReference.kind",
    "OwnerReference.name",
    "OwnerReference.uid",
    "PolicyRule.verbs",
    "Role.metadata",
    "Role.rules",
    "RoleBinding.metadata",
    "RoleBinding.role_ref",
    "RoleRef.api_group",
    "RoleRef.kind",
    "RoleRef.name",
    "Secret.metadata",
    "SelfSubjectAccessReview.metadata",
    "SelfSubjectAccessReview.spec",
    "SelfSubjectAccessReview.status",
    "ShardInfo.selector",
    "Status.metadata",
    "Subject.kind",
    "Subject.name",
    "SubjectAccessReview.metadata",
    "SubjectAccessReview.spec",
    "SubjectAccessReview.status",
    "SubjectAccessReviewStatus.allowed",
    "Taint.effect",
    "Taint.key",
    "WatchEvent.object",
    "WatchEvent.type",
};

// Scalars that are pointers in Go. (Messages are kIfSet unless listed above.)
constexpr absl::string_view kIfSet[] = {
    "CertificateSigningRequestSpec.expiration_seconds",
    "ConfigMap.immutable",
    "DeleteOptions.grace_period_seconds",
    "DeleteOptions.ignore_store_read_error_with_cluster_breaking_potential",
    "DeleteOptions.orphan_dependents",
    "DeleteOptions.propagation_policy",
    "LeaseSpec.holder_identity",
    "LeaseSpec.lease_duration_seconds",
    "LeaseSpec.lease_transitions",
    "LeaseSpec.preferred_holder",
    "LeaseSpec.strategy",
    "ListMeta.remaining_item_count",
    "NodeFeatures.supplemental_groups_policy",
    "NodeRuntimeHandlerFeatures.recursive_read_only_mounts",
    "NodeRuntimeHandlerFeatures.user_namespaces",
    "NodeSwapStatus.capacity",
    "NodeSystemInfo.running_in_user_namespace",
    "ObjectMeta.deletion_grace_period_seconds",
    "OwnerReference.block_owner_deletion",
    "OwnerReference.controller",
    "Preconditions.resource_version",
    "Preconditions.uid",
    "Secret.immutable",
};

// A struct with omitzero.
constexpr absl::string_view kIfNotEmpty[] = {
    "ObjectMeta.creation_timestamp",
};

using RuleTable = absl::flat_hash_map<absl::string_view, JsonRule>;

const RuleTable& Rules() {
  static const RuleTable* const table = [] {
    auto* rules = new RuleTable;
    for (absl::string_view row : kAlways) (*rules)[row] = JsonRule::kAlways;
    for (absl::string_view row : kIfSet) (*rules)[row] = JsonRule::kIfSet;
    for (absl::string_view row : kIfNotEmpty) {
      (*rules)[row] = JsonRule::kIfNotEmpty;
    }
    return rules;
  }();
  return *table;
}

}  // namespace

JsonRule JsonRuleOf(const FieldDescriptor& field) {
  const auto rule =
      Rules().find(absl::StripPrefix(field.full_name(), kPackage));
  if (rule != Rules().end()) return rule->second;
  return field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE &&
                 !field.is_repeated()
             ? JsonRule::kIfSet
             : JsonRule::kIfNotEmpty;
}

JsonForm JsonFormOf(const Descriptor& message) {
  static const auto* const forms =
      new absl::flat_hash_map<absl::string_view, JsonForm>{
          {"Time", JsonForm::kTime},
          {"MicroTime", JsonForm::kMicroTime},
          {"Quantity", JsonForm::kQuantity},
          {"ExtraValue", JsonForm::kStringList},
          {"FieldsV1", JsonForm::kRaw},
          {"RawExtension", JsonForm::kRaw},
      };
  const auto form = forms->find(message.name());
  return form == forms->end() ? JsonForm::kObject : form->second;
}

absl::Span<const absl::string_view> JsonRuleRows() {
  static const auto* const rows = [] {
    auto* all = new std::vector<absl::string_view>;
    for (const auto& [row, rule] : Rules()) all->push_back(row);
    return all;
  }();
  return *rows;
}

}  // namespace signet::api
