#include "node_agent/agent.h"

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/log_severity.h"
#include "absl/log/globals.h"
#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/notification.h"
#include "absl/time/simulated_clock.h"
#include "absl/time/time.h"
#include "core/http/message.h"
#include "core/http/tls_identity.h"
#include "core/k8s/http_status.h"
#include "core/pki/certificate_request.h"
#include "core/pki/private_key.h"
#include "core/rotation/rotation_window.h"
#include "core/testing/fake_file_system.h"
#include "core/testing/fake_key_generator.h"
#include "core/testing/fake_rng.h"
#include "core/testing/self_advancing_clock.h"
#include "core/testing/test_ca.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "node_agent/certificate_store.h"
#include "node_agent/current_certificate.h"
#include "node_agent/request_clients.h"
#include "node_agent/scripted_csr_server.h"

namespace signet::node_agent {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsNull;
using ::testing::NotNull;
using ::testing::StartsWith;

constexpr absl::string_view kDir = "/var/lib/kubelet/pki";
const absl::Time kStart = absl::FromUnixSeconds(1'795'514'421);

// Makes keys as it is told to.
class KeySource : public pki::KeyGenerator {
 public:
  absl::StatusOr<pki::PrivateKey> Generate(
      pki::KeyAlgorithm algorithm) override {
    if (!error.ok()) return error;
    return keys_.Generate(ed25519 ? pki::KeyAlgorithm::kEd25519 : algorithm);
  }
  absl::Status error;
  bool ed25519 = false;

 private:
  testing::FakeKeyGenerator keys_;
};

// The answer of an API server with this code.
absl::Status ApiError(int code, absl::string_view reason) {
  http::Response response;
  response.status = code;
  response.headers.Set("Content-Type", "application/json");
  response.body = absl::StrCat(
      R"({"kind":"Status","apiVersion":"v1","status":"Failure","message":")",
      reason, R"(","reason":")", reason, R"(","code":)", code, "}");
  return k8s::StatusFromResponse(response);
}

// A node's agent for one thread, in simulated time.
class AgentTest : public ::testing::Test {
 protected:
  AgentTest()
      : clock_(kStart),
        current_(clock_),
        server_(clock_),
        rng_(0),
        store_(
            *CertificateStore::Open({}, files_, clock_, absl::UTCTimeZone())),
        agent_(NodeClientOptions("n1"), *store_, current_, server_, keys_,
               clock_, rng_) {
    absl::SetMinLogLevel(absl::LogSeverityAtLeast::kInfinity);
  }

  // Makes passes as Run would, until `attempts` attempts have been made.
  void RunUntilAttempts(size_t attempts) {
    while (server_.attempts.size() < attempts) RunOnce();
  }
  void RunOnce() {
    const absl::Time next = agent_.Pass();
    ASSERT_GT(next, clock_.TimeNow()) << "a busy loop";
    clock_.SleepUntil(next);
  }
  // When the attempts were made, in seconds since the start.
  std::vector<double> AttemptTimes() {
    std::vector<double> times;
    for (const auto& attempt : server_.attempts) {
      times.push_back(absl::ToDoubleSeconds(attempt.at - kStart));
    }
    return times;
  }
  // A pair that a node has had since before the start.
  testing::TestIdentity Pair(absl::Duration from, absl::Duration to,
                             absl::string_view common_name = "system:node:n1") {
    return server_.ca().Client({.common_name = std::string(common_name),
                                .organizations = {"system:nodes"},
                                .dns_names = {},
                                .ip_addresses = {},
                                .validity = {kStart + from, kStart + to}});
  }
  void Keep(const testing::TestIdentity& pair) {
    ASSERT_THAT(store_->Update(pair.certificate_pem, pair.tls->key), IsOk());
  }

  testing::SelfAdvancingClock clock_;
  testing::FakeFileSystem files_;
  CurrentCertificate current_;
  ScriptedCsrServer server_;
  KeySource keys_;
  testing::FixedRng rng_;
  std::unique_ptr<CertificateStore> store_;
  Agent agent_;
};

