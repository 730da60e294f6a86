// Server-side apply and the owners of fields, through structured_merge; the
// expected texts are kube-apiserver 1.37.2's.

#include "tools/apiserver/managed_fields.h"

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/api/codec.h"
#include "core/api/core.pb.h"
#include "core/api/meta.pb.h"
#include "gmock/gmock.h"
#include "google/protobuf/message.h"
#include "gtest/gtest.h"
#include "tools/apiserver/api_error.h"
#include "tools/apiserver/kinds.h"
#include "tools/apiserver/store.h"

namespace signet::apiserver {
namespace {

using ::absl_testing::IsOk;
using google::protobuf::Message;
using ::testing::HasSubstr;
using ::testing::Not;

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

const Kind& CsrKind() {
  return *FindKindByKey("certificatesigningrequests.certificates.k8s.io");
}
const Kind& NodeKind() { return *FindKindByKey("nodes"); }
const Kind& SecretKind() { return *FindKindByKey("secrets"); }

std::unique_ptr<Message> Read(const Kind& kind, absl::string_view json) {
  std::unique_ptr<Message> object = kind.make();
  EXPECT_THAT(api::DecodeJson(json, object.get(), nullptr), IsOk());
  return object;
}

// "manager operation[/subresource] fields", one a line.
std::string Owners(const Message& object) {
  std::string text;
  for (const api::ManagedFieldsEntry& entry :
       MetadataOf(object).managed_fields()) {
    absl::StrAppend(&text, text.empty() ? "" : "\n", entry.manager(), " ",
                    entry.operation(), entry.subresource().empty() ? "" : "/",
                    entry.subresource(), " ", entry.fields_v1().raw());
  }
  return text;
}

TEST(TrackUpdateTest, OwnsWhatACreationSays) {
  const struct {
    const char* sentence;
    const Kind& kind;
    const char* json;
    const char* owners;
  } kCases[] = {
      {"labels and annotations, but not the spec that nobody can change",
       CsrKind(),
       R"({"metadata":{"name":"x","uid":"u","annotations":{"n":"v"},)"
       R"("labels":{"a":"b","x.io/c":"d"}},"spec":{"signerName":"a.b/c"}})",
       R"(me Update {"f:metadata":{"f:annotations":{".":{},"f:n":{}},)"
       R"("f:labels":{".":{},"f:a":{},"f:x.io/c":{}}}})"},
      {"nothing", CsrKind(), R"({"metadata":{"name":"x"}})", ""},
      {"finalizers are a set", CsrKind(),
       R"({"metadata":{"finalizers":["example.com/keep"]}})",
       R"(me Update {"f:metadata":{"f:finalizers":{".":{},)"
       R"("v:\"example.com/keep\"":{}}}})"},
      {"owners are known by their uid", CsrKind(),
       R"({"metadata":{"ownerReferences":[{"apiVersion":"v1","kind":"Node",)"
       R"("name":"node-1","uid":"u"}]}})",
       R"(me Update {"f:metadata":{"f:ownerReferences":{".":{},)"
       R"("k:{\"uid\":\"u\"}":{}}}})"},
      {"data entry by entry", SecretKind(),
       R"({"data":{"tls.crt":"YQ==","tls.key":"YQ=="},)"
       R"("type":"kubernetes.io/tls"})",
       R"(me Update {"f:data":{".":{},"f:tls.crt":{},"f:tls.key":{}},)"
       R"("f:type":{}})"},
  };
  for (const auto& test : kCases) {
    SCOPED_TRACE(test.sentence);
    std::unique_ptr<Message> object = Read(test.kind, test.json);
    TrackUpdate(test.kind.info, *test.kind.make(), {"me", "", kNow}, *object);
    EXPECT_EQ(Owners(*object), test.owners);
  }
}

TEST(TrackUpdateTest, PassesFieldsFromOneManagerToAnother) {
  std::unique_ptr<Message> first =
      Read(CsrKind(), R"({"metadata":{"labels":{"a":"1","b":"1"}}})");
  TrackUpdate(CsrKind().info, *CsrKind().make(), {"me", "", kNow}, *first);
  std::unique_ptr<Message> second =
      Read(CsrKind(), R"({"metadata":{"labels":{"a":"2","c":"1"}}})");
  TrackUpdate(CsrKind().info, *first, {"you", "", kNow + absl::Seconds(1)},
              *second);
  EXPECT_EQ(Owners(*second),
            R"(me Update {"f:metadata":{"f:labels":{}}})"
            "\n"
            R"(you Update {"f:metadata":{"f:labels":{"f:a":{},"f:c":{}}}})");
  // Nothing changed, nothing owned.
  std::unique_ptr<Message> third =
      Read(CsrKind(), R"({"metadata":{"labels":{"a":"2","c":"1"}}})");
  TrackUpdate(CsrKind().info, *second, {"they", "", kNow + absl::Seconds(2)},
              *third);
  EXPECT_EQ(Owners(*third), Owners(*second));
}

