#ifndef SIGNET_CORE_API_CSR_STATUS_TEXT_H_
#define SIGNET_CORE_API_CSR_STATUS_TEXT_H_

#include <string>

#include "core/api/certificates.pb.h"

namespace signet::api {

// CsrStatusText is what tables show as a CSR's condition (SPEC E-3): Denied,
// Approved or Pending, in this precedence and whatever the conditions' status,
// then ",Failed", then ",Issued" if there is a certificate. Pure.
std::string CsrStatusText(const CertificateSigningRequest& csr);

}  // namespace signet::api

#endif  // SIGNET_CORE_API_CSR_STATUS_TEXT_H_
