#include "core/api/codec.h"

#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status_matchers.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "core/api/json_error.h"
#include "core/api/json_rules.h"
#include "core/api/resource.h"
#include "gmock/gmock.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"

namespace signet::api {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::StatusIs;
using ::google::protobuf::DescriptorPool;
using ::google::protobuf::Message;
using ::google::protobuf::util::MessageDifferencer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr absl::string_view kTestdata = "core/api/testdata/";

std::string ReadTestdata(absl::string_view name) {
  std::ifstream in(absl::StrCat(kTestdata, name), std::ios::binary);
  EXPECT_TRUE(in) << name;
  return std::string(std::istreambuf_iterator<char>(in), {});
}

struct Vector {
  std::string name;
  TypeMeta type;
  std::string json;
  std::string protobuf;
};

std::vector<Vector> ReadVectors() {
  std::vector<Vector> vectors;
  const std::string text = ReadTestdata("api_vectors.txt");
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (absl::ConsumePrefix(&line, "name: ")) {
      vectors.emplace_back().name = std::string(line);
    } else if (absl::ConsumePrefix(&line, "api_version: ")) {
      vectors.back().type.api_version = std::string(line);
    } else if (absl::ConsumePrefix(&line, "kind: ")) {
      vectors.back().type.kind = std::string(line);
    } else if (absl::ConsumePrefix(&line, "json: ")) {
      vectors.back().json = std::string(line);
    } else if (absl::ConsumePrefix(&line, "protobuf: ")) {
      EXPECT_TRUE(absl::HexStringToBytes(line, &vectors.back().protobuf));
    }
  }
  return vectors;
}

template <class... T>
std::unique_ptr<Message> NewMessageOf(absl::string_view kind) {
  std::unique_ptr<Message> message;
  ((kind == T::descriptor()->name() ? message.reset(new T) : void()), ...);
  EXPECT_NE(message, nullptr) << kind;
  return message;
}

std::unique_ptr<Message> NewMessage(absl::string_view kind) {
  return NewMessageOf<CertificateSigningRequest, ClusterTrustBundle,
                      SubjectAccessReview, SelfSubjectAccessReview, Lease, Node,
                      Namespace, Secret, ConfigMap, Event, Status,
                      DeleteOptions, Role, RoleBinding, ClusterRole,
                      ClusterRoleBinding>(kind);
}

bool IsObject(const Vector& vector) {
  return !absl::EndsWith(vector.type.kind, "List") &&
         vector.type.kind != "WatchEvent";
}

