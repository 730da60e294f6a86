#include "signer_service/reconciler.h"

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "core/api/certificates.pb.h"
#include "core/base/rng.h"
#include "core/pki/certificate.h"
#include "core/pki/certificate_authority.h"
#include "core/pki/pem.h"
#include "core/policy/csr_conditions.h"
#include "core/policy/signing.h"
#include "core/service/csr_log.h"
#include "core/service/csr_metrics.h"

namespace signet::signer {
namespace {

using service::Verdict;

// 128 random bits, as Kubernetes' signer takes (SPEC C-6).
std::string NewSerialNumber(Rng& rng) {
  std::string serial_number(16, '\0');
  rng.Fill(absl::MakeSpan(reinterpret_cast<uint8_t*>(serial_number.data()),
                          serial_number.size()));
  return serial_number;
}

}  // namespace

absl::Status Reconciler::Reconcile(absl::string_view name) {
  // Look. The watch says only that something changed; this read says what.
  absl::StatusOr<api::CertificateSigningRequest> csr = csrs_.Get("", name);
  if (absl::IsNotFound(csr.status())) return absl::OkStatus();  // Deleted.
  ABSL_RETURN_IF_ERROR(csr.status()) << "reading the request";
  ABSL_ASSIGN_OR_RETURN(const pki::CertificateAuthority ca, ca_.Current());

  // Decide. Pure; its cases are the tables in core/policy/signing_test.cc.
  ABSL_ASSIGN_OR_RETURN(
      const policy::SigningDecision decision,
      policy::DecideSigning(*csr, ca.validity(), config_, clock_.TimeNow(),
                            NewSerialNumber(rng_)));

  // Act. At most one write, of the object that was read: if it has changed
  // since, the server answers with a conflict and all is done afresh.
  switch (decision.action) {
    case policy::SigningAction::kIgnore:
      return absl::OkStatus();
    case policy::SigningAction::kFail:
      policy::SetCondition(decision.condition, *csr);
      ABSL_RETURN_IF_ERROR(csrs_.UpdateSubresource("status", *csr).status())
          << "marking the request as failed";
      log_.Decided(*csr, Verdict::kFailed, decision.condition.message());
      return absl::OkStatus();
    case policy::SigningAction::kIssue: {
      ABSL_ASSIGN_OR_RETURN(const std::string certificate_der,
                            ca.Issue(decision.tbs));
      csr->mutable_status()->set_certificate(
          pki::EncodePem("CERTIFICATE", certificate_der));
      ABSL_RETURN_IF_ERROR(csrs_.UpdateSubresource("status", *csr).status())
          << "storing the certificate";
      log_.Decided(
          *csr, Verdict::kIssued,
          absl::StrCat("serial number ",
                       pki::SerialToHex(decision.tbs.serial_number),
                       ", valid until ",
                       absl::FormatTime(absl::RFC3339_sec,
                                        decision.tbs.validity.not_after,
                                        absl::UTCTimeZone())));
      return absl::OkStatus();
    }
  }
  return absl::InternalError("unknown SigningAction");
}

}  // namespace signet::signer