TEST(TrackUpdateTest, LeavesAnObjectAloneThatNobodyOwned) {
  std::unique_ptr<Message> live =
      Read(CsrKind(), R"({"metadata":{"uid":"u"}})");
  std::unique_ptr<Message> updated =
      Read(CsrKind(), R"({"metadata":{"uid":"u","labels":{"a":"1"}}})");
  TrackUpdate(CsrKind().info, *live, {"me", "", kNow}, *updated);
  EXPECT_EQ(Owners(*updated), "");
}

TEST(TrackUpdateTest, KeepsSubresourcesApart) {
  std::unique_ptr<Message> object = Read(
      CsrKind(),
      R"({"status":{"certificate":"YQ==","conditions":[{"type":"Approved",)"
      R"("status":"True","reason":"r"}]}})");
  std::unique_ptr<Message> approved(object->New());
  approved->CopyFrom(*object);
  TrackUpdate(CsrKind().info, *CsrKind().make(), {"me", "approval", kNow},
              *approved);
  EXPECT_THAT(Owners(*approved),
              HasSubstr(R"(me Update/approval {"f:status":{"f:conditions":)"
                        R"({".":{},"k:{\"type\":\"Approved\"}":{".":{})"));
  EXPECT_THAT(Owners(*approved), Not(HasSubstr("certificate")));
  TrackUpdate(CsrKind().info, *CsrKind().make(), {"me", "status", kNow},
              *object);
  EXPECT_EQ(Owners(*object),
            R"(me Update/status {"f:status":{"f:certificate":{}}})");
}

TEST(TrackUpdateTest, MergesTheOldestOfTooManyManagers) {
  std::unique_ptr<Message> object = CsrKind().make();
  for (int i = 0; i < 15; ++i) {
    std::unique_ptr<Message> next(object->New());
    next->CopyFrom(*object);
    auto& labels = *MutableMetadataOf(*next).mutable_labels();
    labels[absl::StrCat("l", i)] = "x";
    TrackUpdate(CsrKind().info, *object,
                {absl::StrCat("m", i), "", kNow + absl::Seconds(i)}, *next);
    object = std::move(next);
  }
  EXPECT_EQ(MetadataOf(*object).managed_fields_size(), 10);
  EXPECT_EQ(MetadataOf(*object).managed_fields(0).manager(), "ancient-changes");
  EXPECT_THAT(MetadataOf(*object).managed_fields(0).fields_v1().raw(),
              HasSubstr(R"("f:l0":{})"));
}

constexpr char kHead[] = R"("apiVersion":"v1","kind":"Node")";

absl::StatusOr<std::unique_ptr<Message>> Apply(const Message& live,
                                               const std::string& manager,
                                               const std::string& fields,
                                               bool force = false) {
  return ApplyConfiguration(NodeKind(), live, {manager, "", kNow},
                            absl::StrCat("{", kHead, ",", fields, "}"), force);
}

TEST(ApplyConfigurationTest, AddsChangesAndTakesAway) {
  auto live =
      Apply(*NodeKind().make(), "me",
            R"("metadata":{"name":"node-1","labels":{"a":"1","b":"1"}},)"
            R"("spec":{"podCIDRs":["x"],"providerID":"p"})");
  ASSERT_THAT(live, IsOk());
  EXPECT_EQ(Owners(**live),
            R"(me Apply {"f:metadata":{"f:labels":{"f:a":{},"f:b":{}}},)"
            R"("f:spec":{"f:podCIDRs":{"v:\"x\"":{}},"f:providerID":{}}})");
  auto again = Apply(**live, "me",
                     R"("metadata":{"name":"node-1","labels":{"b":"2"}},)"
                     R"("spec":{"podCIDRs":["y"]})");
  ASSERT_THAT(again, IsOk());
  const auto& node = static_cast<const api::Node&>(**again);
  EXPECT_EQ(node.metadata().labels().size(), 1);
  EXPECT_EQ(node.metadata().labels().at("b"), "2");
  EXPECT_EQ(node.spec().pod_cidrs_size(), 1);
  EXPECT_EQ(node.spec().provider_id(), "");
  EXPECT_EQ(node.metadata().name(), "node-1");
}

