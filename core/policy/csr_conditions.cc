#include "core/policy/csr_conditions.h"

#include "absl/strings/string_view.h"
#include "core/api/certificates.pb.h"

namespace signet::policy {

bool HasCondition(const api::CertificateSigningRequest& csr,
                  absl::string_view type) {
  for (const auto& condition : csr.status().conditions()) {
    if (condition.type() == type) return true;
  }
  return false;
}

bool HasTrueCondition(const api::CertificateSigningRequest& csr,
                      absl::string_view type) {
  for (const auto& condition : csr.status().conditions()) {
    if (condition.type() == type &&
        (condition.status().empty() || condition.status() == "True")) {
      return true;
    }
  }
  return false;
}

bool HasCertificate(const api::CertificateSigningRequest& csr) {
  return !csr.status().certificate().empty();
}

void SetCondition(const api::CertificateSigningRequestCondition& condition,
                  api::CertificateSigningRequest& csr) {
  for (auto& present : *csr.mutable_status()->mutable_conditions()) {
    if (present.type() == condition.type()) {
      present = condition;
      return;
    }
  }
  *csr.mutable_status()->add_conditions() = condition;
}

}  // namespace signet::policy
