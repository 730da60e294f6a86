#include "core/http/tls_probe.h"

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/http/message.h"
#include "core/http/raw_socket.h"
#include "core/http/server.h"
#include "core/http/tls_identity.h"
#include "core/pki/certificate.h"
#include "core/pki/ip_address.h"
#include "core/testing/test_ca.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::http {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::StatusIs;
using ::testing::HasSubstr;

void Ignore(const Request&, const Peer&, std::shared_ptr<Responder>) {}

absl::StatusOr<std::vector<pki::Certificate>> ProbeLoopback(
    uint16_t port, absl::Duration timeout = absl::Seconds(10)) {
  return ReadServerChain(*pki::IpAddress::Parse("127.0.0.1"), port, timeout,
                         absl::Clock::GetRealClock());
}

TEST(TlsProbeTest, ReadsTheChainWhoeverIssuedIt) {
  const testing::TestCa intermediate =
      testing::TestCa("root").Intermediate("intermediate");
  const testing::TestIdentity identity =
      intermediate.Server({.common_name = "system:node:a",
                           .dns_names = {"a"},
                           .validity = testing::Expired()});
  ServerOptions options;
  options.identity = std::make_shared<FixedIdentity>(identity.tls);
  const auto server = StartServer(options, Ignore);
  ASSERT_THAT(server.status(), IsOk());
  const auto chain = ProbeLoopback((*server)->port());
  ASSERT_THAT(chain.status(), IsOk());
  ASSERT_EQ(chain->size(), 2u);
  EXPECT_EQ((*chain)[0].der(), identity.certificate().der());
  EXPECT_EQ((*chain)[1].subject().common_name, "intermediate");
}

TEST(TlsProbeTest, SaysWhenNobodyListens) {
  uint16_t port;
  {
    RawListener listener;
    port = listener.port();
  }
  EXPECT_THAT(ProbeLoopback(port).status(),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("refused")));
}

TEST(TlsProbeTest, DoesNotWaitLongerThanTold) {
  RawListener listener;  // Which never says a word.
  EXPECT_THAT(
      ProbeLoopback(listener.port(), absl::Milliseconds(50)).status(),
      StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("timed out")));
}

TEST(TlsProbeTest, SaysWhenThePeerSpeaksNoTls) {
  const auto server = StartServer(ServerOptions(), Ignore);
  ASSERT_THAT(server.status(), IsOk());
  EXPECT_FALSE(ProbeLoopback((*server)->port()).ok());
}

}  // namespace
}  // namespace signet::http