// The vectors stand for all kinds, so that a kind without one is noticed.
// SPEC D-16: as kube-apiserver 1.37.2 answered.
TEST(GoErrorTextTest, D16SaysWhatGoSaysOfAMismatch) {
  const struct {
    const char* sentence;
    const char* json;
    const char* text;
  } kCases[] = {
      {"a number for bytes", R"({"spec":{"request":7}})",
       "json: cannot unmarshal number into Go struct field "
       "CertificateSigningRequestSpec.spec.request of type []uint8"},
      {"no base64", R"({"spec":{"request":"***"}})",
       "illegal base64 data at input byte 0"},
      {"base64 without padding", R"({"spec":{"request":"YWI"}})",
       "illegal base64 data at input byte 0"},
      {"something after the padding", R"({"spec":{"request":"YQ==x"}})",
       "illegal base64 data at input byte 4"},
      {"a number too large", R"({"spec":{"expirationSeconds":2147483648}})",
       "json: cannot unmarshal number 2147483648 into Go struct field "
       "CertificateSigningRequestSpec.spec.expirationSeconds of type int32"},
      {"a fraction", R"({"spec":{"expirationSeconds":1.5}})",
       "json: cannot unmarshal number 1.5 into Go struct field "
       "CertificateSigningRequestSpec.spec.expirationSeconds of type int32"},
      {"a string for a number", R"({"spec":{"expirationSeconds":"600"}})",
       "json: cannot unmarshal string into Go struct field "
       "CertificateSigningRequestSpec.spec.expirationSeconds of type int32"},
      {"an array for metadata", R"({"metadata":[]})",
       "json: cannot unmarshal array into Go struct field "
       "CertificateSigningRequest.metadata of type v1.ObjectMeta"},
      {"a string for a message", R"({"spec":"x"})",
       "json: cannot unmarshal string into Go struct field "
       "CertificateSigningRequest.spec of type "
       "v1.CertificateSigningRequestSpec"},
      {"a string for a list", R"({"spec":{"groups":"x"}})",
       "json: cannot unmarshal string into Go struct field "
       "CertificateSigningRequestSpec.spec.groups of type []string"},
      {"a number in a list", R"({"spec":{"usages":[7]}})",
       "json: cannot unmarshal number into Go struct field "
       "CertificateSigningRequestSpec.spec.usages of type v1.KeyUsage"},
      {"a number in a map", R"({"metadata":{"labels":{"a":1}}})",
       "json: cannot unmarshal number into Go struct field "
       "ObjectMeta.metadata.labels of type string"},
      {"no time",
       R"({"status":{"conditions":[{"lastUpdateTime":"yesterday"}]}})",
       "parsing time \"yesterday\" as \"2006-01-02T15:04:05Z07:00\": cannot "
       "parse \"yesterday\" as \"2006\""},
      {"a month too late",
       R"({"status":{"conditions":[{"lastUpdateTime":"2026-13-01T00:00:00Z"}]}})",
       "parsing time \"2026-13-01T00:00:00Z\": month out of range"},
      {"a time without a zone",
       R"({"status":{"conditions":[{"lastUpdateTime":"2026-12-01T00:00:00"}]}})",
       "parsing time \"2026-12-01T00:00:00\" as "
       "\"2006-01-02T15:04:05Z07:00\": cannot parse \"\" as \"Z07:00\""},
      {"a number for a time",
       R"({"status":{"conditions":[{"lastUpdateTime":5}]}})",
       "json: cannot unmarshal number into Go value of type string"},
  };
  for (const auto& test : kCases) {
    SCOPED_TRACE(test.sentence);
    CertificateSigningRequest csr;
    const absl::Status status = DecodeJson(test.json, &csr, nullptr);
    EXPECT_FALSE(status.ok());
    EXPECT_EQ(GoErrorText(status), test.text);
  }
}

TEST(CodecTest, VectorsCoverEveryKind) {
  const std::vector<Vector> vectors = ReadVectors();
  EXPECT_THAT(vectors, SizeIs(7 + 16 * 5 + 1));
}

TEST(CodecTest, ReadsGoProtobufAndWritesTheSameBytes) {
  for (const Vector& vector : ReadVectors()) {
    if (!IsObject(vector)) continue;
    SCOPED_TRACE(vector.name);
    const std::unique_ptr<Message> object = NewMessage(vector.type.kind);
    TypeMeta type;
    ASSERT_THAT(DecodeProtobuf(vector.protobuf, object.get(), &type), IsOk());
    EXPECT_EQ(type.api_version, vector.type.api_version);
    EXPECT_EQ(type.kind, vector.type.kind);
    EXPECT_EQ(absl::BytesToHexString(EncodeProtobuf(*object, type)),
              absl::BytesToHexString(vector.protobuf));
  }
}

TEST(CodecTest, WritesGoJsonFromGoProtobuf) {
  for (const Vector& vector : ReadVectors()) {
    if (!IsObject(vector)) continue;
    SCOPED_TRACE(vector.name);
    const std::unique_ptr<Message> object = NewMessage(vector.type.kind);
    TypeMeta type;
    ASSERT_THAT(DecodeProtobuf(vector.protobuf, object.get(), &type), IsOk());
    EXPECT_EQ(EncodeJson(*object, type), vector.json);
  }
}

