// Two replicas of a service, the active one killed under load: the other takes
// over in time, nothing is done twice and nothing forgotten.

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/api/coordination.pb.h"
#include "core/k8s/resource_api.h"
#include "core/pki/certificate_request.h"
#include "core/pki/name.h"
#include "core/pki/pem.h"
#include "core/pki/private_key.h"
#include "core/testing/csr_builder.h"
#include "e2e/e2e_test.h"
#include "e2e/process.h"
#include "e2e/testbed.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::e2e {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::IsOkAndHolds;
using ::signet::api::CertificateSigningRequest;
using ::testing::HasSubstr;

using ProcessOr = absl::StatusOr<std::unique_ptr<Process>>;

constexpr int kRequests = 200;
// The active replica is killed when so many are done.
constexpr int kBeforeTheKill = 60;
// The default lease duration (15 s) and retry period (2 s), and what a busy
// machine adds. A standby may have seen the last renewal a retry period late.
const absl::Duration kTakeover =
    absl::Seconds(15) + absl::Seconds(2) + absl::Seconds(3);
constexpr absl::Duration kDone = absl::Seconds(90);

// What a watch showed of one request.
struct History {
  int versions = 0;  // After the first.
  int approved = 0;  // Conditions Approved in its last version.
  std::set<std::string> certificates;  // All that it ever had.
};

// Watcher notes every version of the requests whose name has a prefix. Its
// watch must not end: then something would be missed.
class Watcher {
 public:
  Watcher(const std::string& kubeconfig, std::string prefix)
      : prefix_(std::move(prefix)) {
    absl::StatusOr<std::unique_ptr<Connection>> connection =
        Connection::Open(kubeconfig);
    EXPECT_THAT(connection.status(), IsOk());
    if (!connection.ok()) return;
    connection_ = *std::move(connection);
    csrs_ = connection_->client().Api<CertificateSigningRequest>();
    const auto list = csrs_->List({});
    EXPECT_THAT(list.status(), IsOk());
    if (!list.ok()) return;
    auto watch = csrs_->Watch({.resource_version = list->resource_version,
                               .timeout = absl::Minutes(10)});
    EXPECT_THAT(watch.status(), IsOk());
    if (!watch.ok()) return;
    watch_ = *std::move(watch);
    thread_ = std::thread([this] { Run(); });
  }
  ~Watcher() {
    if (watch_ != nullptr) watch_->Stop();
    if (thread_.joinable()) thread_.join();
  }

  // Waits until `done` holds of what was seen.
  template <class Done>
  bool Await(absl::Duration timeout, const Done& done) {
    absl::MutexLock lock(mutex_);
    const auto reached = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return broken_ || done(histories_);
    };
    mutex_.AwaitWithTimeout(absl::Condition(&reached), timeout);
    return !broken_ && done(histories_);
  }
  std::map<std::string, History> histories() {
    absl::MutexLock lock(mutex_);
    EXPECT_FALSE(broken_) << "the watch ended";
    return histories_;
  }

 private:
  void Run() {
    while (true) {
      const auto event = watch_->Next(absl::Minutes(10));
      absl::MutexLock lock(mutex_);
      if (!event.ok()) {
        broken_ = !absl::IsCancelled(event.status());
        return;
      }
      const CertificateSigningRequest& csr = event->object;
      if (!absl::StartsWith(csr.metadata().name(), prefix_)) continue;
      const auto [it, is_new] =
          histories_.try_emplace(std::string(csr.metadata().name()));
      History& history = it->second;
      if (!is_new) ++history.versions;
      history.approved = 0;
      for (const auto& condition : csr.status().conditions()) {
        if (condition.type() == "Approved") ++history.approved;
      }
      if (!csr.status().certificate().empty()) {
        history.certificates.emplace(csr.status().certificate());
      }
    }
  }

  const std::string prefix_;
  std::unique_ptr<Connection> connection_;
  std::unique_ptr<k8s::ResourceApi<CertificateSigningRequest>> csrs_;
  std::unique_ptr<k8s::Watcher<CertificateSigningRequest>> watch_;
  std::thread thread_;
  absl::Mutex mutex_;
  std::map<std::string, History> histories_ ABSL_GUARDED_BY(mutex_);
  bool broken_ ABSL_GUARDED_BY(mutex_) = false;
};

