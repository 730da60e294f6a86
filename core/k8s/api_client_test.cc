#include "core/k8s/api_client.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status_matchers.h"
#include "absl/strings/str_cat.h"
#include "core/api/resource.h"
#include "core/k8s/http_status.h"
#include "core/testing/fake_transport.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::k8s {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::StatusIs;
using ::signet::testing::FakeStreamSource;
using ::signet::testing::FakeTransport;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::SizeIs;
using Csr = api::CertificateSigningRequest;

constexpr absl::string_view kCsrs =
    "/apis/certificates.k8s.io/v1/certificatesigningrequests";
const api::TypeMeta kCsrType = {"certificates.k8s.io/v1",
                                "CertificateSigningRequest"};

class StringToken : public TokenSource {
 public:
  explicit StringToken(absl::StatusOr<std::string> token)
      : token_(std::move(token)) {}
  absl::StatusOr<Secret> Current() override {
    if (!token_.ok()) return token_.status();
    return Secret(*token_);
  }

 private:
  const absl::StatusOr<std::string> token_;
};

Csr NamedCsr(absl::string_view name) {
  Csr csr;
  csr.mutable_metadata()->set_name(name);
  return csr;
}

std::string ListBody(const std::vector<std::string>& names,
                     absl::string_view resource_version,
                     absl::string_view continue_token) {
  std::vector<Csr> items;
  for (const std::string& name : names) items.push_back(NamedCsr(name));
  std::vector<const google::protobuf::Message*> pointers;
  for (const Csr& item : items) pointers.push_back(&item);
  api::ListMeta metadata;
  metadata.set_resource_version(resource_version);
  metadata.set_continue_(continue_token);
  return api::EncodeListProtobuf(
      pointers, {kCsrType.api_version, kCsrType.kind + "List"}, metadata);
}

std::string StatusBody(int code, absl::string_view reason) {
  api::Status status;
  status.set_code(code);
  status.set_reason(reason);
  status.set_message(absl::StrCat("because ", reason));
  return api::EncodeProtobuf(status, {"v1", "Status"});
}

class ApiClientTest : public ::testing::Test {
 protected:
  // The request that came last.
  http::Request Last() { return transport_.calls().back().request; }
  void AddCsr(absl::string_view name) {
    transport_.AddResponse(200, api::kProtobuf,
                           api::EncodeProtobuf(NamedCsr(name), kCsrType));
  }

  FakeTransport transport_;
  ApiClient client_{transport_, nullptr};
  ApiClient json_client_{transport_, nullptr, {.json = true}};
  const std::unique_ptr<ResourceApi<Csr>> csrs_ = client_.Api<Csr>();
};

// SPEC A-48.
TEST_F(ApiClientTest, AsksForProtobufAndTakesJson) {
  AddCsr("a");
  const auto csr = csrs_->Get("", "a");
  ASSERT_THAT(csr, IsOk());
  EXPECT_EQ(csr->metadata().name(), "a");
  EXPECT_EQ(Last().method, "GET");
  EXPECT_EQ(Last().target, absl::StrCat(kCsrs, "/a"));
  EXPECT_EQ(Last().headers.Get("Accept"),
            "application/vnd.kubernetes.protobuf,application/json");
  EXPECT_FALSE(Last().headers.Has("Authorization"));
  EXPECT_EQ(transport_.calls().back().timeout, absl::Seconds(30));

  // SPEC A-49.
  transport_.AddResponse(200, "application/json",
                         api::EncodeJson(NamedCsr("b"), kCsrType));
  const auto by_json = csrs_->Get("", "b");
  ASSERT_THAT(by_json, IsOk());
  EXPECT_EQ(by_json->metadata().name(), "b");
}

TEST_F(ApiClientTest, SpeaksJsonIfTold) {
  const auto csrs = json_client_.Api<Csr>();
  transport_.AddResponse(201, "application/json",
                         api::EncodeJson(NamedCsr("a"), kCsrType));
  ASSERT_THAT(csrs->Create(NamedCsr("a")), IsOk());
  EXPECT_EQ(Last().headers.Get("Accept"), "application/json");
  EXPECT_EQ(Last().headers.Get("Content-Type"), "application/json");
  EXPECT_EQ(Last().body, api::EncodeJson(NamedCsr("a"), kCsrType));
}

