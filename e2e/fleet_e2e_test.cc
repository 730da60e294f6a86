// A fleet of agents, each a process of its own, joins and rotates twice.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/api/codec.h"
#include "core/k8s/resource_api.h"
#include "core/pki/certificate.h"
#include "core/rotation/rotation_window.h"
#include "e2e/agent_process.h"
#include "e2e/cluster_provider.h"
#include "e2e/e2e_test.h"
#include "e2e/process.h"
#include "e2e/testbed.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::e2e {
namespace {

using ::absl_testing::IsOk;
using ::signet::api::CertificateSigningRequest;

constexpr int kRotations = 2;
// Two processors take some thirty handshakes a second: with this life a fleet
// of 200 that was born together renews within the 20 % of it that are its
// window, at five a second.
constexpr absl::Duration kLifetime = absl::Seconds(200);
// A request is late if it comes so long after its deadline, of which there are
// 10 % of the life, 20 s, until the certificate expires.
constexpr absl::Duration kLate = absl::Seconds(10);

int FleetSize() {
  const char* const text = std::getenv("SIGNET_E2E_FLEET");
  int size = 0;
  return text != nullptr && absl::SimpleAtoi(text, &size) ? size : 200;
}

// What one node's requests, in order, say of its rotations.
struct Rotations {
  int count = 0;
  absl::Duration worst;  // From a deadline until the request.
  int after_expiry = 0;
};

absl::StatusOr<Rotations> Judge(
    const std::vector<CertificateSigningRequest>& requests) {
  Rotations result;
  absl::Time deadline, expiry;
  for (const CertificateSigningRequest& csr : requests) {
    const absl::Time made =
        api::ToAbslTime(csr.metadata().creation_timestamp());
    if (deadline != absl::Time()) {
      ++result.count;
      // The server cuts its times to whole seconds.
      result.worst = std::max(result.worst, made - deadline);
      if (made > expiry) ++result.after_expiry;
    }
    if (csr.status().certificate().empty()) break;  // Under way.
    ABSL_ASSIGN_OR_RETURN(const pki::Certificate certificate,
                          CertificateIn(csr.status().certificate()));
    ABSL_ASSIGN_OR_RETURN(
        deadline, rotation::RotationDeadline(
                      certificate.validity(),
                      rotation::Jitter::FromFingerprint(certificate.Sha256())));
    expiry = certificate.validity().not_after;
  }
  return result;
}

class FleetTest : public E2eTest {
 protected:
  // All requests by the node that they are for, oldest first.
  absl::StatusOr<std::map<std::string, std::vector<CertificateSigningRequest>>>
  RequestsByNode(const std::map<std::string, std::string>& bootstrap_users) {
    ABSL_ASSIGN_OR_RETURN(
        k8s::ListResult<CertificateSigningRequest> list,
        testbed().admin().Api<CertificateSigningRequest>()->List({}));
    std::sort(list.items.begin(), list.items.end(),
              [](const auto& a, const auto& b) {
                return a.metadata().creation_timestamp().seconds() <
                       b.metadata().creation_timestamp().seconds();
              });
    std::map<std::string, std::vector<CertificateSigningRequest>> result;
    for (CertificateSigningRequest& csr : list.items) {
      std::string user = csr.spec().username();
      const auto bootstrap = bootstrap_users.find(user);
      if (bootstrap != bootstrap_users.end()) user = bootstrap->second;
      result[user].push_back(std::move(csr));
    }
    return result;
  }
};

TEST_F(FleetTest, TwoHundredAgentsRotateTwiceAndNoneIsLate) {
  const int size = FleetSize();
  const auto approver = testbed().StartApprover();
  ASSERT_THAT(approver.status(), IsOk());
  SignerOptions signer_options;
  signer_options.duration = kLifetime;
  const auto signer = testbed().StartSigner(signer_options);
  ASSERT_THAT(signer.status(), IsOk());

  const absl::Time start = absl::Now();
  std::vector<std::unique_ptr<Process>> agents;
  std::map<std::string, std::string> bootstrap_users;
  for (int i = 0; i < size; ++i) {
    const std::string node = absl::StrCat("fleet-", i);
    const absl::StatusOr<AgentFiles> files = testbed().MakeAgentFiles(node);
    ASSERT_THAT(files.status(), IsOk());
    bootstrap_users[files->bootstrap_user] = "system:node:" + node;
    auto agent = StartAgentWith(testbed(), *files, {"--probe-interval=10m"});
    ASSERT_THAT(agent.status(), IsOk());
    agents.push_back(*std::move(agent));
  }
  std::cout << "fleet: " << size << " processes started in "
            << absl::FormatDuration(
                   absl::Trunc(absl::Now() - start, absl::Seconds(1)))
            << std::endl;

  // Two windows end 2 * 90 % after the last one has joined.
  std::map<std::string, std::vector<CertificateSigningRequest>> requests;
  int done = 0;
  const absl::Status status = Eventually(
      absl::Minutes(3) + kRotations * kLifetime, [&]() -> absl::Status {
        absl::SleepFor(absl::Seconds(5));
        ABSL_ASSIGN_OR_RETURN(requests, RequestsByNode(bootstrap_users));
        done = 0;
        for (const auto& [node, own] : requests) {
          int issued = 0;
          for (const auto& csr : own) {
            if (!csr.status().certificate().empty()) ++issued;
          }
          if (issued > kRotations) ++done;
        }
        if (done == size) return absl::OkStatus();
        return absl::UnavailableError(
            absl::StrCat(done, " of ", size, " have rotated twice"));
      });
  EXPECT_THAT(status, IsOk());

  absl::Duration worst;
  int rotations = 0, late = 0, expired = 0, surplus = 0;
  for (const auto& [node, own] : requests) {
    const absl::StatusOr<Rotations> judged = Judge(own);
    ASSERT_THAT(judged.status(), IsOk());
    rotations += judged->count;
    worst = std::max(worst, judged->worst);
    if (judged->worst > kLate) ++late;
    if (judged->after_expiry > 0) ++expired;
    // One request for each certificate, and none beside it.
    for (const auto& csr : own) {
      if (csr.status().certificate().empty() &&
          csr.status().conditions_size() > 0) {
        ++surplus;
      }
    }
  }
  std::vector<int64_t> resident;
  for (const auto& agent : agents) {
    EXPECT_TRUE(agent->Running()) << agent->name();
    const absl::StatusOr<int64_t> kib = ResidentKib(agent->pid());
    if (kib.ok()) resident.push_back(*kib);
  }
  ASSERT_EQ(resident.size(), agents.size());
  std::sort(resident.begin(), resident.end());
  std::cout << "fleet: " << size << " agents, " << done << " rotated twice, "
            << rotations << " rotations, " << late << " late by more than "
            << absl::FormatDuration(kLate) << ", " << expired
            << " after expiry, worst " << absl::FormatDuration(worst)
            << " after the deadline, in "
            << absl::FormatDuration(
                   absl::Trunc(absl::Now() - start, absl::Seconds(1)))
            << "\nfleet: resident memory of an agent: median "
            << resident[resident.size() / 2] << " KiB, greatest "
            << resident.back() << " KiB" << std::endl;
  EXPECT_EQ(done, size);
  EXPECT_EQ(late, 0);
  EXPECT_EQ(expired, 0);
  EXPECT_EQ(surplus, 0);

  // All at once: ten seconds for each would be long.
  for (const auto& agent : agents) agent->Signal(15);
}

}  // namespace
}  // namespace signet::e2e
