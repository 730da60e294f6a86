#include "core/api/csr_status_text.h"

#include <string>

#include "core/api/certificates.pb.h"

namespace signet::api {

std::string CsrStatusText(const CertificateSigningRequest& csr) {
  bool approved = false;
  bool denied = false;
  bool failed = false;
  for (const CertificateSigningRequestCondition& condition :
       csr.status().conditions()) {
    approved = approved || condition.type() == "Approved";
    denied = denied || condition.type() == "Denied";
    failed = failed || condition.type() == "Failed";
  }
  std::string text = denied ? "Denied" : approved ? "Approved" : "Pending";
  if (failed) text += ",Failed";
  if (!csr.status().certificate().empty()) text += ",Issued";
  return text;
}

}  // namespace signet::api