TEST(ApplyConfigurationTest, RefusesToTakeAnothersFieldUnlessForced) {
  auto live =
      Apply(*NodeKind().make(), "me",
            R"("metadata":{"name":"node-1","labels":{"a":"1","b":"1"}})");
  ASSERT_THAT(live, IsOk());
  // The same value is shared.
  auto shared = Apply(**live, "you",
                      R"("metadata":{"name":"node-1","labels":{"a":"1"}})");
  ASSERT_THAT(shared, IsOk());
  EXPECT_EQ(MetadataOf(**shared).managed_fields_size(), 2);

  const absl::Status conflict =
      Apply(**live, "you", R"("metadata":{"name":"node-1","labels":{"b":"3"}})")
          .status();
  EXPECT_EQ(ToApi(conflict).code(), 409);
  EXPECT_EQ(ToApi(conflict).message(),
            "Apply failed with 1 conflict: conflict with \"me\": "
            ".metadata.labels.b");
  EXPECT_EQ(ToApi(conflict).details().causes(0).reason(),
            "FieldManagerConflict");
  EXPECT_EQ(
      ToApi(Apply(**live, "you",
                  R"("metadata":{"name":"node-1","labels":{"a":"2","b":"3"}})")
                .status())
          .message(),
      "Apply failed with 2 conflicts: conflicts with \"me\":\n"
      "- .metadata.labels.a\n- .metadata.labels.b");

  auto forced =
      Apply(**live, "you", R"("metadata":{"name":"node-1","labels":{"b":"3"}})",
            true);
  ASSERT_THAT(forced, IsOk());
  EXPECT_EQ(Owners(**forced),
            R"(me Apply {"f:metadata":{"f:labels":{"f:a":{}}}})"
            "\n"
            R"(you Apply {"f:metadata":{"f:labels":{"f:b":{}}}})");
}

TEST(ApplyConfigurationTest, LeavesWhatWasThereBeforeToWhoMadeIt) {
  std::unique_ptr<Message> live =
      Read(NodeKind(),
           R"({"metadata":{"name":"node-1","uid":"u","labels":{"a":"1"}}})");
  auto applied =
      Apply(*live, "me", R"("metadata":{"name":"node-1","labels":{"b":"1"}})");
  ASSERT_THAT(applied, IsOk());
  EXPECT_EQ(Owners(**applied),
            R"(me Apply {"f:metadata":{"f:labels":{"f:b":{}}}})"
            "\n"
            R"(before-first-apply Update {"f:metadata":{"f:labels":{".":{},)"
            R"("f:a":{}}}})");
}

TEST(ApplyConfigurationTest, RefusesWhatIsNoConfigurationOfTheObject) {
  std::unique_ptr<Message> live =
      Read(NodeKind(), R"({"metadata":{"name":"node-1"}})");
  const struct {
    const char* sentence;
    const char* text;
    int code;
    const char* message;
  } kCases[] = {
      {"no kind", R"({"metadata":{"name":"node-1"}})", 400,
       "invalid object type: /, Kind="},
      {"another kind", "{apiVersion: a.b/v2, kind: X}", 400,
       "invalid object type: a.b/v2, Kind=X"},
      {"no YAML", "{", 400, "error decoding YAML: "},
      {"a list", "[a]", 400, "error decoding YAML: "},
      {"another name", "{apiVersion: v1, kind: Node, metadata: {name: x}}", 400,
       "the name of the object (x) does not match the name on the URL "
       "(node-1)"},
      {"an unknown field",
       "{apiVersion: v1, kind: Node, metadata: {name: node-1}, spec: {surplus: "
       "1}}",
       500,
       "failed to create typed patch object (/node-1; v1, Kind=Node): "
       ".spec.surplus: field not declared in schema"},
      {"a wrong type",
       "{apiVersion: v1, kind: Node, metadata: {name: node-1}, spec: 1}", 400,
       "json: cannot unmarshal number into Go struct field Node.spec of type "
       "v1.NodeSpec"},
  };
  for (const auto& test : kCases) {
    SCOPED_TRACE(test.sentence);
    const api::Status status = ToApi(
        ApplyConfiguration(NodeKind(), *live, {"me", "", kNow}, test.text, true)
            .status());
    EXPECT_EQ(status.code(), test.code);
    EXPECT_THAT(status.message(), HasSubstr(test.message));
  }
}

TEST(ManagerOfTest, TakesTheUserAgentsFirstPart) {
  EXPECT_EQ(ManagerOf("me", "kubectl/v1.37"), "me");
  EXPECT_EQ(ManagerOf("", "kubectl/v1.37.2 (linux/amd64)"), "kubectl");
  EXPECT_EQ(ManagerOf("", ""), "");
  EXPECT_EQ(ManagerOf("", std::string(200, 'x')), std::string(128, 'x'));
}

}  // namespace
}  // namespace signet::apiserver
