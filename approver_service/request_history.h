#ifndef SIGNET_APPROVER_SERVICE_REQUEST_HISTORY_H_
#define SIGNET_APPROVER_SERVICE_REQUEST_HISTORY_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/service/csr_controller.h"

namespace signet::approver {

// RequestHistory knows of the cluster's other requests what some rules ask for:
// who else holds a key (SPEC B-26), how often a node was approved in the last
// hour, and how many nodes wait to join (SPEC B-27). It lives on what the watch
// shows, so it begins with the requests that exist when the program starts; one
// that is deleted counts for an hour more.
// Thread-safe.
class RequestHistory : public service::CsrObserver {
 public:
  // `clock` must outlive the history.
  explicit RequestHistory(absl::Clock& clock) : clock_(clock) {}

  // ---- service::CsrObserver.
  void Replaced(
      const std::vector<api::CertificateSigningRequest>& all) override;
  // Also for a request that this program has just approved: the watch tells of
  // it later.
  void Seen(const api::CertificateSigningRequest& csr) override;
  void Gone(const api::CertificateSigningRequest& csr) override;

  // False before the first list: then nothing is known.
  bool listed() const;
  // Common names of the requests with this key, each once, but for the request
  // with this uid.
  std::vector<std::string> OtherHoldersOfKey(absl::string_view spki_der,
                                             absl::string_view csr_uid) const;
  // Approvals by `signer_name` for `common_name`.
  int ApprovalsInLastHour(absl::string_view signer_name,
                          absl::string_view common_name) const;
  // Undecided requests for kubelets' client certificates by others than the
  // node itself.
  int PendingJoins() const;
  // The names of all undecided requests.
  std::vector<std::string> Undecided() const;

 private:
  struct Entry {
    std::string name;
    std::string signer_name;
    std::string common_name;
    std::string key;  // SHA-256 of its SPKI; empty if it does not parse.
    bool joins = false;
    bool undecided = false;
    std::optional<absl::Time> approved_at;
    std::optional<absl::Time> gone_at;
  };

  void Note(const api::CertificateSigningRequest& csr)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Forgets what went more than an hour ago.
  void Forget() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  absl::Clock& clock_;
  mutable absl::Mutex mutex_;
  bool listed_ ABSL_GUARDED_BY(mutex_) = false;
  // By uid; and the uids by key.
  absl::flat_hash_map<std::string, Entry> entries_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, absl::flat_hash_set<std::string>> holders_
      ABSL_GUARDED_BY(mutex_);
  absl::Time forgot_at_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
};

}  // namespace signet::approver

#endif  // SIGNET_APPROVER_SERVICE_REQUEST_HISTORY_H_
