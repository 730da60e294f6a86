#ifndef SIGNET_CLI_CSR_WORKFLOW_H_
#define SIGNET_CLI_CSR_WORKFLOW_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "cli/context.h"
#include "core/api/certificates.pb.h"
#include "core/k8s/resource_api.h"
#include "core/pki/certificate.h"
#include "core/pki/certificate_request.h"

// The steps of a request through the cluster: made, waited for, signed, its
// certificate put there and compared.
namespace signet::cli {

using CsrApi = k8s::ResourceApi<api::CertificateSigningRequest>;

struct ApplyFlags {
  std::string name;
  std::string request;  // A file with the PKCS #10 message.
  std::string signer_name;
  std::vector<std::string> usages = {"digital signature", "key encipherment",
                                     "server auth"};
  std::string expiration;  // A lifetime; empty: the signer's.
};
// Makes the object of a request file: prints `…/NAME created`, or `unchanged`
// if there is the same one. kAlreadyExists if there is another one.
absl::Status CsrApply(const Context& context, CsrApi& csrs,
                      const ApplyFlags& flags);

// What CsrApply sends. kInvalidArgument names the flag.
absl::StatusOr<api::CertificateSigningRequest> MakeCsr(
    const ApplyFlags& flags, const std::string& request_pem);

struct WaitFlags {
  std::string name;
  std::string wanted = "issued";  // "approved", "issued", "denied", "decided".
  std::string timeout = "5m";
};
// WaitFor returns the object once it is so. kDeadlineExceeded after the
// timeout; kFailedPrecondition if it cannot become so any more (denied,
// failed). `progress`, if set, is told each new state.
absl::StatusOr<api::CertificateSigningRequest> WaitFor(
    const Context& context, CsrApi& csrs, const WaitFlags& flags,
    const std::function<void(absl::string_view)>& progress);
// The same; prints `…/NAME condition met`, as kubectl wait.
absl::Status CsrWait(const Context& context, CsrApi& csrs,
                     const WaitFlags& flags);

struct SignFlags {
  std::string name;
  std::string ca, ca_key;
  std::string lifetime = "8760h";  // At most, and what is not asked for.
};
// Signs an approved request with a CA in files and puts the certificate into
// its status: the documentation's cfssl sign and kubectl replace --raw.
absl::Status CsrSign(const Context& context, CsrApi& csrs,
                     const SignFlags& flags);

struct UploadFlags {
  std::string name;
  std::string certificate;  // A PEM file.
};
// Puts a certificate into an approved request's status. kInvalidArgument if it
// is not for the request's key.
absl::Status CsrUpload(const Context& context, CsrApi& csrs,
                       const UploadFlags& flags);

// Prints what was asked for beside what was issued, a line for each thing, `=`
// or `!` before it (subject, key, names, usages, lifetime). kFailedPrecondition
// if something is not as asked.
absl::Status CsrDiff(const Context& context, CsrApi& csrs,
                     const std::string& name);

// The differences, a sentence each; empty: none that matters.
std::vector<std::string> Differences(const api::CertificateSigningRequest& csr,
                                     const pki::CertificateRequest& request,
                                     const pki::Certificate& certificate);

inline constexpr absl::string_view kCsrResource =
    "certificatesigningrequest.certificates.k8s.io/";

}  // namespace signet::cli

#endif  // SIGNET_CLI_CSR_WORKFLOW_H_
