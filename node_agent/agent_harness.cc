#include "node_agent/agent_harness.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>

#include "absl/base/log_severity.h"
#include "absl/log/check.h"
#include "absl/log/globals.h"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/testing/test_ca.h"
#include "node_agent/agent.h"
#include "node_agent/certificate_store.h"
#include "node_agent/current_certificate.h"

namespace signet::node_agent {

absl::Time AgentHarness::StartTime() {
  return absl::FromUnixSeconds(1'795'514'421);
}

AgentHarness::AgentHarness(AgentOptions agent_options)
    : clock(StartTime()),
      server(clock),
      rng(0),
      options(std::move(agent_options)) {
  absl::SetMinLogLevel(absl::LogSeverityAtLeast::kInfinity);
  server.before = [this](absl::string_view call) {
    if (call != "client") calls_.push_back(clock.TimeNow());
    if (call == "create") {
      create_times_.push_back(
          absl::ToDoubleSeconds(clock.TimeNow() - StartTime()));
    }
    return absl::OkStatus();
  };
}

absl::Status AgentHarness::StartProcess(CertificateStore::Pair bootstrap) {
  EndProcess();
  ABSL_ASSIGN_OR_RETURN(
      store, CertificateStore::Open({}, files, clock, absl::UTCTimeZone()));
  current = std::make_unique<CurrentCertificate>(clock);
  agent = std::make_unique<Agent>(options, *store, *current, server, keys,
                                  clock, rng);
  return agent->Start(std::move(bootstrap));
}

void AgentHarness::EndProcess() {
  agent.reset();
  current.reset();
  store.reset();
}

bool AgentHarness::RunOnce() {
  const absl::Time next = agent->Pass();
  const absl::Time now = clock.TimeNow();
  if (next <= now) {
    ++busy_loops;
    clock.SleepUntil(now + absl::Nanoseconds(1));
    return false;
  }
  clock.SleepUntil(std::min(next, now + absl::Minutes(1)));
  return true;
}

void AgentHarness::RunUntil(absl::Time time) {
  while (clock.TimeNow() < time) {
    const absl::Time next = agent->Pass();
    if (next <= clock.TimeNow()) ++busy_loops;
    clock.SleepUntil(std::min(
        {std::max(next, clock.TimeNow() + absl::Nanoseconds(1)),
         clock.TimeNow() + absl::Minutes(1), std::max(time, clock.TimeNow())}));
  }
}

bool AgentHarness::RunUntilDone(const std::function<bool()>& done) {
  const absl::Time end = clock.TimeNow() + absl::Hours(6);
  while (!done()) {
    if (clock.TimeNow() > end) return false;
    RunOnce();
  }
  return true;
}

bool AgentHarness::RunUntilIssued(int64_t count) {
  return RunUntilDone([&] { return State().issued >= count; });
}

testing::TestIdentity AgentHarness::MakePair(absl::Duration from,
                                             absl::Duration to,
                                             absl::string_view name) {
  return server.ca().Client(
      {.common_name = std::string(name),
       .organizations = {"system:nodes"},
       .dns_names = {},
       .ip_addresses = {},
       .validity = {StartTime() + from, StartTime() + to}});
}

void AgentHarness::Keep(const testing::TestIdentity& pair) {
  const auto opened =
      CertificateStore::Open({}, files, clock, absl::UTCTimeZone());
  CHECK_OK(opened);
  CHECK_OK((*opened)->Update(pair.certificate_pem, pair.tls->key));
}

int AgentHarness::MostCallsPerMinute() const {
  int most = 0;
  for (size_t from = 0; from < calls_.size(); ++from) {
    const auto end =
        std::find_if(calls_.begin() + from, calls_.end(), [&](absl::Time time) {
          return time >= calls_[from] + absl::Minutes(1);
        });
    most = std::max(most, static_cast<int>(end - (calls_.begin() + from)));
  }
  return most;
}

}  // namespace signet::node_agent
