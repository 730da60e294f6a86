#include "tools/apiserver/admission.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "core/api/certificates.pb.h"
#include "core/api/coordination.pb.h"
#include "core/api/core.pb.h"
#include "core/api/meta.pb.h"
#include "core/testing/csr_builder.h"
#include "gtest/gtest.h"
#include "tools/apiserver/access.h"
#include "tools/apiserver/api_error.h"
#include "tools/apiserver/kind.h"
#include "tools/apiserver/kinds.h"
#include "tools/apiserver/user.h"

namespace signet::apiserver {
namespace {

using Csr = api::CertificateSigningRequest;

const Kind& CsrKind() {
  return *FindKindByKey("certificatesigningrequests.certificates.k8s.io");
}

User NodeA() { return {"system:node:a", "", {"system:nodes"}, {}}; }
User Somebody() { return {"somebody", "", {"system:authenticated"}, {}}; }

Csr Request(absl::string_view signer, absl::string_view common_name,
            std::vector<std::string> organizations = {"system:nodes"}) {
  testing::CsrFields fields;
  fields.name = "c";
  fields.signer_name = std::string(signer);
  fields.subject = {};
  fields.subject.common_name = std::string(common_name);
  fields.subject.organization = std::move(organizations);
  return testing::MakeCsr(fields);
}

// "" or what the refusal says; it is always 403.
std::string Text(const absl::Status& status) {
  if (status.ok()) return "";
  const api::Status answer = ToApi(status);
  EXPECT_EQ(answer.code(), 403);
  EXPECT_EQ(answer.reason(), "Forbidden");
  return answer.message();
}

// Allows one user one verb on the signers that are named.
class SignerAuthorizer : public Authorizer {
 public:
  SignerAuthorizer(std::string user, std::string verb, std::string name)
      : user_(std::move(user)),
        verb_(std::move(verb)),
        name_(std::move(name)) {}
  AccessDecision Authorize(const AccessRequest& request) const override {
    return {.allowed = request.user.name == user_ && request.verb == verb_ &&
                       request.group == "certificates.k8s.io" &&
                       request.resource == "signers" && request.name == name_,
            .reason = ""};
  }