// ---- SPEC A1: when to rotate.

TEST_F(AgentTest, A1RotatesAtTheDeadlineAndNotBefore) {
  const testing::TestIdentity pair = Pair(-absl::Minutes(5), absl::Hours(1));
  Keep(pair);
  ASSERT_THAT(agent_.Start(nullptr), IsOk());
  const absl::Time deadline = *rotation::RotationDeadline(
      pair.certificate().validity(),
      rotation::Jitter::FromFingerprint(pair.certificate().Sha256()));
  EXPECT_EQ(agent_.State().deadline, deadline);
  EXPECT_EQ(agent_.Pass(), deadline);
  EXPECT_EQ(agent_.State().phase, Phase::kWaiting);

  clock_.SetTime(deadline - absl::Nanoseconds(1));
  EXPECT_EQ(agent_.Pass(), deadline);
  EXPECT_TRUE(server_.attempts.empty());

  clock_.SetTime(deadline);
  agent_.Pass();
  EXPECT_EQ(server_.attempts.size(), 1);
  EXPECT_EQ(server_.attempts[0].at, deadline);
  EXPECT_EQ(agent_.State().rotations, 1);
}

// Unlike the kubelet, which draws a new deadline whenever it looks.
TEST_F(AgentTest, A2KeepsItsDeadlineOverPassesAndRestarts) {
  Keep(Pair(-absl::Minutes(5), absl::Hours(1)));
  ASSERT_THAT(agent_.Start(nullptr), IsOk());
  const absl::Time deadline = agent_.Pass();
  for (int restart = 0; restart < 3; ++restart) {
    CurrentCertificate current(clock_);
    Agent again(NodeClientOptions("n1"), *store_, current, server_, keys_,
                clock_, rng_);
    ASSERT_THAT(again.Start(nullptr), IsOk());
    EXPECT_EQ(again.Pass(), deadline);
    EXPECT_EQ(again.Pass(), deadline);
  }
}

TEST_F(AgentTest, A3RequestsAtOnceWithoutACertificate) {
  ASSERT_THAT(agent_.Start(nullptr), IsOk());
  EXPECT_EQ(agent_.State().phase, Phase::kStarting);
  agent_.Pass();
  EXPECT_THAT(AttemptTimes(), ElementsAre(0));
  EXPECT_EQ(agent_.State().issued, 1);
  EXPECT_EQ(agent_.State().rotations, 0);
}

TEST_F(AgentTest, A3RequestsAtOnceIfTheCertificateIsAnotherNodes) {
  Keep(Pair(-absl::Minutes(5), absl::Hours(1), "system:node:n2"));
  ASSERT_THAT(agent_.Start(nullptr), IsOk());
  agent_.Pass();
  EXPECT_THAT(AttemptTimes(), ElementsAre(0));
  EXPECT_EQ(agent_.State().pair->chain.front().subject().common_name,
            "system:node:n1");
}

TEST_F(AgentTest, A6LooksAgainInASecondWithoutATemplate) {
  std::optional<rotation::CertificateTemplate> wanted;
  AgentOptions options = NodeClientOptions("n1");
  options.wanted = [&] { return wanted; };
  Agent agent(options, *store_, current_, server_, keys_, clock_, rng_);
  ASSERT_THAT(agent.Start(nullptr), IsOk());
  EXPECT_EQ(agent.Pass(), kStart + absl::Seconds(1));
  EXPECT_EQ(agent.Pass(), kStart + absl::Seconds(1));
  EXPECT_TRUE(server_.attempts.empty());
  EXPECT_EQ(agent.State().renew_errors, 0);
  wanted = {.common_name = "x",
            .organizations = {},
            .dns_names = {"n1"},
            .ip_addresses = {}};
  agent.Pass();
  EXPECT_EQ(server_.attempts.size(), 1);
}

