#include "tools/apiserver/admission.h"

#include <algorithm>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "core/api/certificates.pb.h"
#include "core/api/core.pb.h"
#include "core/pki/certificate_request.h"
#include "google/protobuf/message.h"
#include "google/protobuf/util/message_differencer.h"
#include "tools/apiserver/access.h"
#include "tools/apiserver/api_error.h"
#include "tools/apiserver/go_quote.h"
#include "tools/apiserver/kind.h"
#include "tools/apiserver/store.h"
#include "tools/apiserver/user.h"

namespace signet::apiserver {
namespace {

using google::protobuf::Message;
using google::protobuf::util::MessageDifferencer;
using Csr = api::CertificateSigningRequest;

constexpr absl::string_view kClientSigner =
    "kubernetes.io/kube-apiserver-client";
constexpr absl::string_view kClientKubeletSigner =
    "kubernetes.io/kube-apiserver-client-kubelet";
constexpr absl::string_view kServingSigner = "kubernetes.io/kubelet-serving";

bool IsCsr(const Kind& kind) {
  return kind.info.plural == "certificatesigningrequests";
}

// The name that a refusal shows.
std::string ShownName(absl::string_view name, const Message* object) {
  if (!name.empty()) return std::string(name);
  if (object == nullptr) return "Unknown";
  const api::ObjectMeta& metadata = MetadataOf(*object);
  if (!metadata.name().empty()) return metadata.name();
  if (!metadata.generate_name().empty()) return metadata.generate_name();
  return "Unknown";
}

absl::Status AdmitNodesCsr(absl::string_view node, const Csr& csr,
                           const Kind& kind, const std::string& shown) {
  const std::string& signer = csr.spec().signer_name();
  if (signer != kServingSigner && signer != kClientKubeletSigner) {
    return absl::OkStatus();
  }
  const absl::StatusOr<pki::CertificateRequest> request =
      pki::CertificateRequest::ParsePem(csr.spec().request());
  if (!request.ok()) {
    return ForbiddenError(
        kind.group_resource(), shown,
        absl::StrCat("unable to parse csr: ", request.status().message()));
  }
  if (request->subject().common_name != absl::StrCat("system:node:", node)) {
    return ForbiddenError(
        kind.group_resource(), shown,
        absl::StrCat("can only create a node CSR with CN=system:node:", node));
  }
  return absl::OkStatus();
}

absl::Status AdmitNodesNode(absl::string_view node, absl::string_view verb,
                            absl::string_view name, const Kind& kind,
                            const std::string& shown, const Message* stored,
                            const Message* object) {
  const auto refuse = [&](absl::string_view why) {
    return ForbiddenError(kind.group_resource(), shown, why);
  };
  if (name != node) {
    return refuse(absl::StrCat("node ", GoQuote(node),
                               " is not allowed to modify node ",
                               GoQuote(name)));
  }
  if (verb == "create" || stored == nullptr || object == nullptr) {
    return absl::OkStatus();
  }
  const auto& old = static_cast<const api::Node&>(*stored);
  const auto& changed = static_cast<const api::Node&>(*object);
  const auto same = [](const auto& a, const auto& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](const auto& x, const auto& y) {
                        return MessageDifferencer::Equals(x, y);
                      });
  };
  if (!same(old.spec().taints(), changed.spec().taints())) {
    return refuse(absl::StrCat("node ", GoQuote(node),
                               " is not allowed to modify taints"));
  }
  if (!same(old.metadata().owner_references(),
            changed.metadata().owner_references())) {
    return refuse(absl::StrCat("node ", GoQuote(node),
                               " is not allowed to modify ownerReferences"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status AdmitNode(const Kind& kind, const User& user,
                       absl::string_view verb, absl::string_view namespace_name,
                       absl::string_view name, const Message* stored,
                       const Message* object) {
  absl::string_view node = user.name;
  if (!absl::ConsumePrefix(&node, "system:node:") ||
      std::find(user.groups.begin(), user.groups.end(), "system:nodes") ==
          user.groups.end()) {
    return absl::OkStatus();
  }
  const std::string shown = ShownName(name, object);
  const auto refuse = [&](absl::string_view why) {
    return ForbiddenError(kind.group_resource(), shown, why);
  };
  if (node.empty()) {
    return refuse(absl::StrCat("could not determine node from user ",
                               GoQuote(user.name)));
  }
  const absl::string_view plural = kind.info.plural;
  if (IsCsr(kind)) {
    if (verb != "create") return absl::OkStatus();
    return AdmitNodesCsr(node, static_cast<const Csr&>(*object), kind, shown);
  }
  if (plural == "nodes") {
    return AdmitNodesNode(node, verb, name, kind, shown, stored, object);
  }
  if (plural == "leases") {
    if (namespace_name != "kube-node-lease") {
      return refuse(
          R"(can only access leases in the "kube-node-lease" system namespace)");
    }
    if (name != node) {
      return refuse(
          "can only access node lease with the same name as the requesting "
          "node");
    }
  }
  if (plural == "csinodes" && name != node) {
    return refuse(
        "can only access CSINode with the same name as the requesting node");
  }
  return absl::OkStatus();
}

absl::Status AdmitCreate(const Kind& kind, const Authorizer& authorizer,
                         const User& user, const Message& object) {
  const std::string shown = ShownName("", &object);
  if (kind.info.plural == "clustertrustbundles") {
    const auto& bundle = static_cast<const api::ClusterTrustBundle&>(object);
    const std::string& signer = bundle.spec().signer_name();
    if (!signer.empty() && !MayUseSigner(authorizer, user, "attest", signer)) {
      return ForbiddenError(
          kind.group_resource(), shown,
          absl::StrCat("user not permitted to attest for signerName ",
                       GoQuote(signer)));
    }
    return absl::OkStatus();
  }
  if (!IsCsr(kind)) return absl::OkStatus();
  const auto& csr = static_cast<const Csr&>(object);
  if (csr.spec().signer_name() != kClientSigner) return absl::OkStatus();
  const absl::StatusOr<pki::CertificateRequest> request =
      pki::CertificateRequest::ParsePem(csr.spec().request());
  if (!request.ok()) {
    return ForbiddenError(
        kind.group_resource(), shown,
        absl::StrCat("failed to parse CSR: ", request.status().message()));
  }
  for (const std::string& group : request->subject().organization) {
    if (group == "system:masters") {
      return ForbiddenError(
          kind.group_resource(), shown,
          absl::StrCat("use of ", kClientSigner,
                       " signer with system:masters group is not allowed"));
    }
  }
  return absl::OkStatus();
}

absl::Status AdmitUpdate(const Kind& kind, const Authorizer& authorizer,
                         const User& user, absl::string_view subresource,
                         const Message& stored, const Message& updated) {
  if (kind.info.plural == "clustertrustbundles") {
    return AdmitCreate(kind, authorizer, user, updated);
  }
  if (!IsCsr(kind)) return absl::OkStatus();
  // By the stored signer: the request may not choose its own judge.
  const auto& old = static_cast<const Csr&>(stored);
  const std::string& signer = old.spec().signer_name();
  const std::string shown = old.metadata().name();
  if (subresource == "approval" &&
      !MayUseSigner(authorizer, user, "approve", signer)) {
    return ForbiddenError(
        kind.group_resource(), shown,
        absl::StrCat("user not permitted to approve requests with signerName ",
                     GoQuote(signer)));
  }
  if (subresource != "status") return absl::OkStatus();
  const auto& changed = static_cast<const Csr&>(updated);
  if (MessageDifferencer::Equals(old.status(), changed.status())) {
    return absl::OkStatus();
  }
  if (!MayUseSigner(authorizer, user, "sign", signer)) {
    return ForbiddenError(
        kind.group_resource(), shown,
        absl::StrCat("user not permitted to sign requests with signerName ",
                     GoQuote(signer)));
  }
  return absl::OkStatus();
}

}  // namespace signet::apiserver
