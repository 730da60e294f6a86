#include "tools/apiserver/negotiation.h"

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/api/meta.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tools/apiserver/api_error.h"

namespace signet::apiserver {
namespace {

using ::testing::ElementsAre;

TEST(NegotiateTest, PicksWhatCanBeServed) {
  // SPEC D-18, A-48.
  constexpr Format kJson = Format::kJson;
  constexpr Format kProtobuf = Format::kProtobuf;
  const struct {
    const char* accept;
    Format format;
    Shape shape;
    const char* group_version;
  } kCases[] = {
      {"", kJson, Shape::kObject, ""},
      {"*/*", kJson, Shape::kObject, ""},
      {"application/*", kJson, Shape::kObject, ""},
      {"application/json", kJson, Shape::kObject, ""},
      {"Application/JSON; charset=utf-8", kJson, Shape::kObject, ""},
      {"application/vnd.kubernetes.protobuf", kProtobuf, Shape::kObject, ""},
      {"application/vnd.kubernetes.protobuf,application/json", kProtobuf,
       Shape::kObject, ""},
      {"application/json;q=0.5, application/vnd.kubernetes.protobuf", kProtobuf,
       Shape::kObject, ""},
      {"application/vnd.kubernetes.protobuf;q=0, application/json;q=0.1", kJson,
       Shape::kObject, ""},
      {"text/html, application/json;q=0.1", kJson, Shape::kObject, ""},
      {"application/yaml, application/json;q=0.1", Format::kYaml,
       Shape::kObject, ""},
      // kubectl get.
      {"application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;"
       "v=v1beta1;g=meta.k8s.io,application/json",
       kJson, Shape::kTable, "meta.k8s.io/v1"},
      {"application/json;as=Table;v=v1beta1;g=meta.k8s.io", kJson,
       Shape::kTable, "meta.k8s.io/v1beta1"},
      {"application/json;as=Table;v=v2;g=meta.k8s.io,application/json", kJson,
       Shape::kObject, ""},
      {"application/json;as=Table;v=v1;g=example.com,application/json", kJson,
       Shape::kObject, ""},
      {"application/vnd.kubernetes.protobuf;as=Table;v=v1;g=meta.k8s.io,"
       "application/json",
       kJson, Shape::kObject, ""},
      {"application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io",
       kJson, Shape::kPartialMetadata, "meta.k8s.io/v1"},
      {"application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io", kJson,
       Shape::kPartialMetadata, "meta.k8s.io/v1"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.accept);
    const absl::StatusOr<Wanted> wanted = Negotiate(c.accept);
    ASSERT_TRUE(wanted.ok()) << wanted.status();
    EXPECT_EQ(wanted->format, c.format);
    EXPECT_EQ(wanted->shape, c.shape);
    EXPECT_EQ(wanted->group_version, c.group_version);
  }
}

TEST(NegotiateTest, RefusesTheRest) {
  for (const char* accept :
       {"text/html", "application/json;q=0", "application/json;q=-1",
        "application/json;q=nan", ",,;",
        "application/json;as=Scale;v=v1;g=meta.k8s.io"}) {
    SCOPED_TRACE(accept);
    const absl::StatusOr<Wanted> wanted = Negotiate(accept);
    ASSERT_FALSE(wanted.ok());
    const api::Status status = ToApi(wanted.status());
    EXPECT_EQ(status.code(), 406);
    EXPECT_EQ(status.reason(), "NotAcceptable");
  }
}

TEST(ParseAcceptTest, SortsByQualityAndBoundsItsWork) {
  std::vector<std::string> types;
  for (const MediaType& media : ParseAccept("a/1;q=0.2, b/2, c/3;q=0.2")) {
    types.push_back(media.type);
  }
  EXPECT_THAT(types, ElementsAre("b/2", "a/1", "c/3"));
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "a/b,";
  EXPECT_EQ(ParseAccept(many).size(), 64u);
}

TEST(FormatOfBodyTest, KnowsThreeFormats) {
  EXPECT_EQ(*FormatOfBody(""), Format::kJson);
  EXPECT_EQ(*FormatOfBody("application/json; charset=utf-8"), Format::kJson);
  EXPECT_EQ(*FormatOfBody("application/vnd.kubernetes.protobuf"),
            Format::kProtobuf);
  EXPECT_EQ(*FormatOfBody("application/yaml"), Format::kYaml);
  const absl::StatusOr<Format> text = FormatOfBody("text/plain");
  ASSERT_FALSE(text.ok());
  const api::Status status = ToApi(text.status());
  EXPECT_EQ(status.code(), 415);
  EXPECT_EQ(status.reason(), "UnsupportedMediaType");
}

}  // namespace
}  // namespace signet::apiserver