TEST_F(AgentTest, A7PresentsNoExpiredCertificate) {
  Keep(Pair(-absl::Hours(1), absl::Hours(1)));
  ASSERT_THAT(agent_.Start(nullptr), IsOk());
  clock_.SetTime(kStart + absl::Hours(1));
  EXPECT_THAT(current_.Current(), NotNull());
  clock_.AdvanceTime(absl::Nanoseconds(1));
  EXPECT_THAT(current_.Current(), IsNull());
}

// ---- SPEC A2: an attempt, and the ladder.

TEST_F(AgentTest, A8RepeatsFailedAttemptsOnTheLadder) {
  server_.usual.create = ApiError(403, "Forbidden");
  ASSERT_THAT(agent_.Start(nullptr), IsOk());
  RunUntilAttempts(8);
  EXPECT_THAT(AttemptTimes(), ElementsAre(0, 2, 6, 14, 30, 62, 94, 126));
  EXPECT_EQ(agent_.State().phase, Phase::kRetrying);
  EXPECT_EQ(agent_.State().failed_attempts, 8);
  EXPECT_EQ(agent_.State().next_attempt, kStart + absl::Seconds(158));
}

TEST_F(AgentTest, A8StartsTheLadderAnewAfterASuccess) {
  server_.fates = {{.create = ApiError(403, "Forbidden")}, {}};
  ASSERT_THAT(agent_.Start(nullptr), IsOk());
  RunUntilAttempts(2);
  EXPECT_EQ(agent_.State().failed_attempts, 0);
  EXPECT_EQ(agent_.State().last_error,
            "cannot create certificate signing request with bootstrap "
            "credentials: Forbidden");
  server_.fates = {{.create = ApiError(403, "Forbidden")}};
  RunUntilAttempts(4);
  EXPECT_EQ(server_.attempts[3].at - server_.attempts[2].at, absl::Seconds(2));
}

TEST_F(AgentTest, A9MakesANewKeyForEachAttempt) {
  server_.fates = {{.deny = absl::ZeroDuration()},
                   {.deny = absl::ZeroDuration()}};
  ASSERT_THAT(agent_.Start(nullptr), IsOk());
  RunUntilAttempts(3);
  std::set<std::string> keys;
  for (const auto& csr : server_.created) {
    const auto request =
        pki::CertificateRequest::ParsePem(csr.spec().request());
    ASSERT_THAT(request, IsOk());
    keys.insert(request->public_key().spki_der());
  }
  EXPECT_EQ(keys.size(), 3);
}

TEST_F(AgentTest, A9RefusesAKeyThatKubeletsCannotStore) {
  keys_.ed25519 = true;
  ASSERT_THAT(agent_.Start(nullptr), IsOk());
  agent_.Pass();
  EXPECT_THAT(agent_.State().last_error, HasSubstr("Ed25519"));
  EXPECT_TRUE(server_.created.empty());
}

TEST_F(AgentTest, A10A15A16RequestsAsAKubeletDoes) {
  ASSERT_THAT(agent_.Start(nullptr), IsOk());
  agent_.Pass();
  const auto& csr = server_.created.at(0);
  EXPECT_EQ(csr.metadata().generate_name(), "csr-");
  EXPECT_TRUE(csr.metadata().labels().empty());
  EXPECT_EQ(csr.spec().signer_name(),
            "kubernetes.io/kube-apiserver-client-kubelet");
  EXPECT_THAT(csr.spec().usages(),
              ElementsAre("digital signature", "client auth"));
  EXPECT_FALSE(csr.spec().has_expiration_seconds());
  EXPECT_FALSE(csr.spec().has_username());
  const auto request = pki::CertificateRequest::ParsePem(csr.spec().request());
  ASSERT_THAT(request, IsOk());
  EXPECT_EQ(request->subject().common_name, "system:node:n1");
  EXPECT_THAT(request->subject().organization, ElementsAre("system:nodes"));
  EXPECT_TRUE(request->extensions().empty());
  EXPECT_EQ(request->signature_algorithm(),
            pki::SignatureAlgorithm::kEcdsaSha256);
}

