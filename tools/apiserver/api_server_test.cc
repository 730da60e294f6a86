#include "tools/apiserver/api_server.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock_interface.h"
#include "absl/time/simulated_clock.h"
#include "absl/time/time.h"
#include "boost/json.hpp"
#include "core/api/certificates.pb.h"
#include "core/api/codec.h"
#include "core/api/meta.pb.h"
#include "core/base/secret.h"
#include "core/http/message.h"
#include "core/http/server.h"
#include "core/testing/csr_builder.h"
#include "core/testing/fake_rng.h"
#include "core/testing/test_ca.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tools/apiserver/authenticator.h"
#include "tools/apiserver/fake_responder.h"
#include "tools/apiserver/store.h"

namespace signet::apiserver {
namespace {

using absl_testing::StatusIs;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::StartsWith;
using Csr = api::CertificateSigningRequest;
using Fields = std::vector<std::pair<std::string, std::string>>;

constexpr absl::string_view kCsrs =
    "/apis/certificates.k8s.io/v1/certificatesigningrequests";
constexpr absl::string_view kMaps = "/api/v1/namespaces/default/configmaps";
constexpr absl::string_view kLeases =
    "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases";
constexpr absl::string_view kClientKubelet =
    "kubernetes.io/kube-apiserver-client-kubelet";
constexpr absl::string_view kBootstrapToken = "abcdef.0123456789abcdef";
constexpr absl::string_view kMergePatch = "application/merge-patch+json";

// Tokens of users; each token is its user's short name.
std::vector<StaticToken> Tokens() {
  std::vector<StaticToken> tokens;
  const auto add = [&tokens](absl::string_view token, absl::string_view user,
                             std::vector<std::string> groups) {
    StaticToken& one = tokens.emplace_back();
    one.token = Secret(token);
    one.user.name = std::string(user);
    one.user.groups = std::move(groups);
  };
  add("admin", "admin", {"system:masters"});
  add("alice", "alice", {});
  add("node-a", "system:node:a", {"system:nodes"});
  add("approver", "signet-approver", {});
  add("signer", "signet-signer", {});
  return tokens;
}

// What came back. Of a stream, `chunks` has the body.
struct Answer {
  int status = 0;
  http::Headers headers;
  std::string body;
  std::vector<std::string> chunks;

  boost::json::value json() const {
    boost::system::error_code error;
    boost::json::value value = boost::json::parse(body, error);
    EXPECT_FALSE(error) << body;
    return value;
  }
  // "403 Forbidden the message" of a Status object.
  std::string Error() const {
    const boost::json::value value = json();
    const auto text = [&value](const char* key) {
      const boost::json::value* found = value.as_object().if_contains(key);
      return found == nullptr ? std::string() : std::string(found->as_string());
    };
    EXPECT_EQ(text("kind"), "Status");
    EXPECT_EQ(text("status"), "Failure");
    EXPECT_EQ(value.at("code").as_int64(), status);
    return absl::StrCat(status, " ", text("reason"), " ", text("message"));
  }
};

class ApiServerTest : public ::testing::Test {
 protected:
  explicit ApiServerTest(const StoreLimits& limits = {})
      : clock_(absl::FromUnixSeconds(1700000000)),
        rng_(1),
        store_(nullptr, limits) {
    ApiServerOptions options;
    options.tokens = Tokens();
    options.server_address = "127.0.0.1:6443";
    options.client_ca_pem = "the CA\n";
    server_.emplace(store_, rng_, clock_, std::move(options));
    CHECK_OK(server_->Bootstrap());
    CHECK_OK(server_->AddBootstrapToken(kBootstrapToken));
  }

  static http::Request MakeRequest(absl::string_view token,
                                   absl::string_view method,
                                   absl::string_view target,
                                   absl::string_view body,
                                   const Fields& headers) {
    http::Request request;
    request.method = std::string(method);
    request.target = std::string(target);
    request.body = std::string(body);
    if (!token.empty()) {
      request.headers.Set("authorization", absl::StrCat("Bearer ", token));
    }
    for (const auto& [name, value] : headers) request.headers.Set(name, value);
    return request;
  }
  Answer Do(absl::string_view token, absl::string_view method,
            absl::string_view target, absl::string_view body = "",
            const Fields& headers = {}) {
    const auto responder = std::make_shared<FakeResponder>();
    server_->handler()(MakeRequest(token, method, target, body, headers), {},
                       responder);
    const http::Response response = responder->response();
    return {response.status, response.headers, response.body,
            responder->chunks()};
  }
  Answer Get(absl::string_view token, absl::string_view target,
             const Fields& headers = {}) {
    return Do(token, "GET", target, "", headers);
  }
  // Creates a ConfigMap in namespace default.
  Answer PutMap(absl::string_view name, absl::string_view labels = "{}") {
    return Do("admin", "POST", kMaps,
              absl::StrCat(R"({"metadata":{"name":")", name, R"(","labels":)",
                           labels, "}}"));
  }

  static std::string Json(const Csr& csr) {
    return api::EncodeJson(
        csr, {"certificates.k8s.io/v1", "CertificateSigningRequest"});
  }
  // The body of a request for node a, as its kubelet makes it.
  static Csr NodeCsr(absl::string_view name = "c",
                     absl::string_view signer = kClientKubelet) {
    testing::CsrFields fields;
    fields.name = std::string(name);
    fields.signer_name = std::string(signer);
    fields.subject.common_name = "system:node:a";
    return testing::MakeCsr(fields);
  }
  // Creates it as the bootstrap token's user; returns what is stored.
  Csr CreateCsr(absl::string_view name = "c",
                absl::string_view signer = kClientKubelet) {
    const Answer answer =
        Do(kBootstrapToken, "POST", kCsrs, Json(NodeCsr(name, signer)));
    EXPECT_EQ(answer.status, 201) << answer.body;
    return ParseCsr(answer.body);
  }
  static Csr ParseCsr(absl::string_view body) {
    Csr csr;
    api::TypeMeta type;
    CHECK_OK(api::DecodeJson(body, &csr, &type));
    return csr;
  }
  static void AddCondition(Csr& csr, absl::string_view type) {
    auto& condition = *csr.mutable_status()->add_conditions();
    condition.set_type(type);
    condition.set_status("True");
    condition.set_reason("Test");
  }

