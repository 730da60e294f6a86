#ifndef SIGNET_CLI_CFSSL_CERTINFO_H_
#define SIGNET_CLI_CFSSL_CERTINFO_H_

#include <string>

#include "absl/strings/string_view.h"
#include "core/pki/certificate.h"
#include "core/pki/certificate_request.h"

namespace signet::cli::cfssl {

// What `cfssl certinfo -cert` prints (SPEC E-26): JSON with an indent of two,
// without a newline at its end. Pure.
std::string CertificateInfo(const pki::Certificate& certificate);

// The same of a certificate request, as far as it has the fields. (cfssl prints
// Go's own struct here: numbers for algorithms, the key in decimal.)
std::string RequestInfo(const pki::CertificateRequest& request);

}  // namespace signet::cli::cfssl

#endif  // SIGNET_CLI_CFSSL_CERTINFO_H_
