#include "approver_service/csr_file.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "core/api/certificates.pb.h"
#include "core/api/codec.h"
#include "core/api/core.pb.h"
#include "core/testing/csr_builder.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::approver {
namespace {

using ::absl_testing::StatusIs;
using ::testing::HasSubstr;

const api::TypeMeta kCsr = {"certificates.k8s.io/v1",
                            "CertificateSigningRequest"};

std::string Json(const std::string& name) {
  return api::EncodeJson(testing::MakeCsr({.name = name}), kCsr);
}

std::vector<std::string> Names(const std::string& text) {
  const auto csrs = ReadCsrs("f", text);
  std::vector<std::string> names;
  if (!csrs.ok()) return {csrs.status().ToString()};
  for (const api::CertificateSigningRequest& csr : *csrs) {
    EXPECT_FALSE(csr.spec().request().empty());
    names.push_back(csr.metadata().name());
  }
  return names;
}

TEST(ReadCsrsTest, D17ReadsWhatKubectlWrites) {
  using ::testing::ElementsAre;
  EXPECT_THAT(Names(Json("a")), ElementsAre("a"));
  EXPECT_THAT(
      Names(absl::StrCat(R"({"kind":"List","apiVersion":"v1","items":[)",
                         Json("a"), ",", Json("b"), "]}")),
      ElementsAre("a", "b"));
  // JSON is YAML, too.
  EXPECT_THAT(Names(absl::StrCat("# Two.\n---\n", Json("a"), "\n---\n",
                                 Json("b"), "\n")),
              ElementsAre("a", "b"));
  // A server's list, whose items do not say their kind.
  const api::CertificateSigningRequest csr = testing::MakeCsr({.name = "c"});
  EXPECT_THAT(
      Names(api::EncodeListJson(
          {&csr}, {"certificates.k8s.io/v1", "CertificateSigningRequestList"},
          {}, {})),
      ElementsAre("c"));
  EXPECT_THAT(Names(R"(
apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata: {name: by-hand}
spec:
  request: QQ==
  signerName: a.b/c
)"),
              ElementsAre("by-hand"));
}

TEST(ReadCsrsTest, NamesTheFileAndWhatIsWrong) {
  const struct {
    std::string text;
    std::string want;
  } kTests[] = {
      {"", "f: has no CertificateSigningRequest"},
      {"{", "f: is no JSON: incomplete JSON"},
      {R"({"kind":"List","apiVersion":"v1"})", "f: a list without items"},
      {R"({"kind":"Pod","apiVersion":"v1"})",
       "f: expected kind CertificateSigningRequest of certificates.k8s.io/v1, "
       "not kind \"Pod\" of \"v1\""},
      {R"({"kind":"List","apiVersion":"v1","items":[{"kind":"Pod"}]})",
       "f: expected kind CertificateSigningRequest of certificates.k8s.io/v1, "
       "not kind \"Pod\" of \"\""},
      {R"({"kind":"CertificateSigningRequest",
           "apiVersion":"certificates.k8s.io/v1","spec":{"usages":"any"}})",
       "f: spec.usages: expected an array, found a string"},
      {"- a", "f: expected an object of kind CertificateSigningRequest"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.text);
    EXPECT_THAT(ReadCsrs("f", t.text),
                StatusIs(absl::StatusCode::kInvalidArgument, t.want));
  }
  EXPECT_THAT(ReadCsrs("f", "a: [b"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("f: ")));
}

TEST(ReadNodesTest, ReadsNodesOnly) {
  const auto nodes =
      ReadNodes("n", R"({"kind":"List","apiVersion":"v1","items":[
      {"kind":"Node","apiVersion":"v1","metadata":{"name":"node-a"},
       "status":{"addresses":[{"type":"Hostname","address":"node-a"}]}}]})");
  ASSERT_TRUE(nodes.ok()) << nodes.status();
  ASSERT_EQ(nodes->size(), 1u);
  EXPECT_EQ((*nodes)[0].status().addresses(0).address(), "node-a");
  EXPECT_THAT(ReadNodes("n", Json("a")),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "n: expected kind Node of v1, not kind "
                       "\"CertificateSigningRequest\" of "
                       "\"certificates.k8s.io/v1\""));
}

}  // namespace
}  // namespace signet::approver