  static std::vector<std::string> Names(const Answer& list) {
    std::vector<std::string> names;
    const boost::json::value value = list.json();
    const boost::json::value* items = value.as_object().if_contains("items");
    if (items == nullptr) return {absl::StrCat("no list: ", list.body)};
    for (const boost::json::value& item : items->as_array()) {
      names.emplace_back(item.at("metadata").at("name").as_string());
    }
    return names;
  }
  static std::string Path(absl::string_view base, absl::string_view rest) {
    return absl::StrCat(base, rest);
  }

  absl::SimulatedClock clock_;
  testing::SeededRng rng_;
  Store store_;
  std::optional<ApiServer> server_;
};

// ---- who may do what

TEST_F(ApiServerTest, AnyoneMayAskForHealthAndVersion) {
  for (const char* path : {"/healthz", "/livez", "/readyz"}) {
    const Answer answer = Get("", path);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "ok");
  }
  const Answer version = Get("", "/version");
  EXPECT_EQ(version.json().at("minor").as_string(), "37");
  EXPECT_EQ(Do("", "POST", "/healthz").status, 403);
  EXPECT_EQ(Do("admin", "POST", "/healthz").status, 405);
}

TEST_F(ApiServerTest, NobodyElseGetsAnything) {
  EXPECT_EQ(Get("", kCsrs).Error(),
            "403 Forbidden certificatesigningrequests.certificates.k8s.io is "
            "forbidden: User \"system:anonymous\" cannot list resource "
            "\"certificatesigningrequests\" in API group "
            "\"certificates.k8s.io\" at the cluster scope");
  EXPECT_EQ(Get("alice", "/api/v1/namespaces/default/secrets/s").Error(),
            "403 Forbidden secrets \"s\" is forbidden: User \"alice\" cannot "
            "get resource \"secrets\" in API group \"\" in the namespace "
            "\"default\"");
  EXPECT_EQ(Get("", "/metrics").Error(),
            "403 Forbidden forbidden: User \"system:anonymous\" cannot get "
            "path \"/metrics\"");
  EXPECT_EQ(Get("wrong", kCsrs).Error(), "401 Unauthorized Unauthorized");
  // Even for what anyone may ask.
  EXPECT_EQ(Get("wrong", "/healthz").status, 401);
}

TEST_F(ApiServerTest, DiscoveryIsForThoseWhoAreSomebody) {
  EXPECT_EQ(Get("", "/apis").status, 403);
  EXPECT_EQ(Get("alice", "/apis").status, 200);
  EXPECT_EQ(Get("alice", "/openapi/v3").status, 200);
  const Answer unknown = Get("admin", "/openapi/v2");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(unknown.body, "404 page not found\n");
}

TEST_F(ApiServerTest, ImpersonationIsRefused) {
  const Answer answer =
      Get("admin", kCsrs, {{"Impersonate-User", "system:admin"}});
  EXPECT_THAT(answer.Error(), HasSubstr("impersonation is not supported"));
  EXPECT_EQ(answer.status, 403);
}

TEST_F(ApiServerTest, AClientCertificateIsRecordedInTheRequest) {
  // SPEC D-1.
  const testing::TestCa ca;
  ApiServerOptions options;
  options.client_trust = ca.trust();
  clock_.SetTime(absl::Clock::GetRealClock().TimeNow());
  Store store(nullptr);
  ApiServer server(store, rng_, clock_, std::move(options));
  CHECK_OK(server.Bootstrap());
  const testing::TestIdentity node =
      ca.Client("system:node:a", {"system:nodes"});
  const auto responder = std::make_shared<FakeResponder>();
  server.handler()(MakeRequest("", "POST", kCsrs, Json(NodeCsr()), {}),
                   {"", {node.certificate()}}, responder);
  const http::Response response = responder->response();
  ASSERT_EQ(response.status, 201) << response.body;
  const Csr csr = ParseCsr(response.body);
  EXPECT_EQ(csr.spec().username(), "system:node:a");
  EXPECT_THAT(csr.spec().groups(),
              ElementsAre("system:nodes", "system:authenticated"));
  const auto& ids =
      csr.spec().extra().at("authentication.kubernetes.io/credential-id");
  EXPECT_THAT(ids.items(),
              ElementsAre(MatchesRegex("X509SHA256=[0-9a-f]{64}")));
}

// ---- certificate requests

TEST_F(ApiServerTest, ARequestIsItsMakers) {
  // SPEC D-1, B-12.
  Csr asked = NodeCsr();
  asked.mutable_spec()->set_username("system:admin");
  asked.mutable_spec()->set_uid("u");
  asked.mutable_spec()->add_groups("system:masters");
  asked.mutable_status()->set_certificate("mine");
  AddCondition(asked, "Approved");
  const Answer answer = Do(kBootstrapToken, "POST", kCsrs, Json(asked));
  ASSERT_EQ(answer.status, 201) << answer.body;
  const Csr csr = ParseCsr(answer.body);
  EXPECT_EQ(csr.spec().username(), "system:bootstrap:abcdef");
  EXPECT_EQ(csr.spec().uid(), "");
  EXPECT_THAT(csr.spec().groups(),
              ElementsAre("system:bootstrappers",
                          "system:bootstrappers:kubeadm:default-node-token",
                          "system:authenticated"));
  EXPECT_EQ(csr.status().conditions_size(), 0);
  EXPECT_EQ(csr.status().certificate(), "");
  EXPECT_THAT(csr.metadata().uid(),
              MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab]"
                           "[0-9a-f]{3}-[0-9a-f]{12}"));
  EXPECT_EQ(api::ToAbslTime(csr.metadata().creation_timestamp()),
            clock_.TimeNow());
}

TEST_F(ApiServerTest, NamesAreGenerated) {
  // SPEC D-2.
  Csr csr = NodeCsr("");
  csr.mutable_metadata()->set_generate_name("csr-");
  const Answer answer = Do(kBootstrapToken, "POST", kCsrs, Json(csr));
  EXPECT_THAT(ParseCsr(answer.body).metadata().name(),
              MatchesRegex("csr-[bcdfghjklmnpqrstvwxz2456789]{5}"));
}

