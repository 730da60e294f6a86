#include "tools/apiserver/event_encoder.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/simulated_clock.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/api/codec.h"
#include "core/api/meta.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tools/apiserver/api_error.h"
#include "tools/apiserver/kind.h"
#include "tools/apiserver/kinds.h"
#include "tools/apiserver/negotiation.h"
#include "tools/apiserver/table.h"

namespace signet::apiserver {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Csr = api::CertificateSigningRequest;

class EventEncoderTest : public ::testing::Test {
 protected:
  EventEncoderTest() : clock_(absl::FromUnixSeconds(1700000060)) {
    csr_.mutable_metadata()->set_name("a");
    csr_.mutable_metadata()->set_resource_version("7");
    *csr_.mutable_metadata()->mutable_creation_timestamp() =
        api::FromAbslTime(absl::FromUnixSeconds(1700000000));
    csr_.mutable_spec()->set_signer_name("example.com/s");
    csr_.mutable_spec()->set_username("someone");
  }
  EventEncoder Encoder(Wanted wanted,
                       IncludeObject include = IncludeObject::kMetadata) {
    return EventEncoder(
        *FindKind("certificates.k8s.io", "v1", "certificatesigningrequests"),
        std::move(wanted), include, clock_);
  }
  // Reads the one frame that `bytes` must be (SPEC A-48).
  static api::WatchEvent ReadFrame(absl::string_view bytes) {
    api::WatchEvent event;
    if (bytes.size() < 4) return event;
    uint32_t size = 0;
    for (int i = 0; i < 4; ++i) {
      size = size << 8 | static_cast<uint8_t>(bytes[static_cast<size_t>(i)]);
    }
    EXPECT_EQ(size, bytes.size() - 4);
    EXPECT_TRUE(event.ParseFromString(std::string(bytes.substr(4))));
    return event;
  }

  absl::SimulatedClock clock_;
  Csr csr_;
};

TEST_F(EventEncoderTest, JsonIsAnObjectEachLine) {
  EventEncoder encoder = Encoder({});
  EXPECT_EQ(encoder.content_type(), "application/json");
  EXPECT_EQ(encoder.Event("ADDED", csr_),
            R"({"type":"ADDED","object":{"kind":"CertificateSigningRequest",)"
            R"("apiVersion":"certificates.k8s.io/v1","metadata":{"name":"a",)"
            R"("resourceVersion":"7","creationTimestamp":)"
            R"("2023-11-14T22:13:20Z"},"spec":{"request":null,"signerName":)"
            R"("example.com/s","username":"someone"},"status":{}}})"
            "\n");
}

TEST_F(EventEncoderTest, ProtobufIsFrames) {
  // SPEC A-48.
  EventEncoder encoder = Encoder({.format = Format::kProtobuf});
  EXPECT_EQ(encoder.content_type(),
            "application/vnd.kubernetes.protobuf;stream=watch");
  const api::WatchEvent event = ReadFrame(encoder.Event("MODIFIED", csr_));
  EXPECT_EQ(event.type(), "MODIFIED");
  Csr decoded;
  api::TypeMeta type;
  ASSERT_TRUE(api::DecodeProtobuf(event.object().raw(), &decoded, &type).ok());
  EXPECT_EQ(type.kind, "CertificateSigningRequest");
  EXPECT_EQ(type.api_version, "certificates.k8s.io/v1");
  EXPECT_EQ(decoded.SerializeAsString(), csr_.SerializeAsString());
}

TEST_F(EventEncoderTest, ABookmarkHasARevisionAndPerhapsTheMark) {
  // SPEC A-21.
  EventEncoder encoder = Encoder({});
  const std::string plain = encoder.Bookmark(12, /*initial_end=*/false);
  EXPECT_THAT(plain, HasSubstr(R"({"type":"BOOKMARK","object":)"));
  EXPECT_THAT(plain, HasSubstr(R"("resourceVersion":"12")"));
  EXPECT_THAT(plain, Not(HasSubstr("annotations")));
  EXPECT_THAT(
      encoder.Bookmark(12, /*initial_end=*/true),
      HasSubstr(R"("annotations":{"k8s.io/initial-events-end":"true"})"));

  EventEncoder frames = Encoder({.format = Format::kProtobuf});
  const api::WatchEvent event = ReadFrame(frames.Bookmark(12, true));
  EXPECT_EQ(event.type(), "BOOKMARK");
  Csr decoded;
  api::TypeMeta type;
  ASSERT_TRUE(api::DecodeProtobuf(event.object().raw(), &decoded, &type).ok());
  EXPECT_EQ(decoded.metadata().resource_version(), "12");
  EXPECT_EQ(decoded.metadata().annotations().at("k8s.io/initial-events-end"),
            "true");
}

TEST_F(EventEncoderTest, AnErrorIsAStatus) {
  EventEncoder encoder = Encoder({});
  EXPECT_EQ(encoder.Error(ToApi(Expired("too old"))),
            R"({"type":"ERROR","object":{"kind":"Status","apiVersion":"v1",)"
            R"("metadata":{},"status":"Failure","message":"too old",)"
            R"("reason":"Expired","code":410}})"
            "\n");
  EventEncoder frames = Encoder({.format = Format::kProtobuf});
  const api::WatchEvent event =
      ReadFrame(frames.Error(ToApi(Expired("too old"))));
  EXPECT_EQ(event.type(), "ERROR");
  api::Status status;
  api::TypeMeta type;
  ASSERT_TRUE(api::DecodeProtobuf(event.object().raw(), &status, &type).ok());
  EXPECT_EQ(type.kind, "Status");
  EXPECT_EQ(status.code(), 410);
}

TEST_F(EventEncoderTest, OnlyTheFirstTableHasColumns) {
  // SPEC D-18, E-4: kubectl get -w.
  EventEncoder encoder =
      Encoder({.shape = Shape::kTable, .group_version = "meta.k8s.io/v1"},
              IncludeObject::kNone);
  const std::string first = encoder.Event("ADDED", csr_);
  EXPECT_THAT(first, HasSubstr(R"("columnDefinitions":[{"name":"Name")"));
  EXPECT_THAT(first, HasSubstr(R"("rows":[{"cells":["a","60s","example.com/s",)"
                               R"("someone","<none>","Pending"],)"
                               R"("object":null}])"));
  EXPECT_THAT(encoder.Event("MODIFIED", csr_),
              HasSubstr(R"("columnDefinitions":null)"));
}

TEST_F(EventEncoderTest, MetadataAlone) {
  EventEncoder encoder = Encoder(
      {.shape = Shape::kPartialMetadata, .group_version = "meta.k8s.io/v1"});
  EXPECT_EQ(encoder.Event("DELETED", csr_),
            R"({"type":"DELETED","object":{"kind":"PartialObjectMetadata",)"
            R"("apiVersion":"meta.k8s.io/v1","metadata":{"name":"a",)"
            R"("resourceVersion":"7","creationTimestamp":)"
            R"("2023-11-14T22:13:20Z"}}})"
            "\n");
}

}  // namespace
}  // namespace signet::apiserver