 private:
  const std::string user_;
  const std::string verb_;
  const std::string name_;
};

TEST(NodeRestrictionTest, ANodeAsksForItself) {
  // SPEC B-10.
  constexpr absl::string_view kClient =
      "kubernetes.io/kube-apiserver-client-kubelet";
  constexpr absl::string_view kServing = "kubernetes.io/kubelet-serving";
  const std::string refusal =
      "certificatesigningrequests.certificates.k8s.io \"c\" is forbidden: can "
      "only create a node CSR with CN=system:node:a";
  const struct {
    const char* name;
    User user;
    Csr csr;
    std::string want;
  } kCases[] = {
      {"its own client certificate", NodeA(), Request(kClient, "system:node:a"),
       ""},
      {"its own serving certificate", NodeA(),
       Request(kServing, "system:node:a"), ""},
      {"another node's client certificate", NodeA(),
       Request(kClient, "system:node:b"), refusal},
      {"another node's serving certificate", NodeA(),
       Request(kServing, "system:node:b"), refusal},
      {"a name that only begins so", NodeA(),
       Request(kServing, "system:node:ab"), refusal},
      {"any other signer", NodeA(), Request("example.com/s", "x"), ""},
      {"somebody who is no node", Somebody(), Request(kClient, "system:node:b"),
       ""},
      {"a node's name without the group",
       {"system:node:a", "", {}, {}},
       Request(kClient, "system:node:b"),
       ""},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(
        Text(AdmitNode(CsrKind(), c.user, "create", "", "", nullptr, &c.csr)),
        c.want);
  }
  Csr broken = Request(kClient, "system:node:a");
  broken.mutable_spec()->set_request("x");
  EXPECT_EQ(
      Text(AdmitNode(CsrKind(), NodeA(), "create", "", "", nullptr, &broken)),
      "certificatesigningrequests.certificates.k8s.io \"c\" is "
      "forbidden: unable to parse csr: PEM block type must be CERTIFICATE "
      "REQUEST");
}

TEST(NodeRestrictionTest, ANodeWritesItsOwnNodeAndLease) {
  // SPEC B-10.
  const Kind& nodes = *FindKindByKey("nodes");
  const Kind& leases = *FindKindByKey("leases.coordination.k8s.io");
  api::Node node;
  node.mutable_metadata()->set_name("a");
  api::Lease lease;
  lease.mutable_metadata()->set_name("a");

  EXPECT_EQ(Text(AdmitNode(nodes, NodeA(), "create", "", "a", nullptr, &node)),
            "");
  EXPECT_EQ(Text(AdmitNode(nodes, NodeA(), "delete", "", "b", &node, nullptr)),
            "nodes \"b\" is forbidden: node \"a\" is not allowed to modify "
            "node \"b\"");
  api::Node tainted = node;
  tainted.mutable_spec()->add_taints()->set_key("k");
  EXPECT_EQ(Text(AdmitNode(nodes, NodeA(), "update", "", "a", &node, &tainted)),
            "nodes \"a\" is forbidden: node \"a\" is not allowed to modify "
            "taints");
  api::Node owned = node;
  owned.mutable_metadata()->add_owner_references()->set_name("o");
  EXPECT_EQ(Text(AdmitNode(nodes, NodeA(), "update", "", "a", &node, &owned)),
            "nodes \"a\" is forbidden: node \"a\" is not allowed to modify "
            "ownerReferences");
  api::Node labelled = node;
  (*labelled.mutable_metadata()->mutable_labels())["k"] = "v";
  EXPECT_EQ(
      Text(AdmitNode(nodes, NodeA(), "update", "", "a", &node, &labelled)), "");

  EXPECT_EQ(Text(AdmitNode(leases, NodeA(), "update", "kube-node-lease", "a",
                           &lease, &lease)),
            "");
  EXPECT_EQ(Text(AdmitNode(leases, NodeA(), "update", "kube-node-lease", "b",
                           &lease, &lease)),
            "leases.coordination.k8s.io \"b\" is forbidden: can only access "
            "node lease with the same name as the requesting node");
  EXPECT_EQ(Text(AdmitNode(leases, NodeA(), "update", "default", "a", &lease,
                           &lease)),
            "leases.coordination.k8s.io \"a\" is forbidden: can only access "
            "leases in the \"kube-node-lease\" system namespace");
}

TEST(NodeRestrictionTest, ANodeMustHaveAName) {
  const User nameless = {"system:node:", "", {"system:nodes"}, {}};
  const Csr csr = Request("example.com/s", "x");
  EXPECT_EQ(
      Text(AdmitNode(CsrKind(), nameless, "create", "", "", nullptr, &csr)),
      "certificatesigningrequests.certificates.k8s.io \"c\" is forbidden: "
      "could not determine node from user \"system:node:\"");
}

TEST(SubjectRestrictionTest, NobodyAsksForMastersOfTheClientSigner) {
  // SPEC C-25.
  const SignerAuthorizer nobody("", "", "");
  constexpr absl::string_view kClient = "kubernetes.io/kube-apiserver-client";
  EXPECT_EQ(Text(AdmitCreate(CsrKind(), nobody, Somebody(),
                             Request(kClient, "x", {"a", "b"}))),
            "");
  EXPECT_EQ(Text(AdmitCreate(CsrKind(), nobody, Somebody(),
                             Request(kClient, "x", {"a", "system:masters"}))),
            "certificatesigningrequests.certificates.k8s.io \"c\" is "
            "forbidden: use of kubernetes.io/kube-apiserver-client signer with "
            "system:masters group is not allowed");
  // Other signers are not looked at.
  EXPECT_EQ(
      Text(AdmitCreate(CsrKind(), nobody, Somebody(),
                       Request("example.com/s", "x", {"system:masters"}))),
      "");
}

TEST(CertificateApprovalTest, ApproversNeedTheStoredRequestsSigner) {
  // SPEC C-24, C-25.
  const SignerAuthorizer by_name("somebody", "approve", "example.com/s");
  const SignerAuthorizer by_domain("somebody", "approve", "example.com/*");
  const SignerAuthorizer other("somebody", "approve", "example.com/t");
  const SignerAuthorizer signs("somebody", "sign", "example.com/s");
  const Csr stored = Request("example.com/s", "x");
  Csr updated = stored;
  // As if the request could choose its judge.
  updated.mutable_spec()->set_signer_name("example.com/t");
  const auto approve = [&](const Authorizer& authorizer) {
    return Text(AdmitUpdate(CsrKind(), authorizer, Somebody(), "approval",
                            stored, updated));
  };
  EXPECT_EQ(approve(by_name), "");
  EXPECT_EQ(approve(by_domain), "");
  const std::string refusal =
      "certificatesigningrequests.certificates.k8s.io \"c\" is forbidden: user "
      "not permitted to approve requests with signerName \"example.com/s\"";
  EXPECT_EQ(approve(other), refusal);
  EXPECT_EQ(approve(signs), refusal);
}

TEST(CertificateSigningTest, SignersAreNeededOnlyForChanges) {
  // SPEC C-25.
  const SignerAuthorizer may("somebody", "sign", "example.com/s");
  const SignerAuthorizer may_not("somebody", "approve", "example.com/s");
  const Csr stored = Request("example.com/s", "x");
  Csr signed_one = stored;
  signed_one.mutable_status()->set_certificate("c");
  Csr failed = stored;
  failed.mutable_status()->add_conditions()->set_type("Failed");
  const std::string refusal =
      "certificatesigningrequests.certificates.k8s.io \"c\" is forbidden: user "
      "not permitted to sign requests with signerName \"example.com/s\"";
  for (const Csr& updated : {signed_one, failed}) {
    EXPECT_EQ(Text(AdmitUpdate(CsrKind(), may, Somebody(), "status", stored,
                               updated)),
              "");
    EXPECT_EQ(Text(AdmitUpdate(CsrKind(), may_not, Somebody(), "status", stored,
                               updated)),
              refusal);
  }
  EXPECT_EQ(Text(AdmitUpdate(CsrKind(), may_not, Somebody(), "status", stored,
                             stored)),
            "");
  EXPECT_EQ(
      Text(AdmitUpdate(CsrKind(), may_not, Somebody(), "", stored, signed_one)),
      "");
}

TEST(TrustBundleAttestTest, OneNeedsToAttestForTheSigner) {
  // SPEC C-25.
  const Kind& kind = *FindKindByKey("clustertrustbundles.certificates.k8s.io");
  const SignerAuthorizer may("somebody", "attest", "example.com/s");
  api::ClusterTrustBundle bundle;
  bundle.mutable_metadata()->set_name("example.com:s:v1");
  bundle.mutable_spec()->set_signer_name("example.com/s");
  const std::string refusal =
      "clustertrustbundles.certificates.k8s.io \"example.com:s:v1\" is "
      "forbidden: user not permitted to attest for signerName "
      "\"example.com/s\"";
  EXPECT_EQ(Text(AdmitCreate(kind, may, Somebody(), bundle)), "");
  EXPECT_EQ(Text(AdmitCreate(kind, may, NodeA(), bundle)), refusal);
  EXPECT_EQ(Text(AdmitUpdate(kind, may, NodeA(), "", bundle, bundle)), refusal);
  bundle.mutable_spec()->clear_signer_name();
  EXPECT_EQ(Text(AdmitCreate(kind, may, NodeA(), bundle)), "");
}

}  // namespace
}  // namespace signet::apiserver