TEST_F(AgentTest, A10AsksForALifetimeInWholeSecondsIfTold) {
  AgentOptions options = NodeClientOptions("n1");
  options.lifetime = absl::Milliseconds(3'600'999);
  Agent agent(options, *store_, current_, server_, keys_, clock_, rng_);
  ASSERT_THAT(agent.Start(nullptr), IsOk());
  agent.Pass();
  EXPECT_EQ(server_.created.at(0).spec().expiration_seconds(), 3600);
}

TEST_F(AgentTest, A11GivesARequestFifteenMinutesThenTriesAgain) {
  server_.fates = {{.approve = absl::Minutes(16), .issue = absl::Minutes(16)}};
  ASSERT_THAT(agent_.Start(nullptr), IsOk());
  RunUntilAttempts(2);
  EXPECT_THAT(AttemptTimes(), ElementsAre(0, 902));
  EXPECT_EQ(agent_.State().last_error,
            "csr \"csr-0\" brought no certificate: csr \"csr-0\" was not "
            "approved within 15m");
  EXPECT_EQ(agent_.State().issued, 1);
}

TEST_F(AgentTest, A11bTriesAgainAtOnceAfterADenial) {
  server_.usual.approve = {};
  server_.usual.deny = absl::ZeroDuration();
  ASSERT_THAT(agent_.Start(nullptr), IsOk());
  RunUntilAttempts(5);
  EXPECT_THAT(AttemptTimes(), ElementsAre(0, 2, 6, 14, 30));
}