size_t Count(const std::map<std::string, History>& histories,
             const std::function<bool(const History&)>& predicate) {
  return static_cast<size_t>(std::count_if(
      histories.begin(), histories.end(),
      [&predicate](const auto& entry) { return predicate(entry.second); }));
}

// The requests of which `log` says "csr NAME VERB", if NAME has the prefix.
std::multiset<std::string> ToldIn(const std::string& log,
                                  absl::string_view prefix,
                                  absl::string_view verb) {
  std::multiset<std::string> names;
  for (absl::string_view line : absl::StrSplit(log, '\n')) {
    const size_t begin = line.find("] csr ");
    if (begin == absl::string_view::npos) continue;
    const std::vector<absl::string_view> words =
        absl::StrSplit(line.substr(begin + 2), absl::MaxSplits(' ', 3));
    if (words.size() > 2 && absl::StartsWith(words[1], prefix) &&
        absl::StripSuffix(words[2], ":") == verb) {
      names.emplace(words[1]);
    }
  }
  return names;
}

// How many of `names` are there more than once, or in both.
size_t CountTwice(const std::multiset<std::string>& a,
                  const std::multiset<std::string>& b) {
  std::map<std::string, int> count;
  for (const std::string& name : a) ++count[name];
  for (const std::string& name : b) ++count[name];
  return static_cast<size_t>(std::count_if(
      count.begin(), count.end(), [](const auto& c) { return c.second > 1; }));
}

class ReplicasTest : public E2eTest {
 protected:
  void SetUp() override {
    E2eTest::SetUp();
    if (HasFatalFailure()) return;
    const absl::StatusOr<AgentFiles> files =
        testbed().MakeAgentFiles("e2e-replicas");
    ASSERT_THAT(files.status(), IsOk());
    absl::StatusOr<std::unique_ptr<Connection>> requester =
        Connection::Open(files->bootstrap_kubeconfig);
    ASSERT_THAT(requester.status(), IsOk());
    requester_ = *std::move(requester);
  }

  // Creates the request number `n` of a node that joins.
  static void CreateRequest(k8s::ResourceApi<CertificateSigningRequest>& csrs,
                            const std::string& prefix, int n) {
    const absl::StatusOr<pki::PrivateKey> key =
        pki::PrivateKey::Generate(pki::KeyAlgorithm::kEcdsaP256);
    ASSERT_THAT(key.status(), IsOk());
    pki::DistinguishedName subject;
    subject.organization = {"system:nodes"};
    subject.common_name = absl::StrCat("system:node:e2e-replicas-", n);
    const absl::StatusOr<std::string> der =
        pki::CertificateRequest::Build(subject, {}, *key);
    ASSERT_THAT(der.status(), IsOk());
    testing::CsrFields fields;
    fields.name = absl::StrCat(prefix, n);
    fields.request_pem = pki::EncodePem("CERTIFICATE REQUEST", *der);
    CertificateSigningRequest csr = testing::MakeCsr(fields);
    // What the API server fills in.
    csr.mutable_spec()->clear_username();
    csr.mutable_spec()->clear_groups();
    csr.mutable_metadata()->clear_uid();
    csr.mutable_metadata()->clear_resource_version();
    csr.mutable_metadata()->clear_creation_timestamp();
    csr.clear_status();
    ASSERT_THAT(csrs.Create(csr).status(), IsOk());
  }

  // Approves what stands in the API as `name`.
  void Approve(const std::string& name) {
    const auto csrs = testbed().admin().Api<CertificateSigningRequest>();
    absl::StatusOr<CertificateSigningRequest> csr = csrs->Get("", name);
    ASSERT_THAT(csr.status(), IsOk());
    auto& condition = *csr->mutable_status()->add_conditions();
    condition.set_type("Approved");
    condition.set_status("True");
    condition.set_reason("EndToEnd");
    ASSERT_THAT(csrs->UpdateSubresource("approval", *csr).status(), IsOk());
  }

