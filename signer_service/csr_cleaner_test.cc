#include "signer_service/csr_cleaner.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/time/simulated_clock.h"
#include "absl/time/time.h"
#include "boost/json/object.hpp"
#include "core/api/certificates.pb.h"
#include "core/api/codec.h"
#include "core/service/audit_log.h"
#include "core/testing/csr_builder.h"
#include "core/testing/fake_resource_api.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "prometheus/registry.h"
#include "prometheus/text_serializer.h"
#include "signer_service/signer_metrics.h"

namespace signet::signer {
namespace {

using ::absl_testing::StatusIs;
using ::testing::HasSubstr;
using testing::Verb;

const absl::Time kNow = absl::FromUnixSeconds(1767225600);  // 2026-01-01.

class FakeExport : public service::AuditLog {
 public:
  absl::Status Record(const boost::json::object& record) override {
    if (status.ok()) records.push_back(record);
    return status;
  }
  std::vector<boost::json::object> records;
  absl::Status status;
};

class CsrCleanerTest : public ::testing::Test {
 protected:
  // A request that was denied `ago`.
  void PutDenied(const std::string& name, absl::Duration ago) {
    api::CertificateSigningRequest csr =
        testing::MakeCsr({.name = name, .conditions = {"Denied"}});
    *csr.mutable_status()->mutable_conditions(0)->mutable_last_update_time() =
        api::FromAbslTime(kNow - ago);
    csrs_.Put(csr);
  }
  std::vector<std::string> Names() {
    std::vector<std::string> names;
    for (const auto& csr : csrs_.objects()) {
      names.push_back(csr.metadata().name());
    }
    return names;
  }

  absl::SimulatedClock clock_{kNow};
  testing::FakeResourceApi<api::CertificateSigningRequest> csrs_{clock_};
  prometheus::Registry registry_;
  SignerMetrics metrics_{registry_};
  FakeExport removed_;
  CsrCleaner cleaner_{csrs_, clock_, metrics_, &removed_,
                      [](const api::CertificateSigningRequest& csr) {
                        return csr.metadata().name() != "another-shard";
                      }};
};

TEST_F(CsrCleanerTest, C28RemovesOldRequestsAndC29ExportsThem) {
  PutDenied("old", absl::Hours(2));
  PutDenied("young", absl::Minutes(59));
  PutDenied("another-shard", absl::Hours(2));
  ASSERT_EQ(cleaner_.RunOnce(), absl::OkStatus());
  EXPECT_THAT(Names(), ::testing::ElementsAre("another-shard", "young"));
  ASSERT_EQ(removed_.records.size(), 1u);
  const boost::json::object& record = removed_.records[0];
  EXPECT_EQ(record.at("reason").as_string(), "denied");
  EXPECT_EQ(record.at("time").as_string(), "2026-01-01T00:00:00Z");
  const boost::json::object& object = record.at("object").as_object();
  EXPECT_EQ(object.at("kind").as_string(), "CertificateSigningRequest");
  EXPECT_EQ(object.at("metadata").at("name").as_string(), "old");
  EXPECT_THAT(prometheus::TextSerializer().Serialize(registry_.Collect()),
              HasSubstr("signet_requests_cleaned_total{reason=\"denied\"} 1"));
}

TEST_F(CsrCleanerTest, KeepsWhatCannotBeExported) {
  PutDenied("old", absl::Hours(2));
  removed_.status = absl::ResourceExhaustedError("disk full");
  EXPECT_THAT(cleaner_.RunOnce(),
              StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(Names(), ::testing::ElementsAre("old"));
}

TEST_F(CsrCleanerTest, GoesOnAfterAnError) {
  PutDenied("a", absl::Hours(2));
  PutDenied("b", absl::Hours(2));
  csrs_.FailNext(Verb::kDelete, absl::UnavailableError("down"));
  EXPECT_THAT(cleaner_.RunOnce(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(Names(), ::testing::ElementsAre("a"));
  EXPECT_EQ(cleaner_.RunOnce(), absl::OkStatus());  // An hour later.
  EXPECT_THAT(Names(), ::testing::ElementsAre());
}

}  // namespace
}  // namespace signet::signer