TEST(CodecTest, ReadsGoJsonAndWritesTheSameBytes) {
  for (const Vector& vector : ReadVectors()) {
    if (!IsObject(vector)) continue;
    SCOPED_TRACE(vector.name);
    const std::unique_ptr<Message> object = NewMessage(vector.type.kind);
    TypeMeta type;
    std::vector<std::string> unknown;
    ASSERT_THAT(DecodeJson(vector.json, object.get(), &type, &unknown), IsOk());
    EXPECT_THAT(unknown, IsEmpty());
    EXPECT_EQ(EncodeJson(*object, type), vector.json);
  }
}

// SPEC A-48.
TEST(CodecTest, ReadsAndWritesGoLists) {
  for (const Vector& vector : ReadVectors()) {
    if (vector.type.kind != "CertificateSigningRequestList") continue;
    SCOPED_TRACE(vector.name);
    ListMeta from_protobuf, from_json;
    std::vector<CertificateSigningRequest> items, json_items;
    ASSERT_THAT(DecodeList(kProtobuf, vector.protobuf, &from_protobuf, &items),
                IsOk());
    ASSERT_THAT(DecodeList(kJson, vector.json, &from_json, &json_items),
                IsOk());
    ASSERT_EQ(items.size(), json_items.size());
    std::vector<const Message*> pointers;
    for (const auto& item : items) pointers.push_back(&item);
    EXPECT_EQ(absl::BytesToHexString(
                  EncodeListProtobuf(pointers, vector.type, from_protobuf)),
              absl::BytesToHexString(vector.protobuf));
    // A Go list without elements is null or [], the server's is [].
    EXPECT_EQ(
        EncodeListJson(pointers, vector.type, {}, from_protobuf),
        absl::StrReplaceAll(vector.json, {{"\"items\":null", "\"items\":[]"}}));
    pointers.clear();
    for (const auto& item : json_items) pointers.push_back(&item);
    EXPECT_EQ(
        EncodeListJson(pointers, vector.type, {}, from_json),
        absl::StrReplaceAll(vector.json, {{"\"items\":null", "\"items\":[]"}}));
  }
}

TEST(CodecTest, ListCarriesItsMetadata) {
  ListMeta metadata;
  std::vector<CertificateSigningRequest> items;
  for (const Vector& vector : ReadVectors()) {
    if (vector.name != "a list of CSRs") continue;
    ASSERT_THAT(DecodeList("application/vnd.kubernetes.protobuf",
                           vector.protobuf, &metadata, &items),
                IsOk());
  }
  EXPECT_EQ(metadata.resource_version(), "300");
  EXPECT_EQ(metadata.continue_(), "more");
  EXPECT_EQ(metadata.remaining_item_count(), 7);
  ASSERT_THAT(items, SizeIs(2));
  EXPECT_EQ(items[0].metadata().name(), "one");
  EXPECT_EQ(items[1].spec().expiration_seconds(), 3600);
}

TEST(CodecTest, ListItemsMayHaveATypeOfTheirOwn) {
  ListMeta metadata;
  std::vector<Node> items;
  ASSERT_THAT(
      DecodeList(kJson,
                 R"({"kind":"List","apiVersion":"v1","items":[{"kind":"Node",)"
                 R"("apiVersion":"v1","metadata":{"name":"n"}}]})",
                 &metadata, &items),
      IsOk());
  ASSERT_THAT(items, SizeIs(1));
  EXPECT_EQ(
      EncodeListJson({&items[0]}, {"v1", "NodeList"}, {"v1", "Node"}, metadata)
          .substr(0, 84),
      R"({"kind":"NodeList","apiVersion":"v1","metadata":{},)"
      R"("items":[{"kind":"Node","apiVersi)");
}