TEST_F(ApiServerTest, ABadRequestIs422WithItsCauses) {
  // SPEC D-16.
  Csr csr = NodeCsr();
  csr.mutable_spec()->add_usages("nonsense");
  csr.mutable_spec()->set_expiration_seconds(599);
  const Answer answer = Do(kBootstrapToken, "POST", kCsrs, Json(csr));
  EXPECT_THAT(
      answer.Error(),
      StartsWith("422 Invalid CertificateSigningRequest.certificates."
                 "k8s.io \"c\" is invalid: [spec.usages[2]: "
                 "Unsupported value: \"nonsense\": supported values: "));
  const boost::json::value details = answer.json().at("details");
  EXPECT_EQ(details.at("kind").as_string(), "CertificateSigningRequest");
  EXPECT_EQ(details.at("group").as_string(), "certificates.k8s.io");
  EXPECT_EQ(details.at("causes").as_array().size(), 2u);
  EXPECT_EQ(
      boost::json::serialize(details.at("causes").at(1)),
      R"({"reason":"FieldValueInvalid","message":"Invalid value: 599: )"
      R"x(may not specify a duration less than 600 seconds (10 minutes)",)x"
      R"("field":"spec.expirationSeconds"})");
  EXPECT_EQ(answer.headers.Get("content-type"), "application/json");
}

TEST_F(ApiServerTest, ANodeAsksOnlyForItself) {
  // SPEC B-10.
  Csr csr = NodeCsr();
  testing::CsrFields fields;
  fields.subject.common_name = "system:node:b";
  csr.mutable_spec()->set_request(
      testing::MakeRequestPem(fields.subject, fields.sans));
  EXPECT_EQ(Do("node-a", "POST", kCsrs, Json(csr)).Error(),
            "403 Forbidden certificatesigningrequests.certificates.k8s.io "
            "\"c\" is forbidden: can only create a node CSR with "
            "CN=system:node:a");
  EXPECT_EQ(Do("node-a", "POST", kCsrs, Json(NodeCsr())).status, 201);
}

TEST_F(ApiServerTest, ApprovedThenSigned) {
  // SPEC C-24, C-25, C-26, D-10, D-12.
  Csr csr = CreateCsr();
  const std::string path = Path(kCsrs, "/c");

  // Nobody approves but the approver, and only at /approval.
  AddCondition(csr, "Approved");
  EXPECT_THAT(Do("signer", "PUT", path + "/approval", Json(csr)).Error(),
              HasSubstr("cannot update resource "
                        "\"certificatesigningrequests/approval\""));
  EXPECT_EQ(Do("signer", "PUT", path + "/status", Json(csr)).Error(),
            "422 Invalid CertificateSigningRequest.certificates.k8s.io \"c\" "
            "is invalid: status.conditions: Forbidden: updates may not add a "
            "condition of type \"Approved\"");
  Answer answer = Do("approver", "PUT", path + "/approval", Json(csr));
  ASSERT_EQ(answer.status, 200) << answer.body;
  csr = ParseCsr(answer.body);
  ASSERT_EQ(csr.status().conditions_size(), 1);
  EXPECT_EQ(api::ToAbslTime(csr.status().conditions(0).last_update_time()),
            clock_.TimeNow());

  // Nobody signs but the signer.
  const std::string certificate =
      testing::TestCa().Client("system:node:a").certificate_pem;
  csr.mutable_status()->set_certificate(certificate);
  EXPECT_EQ(Do("approver", "PUT", path + "/status", Json(csr)).status, 403);
  answer = Do("signer", "PUT", path + "/status", Json(csr));
  ASSERT_EQ(answer.status, 200) << answer.body;
  csr = ParseCsr(answer.body);
  EXPECT_EQ(csr.status().certificate(), certificate);

  // Once.
  csr.mutable_status()->clear_certificate();
  EXPECT_THAT(Do("signer", "PUT", path + "/status", Json(csr)).Error(),
              HasSubstr("status.certificate: Forbidden: updates may not modify "
                        "existing certificate content"));
  EXPECT_EQ(
      ParseCsr(Get("admin", path + "/status").body).status().certificate(),
      certificate);
}

TEST_F(ApiServerTest, ApproversApproveOnlyForTheirSigners) {
  // SPEC C-24, C-25.
  Csr csr = ParseCsr(
      Do("admin", "POST", kCsrs, Json(NodeCsr("c", "example.com/s"))).body);
  AddCondition(csr, "Approved");
  EXPECT_EQ(
      Do("approver", "PUT", Path(kCsrs, "/c/approval"), Json(csr)).Error(),
      "403 Forbidden certificatesigningrequests.certificates.k8s.io \"c\" is "
      "forbidden: user not permitted to approve requests with signerName "
      "\"example.com/s\"");
}

TEST_F(ApiServerTest, TheSpecStaysAndLabelsChange) {
  // SPEC D-3, D-14.
  Csr csr = CreateCsr();
  csr.mutable_spec()->set_signer_name("example.com/other");
  csr.mutable_metadata()->clear_resource_version();
  (*csr.mutable_metadata()->mutable_labels())["k"] = "v";
  const Answer answer = Do("admin", "PUT", Path(kCsrs, "/c"), Json(csr));
  ASSERT_EQ(answer.status, 200) << answer.body;
  const Csr updated = ParseCsr(answer.body);
  EXPECT_EQ(updated.spec().signer_name(), kClientKubelet);
  EXPECT_EQ(updated.metadata().labels().at("k"), "v");
  EXPECT_EQ(Do("admin", "PUT", Path(kCsrs, "/d"), Json(NodeCsr("d"))).Error(),
            "404 NotFound certificatesigningrequests.certificates.k8s.io \"d\" "
            "not found");
}

// ---- both formats

