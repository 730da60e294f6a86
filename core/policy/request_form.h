#ifndef SIGNET_CORE_POLICY_REQUEST_FORM_H_
#define SIGNET_CORE_POLICY_REQUEST_FORM_H_

#include <string>

#include "absl/strings/string_view.h"
#include "core/pki/certificate_request.h"

// What a request says beside names, keys and usages, and should not. The signer
// would drop most of it (SPEC C-15, C-16), but a request that asks for it is
// not the one it claims to be. Pure; each says what is wrong, empty if nothing.
namespace signet::policy {

inline constexpr absl::string_view kNodeUserPrefix = "system:node:";

// The subject is one O and one CN, and the CN "system:node:" and what may be a
// Node's name (a DNS-1123 subdomain). Go takes the last of several CNs, others
// may take the first.
std::string NodeSubjectFault(const pki::CertificateRequest& request);

// The common name without kNodeUserPrefix; empty if it does not begin so.
absl::string_view NodeNameOf(const pki::CertificateRequest& request);

// Requested extensions are subject alternative names and nothing else, as in
// kubelets' requests (SPEC A-16).
std::string NodeExtensionsFault(const pki::CertificateRequest& request);

// For other requests: also key usages without those of a CA, basic constraints
// of no CA, and a key identifier, which common tools add.
std::string LeafExtensionsFault(const pki::CertificateRequest& request);

// Whether `name` is a DNS-1123 subdomain: at most 253 bytes, labels of a-z, 0-9
// and '-' inside.
bool IsDnsSubdomain(absl::string_view name);

}  // namespace signet::policy

#endif  // SIGNET_CORE_POLICY_REQUEST_FORM_H_