TEST_F(AgentTest, A12CountsEachFailedAttemptOnce) {
  const struct {
    std::string name;
    Fate fate;
    bool no_key = false;
    bool no_disk = false;
    std::string want;
  } kTests[] = {
      {.name = "no key",
       .fate = {},
       .no_key = true,
       .want = "unable to generate a new private key: no entropy"},
      {.name = "no client",
       .fate = {.client = absl::InvalidArgumentError("token file is empty")},
       .want = "unable to load a client to request certificates: token file is "
               "empty"},
      {.name = "not created",
       .fate = {.create = ApiError(401, "Unauthorized")},
       .want = "cannot create certificate signing request with bootstrap "
               "credentials: not accepted, perhaps expired: Unauthorized"},
      {.name = "denied",
       .fate = {.deny = absl::ZeroDuration()},
       .want = "csr \"csr-0\" brought no certificate: certificate signing "
               "request is denied, reason: Scripted, message: so it is "
               "written"},
      {.name = "failed",
       .fate = {.issue = {}, .fail = absl::Seconds(1)},
       .want = "csr \"csr-0\" brought no certificate: certificate signing "
               "request failed, reason: Scripted, message: so it is written"},
      {.name = "deleted",
       .fate = {.issue = {}, .remove = absl::Seconds(1)},
       .want = "csr \"csr-0\" brought no certificate: csr \"csr-0\" was "
               "deleted"},
      {.name = "replaced",
       .fate = {.issue = {}, .replace = absl::Seconds(1)},
       .want = "csr \"csr-0\" brought no certificate: csr \"csr-0\" changed "
               "UIDs"},
      {.name = "issued for another key",
       .fate = {.for_another_key = true},
       .want = "refused the certificate of csr \"csr-0\": the certificate does "
               "not belong to the private key"},
      {.name = "not stored",
       .fate = {},
       .no_disk = true,
       .want = "cannot store the certificate of csr \"csr-0\": "
               "\"/var/lib/kubelet/pki/"
               "kubelet-client-2026-11-24-10-00-21.pem\": no "
               "space left"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    testing::SelfAdvancingClock clock(kStart);
    ScriptedCsrServer server(clock);
    server.fates = {t.fate};
    testing::FakeFileSystem files;
    if (t.no_disk) {
      ASSERT_THAT(files.MakeDirectories(kDir, 0755), IsOk());
      files.FailPath(
          absl::StrCat(kDir, "/kubelet-client-2026-11-24-10-00-21.pem"),
          absl::ResourceExhaustedError("no space left"));
    }
    KeySource keys;
    if (t.no_key) keys.error = absl::InternalError("no entropy");
    CurrentCertificate current(clock);
    const auto store =
        CertificateStore::Open({}, files, clock, absl::UTCTimeZone());
    Agent agent(NodeClientOptions("n1"), **store, current, server, keys, clock,
                rng_);
    ASSERT_THAT(agent.Start(nullptr), IsOk());
    agent.Pass();
    const AgentState state = agent.State();
    EXPECT_EQ(state.renew_errors, 1);
    EXPECT_EQ(state.last_error, t.want);
    EXPECT_EQ(state.phase, Phase::kRetrying);
    EXPECT_EQ(state.issued, 0);
    EXPECT_THAT(current.Current(), IsNull());
  }
}

TEST_F(AgentTest, A13TellsFromTheCreateErrorWhetherTheServerIsWell) {
  http::Response page;
  page.status = 502;
  page.body = "<html>Bad Gateway</html>";
  const struct {
    std::string name;
    absl::Status create;
    bool want;
  } kTests[] = {
      {"401", ApiError(401, "Unauthorized"), true},
      {"403", ApiError(403, "Forbidden"), true},
      {"404", ApiError(404, "NotFound"), true},
      {"409", ApiError(409, "AlreadyExists"), false},
      {"422", ApiError(422, "Invalid"), false},
      {"429", ApiError(429, "TooManyRequests"), false},
      {"500", ApiError(500, "InternalError"), false},
      {"a proxy's page", k8s::StatusFromResponse(page), false},
      {"refused", absl::UnavailableError("connection refused"), false},
      {"timed out", absl::DeadlineExceededError("i/o timeout"), false},
      {"TLS", absl::UnauthenticatedError("unknown authority"), false},
  };
  ASSERT_THAT(agent_.Start(nullptr), IsOk());
  EXPECT_FALSE(agent_.State().server_healthy);
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    server_.fates = {{.create = t.create}};
    RunUntilAttempts(server_.attempts.size() + 1);
    EXPECT_EQ(agent_.State().server_healthy, t.want);
    // Errors of the wait leave it as it is.
    server_.fates = {{.deny = absl::ZeroDuration()}};
    RunUntilAttempts(server_.attempts.size() + 1);
    EXPECT_EQ(agent_.State().server_healthy, t.want);
  }
  RunUntilAttempts(server_.attempts.size() + 1);
  EXPECT_EQ(agent_.State().issued, 1);
  EXPECT_TRUE(agent_.State().server_healthy);
}

TEST_F(AgentTest, RefusesACertificateForAnotherKeyAndKeepsTheOldOne) {
  const testing::TestIdentity pair = Pair(-absl::Hours(1), absl::Hours(1));
  Keep(pair);
  ASSERT_THAT(agent_.Start(nullptr), IsOk());
  server_.usual.for_another_key = true;
  RunUntilAttempts(1);
  EXPECT_EQ(current_.Current()->chain.front().der(), pair.certificate().der());
  EXPECT_EQ((*store_->Current())->chain.front().der(),
            pair.certificate().der());
  EXPECT_THAT(agent_.State().last_error,
              StartsWith("refused the certificate of csr"));
}