TEST_F(ApiServerTest, SpeaksProtobuf) {
  // SPEC A-48.
  const std::string protobuf(api::kProtobuf);
  const Answer answer = Do(
      kBootstrapToken, "POST", kCsrs,
      api::EncodeProtobuf(
          NodeCsr(), {"certificates.k8s.io/v1", "CertificateSigningRequest"}),
      {{"content-type", protobuf}, {"accept", protobuf}});
  ASSERT_EQ(answer.status, 201) << answer.body;
  EXPECT_EQ(answer.headers.Get("content-type"), protobuf);
  Csr csr;
  api::TypeMeta type;
  CHECK_OK(api::DecodeProtobuf(answer.body, &csr, &type));
  EXPECT_EQ(type.kind, "CertificateSigningRequest");
  EXPECT_EQ(csr.spec().username(), "system:bootstrap:abcdef");

  const Answer list = Get("admin", kCsrs, {{"accept", protobuf}});
  std::vector<Csr> items;
  api::ListMeta metadata;
  CHECK_OK(api::DecodeList(protobuf, list.body, &metadata, &items));
  ASSERT_EQ(items.size(), 1u);
  EXPECT_EQ(metadata.resource_version(), absl::StrCat(store_.revision()));

  const Answer missing =
      Get("admin", Path(kCsrs, "/d"), {{"accept", protobuf}});
  EXPECT_EQ(missing.status, 404);
  api::Status status;
  CHECK_OK(api::DecodeProtobuf(missing.body, &status, &type));
  EXPECT_EQ(status.reason(), "NotFound");
}

TEST_F(ApiServerTest, ReadsYamlAndApplies) {
  const auto send = [this](absl::string_view method, absl::string_view path,
                           absl::string_view type, absl::string_view body) {
    return Do("admin", std::string(method), std::string(path),
              std::string(body), {{"content-type", std::string(type)}});
  };
  EXPECT_EQ(send("POST", kMaps, "application/yaml",
                 "metadata: {name: map-1}\ndata: {a: \"1\"}\n")
                .status,
            201);
  EXPECT_THAT(send("POST", kMaps, "application/yaml", "a: [").Error(),
              StartsWith("400 BadRequest the object provided is unrecognized "
                         "(must be of type ConfigMap): yaml: line 1: "));
  const Answer yaml =
      Get("admin", Path(kMaps, "/map-1"), {{"accept", "application/yaml"}});
  EXPECT_EQ(yaml.headers.Get("content-type"), "application/yaml");
  EXPECT_THAT(yaml.body,
              StartsWith("apiVersion: v1\ndata:\n  a: \"1\"\nkind: "
                         "ConfigMap\nmetadata:\n  creationTimestamp: "));
  // Server-side apply creates, changes, and keeps managers apart.
  constexpr char kApply[] = "application/apply-patch+yaml";
  const auto config = [](absl::string_view data) {
    return absl::StrCat(
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: m}, data: {", data,
        "}}");
  };
  EXPECT_EQ(send("PATCH", Path(kMaps, "/m?fieldManager=me"), kApply,
                 config("a: x, b: x"))
                .status,
            201);
  EXPECT_EQ(
      send("PATCH", Path(kMaps, "/m?fieldManager=me"), kApply, config("a: w"))
          .status,
      200);
  EXPECT_EQ(
      boost::json::serialize(Get("admin", Path(kMaps, "/m")).json().at("data")),
      R"({"a":"w"})");
  EXPECT_EQ(
      send("PATCH", Path(kMaps, "/m?fieldManager=you"), kApply, config("a: z"))
          .Error(),
      "409 Conflict Apply failed with 1 conflict: conflict with \"me\": "
      ".data.a");
  EXPECT_EQ(send("PATCH", Path(kMaps, "/m?fieldManager=you&force=true"), kApply,
                 config("a: z"))
                .status,
            200);
  EXPECT_EQ(send("PATCH", Path(kMaps, "/m"), kApply, config("a: z")).status,
            422);
  EXPECT_EQ(
      send("PATCH", Path(kMaps, "/n?fieldManager=me"), kApply, config("a: z"))
          .status,
      400);
}

TEST_F(ApiServerTest, RefusesOtherFormats) {
  EXPECT_THAT(Get("admin", kCsrs, {{"accept", "text/html"}}).Error(),
              StartsWith("406 NotAcceptable "));
  EXPECT_THAT(
      Do("admin", "POST", kCsrs, "a: b", {{"content-type", "text/plain"}})
          .Error(),
      StartsWith("415 UnsupportedMediaType "));
  EXPECT_EQ(Do("admin", "POST", kCsrs, "{").Error(),
            "400 BadRequest the object provided is unrecognized (must be of "
            "type CertificateSigningRequest): couldn't get version/kind; json "
            "parse error: unexpected end of JSON input ({)");
  EXPECT_THAT(Do("admin", "POST", kCsrs, "k8s",
                 {{"content-type", std::string(api::kProtobuf)}})
                  .Error(),
              StartsWith("400 BadRequest "));
  EXPECT_EQ(Do("admin", "POST", kCsrs, R"({"kind":"Secret","apiVersion":"v1"})")
                .status,
            400);
  EXPECT_EQ(Do("admin", "POST", kCsrs,
               R"({"kind":"CertificateSigningRequest",)"
               R"("apiVersion":"certificates.k8s.io/v1beta1"})")
                .Error(),
            "400 BadRequest the API version in the data "
            "(certificates.k8s.io/v1beta1) does not match the expected API "
            "version (certificates.k8s.io/v1)");
}

TEST_F(ApiServerTest, UnknownFieldsAreWarnedOfOrRefused) {
  // SPEC D-18.
  const std::string body =
      R"({"metadata":{"name":"m","foo":1},"data":{"a":"b"},"bar":{}})";
  Answer answer = Do("admin", "POST", kMaps, body);
  EXPECT_EQ(answer.status, 201);
  std::vector<std::string> warnings;
  for (const auto& [name, value] : answer.headers.fields()) {
    if (name == "warning") warnings.push_back(value);
  }
  EXPECT_THAT(warnings, ElementsAre(R"(299 - "unknown field \"metadata.foo\"")",
                                    R"(299 - "unknown field \"bar\"")"));
  answer = Do("admin", "POST", Path(kMaps, "?fieldValidation=Strict"), body);
  EXPECT_EQ(answer.Error(),
            "400 BadRequest ConfigMap in version \"v1\" cannot be handled as a "
            "ConfigMap: strict decoding error: unknown field "
            "\"metadata.foo\", unknown field \"bar\"");
  answer = Do("admin", "POST", Path(kMaps, "?fieldValidation=Ignore"),
              R"({"metadata":{"name":"n","foo":1}})");
  EXPECT_EQ(answer.status, 201);
  EXPECT_FALSE(answer.headers.Has("warning"));
  EXPECT_EQ(
      Do("admin", "POST", Path(kMaps, "?fieldValidation=Maybe"), body).status,
      422);
}

