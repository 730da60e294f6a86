#include "signer_service/reconciler.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/log/log.h"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "core/api/certificates.pb.h"
#include "core/api/codec.h"
#include "core/base/rng.h"
#include "core/k8s/http_status.h"
#include "core/pki/certificate.h"
#include "core/pki/certificate_authority.h"
#include "core/policy/csr_conditions.h"
#include "core/policy/signing.h"
#include "core/service/csr_log.h"
#include "core/service/csr_metrics.h"
#include "signer_service/issue_record.h"
#include "signer_service/signer_set.h"

namespace signet::signer {
namespace {

using api::CertificateSigningRequest;
using service::Verdict;

// 128 random bits, as Kubernetes' signer takes (SPEC C-6).
std::string NewSerialNumber(Rng& rng) {
  std::string serial_number(16, '\0');
  rng.Fill(absl::MakeSpan(reinterpret_cast<uint8_t*>(serial_number.data()),
                          serial_number.size()));
  return serial_number;
}

// When `csr` was approved; in the future if that is not said.
absl::Time ApprovedAt(const CertificateSigningRequest& csr) {
  for (const auto& condition : csr.status().conditions()) {
    if (condition.type() == policy::kApproved &&
        !api::IsZero(condition.last_update_time())) {
      return api::ToAbslTime(condition.last_update_time());
    }
  }
  return absl::InfiniteFuture();
}

// True if the server certainly did not store what it was sent.
bool IsRefusal(const absl::Status& status) {
  const int code = k8s::HttpCode(status);
  return code >= 400 && code < 500 && code != 408 && code != 429;
}

// True if another signer was first, past the check of the version: the API's
// last line of defence (SPEC D-10).
bool HasAnotherCertificate(const absl::Status& status) {
  return absl::IsInvalidArgument(status) &&
         absl::StrContains(
             status.message(),
             "updates may not modify existing certificate content");
}

}  // namespace

absl::Status Reconciler::Reconcile(absl::string_view name) {
  absl::StatusOr<CertificateSigningRequest> csr = Look(name);
  if (absl::IsNotFound(csr.status())) return absl::OkStatus();  // Deleted.
  ABSL_RETURN_IF_ERROR(csr.status()) << "reading the request";
  const Signer* const signer = parts_.signers.Find(csr->spec().signer_name());
  if (signer == nullptr) return absl::OkStatus();
  ABSL_ASSIGN_OR_RETURN(const pki::CertificateAuthority ca,
                        signer->ca().Current());

  // Decide. Pure; its cases are the tables in core/policy/signing_test.cc.
  ABSL_ASSIGN_OR_RETURN(const policy::SigningDecision decision,
                        signer->Decide(*csr, ca, parts_.clock.TimeNow(),
                                       NewSerialNumber(parts_.rng)));

  // Act. At most one write, of the object that was read: if it has changed
  // since, the server answers with a conflict and all is done afresh.
  switch (decision.action) {
    case policy::SigningAction::kIgnore:
      return absl::OkStatus();
    case policy::SigningAction::kFail:
      return Fail(decision, *csr);
    case policy::SigningAction::kIssue:
      return Issue(ca, decision, *csr);
  }
  return absl::InternalError("unknown SigningAction");
}

absl::StatusOr<CertificateSigningRequest> Reconciler::Look(
    absl::string_view name) {
  std::optional<CertificateSigningRequest> fresh = parts_.fresh.Take(name);
  if (fresh) return *std::move(fresh);
  parts_.limiter.Wait();
  return parts_.csrs.Get("", name);
}

absl::Status Reconciler::Fail(const policy::SigningDecision& decision,
                              CertificateSigningRequest& csr) {
  policy::SetCondition(decision.condition, csr);
  parts_.limiter.Wait();
  const absl::Status status =
      parts_.csrs.UpdateSubresource("status", csr).status();
  if (absl::IsNotFound(status)) return absl::OkStatus();  // Deleted.
  ABSL_RETURN_IF_ERROR(status) << "marking the request as failed";
  parts_.log.Decided(csr, Verdict::kFailed, decision.condition.message());
  return absl::OkStatus();
}

absl::Status Reconciler::Issue(const pki::CertificateAuthority& ca,
                               const policy::SigningDecision& decision,
                               CertificateSigningRequest& csr) {
  ABSL_ASSIGN_OR_RETURN(const std::string der, ca.Issue(decision.tbs));
  ABSL_ASSIGN_OR_RETURN(const pki::Certificate certificate,
                        pki::Certificate::Parse(der));
  parts_.limiter.Wait();
  if (parts_.audit != nullptr) {
    ABSL_RETURN_IF_ERROR(parts_.audit->Record(
        IssuedRecord(csr, certificate, parts_.clock.TimeNow())))
        << "not uploaded, as it cannot be recorded";
  }
  csr.mutable_status()->set_certificate(
      absl::StrCat(certificate.ToPem(), ca.chain_pem()));
  const absl::Status status =
      parts_.csrs.UpdateSubresource("status", csr).status();
  if (!status.ok()) return NotStored(csr, certificate, status);

  const absl::Duration since_approval =
      parts_.clock.TimeNow() - ApprovedAt(csr);
  parts_.metrics.ObserveIssue(since_approval);
  parts_.log.Decided(
      csr, Verdict::kIssued,
      absl::StrCat(
          "serial number ", pki::SerialToHex(certificate.serial_number()),
          ", valid until ",
          absl::FormatTime(absl::RFC3339_sec, certificate.validity().not_after,
                           absl::UTCTimeZone())));
  return absl::OkStatus();
}

absl::Status Reconciler::NotStored(const CertificateSigningRequest& csr,
                                   const pki::Certificate& certificate,
                                   const absl::Status& why) {
  if (IsRefusal(why)) {
    parts_.metrics.CountRefused(why);
    if (parts_.audit != nullptr) {
      const absl::Status noted = parts_.audit->Record(
          RefusedRecord(csr, certificate, why, parts_.clock.TimeNow()));
      if (!noted.ok()) LOG(ERROR) << noted.message();
    }
    if (absl::IsNotFound(why)) return absl::OkStatus();  // Deleted.
    if (HasAnotherCertificate(why)) return absl::AbortedError(why.message());
  }
  ABSL_RETURN_IF_ERROR(why) << "storing the certificate";
  return absl::OkStatus();
}

}  // namespace signet::signer