// The kubelet would ask for another each second.
TEST_F(AgentTest, TakesTheLadderIfNewCertificatesAreOfNoUse) {
  const struct {
    std::string name;
    Fate fate;
    std::string want;
  } kTests[] = {
      {"due at once",
       {.lifetime = absl::Minutes(5)},
       "the new certificate is of no use: rotation deadline reached"},
      {"another name",
       {.common_name = "system:node:n2"},
       "the new certificate is of no use: certificate has common name "
       "\"system:node:n2\", wanted is \"system:node:n1\""},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    testing::SelfAdvancingClock clock(kStart);
    ScriptedCsrServer server(clock);
    server.usual = t.fate;
    CurrentCertificate current(clock);
    Agent agent(NodeClientOptions("n1"), *store_, current, server, keys_, clock,
                rng_);
    ASSERT_THAT(agent.Start(nullptr), IsOk());
    while (server.attempts.size() < 7) clock.SleepUntil(agent.Pass());
    EXPECT_GT(clock.TimeNow() - kStart, absl::Seconds(60));
    EXPECT_EQ(agent.State().last_error, t.want);
    EXPECT_EQ(agent.State().renew_errors, 0);
    EXPECT_EQ(agent.State().issued, 7);
  }
}

// ---- SPEC A4: what it starts with.

TEST_F(AgentTest, A29UsesAStoredPairThatIsValid) {
  const testing::TestIdentity stored = Pair(-absl::Hours(1), absl::Hours(9));
  const testing::TestIdentity bootstrap = Pair(-absl::Hours(1), absl::Hours(9));
  Keep(stored);
  ASSERT_THAT(agent_.Start(bootstrap.tls), IsOk());
  EXPECT_EQ(current_.Current()->chain.front().der(),
            stored.certificate().der());
  EXPECT_GT(agent_.Pass(), kStart);
  EXPECT_TRUE(server_.attempts.empty());
}

TEST_F(AgentTest, A29StoresABootstrapPairAndReplacesItAtOnce) {
  const testing::TestIdentity bootstrap =
      Pair(-absl::Hours(1), absl::Hours(9), "kubernetes-admin");
  ASSERT_THAT(agent_.Start(bootstrap.tls), IsOk());
  EXPECT_EQ((*store_->Current())->chain.front().der(),
            bootstrap.certificate().der());
  EXPECT_EQ(current_.Current()->chain.front().der(),
            bootstrap.certificate().der());
  agent_.Pass();
  EXPECT_THAT(AttemptTimes(), ElementsAre(0));
  EXPECT_EQ(server_.attempts[0].credentials, rotation::Credentials::kCurrent);
  EXPECT_EQ(agent_.State().rotations, 1);
}

TEST_F(AgentTest, A29ReplacesABootstrapPairThatIsTheNodesOwnToo) {
  ASSERT_THAT(agent_.Start(Pair(-absl::Hours(1), absl::Hours(9)).tls), IsOk());
  agent_.Pass();
  EXPECT_THAT(AttemptTimes(), ElementsAre(0));
  EXPECT_GT(agent_.Pass(), clock_.TimeNow());
  EXPECT_EQ(server_.attempts.size(), 1);  // Once.
}

TEST_F(AgentTest, A29UsesABootstrapPairThatCannotBeStored) {
  files_.FailPath(kDir, absl::ResourceExhaustedError("no space left"));
  const testing::TestIdentity bootstrap = Pair(-absl::Hours(1), absl::Hours(9));
  ASSERT_THAT(agent_.Start(bootstrap.tls), IsOk());
  EXPECT_THAT(current_.Current(), NotNull());
}

TEST_F(AgentTest, A29DoesWithoutAnExpiredStoredPair) {
  Keep(Pair(-absl::Hours(2), -absl::Hours(1)));
  ASSERT_THAT(agent_.Start(nullptr), IsOk());
  EXPECT_THAT(current_.Latest(), IsNull());
  agent_.Pass();
  EXPECT_EQ(server_.attempts.at(0).credentials,
            rotation::Credentials::kBootstrap);
}

TEST_F(AgentTest, A23DoesNotStartWithAStoreThatCannotBeRead) {
  ASSERT_THAT(files_.MakeDirectories(kDir, 0755), IsOk());
  ASSERT_THAT(files_.Write(store_->current_path(), "no pair", 0600), IsOk());
  EXPECT_THAT(agent_.Start(nullptr),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr(store_->current_path())));
}