  // The first of the two that was started leads, the second stands by.
  void ExpectStanding(Process& active, Process& standby) {
    EXPECT_THAT(active.WaitForLine("leads: ", absl::Seconds(30)), IsOk());
    const absl::StatusOr<int> active_port = HealthPort(active);
    const absl::StatusOr<int> standby_port = HealthPort(standby);
    ASSERT_THAT(active_port.status(), IsOk());
    ASSERT_THAT(standby_port.status(), IsOk());
    EXPECT_THAT(Eventually(absl::Seconds(30),
                           [&]() -> absl::Status {
                             const auto said =
                                 HttpGet(*standby_port, "/readyz");
                             if (!said.ok()) return said.status();
                             if (!absl::StrContains(*said, "ok: stands by; ") ||
                                 !absl::StrContains(*said, " leads")) {
                               return absl::UnavailableError(*said);
                             }
                             return absl::OkStatus();
                           }),
                IsOk());
    EXPECT_THAT(HttpGet(*active_port, "/readyz"), IsOkAndHolds("ok: leads\n"));
    EXPECT_THAT(HttpGet(*active_port, "/metrics"),
                IsOkAndHolds(HasSubstr("leader_election_master_status{name=")));
    EXPECT_THAT(HttpGet(*active_port, "/metrics"),
                IsOkAndHolds(HasSubstr("\"} 1\n")));
    EXPECT_FALSE(absl::StrContains(standby.Log(), "leads: "));
  }

  // Waits until `standby` leads, and prints how long after `killed`.
  void ExpectTakeover(const std::string& what, Process& standby,
                      absl::Time killed) {
    EXPECT_THAT(standby.WaitForLine("leads: ", kTakeover), IsOk());
    const absl::Duration took = absl::Now() - killed;
    std::cout << what << ": took over "
              << absl::FormatDuration(absl::Trunc(took, absl::Milliseconds(10)))
              << " after kill -9\n";
    EXPECT_LE(took, kTakeover);
  }

  // A service, and what it does about a request.
  struct Service {
    std::string name;  // "approver"
    std::string verb;  // As its log says it: "approved".
    std::function<ProcessOr(const std::string& name)> start;
    bool approve_first;
    std::function<bool(const History&)> is_done;
    std::function<bool(const History&)> is_done_once;
  };

  // Kills the active one of two replicas in the middle of kRequests requests.
  void ExpectReplaced(const Service& service) {
    const std::string prefix = absl::StrCat("e2e-replicas-", service.name, "-");
    Watcher watcher(cluster().AdminKubeconfig(), prefix);
    const auto await = [&](size_t count) {
      return watcher.Await(kDone, [&](const auto& histories) {
        return Count(histories, service.is_done) >= count;
      });
    };
    ProcessOr active = service.start(absl::StrCat(service.name, "-1"));
    ASSERT_THAT(active.status(), IsOk());
    ASSERT_THAT((*active)->WaitForLine("leads: ", absl::Seconds(30)), IsOk());
    ProcessOr standby = service.start(absl::StrCat(service.name, "-2"));
    ASSERT_THAT(standby.status(), IsOk());
    ExpectStanding(**active, **standby);
    if (HasFatalFailure()) return;

    std::thread load([&] {
      const auto csrs = requester_->client().Api<CertificateSigningRequest>();
      for (int n = 0; n < kRequests && !HasFatalFailure(); ++n) {
        CreateRequest(*csrs, prefix, n);
        if (service.approve_first) Approve(absl::StrCat(prefix, n));
      }
    });
    EXPECT_TRUE(await(kBeforeTheKill));
    (*active)->Kill();
    const absl::Time killed = absl::Now();
    ExpectTakeover(service.name, **standby, killed);
    load.join();
    EXPECT_TRUE(await(kRequests));

    const auto first = ToldIn((*active)->Log(), prefix, service.verb);
    const auto second = ToldIn((*standby)->Log(), prefix, service.verb);
    (*standby)->Terminate();
    const std::map<std::string, History> histories = watcher.histories();
    const size_t done = Count(histories, service.is_done);
    const size_t once = Count(histories, service.is_done_once);
    std::set<std::string> certificates;
    for (const auto& [name, history] : histories) {
      certificates.insert(history.certificates.begin(),
                          history.certificates.end());
    }
    std::cout << service.name << ": " << kRequests << " requests, " << once
              << " " << service.verb << " once, " << done - once
              << " more than once, " << kRequests - done << " forgotten; "
              << first.size() << " by the first replica, " << second.size()
              << " by the second, " << CountTwice(first, second) << " by both; "
              << certificates.size() << " different certificates\n";
    EXPECT_EQ(histories.size(), size_t{kRequests});
    EXPECT_EQ(once, size_t{kRequests});
    EXPECT_EQ(CountTwice(first, second), 0u);
    EXPECT_GT(second.size(), 0u) << "killed too late to prove anything";
    if (service.approve_first) {
      EXPECT_EQ(certificates.size(), size_t{kRequests});
    }
  }