TEST(CodecTest, WatchEventHoldsAnEnvelopedObject) {
  for (const Vector& vector : ReadVectors()) {
    if (vector.type.kind != "WatchEvent") continue;
    WatchEvent event;
    // The first four bytes are the frame's length.
    ASSERT_TRUE(event.ParseFromString(vector.protobuf.substr(4)));
    EXPECT_EQ(event.type(), "ADDED");
    CertificateSigningRequest csr, from_json;
    TypeMeta type;
    ASSERT_THAT(DecodeProtobuf(event.object().raw(), &csr, &type), IsOk());
    EXPECT_EQ(csr.metadata().name(), "csr-4x2lq");

    ASSERT_THAT(DecodeJson(vector.json, &event, &type), IsOk());
    EXPECT_EQ(EncodeJson(event, {}), vector.json);
    ASSERT_THAT(DecodeJson(event.object().raw(), &from_json, &type), IsOk());
    EXPECT_EQ(EncodeJson(from_json, type), EncodeJson(csr, type));
  }
}

// SPEC D-17.
TEST(CodecTest, WritesTheServersReplyByteForByte) {
  std::string reply = ReadTestdata("server_reply.json");
  reply.pop_back();  // The newline.
  CertificateSigningRequest csr;
  TypeMeta type;
  std::vector<std::string> unknown;
  ASSERT_THAT(DecodeJson(reply, &csr, &type, &unknown), IsOk());
  EXPECT_THAT(unknown, IsEmpty());
  EXPECT_EQ(EncodeJson(csr, type), reply);
}

TEST(CodecTest, PrettyIsKubectlsLayoutByteForByte) {
  for (absl::string_view name :
       {"kubectl_approved.json", "kubectl_issued.json"}) {
    SCOPED_TRACE(name);
    std::string shown = ReadTestdata(name);
    while (shown.back() == '\n') shown.pop_back();
    CertificateSigningRequest csr;
    TypeMeta type;
    ASSERT_THAT(DecodeJson(shown, &csr, &type), IsOk());
    EXPECT_EQ(EncodeJson(csr, type, {.pretty = true}), shown);
  }
}

TEST(CodecTest, UnknownProtobufFieldsSurvive) {
  Status with_more;  // Its fields 2 to 6 are unknown to a Namespace's status.
  with_more.set_code(404);
  with_more.set_message("kept");
  Unknown envelope;
  envelope.set_raw(with_more.SerializeAsString());
  ClusterTrustBundle bundle;  // Knows 1 and 2.
  ASSERT_THAT(DecodeProtobuf(absl::StrCat(std::string("k8s\0", 4),
                                          envelope.SerializeAsString()),
                             &bundle, nullptr),
              IsOk());
  Status again;
  ASSERT_THAT(DecodeProtobuf(EncodeProtobuf(bundle, {}), &again, nullptr),
              IsOk());
  EXPECT_TRUE(MessageDifferencer::Equals(with_more, again));
}

TEST(CodecTest, CollectsUnknownJsonFieldsWithTheirPaths) {
  CertificateSigningRequest csr;
  std::vector<std::string> unknown;
  ASSERT_THAT(DecodeJson(R"({"extra":1,"Kind":"x","metadata":{"Name":"x"},)"
                         R"("spec":{"foo":{"kind":"y"},"signerName":"s"},)"
                         R"("status":{"conditions":[{},{"kind":"z"}]}})",
                         &csr, nullptr, &unknown),
              IsOk());
  EXPECT_THAT(unknown, ElementsAre("extra", "Kind", "metadata.Name", "spec.foo",
                                   "status.conditions[1].kind"));
  EXPECT_EQ(csr.spec().signer_name(), "s");
}

TEST(CodecTest, NullIsTheSameAsAbsent) {
  CertificateSigningRequest csr;
  TypeMeta type;
  ASSERT_THAT(
      DecodeJson(R"({"kind":null,"apiVersion":null,"metadata":null,"spec":)"
                 R"({"request":null,"usages":null,"expirationSeconds":null,)"
                 R"("extra":{"k":null}},"status":{"conditions":)"
                 R"([{"lastUpdateTime":null}]}})",
                 &csr, &type),
      IsOk());
  EXPECT_FALSE(csr.has_metadata());
  EXPECT_FALSE(csr.spec().has_request());
  EXPECT_FALSE(csr.spec().has_expiration_seconds());
  EXPECT_FALSE(csr.status().conditions(0).has_last_update_time());
  EXPECT_EQ(csr.spec().extra().count("k"), 1u);
}

