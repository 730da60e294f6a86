#include "tools/apiserver/table.h"

#include <string>

#include "absl/time/time.h"
#include "core/api/codec.h"
#include "core/api/coordination.pb.h"
#include "core/api/meta.pb.h"
#include "gtest/gtest.h"
#include "tools/apiserver/kinds.h"

namespace signet::apiserver {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1700000000);

api::Lease Lease() {
  api::Lease lease;
  lease.mutable_metadata()->set_name("l");
  lease.mutable_metadata()->set_namespace_("ns");
  *lease.mutable_metadata()->mutable_creation_timestamp() =
      api::FromAbslTime(kNow - absl::Seconds(61));
  lease.mutable_spec()->set_holder_identity("me & you");
  return lease;
}

std::string Encode(const TableOptions& options) {
  const api::Lease lease = Lease();
  api::ListMeta metadata;
  metadata.set_resource_version("7");
  return EncodeTable(*FindKindByKey("leases.coordination.k8s.io"), {&lease},
                     metadata, kNow, options);
}

TEST(TableTest, HasColumnsAndRows) {
  // SPEC D-18.
  EXPECT_EQ(
      Encode({.include = IncludeObject::kNone}),
      R"({"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":)"
      R"({"resourceVersion":"7"},"columnDefinitions":[{"name":"Name",)"
      R"("type":"string","format":"name","description":"The object's name.",)"
      R"("priority":0},{"name":"Holder","type":"string","format":"",)"
      R"("description":"Who holds it.","priority":0},{"name":"Age",)"
      R"("type":"string","format":"","description":)"
      R"("How long ago it was created.","priority":0}],"rows":[{"cells":)"
      R"(["l","me & you","61s"],"object":null}]})");
}

TEST(TableTest, RowsCarryMetadataOrTheObject) {
  constexpr const char* kBefore =
      R"({"kind":"Table","apiVersion":"meta.k8s.io/v1beta1","metadata":)"
      R"({"resourceVersion":"7"},"columnDefinitions":null,"rows":[{"cells":)"
      R"(["l","me & you","61s"],"object":)";
  EXPECT_EQ(Encode({.group_version = "meta.k8s.io/v1beta1", .columns = false}),
            std::string(kBefore) +
                R"({"kind":"PartialObjectMetadata","apiVersion":)"
                R"("meta.k8s.io/v1beta1","metadata":{"name":"l","namespace":)"
                R"("ns","creationTimestamp":"2023-11-14T22:12:19Z"}}}]})");
  EXPECT_EQ(Encode({.group_version = "meta.k8s.io/v1beta1",
                    .include = IncludeObject::kObject,
                    .columns = false}),
            std::string(kBefore) +
                api::EncodeJson(Lease(), {"coordination.k8s.io/v1", "Lease"}) +
                "}]}");
}

TEST(TableTest, NoObjectsAreNoRows) {
  EXPECT_EQ(
      EncodeTable(*FindKindByKey("secrets"), {}, {}, kNow, {.columns = false}),
      R"({"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":{},)"
      R"("columnDefinitions":null,"rows":[]})");
}

}  // namespace
}  // namespace signet::apiserver