// ---- lists

TEST_F(ApiServerTest, SelectsByFieldsAndLabels) {
  // SPEC D-15.
  CreateCsr("a");
  CreateCsr("b", "kubernetes.io/kubelet-serving");
  EXPECT_THAT(Names(Get("admin", kCsrs)), ElementsAre("a", "b"));
  EXPECT_THAT(Names(Get("admin", Path(kCsrs,
                                      "?fieldSelector=spec.signerName%3D"
                                      "kubernetes.io%2Fkubelet-serving"))),
              ElementsAre("b"));
  EXPECT_THAT(
      Names(Get("admin", Path(kCsrs, "?fieldSelector=metadata.name%3Da"))),
      ElementsAre("a"));
  EXPECT_EQ(
      Get("admin", Path(kCsrs, "?fieldSelector=spec.username%3Da")).Error(),
      "400 BadRequest field label not supported: spec.username");
  EXPECT_EQ(
      Get("admin", Path(kCsrs, "?fieldSelector=metadata.namespace%3Da")).status,
      400);
  EXPECT_EQ(Get("admin", Path(kCsrs, "?labelSelector=a%20in")).status, 400);

  PutMap("m", R"({"color":"blue"})");
  PutMap("n", R"({"color":"red"})");
  EXPECT_THAT(Names(Get("admin", Path(kMaps, "?labelSelector=color%3Dred"))),
              ElementsAre("n"));
  EXPECT_THAT(Names(Get("admin",
                        "/api/v1/configmaps?fieldSelector="
                        "metadata.namespace%3Dkube-system")),
              ElementsAre("extension-apiserver-authentication"));
}

TEST_F(ApiServerTest, ListsComeInPages) {
  for (const char* name : {"a", "b", "c"}) PutMap(name);
  const Answer first = Get("admin", Path(kMaps, "?limit=2"));
  EXPECT_THAT(Names(first), ElementsAre("a", "b"));
  const boost::json::value metadata = first.json().at("metadata");
  EXPECT_EQ(metadata.at("remainingItemCount").as_int64(), 1);
  // The second page is of the same moment.
  Do("admin", "DELETE", Path(kMaps, "/c"));
  const Answer second = Get(
      "admin", absl::StrCat(kMaps, "?limit=2&continue=",
                            std::string(metadata.at("continue").as_string())));
  EXPECT_THAT(Names(second), ElementsAre("c"));
  EXPECT_EQ(second.json().at("metadata").at("resourceVersion"),
            metadata.at("resourceVersion"));
  EXPECT_EQ(Get("admin", Path(kMaps, "?limit=2&continue=x")).status, 400);
  EXPECT_THAT(Get("admin", Path(kMaps, "?limit=x")).Error(),
              StartsWith("400 BadRequest strconv.ParseInt: parsing \"x\""));
}

TEST_F(ApiServerTest, TablesForKubectl) {
  // SPEC D-18, E-4.
  CreateCsr("a");
  clock_.AdvanceTime(absl::Minutes(5));
  const Fields table = {
      {"accept",
       "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"}};
  for (const std::string& path :
       {std::string(kCsrs), Path(kCsrs, "/a?includeObject=None")}) {
    SCOPED_TRACE(path);
    const boost::json::value value = Get("admin", path, table).json();
    EXPECT_EQ(value.at("kind").as_string(), "Table");
    EXPECT_EQ(value.at("columnDefinitions").as_array().size(), 6u);
    EXPECT_EQ(boost::json::serialize(value.at("rows").at(0).at("cells")),
              R"(["a","5m","kubernetes.io/kube-apiserver-client-kubelet",)"
              R"("system:bootstrap:abcdef","<none>","Pending"])");
  }
  EXPECT_EQ(Get("admin", Path(kCsrs, "/a?includeObject=All"), table).Error(),
            "400 BadRequest unrecognized includeObject value: \"All\"");
  const boost::json::value metadata =
      Get("admin", kCsrs,
          {{"accept",
            "application/json;as=PartialObjectMetadataList;v=v1;"
            "g=meta.k8s.io"}})
          .json();
  EXPECT_EQ(metadata.at("kind").as_string(), "PartialObjectMetadataList");
  EXPECT_FALSE(metadata.at("items").at(0).as_object().contains("spec"));
}

// ---- writes

TEST_F(ApiServerTest, StaleWritesConflict) {
  PutMap("m");
  const std::string path = Path(kMaps, "/m");
  const auto put = [&](absl::string_view metadata) {
    return Do("admin", "PUT", path,
              absl::StrCat(R"({"metadata":{"name":"m",)", metadata,
                           R"(},"data":{"a":"b"}})"));
  };
  EXPECT_EQ(put(R"("resourceVersion":"1")").Error(),
            "409 Conflict Operation cannot be fulfilled on configmaps \"m\": "
            "the object has been modified; please apply your changes to the "
            "latest version and try again");
  EXPECT_EQ(put(R"("uid":"other")").status, 409);
  EXPECT_EQ(put(R"("labels":{})").status, 200);
  EXPECT_EQ(PutMap("m").Error(),
            "409 AlreadyExists configmaps \"m\" already exists");
  EXPECT_EQ(
      Do("admin", "PUT", Path(kMaps, "/n"), R"({"metadata":{"name":"m"}})")
          .Error(),
      "400 BadRequest the name of the object (m) does not match the name "
      "on the URL (n)");
  EXPECT_EQ(Do("admin", "POST", kMaps,
               R"({"metadata":{"name":"x","resourceVersion":"1"}})")
                .status,
            500);
  EXPECT_EQ(Do("admin", "POST", kMaps,
               R"({"metadata":{"name":"x","namespace":"kube-system"}})")
                .status,
            400);
  EXPECT_EQ(Do("admin", "POST", "/api/v1/namespaces/nowhere/configmaps",
               R"({"metadata":{"name":"x"}})")
                .Error(),
            "404 NotFound namespaces \"nowhere\" not found");
}

