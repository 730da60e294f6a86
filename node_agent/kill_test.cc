// The agent is killed (kill -9, or the machine's power is cut) at every
// operation on files and at every call of the API, before it is done, half-way
// and after it was done. Whoever comes after ends with a valid pair, has lost
// no key that has a certificate, and has filed one request for one need.

#include <cstdint>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/pki/certificate_request.h"
#include "core/rotation/next_step.h"
#include "core/rotation/pending_request.h"
#include "core/testing/fake_file_system.h"
#include "core/testing/test_ca.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "node_agent/agent.h"
#include "node_agent/agent_harness.h"
#include "node_agent/certificate_store.h"
#include "node_agent/foreground_bootstrap.h"
#include "node_agent/scripted_csr_server.h"
#include "node_agent/start_up.h"

namespace signet::node_agent {
namespace {

using ::absl_testing::IsOk;
using Effect = testing::FakeFileSystem::Effect;
using Csr = api::CertificateSigningRequest;

constexpr absl::string_view kKubeconfig = "/etc/kubernetes/kubelet.conf";
constexpr absl::string_view kBootstrap =
    "/etc/kubernetes/bootstrap-kubelet.conf";

// Where to kill. `operation` counts from the start of the process.
struct KillPoint {
  int file_operation = 0;
  Effect effect = Effect::kNothing;
  int call = 0;
  bool after = false;  // The call was done; its answer is lost.

  std::string ToString() const {
    return file_operation > 0
               ? absl::StrCat("killed at file operation ", file_operation,
                              " with effect ", static_cast<int>(effect))
               : absl::StrCat("killed ", after ? "after" : "before",
                              " API call ", call);
  }
};

// A machine that can be killed, and what it is to achieve.
struct Machine : AgentHarness {
  Machine() {
    server.before = [this](absl::string_view call) { return Before(call); };
    server.after = [this](absl::string_view) { return After(); };
  }

  absl::Status Before(absl::string_view call) {
    if (Dead()) return absl::UnavailableError("killed");
    if (call == "client") return absl::OkStatus();  // Nothing is sent.
    ++calls;
    if (calls == point.call && !point.after) return Kill();
    return absl::OkStatus();
  }
  absl::Status After() {
    if (Dead()) return absl::UnavailableError("killed");
    if (calls == point.call && point.after) return Kill();
    return absl::OkStatus();
  }
  bool Dead() {
    if (files.killed()) Die();
    return dead;
  }
  absl::Status Kill() {
    files.KillAt(1, Effect::kNothing);
    Die();
    return absl::UnavailableError("killed");
  }
  // No time goes by in a dead process.
  void Die() {
    dead = true;
    if (agent != nullptr) agent->Stop();
    if (foreground != nullptr) foreground->Stop();
  }

