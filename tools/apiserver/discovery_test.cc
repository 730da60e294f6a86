#include "tools/apiserver/discovery.h"

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "boost/json.hpp"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::apiserver {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr absl::string_view kAddress = "127.0.0.1:6443";
constexpr absl::string_view kAggregated =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,"
    "application/json";

boost::json::object Get(absl::string_view path, absl::string_view accept = "") {
  const std::optional<Document> document = Discover(path, accept, kAddress);
  if (!document.has_value()) {
    ADD_FAILURE() << "nothing at " << path;
    return {};
  }
  return boost::json::parse(document->body).as_object();
}

std::string String(const boost::json::value& value) {
  return std::string(value.as_string());
}

std::vector<std::string> Names(const boost::json::value& list,
                               absl::string_view key) {
  std::vector<std::string> names;
  for (const boost::json::value& item : list.as_array()) {
    names.push_back(
        String(item.at(boost::json::string_view(key.data(), key.size()))));
  }
  return names;
}

TEST(DiscoveryTest, TheOldForm) {
  // SPEC D-18.
  EXPECT_EQ(Discover("/api", "", kAddress)->body,
            R"({"kind":"APIVersions","versions":["v1"],)"
            R"("serverAddressByClientCIDRs":[{"clientCIDR":"0.0.0.0/0",)"
            R"("serverAddress":"127.0.0.1:6443"}]})");
  const std::vector<std::string> groups =
      Names(Get("/apis").at("groups"), "name");
  EXPECT_THAT(groups, ElementsAre("authorization.k8s.io", "certificates.k8s.io",
                                  "coordination.k8s.io", "node.k8s.io",
                                  "rbac.authorization.k8s.io",
                                  "resource.k8s.io", "storage.k8s.io"));
  for (const std::string& group : groups) {
    EXPECT_EQ(String(Get(absl::StrCat("/apis/", group)).at("name")), group);
    EXPECT_EQ(String(Get(absl::StrCat("/apis/", group, "/v1")).at("kind")),
              "APIResourceList");
  }
  EXPECT_THAT(Names(Get("/api/v1").at("resources"), "name"),
              Contains("secrets"));
}

TEST(DiscoveryTest, CertificateRequests) {
  // SPEC D-15, D-18.
  const boost::json::object list = Get("/apis/certificates.k8s.io/v1");
  EXPECT_EQ(String(list.at("groupVersion")), "certificates.k8s.io/v1");
  EXPECT_EQ(boost::json::serialize(list.at("resources").at(0)),
            R"({"name":"certificatesigningrequests",)"
            R"("singularName":"certificatesigningrequest","namespaced":false,)"
            R"("kind":"CertificateSigningRequest","verbs":["create","delete",)"
            R"("deletecollection","get","list","patch","update","watch"],)"
            R"("shortNames":["csr"],"storageVersionHash":"95fRKMXA+00="})");
  EXPECT_EQ(String(list.at("resources").at(1).at("name")),
            "certificatesigningrequests/approval");
  EXPECT_EQ(String(list.at("resources").at(2).at("name")),
            "certificatesigningrequests/status");
}

TEST(DiscoveryTest, TheAggregatedForm) {
  // SPEC D-18.
  const std::optional<Document> document =
      Discover("/apis", kAggregated, kAddress);
  ASSERT_TRUE(document.has_value());
  EXPECT_EQ(document->content_type,
            "application/json;g=apidiscovery.k8s.io;v=v2;"
            "as=APIGroupDiscoveryList");
  const boost::json::object list = Get("/apis", kAggregated);
  EXPECT_EQ(String(list.at("kind")), "APIGroupDiscoveryList");
  EXPECT_EQ(String(list.at("apiVersion")), "apidiscovery.k8s.io/v2");
  const boost::json::value& group = list.at("items").at(1);
  EXPECT_EQ(String(group.at("metadata").at("name")), "certificates.k8s.io");
  const boost::json::value& csr =
      group.at("versions").at(0).at("resources").at(0);
  EXPECT_EQ(String(csr.at("resource")), "certificatesigningrequests");
  EXPECT_EQ(String(csr.at("scope")), "Cluster");
  EXPECT_THAT(Names(csr.at("subresources"), "subresource"),
              ElementsAre("approval", "status"));
  EXPECT_FALSE(Get("/api", kAggregated)
                   .at("items")
                   .at(0)
                   .at("metadata")
                   .as_object()
                   .contains("name"));
  EXPECT_EQ(String(Get("/apis",
                       "application/json;g=apidiscovery.k8s.io;v=v2beta1;"
                       "as=APIGroupDiscoveryList")
                       .at("apiVersion")),
            "apidiscovery.k8s.io/v2beta1");
}

TEST(DiscoveryTest, TheFormThatIsWantedFirst) {
  EXPECT_EQ(String(Get("/apis", absl::StrCat("application/json,", kAggregated))
                       .at("kind")),
            "APIGroupList");
  EXPECT_EQ(
      String(
          Get("/apis", "application/vnd.kubernetes.protobuf, */*").at("kind")),
      "APIGroupList");
}

TEST(DiscoveryTest, OpenApiSaysThatPatchesTakeFieldValidation) {
  // SPEC D-18: else kubectl apply refuses to write.
  EXPECT_EQ(String(Get("/openapi/v3")
                       .at("paths")
                       .at("apis/certificates.k8s.io/v1")
                       .at("serverRelativeURL")),
            "/openapi/v3/apis/certificates.k8s.io/v1");
  const boost::json::object api =
      Get("/openapi/v3/apis/certificates.k8s.io/v1");
  const boost::json::value& patch =
      api.at("paths")
          .at("/apis/certificates.k8s.io/v1/certificatesigningrequests/{name}")
          .at("patch");
  EXPECT_EQ(String(patch.at("parameters").at(0).at("name")), "fieldValidation");
  EXPECT_EQ(boost::json::serialize(patch.at("x-kubernetes-group-version-kind")),
            R"({"group":"certificates.k8s.io","version":"v1",)"
            R"("kind":"CertificateSigningRequest"})");
}

TEST(DiscoveryTest, TheRootListsThePaths) {
  const std::optional<Document> root = Discover("/", "", kAddress);
  ASSERT_TRUE(root.has_value());
  EXPECT_THAT(root->body, HasSubstr(R"("/apis/certificates.k8s.io/v1")"));
}

TEST(DiscoveryTest, WhatIsNotThere) {
  for (const char* path :
       {"/apis/apps", "/apis/apps/v1", "/apis/certificates.k8s.io/v1beta1",
        "/api/v2", "/openapi/v2", "/openapi/v3/apis/apps/v1", "/apisx"}) {
    EXPECT_FALSE(Discover(path, "", kAddress).has_value()) << path;
  }
}

TEST(DiscoveryTest, TheVersionIsThatOfTheApi) {
  // SPEC D-18.
  const boost::json::object version =
      boost::json::parse(VersionJson()).as_object();
  EXPECT_EQ(String(version.at("major")), "1");
  EXPECT_EQ(String(version.at("minor")), "37");
  EXPECT_THAT(String(version.at("gitVersion")), StartsWith("v1.37.2+signet"));
}

}  // namespace
}  // namespace signet::apiserver
