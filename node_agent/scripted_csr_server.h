#ifndef SIGNET_NODE_AGENT_SCRIPTED_CSR_SERVER_H_
#define SIGNET_NODE_AGENT_SCRIPTED_CSR_SERVER_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/k8s/resource_api.h"
#include "core/rotation/next_step.h"
#include "core/testing/self_advancing_clock.h"
#include "core/testing/test_ca.h"
#include "node_agent/request_clients.h"

namespace signet::node_agent {

// What becomes of one request. Times count from its creation; unset: never.
struct Fate {
  absl::Status client;  // Not OK: no client can be made.
  absl::Status create;  // Not OK: it is not created.
  std::optional<absl::Duration> approve = absl::Milliseconds(100);
  std::optional<absl::Duration> issue = absl::Milliseconds(200);
  std::optional<absl::Duration> deny;
  std::optional<absl::Duration> fail;
  std::optional<absl::Duration> remove;
  std::optional<absl::Duration> replace;  // By another of the same name.
  // Of the certificate: from five minutes before it is issued, this long.
  absl::Duration lifetime = absl::Minutes(65);
  absl::Duration ahead;  // The signer's clock is ahead by this.
  bool for_another_key = false;
  std::string common_name;  // Empty: the one asked for.
};

// The error that an API server's answer makes; `message` is `reason` if empty.
absl::Status HttpError(int code, absl::string_view reason,
                       absl::string_view message = "",
                       absl::string_view retry_after = "");

// ScriptedCsrServer is an API server with an approver and a signer whose deeds
// are a script in simulated time: who waits for an event moves the clock on to
// it. For one thread.
class ScriptedCsrServer
    : public k8s::ResourceApi<api::CertificateSigningRequest>,
      public RequestClients {
 public:
  using Csr = api::CertificateSigningRequest;

  explicit ScriptedCsrServer(testing::SelfAdvancingClock& clock)
      : clock_(clock) {}

  // ---- The script.

  // Of the requests to come, in order, and then of all others.
  std::deque<Fate> fates;
  Fate usual;
  // Errors of the next calls; OK: the call works.
  std::deque<absl::Status> list_errors;
  std::deque<absl::Status> watch_errors;
  std::deque<absl::Status> event_errors;
  std::deque<absl::Status> health_errors;
  std::function<void()> on_list;  // Called first.
  absl::Status delete_error;      // Of every Delete; OK: it works.
  // Asked before a call ("create", "get", "list", "watch", "next", "delete",
  // "health", "client") is done and after; what it answers, if not OK, is the
  // call's.
  std::function<absl::Status(absl::string_view call)> before;
  std::function<absl::Status(absl::string_view call)> after;
  // Lets an object be there that somebody else created.
  void Add(Csr csr);

  // ---- What was asked.

  struct Attempt {
    absl::Time at;
    rotation::Credentials credentials;
  };
  std::vector<Attempt> attempts;
  std::vector<Csr> created;
  std::vector<k8s::ListOptions> lists;
  std::vector<k8s::WatchOptions> watches;
  std::vector<std::string> gets;
  std::vector<std::string> deletes;
  int calls = 0;  // Of every kind but "client".
  // The objects there are.
  const std::map<std::string, Csr>& objects();

  // ---- RequestClients.
  absl::StatusOr<std::unique_ptr<RequestClient>> ForAttempt(
      rotation::Credentials credentials) override;

  // ---- ResourceApi. What isn't needed is kUnimplemented.
  absl::StatusOr<Csr> Create(const Csr& object) override;
  absl::StatusOr<k8s::ListResult<Csr>> List(
      const k8s::ListOptions& options) override;
  absl::StatusOr<std::unique_ptr<k8s::Watcher<Csr>>> Watch(
      const k8s::WatchOptions& options) override;
  absl::StatusOr<Csr> Get(absl::string_view, absl::string_view name) override;
  absl::StatusOr<Csr> Update(const Csr&) override;
  absl::StatusOr<Csr> UpdateSubresource(absl::string_view, const Csr&) override;
  absl::StatusOr<Csr> Patch(absl::string_view, absl::string_view,
                            absl::string_view, absl::string_view) override;
  absl::Status Delete(absl::string_view, absl::string_view name) override;

  const testing::TestCa& ca() const { return ca_; }

 private:
  class ScriptedWatcher;
  using Event = k8s::WatchEvent<Csr>;

  absl::Status Before(absl::string_view call);
  absl::Status After(absl::string_view call) const;
  // Does what was due by now.
  void CatchUp();
  void At(absl::Time time, std::function<void()> deed);
  void Change(const std::string& name, const std::function<void(Csr&)>& edit);
  void Tell(k8s::WatchEventType type, Csr object);
  std::string Issue(const Csr& csr, const Fate& fate) const;

  testing::SelfAdvancingClock& clock_;
  const testing::TestCa ca_;
  std::map<std::string, Csr> objects_;
  std::multimap<absl::Time, std::function<void()>> script_;
  std::vector<std::pair<int64_t, Event>> events_;
  int64_t version_ = 100;
};

}  // namespace signet::node_agent

#endif  // SIGNET_NODE_AGENT_SCRIPTED_CSR_SERVER_H_