TEST_F(ApiClientTest, PathsFollowTheKind) {
  const auto leases = client_.Api<api::Lease>();
  const auto nodes = client_.Api<api::Node>();
  const auto secrets = client_.Api<api::Secret>();
  api::Lease lease;
  lease.mutable_metadata()->set_name("l");
  lease.mutable_metadata()->set_namespace_("kube-system");
  api::Secret secret;
  secret.mutable_metadata()->set_namespace_("ns");
  ListOptions in_namespace;
  in_namespace.namespace_name = "ns";

  // Without a script each call fails, after its request was recorded.
  leases->Get("kube-system", "l").IgnoreError();
  leases->Update(lease).IgnoreError();
  leases->UpdateSubresource("status", lease).IgnoreError();
  leases->Delete("kube-system", "l").IgnoreError();
  leases->List({}).IgnoreError();
  secrets->List(in_namespace).IgnoreError();
  secrets->Create(secret).IgnoreError();
  nodes->Get("", "n 1:x").IgnoreError();
  nodes->Patch("", "n", "application/merge-patch+json", "{}").IgnoreError();
  std::vector<std::pair<std::string, std::string>> requests;
  for (const auto& call : transport_.calls()) {
    requests.emplace_back(call.request.method, call.request.target);
  }
  constexpr char kLease[] =
      "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/l";
  EXPECT_THAT(
      requests,
      ElementsAre(Pair("GET", kLease), Pair("PUT", kLease),
                  Pair("PUT", absl::StrCat(kLease, "/status")),
                  Pair("DELETE", kLease),
                  Pair("GET", "/apis/coordination.k8s.io/v1/leases?limit=500"),
                  Pair("GET", "/api/v1/namespaces/ns/secrets?limit=500"),
                  Pair("POST", "/api/v1/namespaces/ns/secrets"),
                  Pair("GET", "/api/v1/nodes/n%201:x"),
                  Pair("PATCH", "/api/v1/nodes/n")));
}

