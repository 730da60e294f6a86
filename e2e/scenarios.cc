#include "e2e/scenarios.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/api/codec.h"
#include "core/api/core.pb.h"
#include "core/api/csr_status_text.h"
#include "core/k8s/resource_api.h"
#include "core/pki/certificate.h"
#include "e2e/cluster_provider.h"
#include "e2e/process.h"
#include "e2e/testbed.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::e2e {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::StatusIs;
using ::signet::api::CertificateSigningRequest;
using ::testing::Contains;
using ::testing::ElementsAre;

// The 10 s of the kubelet's own poll (SPEC A-44), and some.
constexpr absl::Duration kInstall = absl::Seconds(20);

absl::Status InstalledIs(const AgentFiles& files,
                         const pki::Certificate& wanted) {
  ABSL_ASSIGN_OR_RETURN(const pki::Certificate installed,
                        CertificateInFile(files.CurrentPem()));
  if (installed.der() != wanted.der()) {
    return absl::InternalError(
        absl::StrCat(files.CurrentPem(), " holds ", Fingerprint(installed),
                     " instead of ", Fingerprint(wanted)));
  }
  return absl::OkStatus();
}

absl::Status NoneIsLeft(const std::set<uint64_t>& old, pid_t pid, int port) {
  ABSL_ASSIGN_OR_RETURN(const std::set<uint64_t> now, Connections(pid, port));
  for (const uint64_t connection : old) {
    if (now.contains(connection)) {
      return absl::InternalError(
          absl::StrCat("connection ", connection, " was kept"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

void CreateNode(Testbed& testbed, const std::string& name) {
  api::Node node;
  node.mutable_metadata()->set_name(name);
  ASSERT_THAT(testbed.admin().Api<api::Node>()->Create(node), IsOk());
}

void ExpectJoined(Testbed& testbed, const AgentFiles& files,
                  std::optional<pki::Certificate>* first) {
  ASSERT_THAT(
      Eventually(
          kJoinTimeout,
          [&] { return CertificateInFile(files.CurrentPem()).status(); }),
      IsOk());
  absl::StatusOr<pki::Certificate> certificate =
      CertificateInFile(files.CurrentPem());
  ASSERT_THAT(certificate.status(), IsOk());
  EXPECT_EQ(certificate->subject().common_name, "system:node:" + files.node);
  EXPECT_THAT(certificate->subject().organization, ElementsAre("system:nodes"));
  EXPECT_EQ(certificate->validity().lifetime(),
            testbed.cluster().SigningDuration() + testbed.cluster().Backdate());

  const absl::StatusOr<std::unique_ptr<Connection>> node =
      Connection::Open(files.kubeconfig);
  ASSERT_THAT(node.status(), IsOk());
  EXPECT_THAT((*node)->client().Api<api::Node>()->Get("", files.node), IsOk());
  EXPECT_THAT((*node)->client().Api<api::Secret>()->List({}),
              StatusIs(absl::StatusCode::kPermissionDenied));
  *first = *std::move(certificate);
}

void ExpectRenewals(
    Testbed& testbed, const std::string& user, pki::Certificate current,
    int count, Reconnects reconnects,
    const std::function<void(const pki::Certificate&)>& renewed) {
  std::set<std::string> seen;         // Names of requests.
  std::set<std::string> credentials;  // That a renewal may be made with.
  for (int renewal = 1; renewal <= count; ++renewal) {
    SCOPED_TRACE(absl::StrCat("renewal ", renewal, " of ", user));
    const pki::Validity& validity = current.validity();
    const absl::Time window_start =
        validity.not_before + 0.7 * validity.lifetime();
    const absl::Time window_end =
        validity.not_before + 0.9 * validity.lifetime();
    const absl::StatusOr<CertificateSigningRequest> request =
        testbed.WaitForRequest(
            user, window_end - absl::Now() + absl::Seconds(30),
            [&](const CertificateSigningRequest& csr) {
              return api::CsrStatusText(csr) == "Approved,Issued" &&
                     !seen.contains(csr.metadata().name());
            });
    ASSERT_THAT(request.status(), IsOk());
    seen.insert(request->metadata().name());
    if (reconnects == Reconnects::kAtOnce) credentials.clear();
    credentials.insert(Fingerprint(current));
    EXPECT_THAT(credentials, Contains(CredentialId(*request)));

    // The server cuts its times to whole seconds; and a request takes a
    // moment to be made.
    const absl::Time made =
        api::ToAbslTime(request->metadata().creation_timestamp());
    EXPECT_GE(made, window_start - absl::Seconds(1));
    EXPECT_LE(made, window_end + absl::Seconds(3));

    absl::StatusOr<pki::Certificate> issued =
        CertificateIn(request->status().certificate());
    ASSERT_THAT(issued.status(), IsOk());
    EXPECT_NE(issued->public_key().spki_der(), current.public_key().spki_der())
        << "a renewal wants a new key (SPEC A-9)";
    current = *std::move(issued);
    renewed(current);
    if (::testing::Test::HasFatalFailure()) return;
  }
}

void ExpectAgentJoinsAndRenewsTwice(Testbed& testbed, const std::string& node) {
  CreateNode(testbed, node);
  if (::testing::Test::HasFatalFailure()) return;
  const absl::StatusOr<AgentFiles> files = testbed.MakeAgentFiles(node);
  ASSERT_THAT(files.status(), IsOk());
  const absl::StatusOr<std::unique_ptr<Process>> agent =
      testbed.StartAgent(*files);
  ASSERT_THAT(agent.status(), IsOk());

  std::optional<pki::Certificate> first;
  ExpectJoined(testbed, *files, &first);
  if (::testing::Test::HasFatalFailure()) return;

  const int port = testbed.cluster().ApiPort();
  absl::StatusOr<std::set<uint64_t>> connections =
      Connections((*agent)->pid(), port);
  ASSERT_THAT(connections.status(), IsOk());
  ExpectRenewals(
      testbed, "system:node:" + node, *first, 2, Reconnects::kAtOnce,
      [&](const pki::Certificate& issued) {
        ASSERT_THAT(
            Eventually(kInstall, [&] { return InstalledIs(*files, issued); }),
            IsOk());
        ASSERT_THAT(Eventually(kInstall,
                               [&] {
                                 return NoneIsLeft(*connections,
                                                   (*agent)->pid(), port);
                               }),
                    IsOk());
        connections = Connections((*agent)->pid(), port);
        ASSERT_THAT(connections.status(), IsOk());
      });
  EXPECT_TRUE((*agent)->Running());
}

}  // namespace signet::e2e
