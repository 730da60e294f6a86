#include "core/policy/signing.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "core/api/certificates.pb.h"
#include "core/pki/certificate_authority.h"
#include "core/pki/certificate_request.h"
#include "core/pki/key_usage.h"
#include "core/pki/validity.h"
#include "core/policy/csr_conditions.h"
#include "core/policy/issue_window.h"
#include "core/policy/kubelet_request.h"
#include "core/policy/signer_names.h"

namespace signet::policy {
namespace {

// A client of the API server may be anybody; only its usages are checked, word
// by word, so that the first unfit one is named (SPEC C-3).
absl::Status CheckClientRequest(const pki::CertificateRequest&,
                                absl::Span<const std::string> usages) {
  for (const std::string& usage : usages) {
    if (usage != "digital signature" && usage != "key encipherment" &&
        usage != "client auth") {
      return absl::InvalidArgumentError(
          absl::StrCat("invalid usage for client certificate: ", usage));
    }
  }
  if (!absl::c_contains(usages, "client auth")) {
    return absl::InvalidArgumentError(
        "missing required usage for client certificate: client auth");
  }
  return absl::OkStatus();
}

absl::Status CheckNothing(const pki::CertificateRequest&,
                          absl::Span<const std::string>) {
  return absl::OkStatus();
}

// What each signer name demands of a request (SPEC C-3).
struct SignerRule {
  absl::string_view signer_name;
  absl::Status (*check)(const pki::CertificateRequest&,
                        absl::Span<const std::string> usages);
};
constexpr SignerRule kSignerRules[] = {
    {kKubeApiserverClient, CheckClientRequest},
    {kKubeApiserverClientKubelet, CheckKubeletClientRequest},
    {kKubeletServing, CheckKubeletServingRequest},
    {kLegacyUnknown, CheckNothing},
};

const SignerRule* FindRule(absl::string_view signer_name) {
  for (const SignerRule& rule : kSignerRules) {
    if (rule.signer_name == signer_name) return &rule;
  }
  return nullptr;
}

// Empty if `csr` is to be signed here (SPEC C-1).
std::string WhyIgnore(const api::CertificateSigningRequest& csr,
                      const SigningConfig& config) {
  if (std::string reason = WhyNotAwaiting(csr); !reason.empty()) return reason;
  const std::string& signer_name = csr.spec().signer_name();
  if (!absl::c_contains(config.signer_names, signer_name) ||
      FindRule(signer_name) == nullptr) {
    return absl::StrCat("signer ", signer_name, " is not served here");
  }
  return "";
}

}  // namespace

absl::Status ValidateSigningConfig(const SigningConfig& config) {
  if (config.signer_names.empty()) {
    return absl::InvalidArgumentError("no signer name to serve");
  }
  for (const std::string& name : config.signer_names) {
    if (FindRule(name) == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("unrecognized signerName: \"", name, "\""));
    }
  }
  if (config.duration <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError("the signing duration is not positive");
  }
  if (config.backdate < absl::ZeroDuration()) {
    return absl::InvalidArgumentError("the backdate is negative");
  }
  return absl::OkStatus();
}

std::string WhyNotAwaiting(const api::CertificateSigningRequest& csr) {
  if (HasCertificate(csr)) return "it has its certificate";
  if (HasCondition(csr, kDenied)) return "it is denied";
  if (!HasCondition(csr, kApproved)) return "it is not approved";
  if (HasTrueCondition(csr, kFailed)) return "it has failed";
  return "";
}

api::CertificateSigningRequestCondition SigningFailure(
    absl::string_view message, absl::Time now) {
  api::CertificateSigningRequestCondition condition;
  condition.set_type(kFailed);
  condition.set_status("True");
  condition.set_reason("SignerValidationFailure");
  condition.set_message(message);
  condition.mutable_last_update_time()->set_seconds(absl::ToUnixSeconds(now));
  return condition;
}

bool AwaitsCertificate(const api::CertificateSigningRequest& csr) {
  return WhyNotAwaiting(csr).empty();
}

bool AwaitsSigning(const api::CertificateSigningRequest& csr,
                   const SigningConfig& config) {
  return WhyIgnore(csr, config).empty();
}

absl::StatusOr<SigningDecision> DecideSigning(
    const api::CertificateSigningRequest& csr, const pki::Validity& ca_validity,
    const SigningConfig& config, absl::Time now,
    absl::string_view serial_number) {
  SigningDecision decision;
  decision.reason = WhyIgnore(csr, config);
  if (!decision.reason.empty()) return decision;

  ABSL_ASSIGN_OR_RETURN(
      const pki::CertificateRequest request,
      pki::CertificateRequest::ParsePem(csr.spec().request()));
  const std::vector<std::string> usages(csr.spec().usages().begin(),
                                        csr.spec().usages().end());
  const SignerRule& rule = *FindRule(csr.spec().signer_name());
  if (const absl::Status fit = rule.check(request, usages); !fit.ok()) {
    decision.action = SigningAction::kFail;
    decision.condition = SigningFailure(fit.message(), now);
    return decision;
  }

  ABSL_RETURN_IF_ERROR(request.VerifySignature());
  std::optional<int32_t> expiration_seconds;
  if (csr.spec().has_expiration_seconds()) {
    expiration_seconds = csr.spec().expiration_seconds();
  }
  decision.action = SigningAction::kIssue;
  pki::TbsCertificate& tbs = decision.tbs;
  tbs.serial_number = serial_number;
  tbs.subject = request.subject();
  tbs.spki_der = request.public_key().spki_der();
  tbs.subject_alt_names = request.subject_alt_names();
  ABSL_ASSIGN_OR_RETURN(tbs.usages, pki::UsagesFromStrings(usages));
  ABSL_ASSIGN_OR_RETURN(
      tbs.validity, IssueWindow(IssueTtl(expiration_seconds, config.duration),
                                ca_validity.not_after, now, config.backdate));
  return decision;
}

}  // namespace signet::policy
