#ifndef SIGNET_SIGNER_SERVICE_ISSUE_RECORD_H_
#define SIGNET_SIGNER_SERVICE_ISSUE_RECORD_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "boost/json/object.hpp"
#include "core/api/certificates.pb.h"
#include "core/pki/certificate.h"

// The lines of the signer's audit log (docs/signer.md). Pure.
namespace signet::signer {

// event "issued": what `certificate` says, and for whom it was made. It is on
// the disk before the certificate leaves the process, so that no certificate is
// missing from the log; whether it was then stored is not said, unless by the
// next.
boost::json::object IssuedRecord(const api::CertificateSigningRequest& csr,
                                 const pki::Certificate& certificate,
                                 absl::Time now);

// event "refused": the server did not store that certificate, for good: the
// request was gone, had changed or had another by then, or the server will not
// have it. It was seen by nobody.
boost::json::object RefusedRecord(const api::CertificateSigningRequest& csr,
                                  const pki::Certificate& certificate,
                                  const absl::Status& why, absl::Time now);

}  // namespace signet::signer

#endif  // SIGNET_SIGNER_SERVICE_ISSUE_RECORD_H_