  KillPoint point;
  int calls = 0;
  bool dead = false;
  std::unique_ptr<ForegroundBootstrap> foreground;
};

struct Scenario {
  std::string name;
  std::function<void(Machine&)> prepare;
  // Runs one process until what it has to do is done, or it is dead.
  std::function<void(Machine&)> run;
  // How many requests are needed; more would be a second for the same need.
  size_t needs = 1;
};

// The public key for which a request was filed.
std::string KeyOf(const Csr& csr) {
  const auto request = pki::CertificateRequest::ParsePem(csr.spec().request());
  EXPECT_THAT(request, IsOk());
  return request->public_key().spki_der();
}

// Whether the store has a valid pair of the last request's key, and nothing is
// under way.
bool IsDone(Machine& m, size_t needs) {
  if (m.server.created.size() < needs || m.agent == nullptr) return false;
  const auto pair = m.current->Latest();
  return pair != nullptr && pair->chain.front().public_key().spki_der() ==
                                KeyOf(m.server.created.back());
}

void RunAgent(Machine& m, size_t needs,
              const std::function<CertificateStore::Pair(Machine&)>&
                  inline_pair = nullptr) {
  const absl::Status started =
      m.StartProcess(inline_pair == nullptr ? nullptr : inline_pair(m));
  if (m.Dead()) return;
  ASSERT_THAT(started, IsOk());
  for (int pass = 0; pass < 200 && !IsDone(m, needs); ++pass) {
    m.agent->Pass();
    if (m.Dead()) return;
    m.clock.AdvanceTime(absl::Seconds(33));
  }
}

void RunForeground(Machine& m) {
  m.EndProcess();
  auto store =
      CertificateStore::Open({}, m.files, m.clock, absl::UTCTimeZone());
  if (m.Dead()) return;
  ASSERT_THAT(store, IsOk());
  m.foreground = std::make_unique<ForegroundBootstrap>(
      KubeconfigPaths{std::string(kKubeconfig), std::string(kBootstrap)}, "n1",
      **store, m.server, m.keys, m.files, m.clock, m.rng);
  const absl::Status status = m.foreground->Run();
  m.foreground.reset();
  if (m.Dead()) return;
  EXPECT_THAT(status, IsOk());
}

void WriteBootstrap(Machine& m) {
  ASSERT_THAT(m.files.MakeDirectories("/etc/kubernetes", 0755), IsOk());
  ASSERT_THAT(
      m.files.Write(kBootstrap,
                    "apiVersion: v1\nkind: Config\nclusters:\n- name: c\n"
                    "  cluster: {server: \"http://127.0.0.1:1\"}\ncontexts:\n"
                    "- name: x\n  context: {cluster: c, user: u}\n"
                    "current-context: x\nusers:\n- name: u\n"
                    "  user: {token: abcdef.0123}\n",
                    0600),
      IsOk());
  ASSERT_THAT(m.files.SyncDirectory("/"), IsOk());
  ASSERT_THAT(m.files.SyncDirectory("/etc"), IsOk());
  ASSERT_THAT(m.files.SyncDirectory("/etc/kubernetes"), IsOk());
}

// Pairs from before, and a deadline that has passed.
void KeepOldPairs(Machine& m, int count) {
  for (int i = 0; i < count; ++i) {
    m.Keep(m.MakePair(-absl::Hours(10), absl::Hours(2)));
    m.clock.AdvanceTime(absl::Seconds(1));
  }
}

const std::vector<Scenario>& Scenarios() {
  static const auto& scenarios = *new std::vector<Scenario>{
      {"the first certificate", [](Machine&) {},
       [](Machine& m) { RunAgent(m, 1); }},
      {"a rotation", [](Machine& m) { KeepOldPairs(m, 1); },
       [](Machine& m) { RunAgent(m, 1); }},
      {"a rotation that removes old pairs",
       [](Machine& m) { KeepOldPairs(m, 4); },
       [](Machine& m) { RunAgent(m, 1); }},
      {"an approval that takes longer than an attempt",
       [](Machine& m) {
         m.server.usual.approve = absl::Minutes(20);
         m.server.usual.issue = absl::Minutes(21);
       },
       [](Machine& m) { RunAgent(m, 1); }},
      {"a create whose answer is lost",
       [](Machine& m) {
         bool lost = false;
         m.server.after = [&m, lost](absl::string_view call) mutable {
           if (call == "create" && !lost) {
             lost = true;
             if (m.After().ok()) return absl::UnavailableError("reset");
           }
           return m.After();
         };
       },
       [](Machine& m) { RunAgent(m, 1); }},
      {"a pair in the kubeconfig that is replaced at once", [](Machine&) {},
       [](Machine& m) {
         RunAgent(m, 1, [](Machine& machine) {
           return machine
               .MakePair(-absl::Hours(1), absl::Hours(1), "kubernetes-admin")
               .tls;
         });
       }},
      {"something else is wanted while a request is pending",
       [](Machine& m) {
         m.options = NodeClientOptions("n1");
         m.options.dynamic = true;
         m.server.fates = {{.approve = {}, .issue = {}}};
         m.options.wanted = [&m] {
           rotation::CertificateTemplate wanted = {
               "system:node:n1", {"system:nodes"}, {}, {}};
           if (m.clock.TimeNow() >=
               AgentHarness::StartTime() + absl::Seconds(30)) {
             wanted.dns_names = {"n1"};
           }
           return std::optional<rotation::CertificateTemplate>(wanted);
         };
       },
       [](Machine& m) { RunAgent(m, 2); },
       /*needs=*/2},
      {"bootstrap in the foreground", WriteBootstrap, RunForeground},
  };
  return scenarios;
}

// Runs until the kill point; null if the process ended before.
std::unique_ptr<Machine> Killed(const Scenario& scenario,
                                const KillPoint& point) {
  auto m = std::make_unique<Machine>();
  scenario.prepare(*m);
  m->point = point;
  if (point.file_operation > 0) {
    m->files.KillAt(point.file_operation, point.effect);
  }
  scenario.run(*m);
  if (!m->Dead()) return nullptr;
  m->EndProcess();
  m->foreground.reset();
  return m;
}

// Goes on after the crash, and looks at what came of it.
void ExpectRecovery(Machine& m, const Scenario& scenario) {
  m.dead = false;
  m.point = {};
  m.clock.AdvanceTime(absl::Seconds(5));
  scenario.run(m);
  ASSERT_FALSE(m.Dead());
  m.EndProcess();

  const auto store =
      CertificateStore::Open({}, m.files, m.clock, absl::UTCTimeZone());
  ASSERT_THAT(store, IsOk());
  const auto pair = (*store)->Current();
  ASSERT_THAT(pair, IsOk());
  const auto& leaf = (*pair)->chain.front();
  EXPECT_TRUE(rotation::IsUsable(leaf.validity(), m.clock.TimeNow()));
  // One request for one need, and its key is the one in use.
  ASSERT_EQ(m.server.created.size(), scenario.needs);
  EXPECT_EQ(leaf.public_key().spki_der(), KeyOf(m.server.created.back()));
  const auto pending = (*store)->Pending();
  ASSERT_THAT(pending, IsOk());
  EXPECT_FALSE(pending->has_value());
  EXPECT_TRUE(absl::IsNotFound((*store)->TemporaryKey().status()));
  if (scenario.name == "bootstrap in the foreground") {
    EXPECT_THAT(FindKubeconfigFlaw(kKubeconfig, m.files, m.clock),
                absl_testing::IsOkAndHolds(std::nullopt));
  }
}

// What a disk may have kept: everything (the process alone was killed), nothing
// that was not synced, or any part of it.
void ExpectRecoveryWhateverIsLost(const Scenario& scenario,
                                  const KillPoint& point, int* crashes) {
  SCOPED_TRACE(point.ToString());
  std::unique_ptr<Machine> m = Killed(scenario, point);
  ASSERT_NE(m, nullptr);
  const int changes = m->files.unsynced_changes();
  ASSERT_LE(changes, 8);
  m->files.Restart();
  ExpectRecovery(*m, scenario);
  ++*crashes;
  for (uint64_t survivors = 0; survivors < (uint64_t{1} << changes);
       ++survivors) {
    for (bool data_survives : {false, true}) {
      SCOPED_TRACE(
          absl::StrCat("survivors ", survivors, " data ", data_survives));
      m = Killed(scenario, point);
      m->files.Crash(survivors, data_survives);
      ExpectRecovery(*m, scenario);
      ++*crashes;
      if (::testing::Test::HasFailure()) return;
    }
  }
}

class KillTest : public ::testing::TestWithParam<int> {
 protected:
  static void TearDownTestSuite() {
    std::cout << "kill points of all scenarios: " << all_points
              << ", crashes: " << all_crashes << "\n";
  }
  static int all_points;
  static int all_crashes;
};
int KillTest::all_points = 0;
int KillTest::all_crashes = 0;

// SPEC F-2, and as far as they are about interruptions.
TEST_P(KillTest, EndsWithAValidPairAndOneRequestWhereverItIsKilled) {
  const Scenario& scenario = Scenarios().at(GetParam());
  SCOPED_TRACE(scenario.name);
  // What happens if it is not killed.
  int operations;
  int calls;
  {
    Machine m;
    scenario.prepare(m);
    const int before = m.files.operations();
    m.calls = 0;
    scenario.run(m);
    operations = m.files.operations() - before;
    calls = m.calls;
    ExpectRecovery(m, scenario);  // There is nothing to do.
  }
  ASSERT_GT(operations, 0);
  ASSERT_GT(calls, 0);
  int points = 0;
  int crashes = 0;
  for (int operation = 1; operation <= operations; ++operation) {
    for (Effect effect :
         {Effect::kNothing, Effect::kHalf, Effect::kEverything}) {
      ExpectRecoveryWhateverIsLost(
          scenario, {.file_operation = operation, .effect = effect}, &crashes);
      ++points;
      if (HasFailure()) return;
    }
  }
  for (int call = 1; call <= calls; ++call) {
    for (bool after : {false, true}) {
      ExpectRecoveryWhateverIsLost(scenario, {.call = call, .after = after},
                                   &crashes);
      ++points;
      if (HasFailure()) return;
    }
  }
  all_points += points;
  all_crashes += crashes;
  std::cout << "kill points: " << points << " (" << operations
            << " file operations x 3, " << calls
            << " API calls x 2), crashes: " << crashes
            << ", scenario: " << scenario.name << "\n";
}

INSTANTIATE_TEST_SUITE_P(
    Scenarios, KillTest,
    ::testing::Range(0, static_cast<int>(Scenarios().size())));

}  // namespace
}  // namespace signet::node_agent
