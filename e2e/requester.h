#ifndef SIGNET_E2E_REQUESTER_H_
#define SIGNET_E2E_REQUESTER_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/api/certificates.pb.h"
#include "core/k8s/api_client.h"

namespace signet::e2e {

// Requester is who asks for a certificate, as the API server will record it in
// spec.username, uid, groups and extra (SPEC D-1). kube-apiserver adds the
// group system:authenticated.
struct Requester {
  std::string username;
  std::vector<std::string> groups;
  std::string uid;
  std::map<std::string, std::string> extra;
};

// Creates `csr` as `requester`, by impersonation: `admin` may do everything.
// On kube-apiserver only. Returns what the server stored.
absl::StatusOr<api::CertificateSigningRequest> CreateAs(
    k8s::ApiClient& admin, const Requester& requester,
    const api::CertificateSigningRequest& csr);

}  // namespace signet::e2e

#endif  // SIGNET_E2E_REQUESTER_H_
