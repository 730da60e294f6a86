#ifndef SIGNET_NODE_AGENT_REQUEST_FILER_H_
#define SIGNET_NODE_AGENT_REQUEST_FILER_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock_interface.h"
#include "core/api/certificates.pb.h"
#include "core/k8s/resource_api.h"
#include "core/pki/private_key.h"
#include "core/rotation/pending_request.h"
#include "node_agent/certificate_store.h"
#include "node_agent/request_clients.h"

namespace signet::node_agent {

// RequestFiler files certificate signing requests, one at a time (SPEC F-2). It
// writes down each request and its key before it sends it, so that an attempt
// which timed out, or a process that comes after a crash, goes on with the same
// request instead of filing another. It files no more than so many that are
// pending for one node, and deletes what is superseded, where it may: nodes may
// not. For one thread at a time.
class RequestFiler {
 public:
  // References must outlive the object. `max_pending` 0: no limit.
  RequestFiler(CertificateStore& store, pki::KeyGenerator& keys,
               absl::Clock& clock, int max_pending);

  // Recall reads what an earlier process left behind. If `stored` (may be null)
  // has its key, its certificate has arrived, and it is forgotten.
  void Recall(const CertificateStore::Pair& stored);
  // Whether a request is written down.
  bool under_way() const { return pending_.has_value(); }

  // Prepare makes a new key and a request unless one is under way. Errors: the
  // key cannot be made, or not be used.
  absl::Status Prepare(const rotation::RequestNeed& need,
                       pki::KeyAlgorithm algorithm);

  struct Filed {
    api::CertificateSigningRequest csr;  // As the API server has it.
    pki::PrivateKey key;
    bool resumed = false;
  };
  // File returns the request under way, if it still answers `need`, or files
  // one. After Prepare. `suspicious`: earlier attempts failed, so it first
  // looks how many of this node's requests are pending.
  absl::StatusOr<Filed> File(RequestClient& client,
                             const rotation::RequestNeed& need,
                             pki::KeyAlgorithm algorithm, bool suspicious);
  // Whether the API server was the cause of the latest error of File; OK if it
  // was something else.
  const absl::Status& api_error() const { return api_error_; }

  // Forget drops the request under way: it brought its certificate, or never
  // will.
  void Forget();
  // Supersede deletes it, too, if that is allowed.
  void Supersede(RequestClient& client, const std::string& name);

 private:
  using Csr = api::CertificateSigningRequest;

  absl::StatusOr<rotation::PendingRequest> Make(
      const rotation::RequestNeed& need, pki::KeyAlgorithm algorithm);
  // The object of the request under way; nullopt: there is none.
  absl::StatusOr<std::optional<Csr>> Find(RequestClient& client,
                                          const rotation::RequestNeed& need);
  absl::Status CheckCount(RequestClient& client,
                          const rotation::RequestNeed& need);
  absl::StatusOr<Filed> Create(RequestClient& client,
                               const rotation::RequestNeed& need);
  void RememberObject(const Csr& csr);
  absl::Status FromApi(absl::string_view what, const RequestClient& client,
                       const absl::Status& error);

  CertificateStore& store_;
  pki::KeyGenerator& keys_;
  absl::Clock& clock_;
  const int max_pending_;
  std::optional<rotation::PendingRequest> pending_;  // Is written down.
  std::optional<rotation::PendingRequest> fresh_;    // Is not, yet.
  absl::Status api_error_;
  bool superseded_ = false;  // Since it last counted.
  bool told_no_delete_ = false;
  bool told_no_list_ = false;
};

}  // namespace signet::node_agent

#endif  // SIGNET_NODE_AGENT_REQUEST_FILER_H_
