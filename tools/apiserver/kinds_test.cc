#include "tools/apiserver/kinds.h"

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "boost/json/serialize.hpp"
#include "core/api/certificates.pb.h"
#include "core/api/codec.h"
#include "core/api/coordination.pb.h"
#include "core/api/core.pb.h"
#include "core/api/meta.pb.h"
#include "core/api/rbac.pb.h"
#include "gmock/gmock.h"
#include "google/protobuf/message.h"
#include "gtest/gtest.h"
#include "tools/apiserver/field_error.h"
#include "tools/apiserver/kind.h"

namespace signet::apiserver {
namespace {

using google::protobuf::Message;
using ::testing::ElementsAre;

const absl::Time kNow = absl::FromUnixSeconds(1700000000);

template <class T>
T Named(absl::string_view name) {
  T object;
  object.mutable_metadata()->set_name(name);
  *object.mutable_metadata()->mutable_creation_timestamp() =
      api::FromAbslTime(kNow - absl::Hours(3));
  return object;
}

const Kind& Find(absl::string_view key) {
  const Kind* kind = FindKindByKey(key);
  EXPECT_NE(kind, nullptr) << key;
  return *kind;
}

std::string Columns(const Kind& kind) {
  std::vector<std::string> names;
  for (const Column& column : kind.columns) {
    names.push_back(std::string(column.name) +
                    (column.priority > 0 ? "+" : ""));
  }
  return absl::StrJoin(names, ",");
}

std::string Row(const Kind& kind, const Message& object) {
  return boost::json::serialize(kind.cells(object, kNow));
}

std::string Text(const FieldErrors& errors) {
  std::vector<std::string> texts;
  for (const FieldError& error : errors) texts.push_back(error.ToString());
  return absl::StrJoin(texts, " | ");
}

TEST(KindsTest, CertificateRequestsAreAsKubernetesHasThem) {
  // SPEC D-15, D-14.
  const Kind& kind = Find("certificatesigningrequests.certificates.k8s.io");
  EXPECT_FALSE(kind.info.namespaced);
  EXPECT_EQ(kind.singular, "certificatesigningrequest");
  EXPECT_THAT(kind.short_names, ElementsAre("csr"));
  EXPECT_THAT(kind.verbs,
              ElementsAre("create", "delete", "deletecollection", "get", "list",
                          "patch", "update", "watch"));
  ASSERT_NE(kind.FindSubresource("approval"), nullptr);
  ASSERT_NE(kind.FindSubresource("status"), nullptr);
  EXPECT_THAT(kind.FindSubresource("approval")->verbs,
              ElementsAre("get", "patch", "update"));
  EXPECT_EQ(kind.FindSubresource("log"), nullptr);
  EXPECT_TRUE(kind.unconditional_update);
  EXPECT_FALSE(kind.create_on_update);
  EXPECT_EQ(kind.FindField("spec.username"), nullptr);
  auto csr = Named<api::CertificateSigningRequest>("a");
  csr.mutable_spec()->set_signer_name("example.com/s");
  ASSERT_NE(kind.FindField("spec.signerName"), nullptr);
  EXPECT_EQ((*kind.FindField("spec.signerName"))(csr), "example.com/s");
}

TEST(KindsTest, EveryKindIsWhole) {
  std::set<std::string> keys;
  for (const Kind& kind : Kinds()) {
    SCOPED_TRACE(kind.key());
    EXPECT_TRUE(keys.insert(kind.key()).second);
    EXPECT_TRUE(std::is_sorted(kind.verbs.begin(), kind.verbs.end()));
    ASSERT_NE(kind.make, nullptr);
    const std::unique_ptr<Message> object = kind.make();
    // A row must have as many cells as there are columns, whatever is unset.
    EXPECT_EQ(kind.cells(*object, kNow).size(), kind.columns.size());
    EXPECT_EQ(FindKind(kind.info.group, kind.info.version, kind.info.plural),
              &kind);
    EXPECT_TRUE(IsKnownGroup(kind.info.group));
  }
  EXPECT_TRUE(IsKnownGroup("authorization.k8s.io"));
  EXPECT_FALSE(IsKnownGroup("apps"));
  EXPECT_EQ(
      FindKind("certificates.k8s.io", "v1beta1", "certificatesigningrequests"),
      nullptr);
}

TEST(KindsTest, TablesOfRequests) {
  // SPEC E-3, E-4, E-5.
  const Kind& kind = Find("certificatesigningrequests.certificates.k8s.io");
  EXPECT_EQ(Columns(kind),
            "Name,Age,SignerName,Requestor,RequestedDuration,Condition");
  auto csr = Named<api::CertificateSigningRequest>("a");
  EXPECT_EQ(Row(kind, csr), R"(["a","3h","<none>","","<none>","Pending"])");
  csr.mutable_spec()->set_signer_name("example.com/s");
  csr.mutable_spec()->set_username("someone");
  csr.mutable_spec()->set_expiration_seconds(86400);
  csr.mutable_status()->add_conditions()->set_type("Approved");
  csr.mutable_status()->set_certificate("x");
  EXPECT_EQ(Row(kind, csr),
            R"(["a","3h","example.com/s","someone","24h","Approved,Issued"])");
}

TEST(KindsTest, TablesOfTheOthers) {
  auto secret = Named<api::Secret>("s");
  secret.set_type("Opaque");
  (*secret.mutable_data())["a"] = "1";
  EXPECT_EQ(Columns(Find("secrets")), "Name,Type,Data,Age");
  EXPECT_EQ(Row(Find("secrets"), secret), R"(["s","Opaque",1,"3h"])");

  auto map = Named<api::ConfigMap>("m");
  (*map.mutable_data())["a"] = "1";
  (*map.mutable_binary_data())["b"] = "2";
  EXPECT_EQ(Row(Find("configmaps"), map), R"(["m",2,"3h"])");

  auto lease = Named<api::Lease>("l");
  lease.mutable_spec()->set_holder_identity("me");
  EXPECT_EQ(Columns(Find("leases.coordination.k8s.io")), "Name,Holder,Age");
  EXPECT_EQ(Row(Find("leases.coordination.k8s.io"), lease),
            R"(["l","me","3h"])");

  auto bundle = Named<api::ClusterTrustBundle>("b");
  EXPECT_EQ(Row(Find("clustertrustbundles.certificates.k8s.io"), bundle),
            R"(["b","<none>"])");

  auto binding = Named<api::ClusterRoleBinding>("b");
  binding.mutable_role_ref()->set_kind("ClusterRole");
  binding.mutable_role_ref()->set_name("r");
  const auto add = [&binding](absl::string_view kind, absl::string_view name) {
    api::Subject& subject = *binding.add_subjects();
    subject.set_kind(kind);
    subject.set_name(name);
    if (kind == "ServiceAccount") subject.set_namespace_("ns");
  };
  add("User", "u");
  add("Group", "g");
  add("Group", "h");
  add("ServiceAccount", "sa");
  EXPECT_EQ(Row(Find("clusterrolebindings.rbac.authorization.k8s.io"), binding),
            R"(["b","ClusterRole/r","3h","u","g, h","ns/sa"])");

  auto role = Named<api::ClusterRole>("r");
  EXPECT_EQ(Row(Find("clusterroles.rbac.authorization.k8s.io"), role),
            R"(["r","2023-11-14T19:13:20Z"])");
}

TEST(KindsTest, TablesOfNodes) {
  const Kind& kind = Find("nodes");
  EXPECT_EQ(Columns(kind),
            "Name,Status,Roles,Age,Version,Internal-IP+,External-IP+,OS-Image+,"
            "Kernel-Version+,Container-Runtime+");
  auto node = Named<api::Node>("n");
  EXPECT_EQ(Row(kind, node),
            R"(["n","Unknown","<none>","3h","","<none>","<none>","<unknown>",)"
            R"("<unknown>","<unknown>"])");
  api::NodeCondition& ready = *node.mutable_status()->add_conditions();
  ready.set_type("Ready");
  ready.set_status("True");
  node.mutable_spec()->set_unschedulable(true);
  auto& labels = *node.mutable_metadata()->mutable_labels();
  labels["node-role.kubernetes.io/worker"] = "";
  labels["node-role.kubernetes.io/control-plane"] = "";
  labels["kubernetes.io/role"] = "worker";
  api::NodeAddress& address = *node.mutable_status()->add_addresses();
  address.set_type("InternalIP");
  address.set_address("192.0.2.1");
  api::NodeSystemInfo& info = *node.mutable_status()->mutable_node_info();
  info.set_kubelet_version("v1.37.2");
  info.set_kernel_version("6.1");
  info.set_architecture("amd64");
  EXPECT_EQ(Row(kind, node),
            R"x(["n","Ready,SchedulingDisabled","control-plane,worker","3h",)x"
            R"x("v1.37.2","192.0.2.1","<none>","<unknown>","6.1 (amd64)",)x"
            R"x("<unknown>"])x");
  node.mutable_status()->mutable_conditions(0)->set_status("Unknown");
  node.mutable_spec()->clear_unschedulable();
  EXPECT_THAT(Row(kind, node), ::testing::StartsWith(R"(["n","NotReady",)"));
}

TEST(KindsTest, TablesOfEvents) {
  const Kind& kind = Find("events");
  auto event = Named<api::Event>("e");
  event.set_type("Warning");
  event.set_reason("Bad");
  event.set_message(" here \n");
  event.mutable_involved_object()->set_kind("CertificateSigningRequest");
  event.mutable_involved_object()->set_name("a");
  event.mutable_source()->set_component("tester");
  event.mutable_source()->set_host("h");
  event.set_count(3);
  *event.mutable_first_timestamp() = api::FromAbslTime(kNow - absl::Minutes(5));
  *event.mutable_last_timestamp() = api::FromAbslTime(kNow - absl::Minutes(4));
  EXPECT_EQ(Row(kind, event),
            R"(["4m","Warning","Bad","certificatesigningrequest/a","",)"
            R"("tester, h","here","5m",3,"e"])");
}

TEST(SecretRulesTest, TextBecomesDataAndAType) {
  const Kind& kind = Find("secrets");
  auto secret = Named<api::Secret>("s");
  (*secret.mutable_data())["a"] = "old";
  (*secret.mutable_string_data())["a"] = "new";
  kind.complete(secret);
  EXPECT_EQ(secret.data().at("a"), "new");
  EXPECT_TRUE(secret.string_data().empty());
  EXPECT_EQ(secret.type(), "Opaque");
}

TEST(NodeRulesTest, TheFirstPodRangeIsAlsoInTheList) {
  const Kind& kind = Find("nodes");
  auto node = Named<api::Node>("n");
  node.mutable_spec()->set_pod_cidr("10.0.0.0/24");
  kind.complete(node);
  kind.complete(node);
  ASSERT_EQ(node.spec().pod_cidrs_size(), 1);
  EXPECT_EQ(node.spec().pod_cidrs(0), "10.0.0.0/24");
}

TEST(SecretRulesTest, Validation) {
  const Kind& kind = Find("secrets");
  auto secret = Named<api::Secret>("s");
  secret.set_type("kubernetes.io/tls");
  EXPECT_EQ(Text(kind.validate_create(secret)),
            "data[tls.crt]: Required value | data[tls.key]: Required value");
  (*secret.mutable_data())["tls.crt"] = "";
  (*secret.mutable_data())["tls.key"] = "";
  EXPECT_EQ(Text(kind.validate_create(secret)), "");
  (*secret.mutable_data())["a/b"] = "";
  EXPECT_EQ(Text(kind.validate_create(secret)),
            "data[a/b]: Invalid value: \"a/b\": a valid config key must "
            "consist of alphanumeric characters, '-', '_' or '.' (e.g. "
            "'key.name',  or 'KEY_NAME',  or 'key-name', regex used for "
            "validation is '[-._a-zA-Z0-9]+')");
  auto large = Named<api::Secret>("s");
  (*large.mutable_data())["a"] = std::string((1 << 20) + 1, 'x');
  EXPECT_EQ(Text(kind.validate_create(large)),
            "data: Too long: may not be more than 1048576 bytes");
}

TEST(SecretRulesTest, WhatDoesNotChange) {
  const Kind& kind = Find("secrets");
  auto stored = Named<api::Secret>("s");
  stored.set_type("Opaque");
  (*stored.mutable_data())["a"] = "1";
  api::Secret updated = stored;
  updated.set_type("example.com/other");
  EXPECT_EQ(Text(kind.validate_update("", stored, updated)),
            "type: Invalid value: \"example.com/other\": field is immutable");
  stored.set_immutable(true);
  updated = stored;
  EXPECT_EQ(Text(kind.validate_update("", stored, updated)), "");
  updated.set_immutable(false);
  (*updated.mutable_data())["a"] = "2";
  EXPECT_EQ(Text(kind.validate_update("", stored, updated)),
            "immutable: Forbidden: field is immutable when `immutable` is set "
            "| data: Forbidden: field is immutable when `immutable` is set");
}

TEST(ConfigMapRulesTest, Validation) {
  const Kind& kind = Find("configmaps");
  auto map = Named<api::ConfigMap>("m");
  (*map.mutable_data())["a"] = "1";
  EXPECT_EQ(Text(kind.validate_create(map)), "");
  (*map.mutable_binary_data())["a"] = "2";
  EXPECT_EQ(Text(kind.validate_create(map)),
            "data[a]: Invalid value: \"a\": duplicate of key present in "
            "binaryData");
  auto stored = Named<api::ConfigMap>("m");
  stored.set_immutable(true);
  api::ConfigMap updated = stored;
  (*updated.mutable_data())["a"] = "1";
  EXPECT_EQ(Text(kind.validate_update("", stored, updated)),
            "data: Forbidden: field is immutable when `immutable` is set");
}

TEST(NamespaceRulesTest, NewOnesAreActiveAndNameThemselves) {
  const Kind& kind = Find("namespaces");
  auto ns = Named<api::Namespace>("n");
  kind.prepare_create({}, kNow, ns);
  EXPECT_EQ(ns.status().phase(), "Active");
  EXPECT_EQ(ns.metadata().labels().at("kubernetes.io/metadata.name"), "n");
  EXPECT_EQ(Row(kind, ns), R"(["n","Active","3h"])");
}

TEST(NodeRulesTest, SpecAndStatusAreWrittenApart) {
  const Kind& kind = Find("nodes");
  auto stored = Named<api::Node>("n");
  stored.mutable_spec()->set_provider_id("p");
  stored.mutable_status()->set_phase("s");
  auto updated = Named<api::Node>("n");
  updated.mutable_spec()->set_provider_id("p2");
  updated.mutable_status()->set_phase("s2");
  api::Node both = updated;
  kind.prepare_update("", stored, kNow, both);
  EXPECT_EQ(both.spec().provider_id(), "p2");
  EXPECT_EQ(both.status().phase(), "s");
  both = updated;
  kind.prepare_update("status", stored, kNow, both);
  EXPECT_EQ(both.spec().provider_id(), "p");
  EXPECT_EQ(both.status().phase(), "s2");
}

TEST(BindingRulesTest, TheRoleOfABindingStays) {
  const Kind& kind = Find("clusterrolebindings.rbac.authorization.k8s.io");
  auto binding = Named<api::ClusterRoleBinding>("b");
  EXPECT_EQ(Text(kind.validate_create(binding)),
            "roleRef.name: Required value");
  binding.mutable_role_ref()->set_name("r");
  auto other = binding;
  other.mutable_role_ref()->set_name("q");
  EXPECT_EQ(Text(kind.validate_update("", binding, other)),
            "roleRef: Invalid value: \"q\": cannot change roleRef");
  EXPECT_EQ(Text(kind.validate_update("", binding, binding)), "");
}

}  // namespace
}  // namespace signet::apiserver
