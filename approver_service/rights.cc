#include "approver_service/rights.h"

#include <string>
#include <vector>

#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "approver_service/decision_journal.h"
#include "core/api/authorization.pb.h"
#include "core/k8s/resource_api.h"
#include "core/policy/approver_config.h"
#include "core/policy/serving_approval.h"
#include "core/policy/signer_names.h"

namespace signet::approver {
namespace {

constexpr char kCertificates[] = "certificates.k8s.io";
constexpr char kRequests[] = "certificatesigningrequests";

Right ToApproveFor(absl::string_view signer_name) {
  return {.verb = "approve",
          .group = kCertificates,
          .resource = "signers",
          .name = std::string(signer_name),
          .purpose = "to approve for that signer"};
}

}  // namespace

std::string Right::ToString() const {
  std::string text = absl::StrCat(verb, " ", resource);
  if (!group.empty()) absl::StrAppend(&text, ".", group);
  if (!subresource.empty()) absl::StrAppend(&text, "/", subresource);
  if (!name.empty()) absl::StrAppend(&text, " \"", name, "\"");
  if (!namespace_name.empty()) {
    absl::StrAppend(&text, " in namespace ", namespace_name);
  }
  return text;
}

std::vector<Right> NeededRights(const policy::ApproverConfig& config,
                                const RightsOptions& options) {
  const Explanations& explanations = options.explanations;
  const bool dry_run = options.dry_run;
  std::vector<Right> rights;
  for (const char* verb : {"get", "list", "watch"}) {
    rights.push_back({.verb = verb,
                      .group = kCertificates,
                      .resource = kRequests,
                      .purpose = "to read requests"});
  }
  if (!dry_run) {
    rights.push_back({.verb = "update",
                      .group = kCertificates,
                      .resource = kRequests,
                      .subresource = "approval",
                      .purpose = "to write decisions"});
    if (config.client.approve) {
      rights.push_back(ToApproveFor(policy::kKubeApiserverClientKubelet));
    }
    if (config.serving) {
      rights.push_back(ToApproveFor(policy::kKubeletServing));
    }
  }
  if (config.client.approve) {
    rights.push_back({.verb = "create",
                      .group = "authorization.k8s.io",
                      .resource = "subjectaccessreviews",
                      .purpose = "to ask what requesters may do"});
  }
  if (policy::Asks(config, policy::Witness::kNodeStatus) ||
      policy::Asks(config, policy::Witness::kServedCertificate) ||
      config.client.refuse_ready_node) {
    rights.push_back({.verb = "get",
                      .resource = "nodes",
                      .purpose = "to know nodes' addresses"});
  }
  if (explanations.events && !dry_run) {
    for (const char* verb : {"create", "patch"}) {
      rights.push_back({.verb = verb,
                        .resource = "events",
                        .namespace_name = "default",
                        .purpose = "to say why a request waits"});
    }
  }
  if (explanations.annotations && !dry_run) {
    rights.push_back({.verb = "patch",
                      .group = kCertificates,
                      .resource = kRequests,
                      .purpose = "to say why a request waits"});
  }
  if (options.leader.elect && !dry_run) {
    const service::LeaderFlags& leader = options.leader;
    for (const char* verb : {"create", "get", "update"}) {
      // What is yet to be made has no name.
      const bool named = absl::string_view(verb) != "create";
      rights.push_back({.verb = verb,
                        .group = "coordination.k8s.io",
                        .resource = "leases",
                        .name = named ? leader.resource_name : "",
                        .namespace_name = leader.resource_namespace,
                        .purpose = "to be the one replica that works"});
    }
  }
  return rights;
}

absl::StatusOr<std::vector<Right>> MissingRights(
    k8s::ResourceApi<api::SelfSubjectAccessReview>& reviews,
    absl::Span<const Right> rights) {
  std::vector<Right> missing;
  for (const Right& right : rights) {
    api::SelfSubjectAccessReview review;
    api::ResourceAttributes& access =
        *review.mutable_spec()->mutable_resource_attributes();
    access.set_verb(right.verb);
    access.set_group(right.group);
    access.set_resource(right.resource);
    access.set_subresource(right.subresource);
    access.set_name(right.name);
    access.set_namespace_(right.namespace_name);
    ABSL_ASSIGN_OR_RETURN(const api::SelfSubjectAccessReview answer,
                          reviews.Create(review), _ << right.ToString());
    if (!answer.status().allowed()) missing.push_back(right);
  }
  return missing;
}

}  // namespace signet::approver