TEST_F(ApiServerTest, LeasesAreCreatedByUpdateAndNeedAVersion) {
  // SPEC B-10: a kubelet's own.
  const std::string path = Path(kLeases, "/a");
  const std::string body =
      R"({"metadata":{"name":"a","namespace":"kube-node-lease"},)"
      R"("spec":{"holderIdentity":"a"}})";
  EXPECT_EQ(Do("node-a", "PUT", path, body).status, 201);
  EXPECT_THAT(Do("node-a", "PUT", path, body).Error(),
              HasSubstr("metadata.resourceVersion: Invalid value: 0: must be "
                        "specified for an update"));
  const Answer other = Get("node-a", Path(kLeases, "/b"));
  EXPECT_EQ(other.status, 403);
  EXPECT_THAT(other.Error(), HasSubstr("can only access node lease with the "
                                       "same name as the requesting node"));
}

TEST_F(ApiServerTest, DryRunsChangeNothing) {
  // SPEC D-18.
  const int64_t before = store_.revision();
  const Answer answer = Do("admin", "POST", Path(kMaps, "?dryRun=All"),
                           R"({"metadata":{"generateName":"m-"}})");
  EXPECT_EQ(answer.status, 201);
  EXPECT_FALSE(
      answer.json().at("metadata").as_object().contains("resourceVersion"));
  EXPECT_EQ(store_.revision(), before);
  PutMap("m");
  const int64_t after = store_.revision();
  EXPECT_EQ(Do("admin", "POST", Path(kMaps, "?dryRun=All"),
               R"({"metadata":{"name":"m"}})")
                .status,
            409);
  EXPECT_EQ(
      Do("admin", "PATCH", Path(kMaps, "/m?dryRun=All"),
         R"({"data":{"a":"b"}})", {{"content-type", std::string(kMergePatch)}})
          .status,
      200);
  EXPECT_EQ(Do("admin", "DELETE", Path(kMaps, "/m?dryRun=All")).status, 200);
  EXPECT_EQ(Do("admin", "DELETE", Path(kMaps, "/m"),
               R"({"kind":"DeleteOptions","apiVersion":"v1",)"
               R"("dryRun":["All"]})")
                .status,
            200);
  EXPECT_EQ(Do("admin", "DELETE", Path(kMaps, "?dryRun=All")).status, 200);
  EXPECT_EQ(store_.revision(), after);
  EXPECT_THAT(Do("admin", "DELETE", Path(kMaps, "/m?dryRun=Some")).Error(),
              HasSubstr("dryRun: Unsupported value: [\"Some\"]: supported "
                        "values: \"All\""));
}

TEST_F(ApiServerTest, Patches) {
  // SPEC D-18.
  PutMap("m");
  const std::string path = Path(kMaps, "/m");
  const auto patch = [&](absl::string_view type, absl::string_view body) {
    return Do("admin", "PATCH", path, body,
              {{"content-type", std::string(type)}});
  };
  EXPECT_EQ(patch(kMergePatch, R"({"data":{"a":"1","b":"2"}})").status, 200);
  EXPECT_EQ(patch("application/json-patch+json",
                  R"([{"op":"remove","path":"/data/b"}])")
                .status,
            200);
  const Answer last = patch("application/strategic-merge-patch+json",
                            R"({"metadata":{"labels":{"k":"v"}}})");
  EXPECT_EQ(boost::json::serialize(last.json().at("data")), R"({"a":"1"})");
  EXPECT_EQ(boost::json::serialize(last.json().at("metadata").at("labels")),
            R"({"k":"v"})");
  // A patch that changes nothing is no write.
  const int64_t revision = store_.revision();
  EXPECT_EQ(patch(kMergePatch, R"({"data":{"a":"1"}})").status, 200);
  EXPECT_EQ(store_.revision(), revision);

  EXPECT_EQ(
      patch(kMergePatch, R"({"metadata":{"resourceVersion":"1"}})").status,
      409);
  EXPECT_EQ(patch("text/plain", "{}").status, 415);
  EXPECT_EQ(patch(kMergePatch, "{").status, 400);
  EXPECT_EQ(patch(kMergePatch, R"({"data":{"a":1}})").status, 422);
  EXPECT_EQ(patch(kMergePatch, R"({"metadata":{"name":"n"}})").status, 400);
  EXPECT_EQ(patch("application/json-patch+json",
                  R"([{"op":"remove","path":"/data/zz"}])")
                .status,
            422);
}

TEST_F(ApiServerTest, ApprovalByPatch) {
  CreateCsr();
  const Answer answer =
      Do("approver", "PATCH", Path(kCsrs, "/c/approval"),
         R"({"status":{"conditions":[{"type":"Denied","status":"True"}]}})",
         {{"content-type", std::string(kMergePatch)}});
  EXPECT_EQ(answer.status, 403);  // The role is for updates.
  EXPECT_EQ(
      Do("admin", "PATCH", Path(kCsrs, "/c/approval"),
         R"({"status":{"conditions":[{"type":"Denied","status":"True"}]}})",
         {{"content-type", std::string(kMergePatch)}})
          .status,
      200);
}

TEST_F(ApiServerTest, Deletions) {
  PutMap("m");
  const std::string path = Path(kMaps, "/m");
  const std::string uid(
      Get("admin", path).json().at("metadata").at("uid").as_string());
  EXPECT_THAT(
      Do("admin", "DELETE", path, R"({"preconditions":{"uid":"x"}})").Error(),
      StartsWith("409 Conflict Operation cannot be fulfilled on ConfigMap "
                 "\"m\": the UID in the precondition (x) does not match"));
  EXPECT_EQ(Do("admin", "DELETE", path,
               R"({"preconditions":{"resourceVersion":"1"}})")
                .status,
            409);
  const Answer deleted =
      Do("admin", "DELETE", path,
         absl::StrCat(R"({"preconditions":{"uid":")", uid, R"("}})"));
  EXPECT_EQ(deleted.status, 200);
  EXPECT_EQ(deleted.json().at("status").as_string(), "Success");
  EXPECT_EQ(deleted.json().at("details").at("uid").as_string(), uid);
  EXPECT_EQ(Do("admin", "DELETE", path).status, 404);
  EXPECT_EQ(Do("admin", "DELETE", path, "{").status, 400);

  PutMap("a", R"({"k":"v"})");
  PutMap("b");
  EXPECT_THAT(Names(Do("admin", "DELETE", Path(kMaps, "?labelSelector=k%3Dv"))),
              ElementsAre("a"));
  EXPECT_THAT(Names(Get("admin", kMaps)), ElementsAre("b"));
}

