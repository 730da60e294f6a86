#ifndef SIGNET_NODE_AGENT_AGENT_H_
#define SIGNET_NODE_AGENT_AGENT_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/base/rng.h"
#include "core/pki/private_key.h"
#include "core/rotation/next_step.h"
#include "core/rotation/pending_request.h"
#include "core/rotation/request_key.h"
#include "core/rotation/retry_ladder.h"
#include "core/rotation/template_match.h"
#include "node_agent/certificate_store.h"
#include "node_agent/current_certificate.h"
#include "node_agent/request_clients.h"
#include "node_agent/request_filer.h"

namespace signet::node_agent {

// Which certificate an Agent is to keep valid.
struct AgentOptions {
  std::string signer_name = "kubernetes.io/kube-apiserver-client-kubelet";
  // The usages asked for follow from this and the key (SPEC A-15), unless
  // `usages` says which.
  rotation::Purpose purpose = rotation::Purpose::kClient;
  std::vector<std::string> usages;
  pki::KeyAlgorithm key_algorithm = pki::KeyAlgorithm::kEcdsaP256;
  // spec.expirationSeconds; kubelets never ask for any (SPEC A-10).
  std::optional<absl::Duration> lifetime;
  // What it must say; nullopt as long as that isn't known (SPEC A-6). Called on
  // each pass, and while a request is pending.
  std::function<std::optional<rotation::CertificateTemplate>()> wanted;
  // `wanted` changes as time goes by: it is looked at every second, and a
  // request that is pending for what isn't wanted any more is given up.
  bool dynamic = false;
  // So many requests may be pending for this common name and signer before no
  // other is filed (SPEC F-2); 0: any number.
  int max_pending = rotation::kMaxPending;
  // Whether ShouldExit may say so (SPEC A-45).
  bool exit_rule = true;
  // Called when a certificate was replaced, with the age of the one replaced,
  // counted from its notBefore (SPEC A-14). On the thread of Pass. Null: not.
  std::function<void(absl::Duration age)> on_replaced;
};

// The options for a node's client certificate: the subject CN
// system:node:<name>, O system:nodes.
AgentOptions NodeClientOptions(absl::string_view node_name);

enum class Phase {
  kStarting,
  kWaiting,     // For the rotation deadline.
  kRequesting,  // Makes a key and creates a request.
  kPending,     // Waits for the request to be approved and signed.
  kRetrying,    // An attempt failed; waits for the next.
  kStopped,
};
absl::string_view ToString(Phase phase);  // "waiting" and so on.

// What an Agent is about, for status and metrics.
struct AgentState {
  Phase phase = Phase::kStarting;
  // In use, perhaps expired; null: none.
  CertificateStore::Pair pair;
  // When `pair` is due for replacement; InfiniteFuture() without one.
  absl::Time deadline = absl::InfiniteFuture();
  // While retrying: when the next attempt is made, at the latest.
  absl::Time next_attempt = absl::InfinitePast();
  std::string request;          // The pending request's name, or empty.
  int failed_attempts = 0;      // Since the last success.
  std::string last_error;       // Of the latest attempt that failed, ever.
  int64_t issued = 0;           // Certificates stored since the start,
  int64_t rotations = 0;        // of them such that replaced one.
  int64_t renew_errors = 0;     // SPEC A-12.
  bool server_healthy = false;  // SPEC A-13.
};

// Agent keeps one certificate valid, as the kubelet's certificate manager does
// (SPEC A1, A2): it waits for the rotation deadline, makes a key, requests a
// certificate for it, waits until it is issued, stores both and makes them the
// current certificate. A failed attempt is repeated on the ladder of A-8, for
// ever, but not before the API server's Retry-After. It differs from the
// kubelet in that its deadline is fixed by the certificate (rotation_window.h),
// in that a request left behind by an attempt or a process is gone on with
// (request_filer.h), in that a request that is gone counts as deleted at once,
// in that a certificate which the server refuses leads to bootstrap credentials
// before it expires, and in that a new certificate that is itself due at once
// puts it on the ladder, where the kubelet would ask again every second.
class Agent {
 public:
  // All references must outlive the agent.
  Agent(AgentOptions options, CertificateStore& store,
        CurrentCertificate& current, RequestClients& clients,
        pki::KeyGenerator& keys, absl::Clock& clock, Rng& rng);

  // Start looks for a certificate to begin with (SPEC A-29): the stored one, or
  // `bootstrap` (may be null), which is then stored and replaced at once.
  // Errors are final: what is stored cannot be read. Call once, before Pass.
  absl::Status Start(CertificateStore::Pair bootstrap);

  // Pass looks, decides and acts once. It blocks for as long as a request is
  // pending, at most 15 minutes, and returns when to call it again. For one
  // thread at a time.
  absl::Time Pass();

  // Run makes passes until Stop.
  void Run();
  // Stop ends Run, also in the middle of a request. Thread-safe.
  void Stop();

  AgentState State() const;  // Thread-safe.
  // Whether the process should end, and be started anew with other credentials
  // (SPEC A-45). Thread-safe.
  bool ShouldExit() const;

 private:
  // Whether the certificate in use is still what is wanted.
  std::optional<rotation::InUse> InUse(
      const std::optional<rotation::CertificateTemplate>& wanted) const;
  void Install(CertificateStore::Pair pair, absl::string_view event);

  rotation::RequestNeed Need(const rotation::CertificateTemplate& wanted) const;
  // Whether a pending request is to be given up: an error that says why.
  absl::Status CheckStillWanted(const rotation::CertificateTemplate& wanted,
                                rotation::Credentials credentials);
  // One attempt. Errors say what failed. kCancelled: nothing did; the pass is
  // over, for it was stopped or something else is wanted now.
  absl::Status Request(const rotation::CertificateTemplate& wanted,
                       rotation::Credentials credentials);
  absl::Status RequestWith(RequestClient& client,
                           const rotation::CertificateTemplate& wanted,
                           rotation::Credentials credentials);
  absl::Status Store(const RequestFiler::Filed& filed,
                     absl::string_view certificate_pem);
  void SetPhase(Phase phase);
  bool stopped() const;
  // Waits until `time`; false if stopped.
  bool WaitUntil(absl::Time time);

  const AgentOptions options_;
  CertificateStore& store_;
  CurrentCertificate& current_;
  RequestClients& clients_;
  absl::Clock& clock_;
  Rng& rng_;
  const absl::Time started_;
  RequestFiler filer_;    // For the thread of Pass.
  bool refused_ = false;  // Likewise. See rotation::Situation.

  mutable absl::Mutex mutex_;
  AgentState state_ ABSL_GUARDED_BY(mutex_);
  bool forced_ ABSL_GUARDED_BY(mutex_) = false;
  rotation::FailedAttempts failed_ ABSL_GUARDED_BY(mutex_);
  RequestClient* active_ ABSL_GUARDED_BY(mutex_) = nullptr;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace signet::node_agent

#endif  // SIGNET_NODE_AGENT_AGENT_H_