TEST(CodecTest, RefusesWithTheFieldsName) {
  const struct {
    std::string name;
    std::string json;
    std::string want;
  } kTests[] = {
      {"a string for an integer", R"({"spec":{"expirationSeconds":"600"}})",
       "spec.expirationSeconds: expected an integer, found a string"},
      {"a fraction for an integer", R"({"spec":{"expirationSeconds":600.5}})",
       "spec.expirationSeconds: expected an integer, found a fractional "
       "number"},
      {"an integer over 32 bits",
       R"({"spec":{"expirationSeconds":2147483648}})",
       "spec.expirationSeconds: the number 2147483648 is out of range"},
      {"an integer over 64 bits",
       R"({"metadata":{"generation":9223372036854775808}})",
       "metadata.generation: the number is out of range"},
      {"a number for a string", R"({"metadata":{"name":7}})",
       "metadata.name: expected a string, found a number"},
      {"a string for an array", R"({"spec":{"usages":"client auth"}})",
       "spec.usages: expected an array, found a string"},
      {"an object in an array of strings", R"({"spec":{"usages":["a",{}]}})",
       "spec.usages[1]: expected a string, found an object"},
      {"an array for an object", R"({"spec":[]})",
       "spec: expected an object, found an array"},
      {"a string for an extra value", R"({"spec":{"extra":{"k":"v"}}})",
       "spec.extra.k: expected an array, found a string"},
      {"a number for a label", R"({"metadata":{"labels":{"k":1}}})",
       "metadata.labels.k: expected a string, found a number"},
      {"bytes that are no base64", R"({"spec":{"request":"_-_-"}})",
       "spec.request: expected base64, found something else"},
      {"base64 without its padding", R"({"spec":{"request":"TQ"}})",
       "spec.request: expected base64, found something else"},
      {"a time without its zone",
       R"({"metadata":{"creationTimestamp":"2026-11-24T09:59:07"}})",
       "metadata.creationTimestamp: \"2026-11-24T09:59:07\" is not an RFC 3339 "
       "time"},
      {"a time as a number", R"({"metadata":{"creationTimestamp":0}})",
       "metadata.creationTimestamp: expected a string, found a number"},
      {"a condition that is no object", R"({"status":{"conditions":[1]}})",
       "status.conditions[0]: expected an object, found a number"},
      {"a kind that is no string", R"({"kind":{}})",
       "kind: expected a string, found an object"},
      {"an array alone", "[]", "expected an object, found an array"},
      {"nothing", "", "the JSON is broken at byte 0: incomplete JSON"},
      {"a comma too many", R"({"spec":{},})",
       "the JSON is broken at byte 11: syntax error"},
      {"two objects", "{}{}", "the JSON is broken at byte 2: extra data"},
      {"a byte that is no UTF-8", "{\"kind\":\"\xff\"}",
       "the JSON is broken at byte 9: syntax error"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    CertificateSigningRequest csr;
    TypeMeta type;
    EXPECT_THAT(DecodeJson(t.json, &csr, &type),
                StatusIs(absl::StatusCode::kInvalidArgument, t.want));
  }
}

TEST(CodecTest, ListErrorsNameTheItem) {
  ListMeta metadata;
  std::vector<Node> items;
  EXPECT_THAT(DecodeList(kJson, R"({"items":[{},{"metadata":{"name":[]}}]})",
                         &metadata, &items),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "items[1].metadata.name: expected a string, found an "
                       "array"));
  EXPECT_THAT(DecodeList(kJson, R"({"items":{}})", &metadata, &items),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "items: expected an array, found an object"));
}

