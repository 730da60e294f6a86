#ifndef SIGNET_NODE_AGENT_AGENT_HARNESS_H_
#define SIGNET_NODE_AGENT_AGENT_HARNESS_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/testing/fake_file_system.h"
#include "core/testing/fake_key_generator.h"
#include "core/testing/fake_rng.h"
#include "core/testing/self_advancing_clock.h"
#include "core/testing/test_ca.h"
#include "node_agent/agent.h"
#include "node_agent/certificate_store.h"
#include "node_agent/current_certificate.h"
#include "node_agent/scripted_csr_server.h"

namespace signet::node_agent {

// AgentHarness is a machine with an agent, in simulated time: its disk, its
// clock and the API server outlive the agent's processes. For one thread.
class AgentHarness {
 public:
  static absl::Time StartTime();  // 2026-11-24T10:00:21Z

  explicit AgentHarness(AgentOptions options = NodeClientOptions("n1"));

  // Starts a process: opens the store and starts an agent.
  absl::Status StartProcess(CertificateStore::Pair bootstrap = nullptr);
  // Ends it, as kill -9 does: nothing is tidied up, nothing on the disk lost.
  void EndProcess();

  // One pass, and the wait after it, of at most a minute (or what Run waits).
  // False if the agent wants the next pass now: a busy loop.
  bool RunOnce();
  // Passes until the time has come.
  void RunUntil(absl::Time time);
  // Passes until `done`, for at most six hours; false if it isn't done then.
  bool RunUntilDone(const std::function<bool()>& done);
  // Until so many certificates have been stored by this process.
  bool RunUntilIssued(int64_t count);

  // Stores a pair before any process runs.
  testing::TestIdentity MakePair(absl::Duration from, absl::Duration to,
                                 absl::string_view name = "system:node:n1");
  void Keep(const testing::TestIdentity& pair);

  // When the CSRs were created, in seconds since the start.
  std::vector<double> CreateTimes() const { return create_times_; }
  // The most calls to the API server in any 60 seconds so far.
  int MostCallsPerMinute() const;

  AgentState State() const { return agent->State(); }

  testing::SelfAdvancingClock clock;
  testing::FakeFileSystem files;
  ScriptedCsrServer server;
  testing::FakeKeyGenerator keys;
  testing::FixedRng rng;
  AgentOptions options;
  std::unique_ptr<CertificateStore> store;
  std::unique_ptr<CurrentCertificate> current;
  std::unique_ptr<Agent> agent;
  int busy_loops = 0;

 private:
  std::vector<double> create_times_;
  std::vector<absl::Time> calls_;
};

}  // namespace signet::node_agent

#endif  // SIGNET_NODE_AGENT_AGENT_HARNESS_H_