  std::unique_ptr<Connection> requester_;
};

TEST_F(ReplicasTest, AnApproverThatIsKilledUnderLoadIsReplaced) {
  ExpectReplaced({
      .name = "approver",
      .verb = "approved",
      .start =
          [this](const std::string& name) {
            return testbed().StartApprover(
                {.election = Election::kDefault, .name = name});
          },
      .approve_first = false,
      .is_done = [](const History& history) { return history.approved > 0; },
      .is_done_once =
          [](const History& history) {
            return history.versions == 1 && history.approved == 1;
          },
  });
}

TEST_F(ReplicasTest, ASignerThatIsKilledUnderLoadIsReplaced) {
  ExpectReplaced({
      .name = "signer",
      .verb = "issued",
      .start =
          [this](const std::string& name) {
            return testbed().StartSigner(
                {.election = Election::kDefault, .name = name});
          },
      .approve_first = true,
      .is_done =
          [](const History& history) { return !history.certificates.empty(); },
      // Approved, then issued.
      .is_done_once =
          [](const History& history) {
            return history.versions == 2 && history.certificates.size() == 1;
          },
  });
}

TEST_F(ReplicasTest, AReplicaThatIsStoppedHandsOverAtOnce) {
  ProcessOr active = testbed().StartApprover(
      {.election = Election::kDefault, .name = "signet-approver-1"});
  ASSERT_THAT(active.status(), IsOk());
  ASSERT_THAT((*active)->WaitForLine("leads: ", absl::Seconds(30)), IsOk());
  const ProcessOr standby = testbed().StartApprover(
      {.election = Election::kDefault, .name = "signet-approver-2"});
  ASSERT_THAT(standby.status(), IsOk());

  (*active)->Signal(SIGTERM);
  EXPECT_THAT((*active)->Wait(absl::Seconds(30)), IsOkAndHolds(0));
  const absl::Time stopped = absl::Now();
  EXPECT_THAT((*standby)->WaitForLine("leads: ", absl::Seconds(10)), IsOk());
  std::cout << "approver: took over "
            << absl::FormatDuration(
                   absl::Trunc(absl::Now() - stopped, absl::Milliseconds(10)))
            << " after SIGTERM\n";

  // An administrator takes the Lease from it: it must not go on.
  const auto leases = testbed().admin().Api<api::Lease>();
  EXPECT_THAT(Eventually(absl::Seconds(30),
                         [&] {
                           absl::StatusOr<api::Lease> lease =
                               leases->Get("kube-system", "signet-approver");
                           if (!lease.ok()) return lease.status();
                           lease->mutable_spec()->set_holder_identity("other");
                           return leases->Update(*lease).status();
                         }),
              IsOk());
  EXPECT_THAT((*standby)->Wait(absl::Seconds(30)), IsOkAndHolds(1));
  EXPECT_THAT((*standby)->Log(),
              HasSubstr("signet-approver: lost the Lease "
                        "kube-system/signet-approver: other holds it"));
  EXPECT_THAT(leases->Delete("kube-system", "signet-approver"), IsOk());
}

}  // namespace
}  // namespace signet::e2e