// SPEC A-48b.
TEST(CodecTest, RefusesWhatIsTooLargeOrTooDeep) {
  CertificateSigningRequest csr;
  const std::string padding(kMaxObjectBytes, ' ');
  EXPECT_THAT(
      DecodeJson("{}" + padding, &csr, nullptr),
      StatusIs(absl::StatusCode::kInvalidArgument,
               "the JSON has 3145730 bytes; at most 3145728 are taken"));
  EXPECT_THAT(DecodeProtobuf("k8s" + padding, &csr, nullptr),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "the protobuf has 3145731 bytes; at most 3145728 are "
                       "taken"));
  const auto nested = [](size_t depth) {
    return absl::StrCat("{\"x\":", std::string(depth - 1, '['),
                        std::string(depth - 1, ']'), "}");
  };
  EXPECT_THAT(DecodeJson(nested(64), &csr, nullptr), IsOk());
  EXPECT_THAT(
      DecodeJson(nested(65), &csr, nullptr),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("too deep")));
}

TEST(CodecTest, RefusesABrokenEnvelope) {
  const std::string magic("k8s\0", 4);
  Unknown gzip;
  gzip.set_content_encoding("gzip");
  Unknown cbor;
  cbor.set_content_type("application/cbor");
  Unknown truncated;
  truncated.mutable_type_meta()->set_api_version("v1");
  truncated.mutable_type_meta()->set_kind("Node");
  truncated.set_raw("\x0a\x05x");
  const struct {
    std::string name;
    std::string bytes;
    std::string want;
  } kTests[] = {
      {"nothing", "",
       "the protobuf does not begin with Kubernetes' magic k8s\\0"},
      {"JSON", "{}",
       "the protobuf does not begin with Kubernetes' magic k8s\\0"},
      {"an envelope that breaks off", magic + "\x0a\x10",
       "the protobuf's envelope is broken"},
      {"an encoding", magic + gzip.SerializeAsString(),
       "the protobuf's content encoding \"gzip\" is not supported"},
      {"another content type", magic + cbor.SerializeAsString(),
       "the protobuf's content type \"application/cbor\" is not supported"},
      {"an object that breaks off", magic + truncated.SerializeAsString(),
       "the protobuf of v1 Node is broken"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    Node node;
    TypeMeta type;
    EXPECT_THAT(DecodeProtobuf(t.bytes, &node, &type),
                StatusIs(absl::StatusCode::kInvalidArgument, t.want));
    ListMeta metadata;
    std::vector<Node> items;
    EXPECT_THAT(DecodeList(kProtobuf, t.bytes, &metadata, &items),
                StatusIs(absl::StatusCode::kInvalidArgument, t.want));
  }
}

TEST(CodecTest, ChoosesByContentType) {
  Node node;
  node.mutable_metadata()->set_name("n");
  const std::string json = EncodeJson(node, {"v1", "Node"});
  const std::string protobuf = EncodeProtobuf(node, {"v1", "Node"});
  const struct {
    std::string content_type;
    std::string body;
    absl::StatusCode want;
  } kTests[] = {
      {"application/json", json, absl::StatusCode::kOk},
      {"Application/JSON; charset=utf-8", json, absl::StatusCode::kOk},
      {"", json, absl::StatusCode::kOk},
      {"application/vnd.kubernetes.protobuf", protobuf, absl::StatusCode::kOk},
      {"application/vnd.kubernetes.protobuf;stream=watch", protobuf,
       absl::StatusCode::kOk},
      {"application/json", protobuf, absl::StatusCode::kInvalidArgument},
      {"application/vnd.kubernetes.protobuf", json,
       absl::StatusCode::kInvalidArgument},
      {"text/html", json, absl::StatusCode::kUnimplemented},
      {"application/cbor", json, absl::StatusCode::kUnimplemented},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.content_type);
    Node got;
    TypeMeta type;
    EXPECT_THAT(Decode(t.content_type, t.body, &got, &type), StatusIs(t.want));
  }
}

