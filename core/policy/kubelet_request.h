#ifndef SIGNET_CORE_POLICY_KUBELET_REQUEST_H_
#define SIGNET_CORE_POLICY_KUBELET_REQUEST_H_

#include <string>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "core/pki/certificate_request.h"

// The shape of the requests that kubelets make. Pure functions. The texts of
// the errors are Kubernetes' own: they end up in a CSR's Failed condition.
namespace signet::policy {

// OK if `request` with `usages` (the words of the API, as a set) has the shape
// of a kubelet's client certificate; otherwise kInvalidArgument with the text
// of the first of these checks that fails (SPEC B-4, B-6):
//   1. organizations are exactly one, "system:nodes";
//   2. no DNS name; 3. no email address; 4. no IP address; 5. no URI;
//   6. the common name begins with "system:node:";
//   7. usages are "digital signature" and "client auth", and perhaps
//      "key encipherment".
absl::Status CheckKubeletClientRequest(const pki::CertificateRequest& request,
                                       absl::Span<const std::string> usages);

// The same for a kubelet's serving certificate (SPEC B-5, B-6):
//   1. organizations are exactly one, "system:nodes";
//   2. at least one DNS name or IP address;
//   3. no email address; 4. no URI;
//   5. usages are "digital signature" and "server auth", and perhaps
//      "key encipherment";
//   6. the common name begins with "system:node:".
absl::Status CheckKubeletServingRequest(const pki::CertificateRequest& request,
                                        absl::Span<const std::string> usages);

}  // namespace signet::policy

#endif  // SIGNET_CORE_POLICY_KUBELET_REQUEST_H_