// SPEC D-2. The collection must not be taken for the object.
TEST_F(ApiClientTest, RefusesNamesThatWouldChangeThePath) {
  for (const char* name : {"", ".", "..", "a/b", "a%2fb"}) {
    EXPECT_THAT(csrs_->Get("", name),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << name;
    EXPECT_THAT(csrs_->Delete("", name),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << name;
    EXPECT_THAT(csrs_->Update(NamedCsr(name)),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << name;
  }
  EXPECT_THAT(client_.Api<api::Secret>()->Get("", "s"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "a Secret needs a namespace"));
  EXPECT_THAT(client_.Api<api::Secret>()->Get("..", "s"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "\"..\" cannot be the namespace of a Secret"));
  EXPECT_THAT(transport_.calls(), SizeIs(0));
}

TEST_F(ApiClientTest, WritesSendTheObject) {
  Csr csr = NamedCsr("a");
  csr.mutable_metadata()->set_resource_version("7");
  AddCsr("a");
  ASSERT_THAT(csrs_->UpdateSubresource("approval", csr), IsOk());
  EXPECT_EQ(Last().method, "PUT");
  EXPECT_EQ(Last().target, absl::StrCat(kCsrs, "/a/approval"));
  EXPECT_EQ(Last().headers.Get("Content-Type"), api::kProtobuf);
  EXPECT_EQ(Last().body, api::EncodeProtobuf(csr, kCsrType));

  AddCsr("a");
  ASSERT_THAT(csrs_->Create(csr), IsOk());
  EXPECT_EQ(Last().method, "POST");
  EXPECT_EQ(Last().target, kCsrs);

  AddCsr("a");
  ASSERT_THAT(csrs_->Patch("", "a", "application/json-patch+json", "[]"),
              IsOk());
  EXPECT_EQ(Last().headers.Get("Content-Type"), "application/json-patch+json");
  EXPECT_EQ(Last().body, "[]");

  AddCsr("a");
  ASSERT_THAT(csrs_->Patch("", "a", "application/apply-patch+yaml", "{}"),
              IsOk());
  EXPECT_EQ(Last().target, absl::StrCat(kCsrs, "/a?fieldManager=signet"));

  transport_.AddResponse(200, api::kProtobuf, StatusBody(200, ""));
  EXPECT_THAT(csrs_->Delete("", "a"), IsOk());
  EXPECT_EQ(Last().method, "DELETE");
  EXPECT_EQ(Last().body, "");
}

TEST_F(ApiClientTest, SendsTheToken) {
  ApiClient client(transport_, std::make_shared<StringToken>("t0k"));
  AddCsr("a");
  ASSERT_THAT(client.Api<Csr>()->Get("", "a"), IsOk());
  EXPECT_EQ(Last().headers.Get("Authorization"), "Bearer t0k");
}

TEST_F(ApiClientTest, WithoutItsTokenItDoesNotAsk) {
  ApiClient client(transport_, std::make_shared<StringToken>(
                                   absl::NotFoundError("\"/token\"")));
  EXPECT_THAT(client.Api<Csr>()->Get("", "a"),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(transport_.calls(), SizeIs(0));
}

TEST_F(ApiClientTest, ErrorsAreTheServers) {
  transport_.AddResponse(409, api::kProtobuf, StatusBody(409, "Conflict"));
  EXPECT_THAT(csrs_->Update(NamedCsr("a")),
              StatusIs(absl::StatusCode::kAborted, "because Conflict"));
  transport_.AddError(absl::UnavailableError("connection refused"));
  const auto refused = csrs_->Get("", "a");
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(HttpCode(refused.status()), 0);
}

TEST_F(ApiClientTest, AnAnswerOfAnotherKindIsAnError) {
  transport_.AddResponse(200, api::kProtobuf, StatusBody(200, ""));
  EXPECT_THAT(csrs_->Get("", "a"),
              StatusIs(absl::StatusCode::kInternal,
                       "the server answered with a \"Status\" in place of a "
                       "CertificateSigningRequest"));
  transport_.AddResponse(200, "text/html", "<html>");
  EXPECT_THAT(csrs_->Get("", "a"),
              StatusIs(absl::StatusCode::kInternal,
                       "the server's answer: content type \"text/html\" is "
                       "not supported"));
  transport_.AddResponse(200, "application/json", "{}");
  EXPECT_THAT(csrs_->List({}), StatusIs(absl::StatusCode::kInternal,
                                        "the server's answer: it is no list"));
}

TEST_F(ApiClientTest, ListFollowsThePages) {
  transport_.AddResponse(200, api::kProtobuf, ListBody({"a", "b"}, "7", "t=1"));
  transport_.AddResponse(200, api::kProtobuf, ListBody({"c"}, "7", ""));
  ListOptions options;
  options.field_selector = "spec.signerName=example.com/x";
  options.label_selector = "a=b,c";
  options.limit = 2;
  const auto list = csrs_->List(options);
  ASSERT_THAT(list, IsOk());
  EXPECT_EQ(list->resource_version, "7");
  ASSERT_THAT(list->items, SizeIs(3));
  EXPECT_EQ(list->items[2].metadata().name(), "c");
  ASSERT_THAT(transport_.calls(), SizeIs(2));
  const std::string first = absl::StrCat(
      kCsrs,
      "?fieldSelector=spec.signerName%3Dexample.com%2Fx&labelSelector="
      "a%3Db%2Cc&limit=2");
  EXPECT_EQ(transport_.calls()[0].request.target, first);
  EXPECT_EQ(transport_.calls()[1].request.target,
            absl::StrCat(first, "&continue=t%3D1"));
}

TEST_F(ApiClientTest, ListStartsAgainWhenItsSnapshotIsGone) {
  transport_.AddResponse(200, api::kProtobuf, ListBody({"a"}, "7", "t"));
  transport_.AddResponse(410, api::kProtobuf, StatusBody(410, "Expired"));
  transport_.AddResponse(200, api::kProtobuf, ListBody({"a", "b"}, "9", ""));
  const auto list = csrs_->List({});
  ASSERT_THAT(list, IsOk());
  EXPECT_EQ(list->resource_version, "9");
  EXPECT_THAT(list->items, SizeIs(2));
  EXPECT_EQ(Last().target, kCsrs);
}

TEST_F(ApiClientTest, ListDoesNotTurnInCircles) {
  transport_.AddResponse(200, api::kProtobuf, ListBody({"a"}, "7", "t"));
  transport_.AddResponse(200, api::kProtobuf, ListBody({"a"}, "7", "t"));
  EXPECT_THAT(csrs_->List({}),
              StatusIs(absl::StatusCode::kInternal,
                       "the server repeats a page of its list"));
}

std::string Event(absl::string_view type, const google::protobuf::Message& item,
                  const api::TypeMeta& meta, bool json) {
  api::WatchEvent event;
  event.set_type(type);
  if (json) {
    event.mutable_object()->set_raw(api::EncodeJson(item, meta));
    return api::EncodeJson(event, {}) + "\n";
  }
  event.mutable_object()->set_raw(api::EncodeProtobuf(item, meta));
  const std::string frame = event.SerializeAsString();
  std::string out;
  for (const int shift : {24, 16, 8, 0}) {
    out += static_cast<char>(frame.size() >> shift);
  }
  return out + frame;
}

struct WatchCase {
  std::string content_type;
  bool json;
};

class WatchTest : public ApiClientTest,
                  public ::testing::WithParamInterface<WatchCase> {
 protected:
  void SetUp() override {
    stream_ = transport_.AddStream(GetParam().content_type);
    auto watcher = csrs_->Watch({});
    ASSERT_THAT(watcher, IsOk());
    watcher_ = *std::move(watcher);
  }
  void Push(absl::string_view type, const Csr& csr) {
    stream_->Push(Event(type, csr, kCsrType, GetParam().json));
  }
  void PushError(int code, absl::string_view reason) {
    api::Status status;
    status.set_code(code);
    status.set_reason(reason);
    stream_->Push(Event("ERROR", status, {"v1", "Status"}, GetParam().json));
  }
  absl::StatusOr<WatchEvent<Csr>> Next() {
    return watcher_->Next(absl::Seconds(1));
  }

  std::shared_ptr<FakeStreamSource> stream_;
  std::unique_ptr<Watcher<Csr>> watcher_;
};

INSTANTIATE_TEST_SUITE_P(
    BothFormats, WatchTest,
    ::testing::Values(
        WatchCase{"application/vnd.kubernetes.protobuf;stream=watch", false},
        WatchCase{"application/json", true},
        WatchCase{"application/json;stream=watch", true}),
    [](const ::testing::TestParamInfo<WatchCase>& param) {
      return absl::StrCat(param.param.json ? "Json" : "Protobuf", param.index);
    });

TEST_P(WatchTest, GivesEvents) {
  Csr csr = NamedCsr("a");
  csr.mutable_metadata()->set_resource_version("8");
  Push("ADDED", csr);
  Push("MODIFIED", csr);
  Push("DELETED", csr);
  csr.mutable_metadata()->clear_name();
  Push("BOOKMARK", csr);
  for (const auto [want, name] : {std::pair{WatchEventType::kAdded, "a"},
                                  std::pair{WatchEventType::kModified, "a"},
                                  std::pair{WatchEventType::kDeleted, "a"},
                                  std::pair{WatchEventType::kBookmark, ""}}) {
    const auto event = Next();
    ASSERT_THAT(event, IsOk());
    EXPECT_EQ(event->type, want);
    EXPECT_EQ(event->object.metadata().name(), name);
    EXPECT_EQ(event->object.metadata().resource_version(), "8");
  }
  EXPECT_THAT(Next(), StatusIs(absl::StatusCode::kDeadlineExceeded));
  Push("ADDED", csr);
  EXPECT_THAT(Next(), IsOk());
}

TEST_P(WatchTest, TheRegularEndIsNo410) {
  Push("ADDED", NamedCsr("a"));
  stream_->End();
  EXPECT_THAT(Next(), IsOk());
  for (int i = 0; i < 2; ++i) {
    const auto end = Next();
    EXPECT_THAT(end, StatusIs(absl::StatusCode::kOutOfRange));
    EXPECT_EQ(HttpCode(end.status()), 0);
  }
}

// SPEC D-19.
TEST_P(WatchTest, AnErrorEventEndsIt) {
  PushError(410, "Expired");
  Push("ADDED", NamedCsr("never seen"));
  for (int i = 0; i < 2; ++i) {
    const auto end = Next();
    EXPECT_THAT(end, StatusIs(absl::StatusCode::kOutOfRange));
    EXPECT_EQ(HttpCode(end.status()), 410);
  }
}

TEST_P(WatchTest, AnEndInTheMiddleIsABrokenConnection) {
  const std::string event =
      Event("ADDED", NamedCsr("a"), kCsrType, GetParam().json);
  stream_->Push(event.substr(0, event.size() - 1));
  stream_->End();
  EXPECT_THAT(Next(), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_P(WatchTest, ABrokenConnectionIsUnavailable) {
  transport_.CloseConnections();
  EXPECT_THAT(Next(), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_P(WatchTest, StopEndsIt) {
  Push("ADDED", NamedCsr("a"));
  watcher_->Stop();
  EXPECT_THAT(Next(), StatusIs(absl::StatusCode::kCancelled));
  EXPECT_TRUE(stream_->closed());
}

TEST_P(WatchTest, RefusesWhatItDoesNotKnow) {
  Push("RENAMED", NamedCsr("a"));
  EXPECT_THAT(Next(), StatusIs(absl::StatusCode::kInternal,
                               "the watch has an event of type \"RENAMED\""));
  api::Node node;
  stream_->Push(Event("ADDED", node, {"v1", "Node"}, GetParam().json));
  EXPECT_THAT(Next(), StatusIs(absl::StatusCode::kInternal))
      << "the first error stays";
}

TEST_P(WatchTest, RefusesAnObjectOfAnotherKind) {
  api::Node node;
  stream_->Push(Event("ADDED", node, {"v1", "Node"}, GetParam().json));
  EXPECT_THAT(Next(), StatusIs(absl::StatusCode::kInternal,
                               HasSubstr("\"Node\" in place of a "
                                         "CertificateSigningRequest")));
}

TEST_F(ApiClientTest, WatchSaysFromWhere) {
  transport_.AddStream("application/json");
  WatchOptions options;
  options.field_selector = "metadata.name=a";
  options.resource_version = "42";
  options.timeout = absl::Milliseconds(1500);
  ASSERT_THAT(csrs_->Watch(options), IsOk());
  EXPECT_EQ(Last().target,
            absl::StrCat(kCsrs,
                         "?fieldSelector=metadata.name%3Da&watch=true&"
                         "resourceVersion=42&allowWatchBookmarks=true&"
                         "timeoutSeconds=2"));
  EXPECT_TRUE(transport_.calls().back().open);
}

TEST_F(ApiClientTest, WatchMayBeRefused) {
  transport_.AddResponse(410, api::kProtobuf, StatusBody(410, "Expired"));
  const auto gone = csrs_->Watch({});
  EXPECT_THAT(gone, StatusIs(absl::StatusCode::kOutOfRange));
  EXPECT_EQ(HttpCode(gone.status()), 410);

  http::Response slow_down;
  slow_down.status = 429;
  slow_down.headers.Set("Retry-After", "3");
  transport_.AddResponse(slow_down);
  const auto later = csrs_->Watch({});
  EXPECT_THAT(later, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(RetryAfter(later.status()), absl::Seconds(3));
}

}  // namespace
}  // namespace signet::k8s