TEST(CodecTest, ReadsTimesAsGoDoes) {
  const absl::Time want = absl::FromUnixSeconds(1795514347);
  const struct {
    std::string text;
    bool ok;
  } kTests[] = {
      {"2026-11-24T09:59:07Z", true},      {"2026-11-24T10:59:07+01:00", true},
      {"2026-11-24T09:59:07.999Z", true},  {"2026-11-24t09:59:07z", false},
      {"2026-11-24T09:59:07", false},      {"2026-11-24 09:59:07Z", false},
      {" 2026-11-24T09:59:07Z", false},    {"2026-11-24T09:59:60Z", false},
      {"2026-13-24T09:59:07Z", false},     {"2026-02-30T09:59:07Z", false},
      {"2026-11-24T09:59:07+0100", false}, {"2026-11-24T09:59:07.Z", false},
      {"infinite-future", false},          {"", false},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.text);
    Node node;
    const absl::Status status = DecodeJson(
        absl::StrCat(R"({"metadata":{"creationTimestamp":")", t.text, "\"}}"),
        &node, nullptr);
    EXPECT_EQ(status.ok(), t.ok) << status;
    if (t.ok) {
      EXPECT_EQ(ToAbslTime(node.metadata().creation_timestamp()), want);
    }
  }
}

TEST(CodecTest, TheZeroTimeIsNoTime) {
  for (absl::string_view text :
       {"0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z"}) {
    Node node;
    ASSERT_THAT(DecodeJson(absl::StrCat(R"({"metadata":{"deletionTimestamp":")",
                                        text, "\"}}"),
                           &node, nullptr),
                IsOk());
    EXPECT_FALSE(node.metadata().has_deletion_timestamp()) << text;
  }
  EXPECT_TRUE(IsZero(Time()));
  EXPECT_TRUE(IsZero(MicroTime()));
}

TEST(CodecTest, ConvertsTimes) {
  const absl::Time time =
      absl::FromUnixSeconds(1795514347) + absl::Nanoseconds(123456789);
  EXPECT_EQ(ToAbslTime(FromAbslTime(time)), absl::FromUnixSeconds(1795514347));
  EXPECT_EQ(ToAbslTime(MicroTimeFromAbslTime(time)),
            absl::FromUnixSeconds(1795514347) + absl::Microseconds(123456));
  const absl::Time before_1970 = absl::FromUnixMicros(-1500000);
  EXPECT_EQ(ToAbslTime(MicroTimeFromAbslTime(before_1970)), before_1970);
  EXPECT_EQ(MicroTimeFromAbslTime(before_1970).nanos(), 500000000);
}

// A stored quantity may be a bare number.
TEST(CodecTest, ReadsAQuantityThatIsANumber) {
  Node node;
  ASSERT_THAT(
      DecodeJson(R"({"status":{"capacity":{"cpu":4}}})", &node, nullptr),
      IsOk());
  EXPECT_EQ(node.status().capacity().at("cpu").string(), "4");
}

TEST(CodecTest, Base64MayHaveLineBreaks) {
  CertificateSigningRequest csr;
  ASSERT_THAT(
      DecodeJson(R"({"spec":{"request":"aGVs\nbG8=\r\n"}})", &csr, nullptr),
      IsOk());
  EXPECT_EQ(csr.spec().request(), "hello");
}

TEST(CodecTest, WritesBytesThatAreNoUtf8AsReplacements) {
  Node node;
  node.mutable_metadata()->set_name("a\xff\xc0\x80\xed\xa0\x80z");
  EXPECT_THAT(EncodeJson(node, {}),
              HasSubstr(R"("name":"a\ufffd\ufffd\ufffd\ufffd\ufffd\ufffdz")"));
}

TEST(JsonRulesTest, EveryRowNamesAField) {
  // Links the descriptors of each file.
  ASSERT_NE(Lease::descriptor(), nullptr);
  ASSERT_NE(Role::descriptor(), nullptr);
  ASSERT_NE(SubjectAccessReview::descriptor(), nullptr);
  for (absl::string_view row : JsonRuleRows()) {
    EXPECT_NE(DescriptorPool::generated_pool()->FindFieldByName(
                  absl::StrCat("signet.api.", row)),
              nullptr)
        << row;
  }
}

}  // namespace
}  // namespace signet::api