TEST_F(ApiServerTest, FinalizersKeepAnObject) {
  ASSERT_EQ(Do("admin", "POST", kMaps,
               R"({"metadata":{"name":"m","finalizers":["example.com/f"]}})")
                .status,
            201);
  const std::string path = Path(kMaps, "/m");
  const Answer deleted = Do("admin", "DELETE", path);
  EXPECT_EQ(deleted.status, 200);
  EXPECT_TRUE(
      deleted.json().at("metadata").as_object().contains("deletionTimestamp"));
  EXPECT_EQ(Get("admin", path).status, 200);
  EXPECT_EQ(Do("admin", "PATCH", path, R"({"metadata":{"finalizers":null}})",
               {{"content-type", std::string(kMergePatch)}})
                .status,
            200);
  EXPECT_EQ(Get("admin", path).status, 404);
}

TEST_F(ApiServerTest, ANamespaceGoesWithWhatIsInIt) {
  EXPECT_EQ(
      Do("admin", "POST", "/api/v1/namespaces", R"({"metadata":{"name":"n"}})")
          .status,
      201);
  const std::string maps = "/api/v1/namespaces/n/configmaps";
  EXPECT_EQ(Do("admin", "POST", maps, R"({"metadata":{"name":"m"}})").status,
            201);
  EXPECT_EQ(Do("admin", "DELETE", "/api/v1/namespaces/n").status, 200);
  EXPECT_THAT(Names(Get("admin", maps)), IsEmpty());
  EXPECT_EQ(Do("admin", "DELETE", "/api/v1/namespaces/default").Error(),
            "403 Forbidden namespaces \"default\" is forbidden: this namespace "
            "may not be deleted");
}

// ---- paths

TEST_F(ApiServerTest, PathsThatNothingServes) {
  const struct {
    const char* method;
    std::string target;
    int status;
  } kCases[] = {
      {"GET", "/apis/certificates.k8s.io/v1/nothings", 404},
      {"GET", "/apis/certificates.k8s.io/v1beta1/certificatesigningrequests",
       404},
      {"GET", "/apis/apps/v1/deployments", 404},
      {"GET", Path(kCsrs, "/c/log"), 404},
      {"GET", Path(kCsrs, "/c/status/x"), 404},
      {"GET",
       "/apis/certificates.k8s.io/v1/namespaces/default/"
       "certificatesigningrequests",
       404},
      {"GET", Path(kMaps, "/a%2Fb"), 404},
      {"GET", Path(kMaps, "/a%25b"), 400},
      {"POST", Path(kCsrs, "/c"), 405},
      {"PUT", std::string(kCsrs), 405},
      {"DELETE", Path(kCsrs, "/c/status"), 405},
      {"POST", "/api/v1/configmaps", 405},
      {"DELETE", "/api/v1/namespaces", 405},
      {"GET", "/apis/authorization.k8s.io/v1/subjectaccessreviews", 405},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(absl::StrCat(c.method, " ", c.target));
    EXPECT_EQ(Do("admin", c.method, c.target, "{}").status, c.status);
  }
  EXPECT_EQ(Get("admin", "/apis/certificates.k8s.io/v1/nothings").Error(),
            "404 NotFound the server could not find the requested resource");
}

// ---- access reviews

TEST_F(ApiServerTest, SubjectAccessReviews) {
  // SPEC B-11, B-12.
  const std::string reviews =
      "/apis/authorization.k8s.io/v1/subjectaccessreviews";
  const auto ask = [&](absl::string_view spec) {
    return Do("approver", "POST", reviews,
              absl::StrCat(R"({"spec":)", spec, "}"));
  };
  const auto nodeclient = [&](absl::string_view group) {
    const Answer answer = ask(absl::StrCat(
        R"({"user":"u","groups":[")", group,
        R"("],"resourceAttributes":{"group":"certificates.k8s.io",)"
        R"("resource":"certificatesigningrequests","verb":"create",)"
        R"("subresource":"nodeclient","version":"*"}})"));
    EXPECT_EQ(answer.status, 201);
    return answer.json().at("status").at("allowed").as_bool();
  };
  EXPECT_TRUE(nodeclient("system:bootstrappers:kubeadm:default-node-token"));
  EXPECT_FALSE(nodeclient("system:bootstrappers"));
  EXPECT_FALSE(nodeclient("system:nodes"));

  const Answer path =
      ask(R"({"user":"u","groups":["system:authenticated"],)"
          R"("nonResourceAttributes":{"path":"/version","verb":"get"}})");
  EXPECT_TRUE(path.json().at("status").at("allowed").as_bool());

  EXPECT_THAT(ask(R"({"user":"u"})").Error(),
              HasSubstr("spec: Invalid value: null: exactly one of "
                        "nonResourceAttributes or resourceAttributes must be "
                        "specified"));
  EXPECT_THAT(ask(R"({"resourceAttributes":{"verb":"get"}})").Error(),
              HasSubstr("spec.user: Invalid value: \"\": at least one of user "
                        "or group must be specified"));
  EXPECT_EQ(Do("alice", "POST", reviews, "{}").status, 403);
}

TEST_F(ApiServerTest, ReviewsOfOneself) {
  const std::string reviews =
      "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
  const std::string body =
      R"({"spec":{"resourceAttributes":{"verb":"get","resource":"secrets"}}})";
  EXPECT_TRUE(Do("admin", "POST", reviews, body)
                  .json()
                  .at("status")
                  .at("allowed")
                  .as_bool());
  EXPECT_FALSE(Do("alice", "POST", reviews, body)
                   .json()
                   .at("status")
                   .at("allowed")
                   .as_bool());
}

// ---- watches

