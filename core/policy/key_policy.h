#ifndef SIGNET_CORE_POLICY_KEY_POLICY_H_
#define SIGNET_CORE_POLICY_KEY_POLICY_H_

#include <string>
#include <vector>

#include "core/pki/certificate_request.h"

namespace signet::policy {

// Which keys a request may hold (SPEC B-26). The API server takes much more
// (SPEC D-5).
struct KeyPolicy {
  int min_rsa_bits = 2048;                        // 0: no RSA.
  std::vector<int> ecdsa_bits = {256, 384, 521};  // Of the curves allowed.
  bool ed25519 = true;
  bool sha1 = false;  // May the request be signed with SHA-1?
};

// Why `request` does not do under `policy`; empty if it does.
std::string KeyFault(const pki::CertificateRequest& request,
                     const KeyPolicy& policy);

}  // namespace signet::policy

#endif  // SIGNET_CORE_POLICY_KEY_POLICY_H_
