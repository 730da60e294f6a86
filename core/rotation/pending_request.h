#ifndef SIGNET_CORE_ROTATION_PENDING_REQUEST_H_
#define SIGNET_CORE_ROTATION_PENDING_REQUEST_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "core/api/certificates.pb.h"
#include "core/pki/private_key.h"
#include "core/rotation/template_match.h"

// What becomes of a request that an earlier attempt left behind: it is waited
// for again, with its own key, before another is filed (SPEC F-2). Pure.
namespace signet::rotation {

// What a certificate is needed for. A request that answers the same need is as
// good as a new one.
struct RequestNeed {
  std::string signer_name;
  std::vector<std::string> usages;  // In any order.
  std::optional<int32_t> expiration_seconds;
  CertificateTemplate wanted;
};

// A request of ours, as we remember it: written down before it is sent.
struct PendingRequest {
  pki::PrivateKey key;
  std::string request_pem;
  // Of the object; empty as long as it isn't known whether there is one.
  std::string name;
  std::string uid;
};

enum class Resume {
  kAwait,      // Wait for the object that was found.
  kFileAgain,  // There is no object: file one with the same key.
  kFileNew,    // Forget the key, and file one with a new key.
  kSupersede,  // The same, and delete the object that was found.
};

struct ResumeDecision {
  Resume action = Resume::kFileNew;
  std::string why;  // For logs: `csr "csr-x" was denied`.
};

// DecideResume says what to do about `pending`, given the object that the API
// server has of it, if any. It is waited for unless it is gone, another's of
// the same name, denied, failed, or issued and expired since; or answers
// another need than `need`, in which case it is superseded.
ResumeDecision DecideResume(const PendingRequest& pending,
                            const api::CertificateSigningRequest* found,
                            const RequestNeed& need, absl::Time now);

// CheckRetrieved is OK if `stored`, an object whose name was taken already, may
// stand for a request of that subject and signer made with `key` (SPEC A-18):
// kFailedPrecondition `csr subjects differ: …`, `csr signerNames differ: …`,
// `error validating signature new CSR against old key: …`, `one of the
// certificates for the CSR has expired: …`.
absl::Status CheckRetrieved(const api::CertificateSigningRequest& stored,
                            const CertificateTemplate& wanted,
                            absl::string_view signer_name,
                            const pki::PublicKey& key, absl::Time now);

// MayHaveBeenCreated tells whether the API server may have created an object
// although the call failed. `http_code` is that of the answer, 0 without one.
bool MayHaveBeenCreated(int http_code);

// IsFinal tells whether the outcome of a wait (request_outcome.h) is the
// request's end, so that a new one is needed.
bool IsFinal(const absl::Status& outcome);

// ---- How many.

// So many requests of one node may be pending at a time.
inline constexpr int kMaxPending = 5;

// CountPending counts the objects that are neither decided nor issued, for that
// signer and of that common name. What does not parse is not counted.
int CountPending(absl::Span<const api::CertificateSigningRequest> objects,
                 absl::string_view signer_name, absl::string_view common_name);

}  // namespace signet::rotation

#endif  // SIGNET_CORE_ROTATION_PENDING_REQUEST_H_