TEST_F(ApiServerTest, StreamingLists) {
  // SPEC A-21.
  CreateCsr("a");
  const Answer answer = Get("admin", Path(kCsrs,
                                          "?watch=true&sendInitialEvents=true&"
                                          "resourceVersionMatch=NotOlderThan&"
                                          "allowWatchBookmarks=true"));
  EXPECT_EQ(answer.status, 200);
  ASSERT_EQ(answer.chunks.size(), 2u);
  EXPECT_THAT(answer.chunks[0], StartsWith(R"({"type":"ADDED","object":)"));
  EXPECT_THAT(answer.chunks[1],
              AllOf(StartsWith(R"({"type":"BOOKMARK","object":)"),
                    HasSubstr("k8s.io/initial-events-end"),
                    HasSubstr(absl::StrCat(R"("resourceVersion":")",
                                           store_.revision()))));
  EXPECT_THAT(
      Get("admin", Path(kCsrs, "?watch=true&sendInitialEvents=true")).Error(),
      StartsWith("422 Invalid ListOptions.meta.k8s.io \"\" is invalid: "
                 "resourceVersionMatch: Forbidden: sendInitialEvents requires "
                 "setting resourceVersionMatch to NotOlderThan"));
  EXPECT_EQ(Get("admin", Path(kCsrs,
                              "?sendInitialEvents=true&"
                              "resourceVersionMatch=NotOlderThan"))
                .status,
            422);
}

TEST_F(ApiServerTest, WatchesFromARevision) {
  // SPEC D-19.
  CreateCsr("a");
  const int64_t revision = store_.revision();
  CreateCsr("b");
  const auto watch = [&](absl::string_view query) {
    return Get("admin",
               absl::StrCat(kCsrs, "?watch=1&resourceVersion=", query));
  };
  EXPECT_EQ(watch("0").chunks.size(), 2u);
  EXPECT_EQ(watch("").chunks.size(), 2u);
  const Answer later = watch(absl::StrCat(revision));
  ASSERT_EQ(later.chunks.size(), 1u);
  EXPECT_THAT(later.chunks[0], HasSubstr(R"("name":"b")"));
  EXPECT_EQ(watch(absl::StrCat(revision, "&fieldSelector=metadata.name%3Da"))
                .chunks.size(),
            0u);
  const Answer future = watch("1000000");
  EXPECT_THAT(future.Error(),
              StartsWith("504 Timeout Timeout: Too large resource version: "
                         "1000000, current: "));
  EXPECT_EQ(future.headers.Get("retry-after"), "1");
  EXPECT_EQ(watch("x").status, 500);  // As the real server.
  store_.Compact();
  const Answer gone = watch("1");
  ASSERT_EQ(gone.chunks.size(), 1u);
  EXPECT_THAT(gone.chunks[0], AllOf(StartsWith(R"({"type":"ERROR")"),
                                    HasSubstr(R"("code":410)")));
}

// ---- beginnings and bounds

TEST_F(ApiServerTest, BeginsWithWhatAClusterHas) {
  EXPECT_THAT(
      Names(Get("admin", "/api/v1/namespaces")),
      ElementsAre("default", "kube-node-lease", "kube-public", "kube-system"));
  EXPECT_THAT(Names(Get("admin",
                        "/apis/rbac.authorization.k8s.io/v1/"
                        "clusterrolebindings")),
              AllOf(Contains("kubeadm:kubelet-bootstrap"),
                    Contains("kubeadm:node-autoapprove-bootstrap"),
                    Contains("kubeadm:node-autoapprove-certificate-rotation")));
  EXPECT_EQ(Get("admin",
                "/api/v1/namespaces/kube-system/configmaps/"
                "extension-apiserver-authentication")
                .json()
                .at("data")
                .at("client-ca-file")
                .as_string(),
            "the CA\n");
}

TEST_F(ApiServerTest, BeginningAgainChangesOnlyTheCa) {
  // As with a folder of data from an earlier run.
  const int64_t before = store_.revision();
  {
    ApiServerOptions options;
    options.client_ca_pem = "the CA\n";
    ApiServer again(store_, rng_, clock_, std::move(options));
    CHECK_OK(again.Bootstrap());
    CHECK_OK(again.AddBootstrapToken(kBootstrapToken));
  }
  EXPECT_EQ(store_.revision(), before);
  ApiServerOptions options;
  options.client_ca_pem = "another CA\n";
  ApiServer other(store_, rng_, clock_, std::move(options));
  CHECK_OK(other.Bootstrap());
  EXPECT_EQ(store_.revision(), before + 1);
  EXPECT_EQ(Get("admin",
                "/api/v1/namespaces/kube-system/configmaps/"
                "extension-apiserver-authentication")
                .json()
                .at("data")
                .at("client-ca-file")
                .as_string(),
            "another CA\n");
}

TEST_F(ApiServerTest, ABootstrapTokenMustBeOne) {
  for (const char* token :
       {"", "abcdef", "abcdef.0123456789abcde", "ABCDEF.0123456789abcdef",
        "abcdef.0123.456789ab"}) {
    SCOPED_TRACE(token);
    EXPECT_THAT(server_->AddBootstrapToken(token),
                StatusIs(absl::StatusCode::kInvalidArgument));
  }
}

class SmallApiServerTest : public ApiServerTest {
 protected:
  SmallApiServerTest()
      : ApiServerTest({.max_object_bytes = 4096, .max_total_bytes = 40000}) {}
};

TEST_F(SmallApiServerTest, ObjectsAndTheWholeAreBounded) {
  // SPEC A-48b.
  const auto put = [this](absl::string_view name, size_t bytes) {
    return Do(
        "admin", "POST", kMaps,
        absl::StrCat(R"({"metadata":{"name":")", name, R"("},"data":{"a":")",
                     std::string(bytes, 'x'), R"("}})"));
  };
  EXPECT_THAT(put("large", 5000).Error(), StartsWith("413 "));
  Answer answer;
  for (int i = 0; i < 20 && answer.status != 507; ++i) {
    answer = put(absl::StrCat("m", i), 3000);
  }
  EXPECT_THAT(answer.Error(), StartsWith("507 "));
  // What is deleted makes room.
  EXPECT_EQ(Do("admin", "DELETE", Path(kMaps, "/m0")).status, 200);
  EXPECT_EQ(put("again", 3000).status, 201);
}

}  // namespace
}  // namespace signet::apiserver