// ---- SPEC A5: with which credentials.

TEST_F(AgentTest, A32UsesBootstrapCredentialsOnlyWithoutACertificate) {
  ASSERT_THAT(agent_.Start(nullptr), IsOk());
  RunUntilAttempts(3);
  EXPECT_EQ(server_.attempts[0].credentials, rotation::Credentials::kBootstrap);
  EXPECT_EQ(server_.attempts[1].credentials, rotation::Credentials::kCurrent);
  EXPECT_EQ(server_.attempts[2].credentials, rotation::Credentials::kCurrent);
  EXPECT_EQ(agent_.State().issued, 3);
  EXPECT_EQ(agent_.State().rotations, 2);
}

TEST_F(AgentTest, A32ReturnsToBootstrapCredentialsOnceItHasExpired) {
  const testing::TestIdentity pair = Pair(-absl::Hours(1), absl::Hours(1));
  Keep(pair);
  ASSERT_THAT(agent_.Start(nullptr), IsOk());
  server_.usual.create = absl::UnavailableError("connection refused");
  while (clock_.TimeNow() <= kStart + absl::Hours(1)) RunOnce();
  EXPECT_EQ(server_.attempts.back().credentials,
            rotation::Credentials::kCurrent);
  RunUntilAttempts(server_.attempts.size() + 1);
  EXPECT_EQ(server_.attempts.back().credentials,
            rotation::Credentials::kBootstrap);
}

// ---- SPEC A7: connections, and giving up.

TEST_F(AgentTest, A44TellsOfANewCertificateAtOnce) {
  std::vector<std::string> seen;
  current_.OnChange([&] {
    seen.push_back(current_.Current()->chain.front().serial_number());
  });
  ASSERT_THAT(agent_.Start(nullptr), IsOk());
  RunUntilAttempts(2);
  ASSERT_EQ(seen.size(), 2);
  EXPECT_NE(seen[0], seen[1]);
  EXPECT_EQ(agent_.State().pair->chain.front().serial_number(), seen[1]);
}

TEST_F(AgentTest, A45WantsToExitAfterFiveMinutesWithoutACertificate) {
  server_.usual.create = ApiError(401, "Unauthorized");
  ASSERT_THAT(agent_.Start(nullptr), IsOk());
  RunUntilAttempts(1);
  clock_.SetTime(kStart + absl::Minutes(5));
  EXPECT_FALSE(agent_.ShouldExit());
  clock_.AdvanceTime(absl::Nanoseconds(1));
  EXPECT_TRUE(agent_.ShouldExit());
}

TEST_F(AgentTest, A45StaysWhileTheServerIsNotWell) {
  server_.usual.create = absl::UnavailableError("connection refused");
  ASSERT_THAT(agent_.Start(nullptr), IsOk());
  RunUntilAttempts(20);
  EXPECT_GT(clock_.TimeNow(), kStart + absl::Minutes(5));
  EXPECT_FALSE(agent_.ShouldExit());
}

TEST_F(AgentTest, A45CountsFromTheEndOfAnExpiredCertificate) {
  Keep(Pair(-absl::Hours(1), absl::Hours(1)));
  server_.usual.create = ApiError(401, "Unauthorized");
  ASSERT_THAT(agent_.Start(nullptr), IsOk());
  RunUntilAttempts(1);
  clock_.SetTime(kStart + absl::Hours(1));
  EXPECT_FALSE(agent_.ShouldExit());
  clock_.AdvanceTime(absl::Minutes(5));
  EXPECT_FALSE(agent_.ShouldExit());
  clock_.AdvanceTime(absl::Seconds(1));
  EXPECT_TRUE(agent_.ShouldExit());
}

TEST_F(AgentTest, PassesThroughItsPhases) {
  std::vector<Phase> phases;
  const auto look = [&] {
    if (server_.attempts.size() == 2 &&
        agent_.State().phase == Phase::kRequesting) {
      return;  // It looks how many requests there are.
    }
    const AgentState state = agent_.State();
    phases.push_back(state.phase);
    EXPECT_EQ(state.request, state.phase == Phase::kPending ? "csr-0" : "");
    EXPECT_EQ(state.next_attempt != absl::InfinitePast(),
              state.phase == Phase::kRetrying);
  };
  server_.on_list = look;
  server_.fates = {{.create = ApiError(403, "Forbidden")}};
  ASSERT_THAT(agent_.Start(nullptr), IsOk());
  look();
  RunOnce();
  look();
  RunOnce();
  agent_.Pass();
  look();
  EXPECT_THAT(phases, ElementsAre(Phase::kStarting, Phase::kRetrying,
                                  Phase::kPending, Phase::kWaiting));
}

// ---- Stopping.

// A server that says nothing until its client is cancelled.
class SilentServer : public ScriptedCsrServer {
 public:
  using ScriptedCsrServer::ScriptedCsrServer;

  absl::StatusOr<std::unique_ptr<RequestClient>> ForAttempt(
      rotation::Credentials) override {
    return std::make_unique<SilentClient>(*this);
  }
  absl::StatusOr<Csr> Create(const Csr&) override {
    asked.Notify();
    cancelled.WaitForNotification();
    return absl::CancelledError("shut down");
  }

  absl::Notification asked;
  absl::Notification cancelled;

 private:
  class SilentClient : public RequestClient {
   public:
    explicit SilentClient(SilentServer& server) : server_(server) {}
    k8s::ResourceApi<Csr>& requests() override { return server_; }
    const std::string& credentials() const override { return credentials_; }
    absl::Status CheckHealth(absl::Duration) override {
      return absl::OkStatus();
    }
    void Cancel() override { server_.cancelled.Notify(); }

   private:
    SilentServer& server_;
    const std::string credentials_ = "nothing";
  };
};

TEST_F(AgentTest, StopEndsARequestThatIsUnderWay) {
  SilentServer server(clock_);
  Agent agent(NodeClientOptions("n1"), *store_, current_, server, keys_, clock_,
              rng_);
  ASSERT_THAT(agent.Start(nullptr), IsOk());
  std::thread thread([&] { agent.Run(); });
  server.asked.WaitForNotification();
  agent.Stop();
  thread.join();
  EXPECT_EQ(agent.State().phase, Phase::kStopped);
  EXPECT_EQ(agent.State().renew_errors, 0);
  EXPECT_EQ(agent.State().last_error, "");
}

TEST_F(AgentTest, StopEndsTheWaitForTheDeadline) {
  absl::SimulatedClock clock(kStart);
  Keep(Pair(-absl::Minutes(5), absl::Hours(1)));
  Agent agent(NodeClientOptions("n1"), *store_, current_, server_, keys_, clock,
              rng_);
  ASSERT_THAT(agent.Start(nullptr), IsOk());
  std::thread thread([&] { agent.Run(); });
  agent.Stop();
  thread.join();
  EXPECT_EQ(agent.State().phase, Phase::kStopped);
}

// The wall clock may jump: Run looks every minute, not only at the deadline.
TEST_F(AgentTest, RunSeesAClockThatWasSetForward) {
  absl::SimulatedClock clock(kStart);
  Keep(Pair(-absl::Minutes(5), absl::Hours(24)));
  SilentServer server(clock_);
  Agent agent(NodeClientOptions("n1"), *store_, current_, server, keys_, clock,
              rng_);
  ASSERT_THAT(agent.Start(nullptr), IsOk());
  std::thread thread([&] { agent.Run(); });
  // The first wait ends after a minute at most; the clock is then past the
  // deadline.
  while (!server.asked.HasBeenNotified()) clock.AdvanceTime(absl::Hours(23));
  agent.Stop();
  thread.join();
}

}  // namespace
}  // namespace signet::node_agent
