#include "cli/cfssl/signer.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "cli/cfssl/diagnostics.h"
#include "cli/cfssl/request_file.h"
#include "cli/cfssl/signing_config.h"
#include "core/pki/certificate.h"
#include "core/pki/certificate_authority.h"
#include "core/pki/certificate_request.h"
#include "core/pki/certificate_template.h"
#include "core/pki/pem.h"
#include "core/pki/private_key.h"
#include "core/pki/subject_alt_name.h"

namespace signet::cli::cfssl {
namespace {

constexpr absl::Duration kBackdate = absl::Minutes(5);
constexpr int kSerialBytes = 20;
constexpr absl::string_view kBasicConstraintsOid = "2.5.29.19";
constexpr absl::string_view kDelegationOid = "1.3.6.1.4.1.44363.44";
constexpr absl::string_view kOcspNoCheckOid = "1.3.6.1.5.5.7.48.1.5";
constexpr absl::string_view kDerNull("\x05\x00", 2);
// The attributes that a DistinguishedName has fields for.
constexpr absl::string_view kCommonAttributes[] = {
    "2.5.4.3", "2.5.4.5",  "2.5.4.6",  "2.5.4.7", "2.5.4.8",
    "2.5.4.9", "2.5.4.10", "2.5.4.11", "2.5.4.17"};

// Go's Time.Round(time.Minute): half a minute goes up.
absl::Time RoundToMinute(absl::Time time) {
  return absl::FromUnixSeconds(
      60 * absl::ToInt64Minutes(time + absl::Seconds(30) - absl::UnixEpoch()));
}

absl::StatusOr<pki::CertificateRequest> ParseRequest(absl::string_view pem) {
  const absl::StatusOr<pki::PemBlock> block = pki::ParseFirstPem(pem);
  if (!block.ok()) return Error(ErrorCode::kCsrDecodeFailed);
  if (block->type != "NEW CERTIFICATE REQUEST" &&
      block->type != "CERTIFICATE REQUEST") {
    return Error(ErrorCode::kCsrBadRequest, "not a csr");
  }
  absl::StatusOr<pki::CertificateRequest> request =
      pki::CertificateRequest::Parse(block->der);
  if (!request.ok()) {
    return Error(ErrorCode::kCsrParseFailed, request.status().message());
  }
  if (absl::Status good = request->VerifySignature(); !good.ok()) {
    return Error(ErrorCode::kCsrBadRequest, good.message());
  }
  return request;
}

std::vector<pki::NameAttribute> UncommonAttributes(
    const pki::DistinguishedName& name) {
  std::vector<pki::NameAttribute> out;
  for (const pki::NameAttribute& attribute : name.names) {
    bool common = false;
    for (const absl::string_view oid : kCommonAttributes) {
      common = common || attribute.first == oid;
    }
    if (!common) out.push_back(attribute);
  }
  return out;
}

void ReplaceIfAny(const std::vector<std::string>& from,
                  std::vector<std::string>* to) {
  if (!from.empty()) *to = from;
}

// The subject file's fields before the request's.
void OverrideSubject(const pki::DistinguishedName& with,
                     pki::DistinguishedName* subject) {
  if (!with.common_name.empty()) subject->common_name = with.common_name;
  ReplaceIfAny(with.country, &subject->country);
  ReplaceIfAny(with.province, &subject->province);
  ReplaceIfAny(with.locality, &subject->locality);
  ReplaceIfAny(with.organization, &subject->organization);
  ReplaceIfAny(with.organizational_unit, &subject->organizational_unit);
  if (!with.serial_number.empty()) subject->serial_number = with.serial_number;
  subject->street_address.clear();
  subject->postal_code.clear();
}

bool IsAllowed(const SigningProfile& profile, absl::string_view common_name,
               const pki::SubjectAltNames& sans) {
  if (profile.name_whitelist == nullptr) return true;
  const auto matches = [&profile](absl::string_view name) {
    return RE2::PartialMatch(name, *profile.name_whitelist);
  };
  if (!common_name.empty() && !matches(common_name)) return false;
  for (const auto* names :
       {&sans.dns_names, &sans.email_addresses, &sans.uris}) {
    for (const std::string& name : *names) {
      if (!matches(name)) return false;
    }
  }
  return true;
}

}  // namespace

Signer::Signer(std::optional<pki::Certificate> ca, pki::PrivateKey key,
               SigningConfig config, SafetyLevel safety,
               const Collaborators& collaborators)
    : ca_(std::move(ca)),
      key_(std::move(key)),
      config_(std::move(config)),
      safety_(safety),
      with_(collaborators) {}

absl::StatusOr<const SigningProfile*> Signer::ProfileOf(
    const std::string& name) {
  const auto found = config_.profiles.find(name);
  if (found != config_.profiles.end()) return &found->second;
  if (!name.empty() && safety_ != SafetyLevel::kCompatible) {
    return Error(ErrorCode::kUnknownProfile,
                 absl::StrCat("Unknown policy profile: ", name));
  }
  return &config_.default_profile;
}

absl::Status Signer::CheckCaRequest(bool asks_for_ca, int max_path_len,
                                    const SigningProfile& profile) {
  if (!asks_for_ca) return absl::OkStatus();
  absl::string_view why;
  const std::optional<int> limit =
      ca_.has_value() ? ca_->max_path_len() : std::nullopt;
  if (!profile.is_ca) {
    why = "local signer policy disallows issuing CA certificate";
  } else if (limit.has_value() && *limit > 0 && max_path_len >= *limit) {
    why = "local signer certificate disallows CA MaxPathLen extending";
  } else if (limit == 0) {
    why = "local signer certificate disallows issuing CA certificate";
  } else {
    return absl::OkStatus();
  }
  with_.log.Error(why);
  return Error(ErrorCode::kInvalidRequest);
}

absl::Status Signer::FillFromRequest(const pki::CertificateRequest& csr,
                                     const SigningProfile& profile,
                                     pki::CertificateTemplate* tbs) {
  tbs->subject = csr.subject();
  tbs->subject_more = UncommonAttributes(csr.subject());
  tbs->spki_der = csr.public_key().spki_der();
  tbs->subject_key_id = pki::KeyId(csr.public_key());
  tbs->subject_alt_names = csr.subject_alt_names();
  const absl::StatusOr<std::optional<pki::CaRequest>> parsed =
      pki::ParseCaRequest(csr.extensions());
  if (!parsed.ok()) {
    return Error(ErrorCode::kCsrParseFailed, parsed.status().message());
  }
  const pki::CaRequest ca = parsed->value_or(pki::CaRequest());
  for (const pki::RequestedExtension& extension : csr.extensions()) {
    if (extension.oid == kBasicConstraintsOid) continue;
    if (extension.oid == kDelegationOid || profile.copy_extensions) {
      tbs->extensions.push_back(extension);
    }
  }
  if (!profile.csr_whitelist.has_value()) {
    return CheckCaRequest(ca.is_ca, ca.max_path_len, profile);
  }
  const CsrWhitelist& allowed = *profile.csr_whitelist;
  if (!allowed.public_key) {
    return Error(ErrorCode::kCertificateUnknown,
                 "the profile's CSRWhitelist has no PublicKey, so that there "
                 "is nothing to certify");
  }
  tbs->extensions.clear();
  if (!allowed.subject) {
    tbs->subject = {};
    tbs->subject_more.clear();
  }
  pki::SubjectAltNames& sans = tbs->subject_alt_names;
  if (!allowed.dns_names) sans.dns_names.clear();
  if (!allowed.ip_addresses) sans.ip_addresses.clear();
  if (!allowed.email_addresses) sans.email_addresses.clear();
  if (!allowed.uris) sans.uris.clear();
  return absl::OkStatus();
}

absl::Status Signer::SetUsages(const SigningProfile& profile,
                               pki::CertificateTemplate* tbs) {
  const SigningProfile::Usages usages = profile.ParseUsages();
  if (usages.key_usage == 0 && usages.extended.empty()) {
    return Error(ErrorCode::kNoKeyUsages);
  }
  tbs->key_usage = usages.key_usage;
  tbs->extended = usages.extended;
  if (usages.unknown.empty() || safety_ == SafetyLevel::kCompatible) {
    return absl::OkStatus();
  }
  const std::string what = absl::StrCat("unknown usages in the profile: ",
                                        absl::StrJoin(usages.unknown, ", "));
  if (safety_ == SafetyLevel::kStrict) {
    return Error(ErrorCode::kInvalidPolicy, what);
  }
  with_.log.Warning(absl::StrCat(what, "; they are left out"));
  return absl::OkStatus();
}

absl::Status Signer::SetValidity(const SigningProfile& profile,
                                 pki::CertificateTemplate* tbs) {
  const absl::Duration backdate =
      profile.backdate == absl::ZeroDuration() ? kBackdate : profile.backdate;
  const absl::Duration expiry = profile.expiry == absl::ZeroDuration()
                                    ? config_.default_profile.expiry
                                    : profile.expiry;
  pki::Validity& validity = tbs->validity;
  validity.not_before = profile.not_before.value_or(
      RoundToMinute(with_.clock.TimeNow()) - backdate);
  validity.not_after = profile.not_after.value_or(validity.not_before + expiry);
  if (!ca_.has_value() || safety_ == SafetyLevel::kCompatible ||
      validity.not_after <= ca_->validity().not_after) {
    return absl::OkStatus();
  }
  const auto text = [](absl::Time time) {
    return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
  };
  const std::string ends = text(ca_->validity().not_after);
  if (safety_ != SafetyLevel::kStrict) {
    with_.log.Warning(absl::StrCat(
        "the certificate outlives its CA, which ends at ", ends,
        ", and is then good for nothing (-strict lowers notAfter)"));
    return absl::OkStatus();
  }
  if (ca_->validity().not_after <= validity.not_before) {
    return Error(ErrorCode::kInvalidRequest,
                 absl::StrCat("the CA certificate has expired at ", ends));
  }
  with_.log.Warning(absl::StrCat("notAfter is lowered from ",
                                 text(validity.not_after), " to ", ends,
                                 ", the end of the CA"));
  validity.not_after = ca_->validity().not_after;
  return absl::OkStatus();
}

absl::Status Signer::FillFromProfile(const SigningProfile& profile,
                                     const std::string& crl_url,
                                     pki::CertificateTemplate* tbs) {
  const SigningProfile& fallback = config_.default_profile;
  ABSL_RETURN_IF_ERROR(SetUsages(profile, tbs));
  ABSL_RETURN_IF_ERROR(SetValidity(profile, tbs));
  tbs->is_ca = profile.is_ca;
  if (profile.is_ca) {
    if (profile.max_path_len > 0) {
      tbs->max_path_len = profile.max_path_len;
    } else if (profile.max_path_len == 0 && profile.max_path_len_zero) {
      tbs->max_path_len = 0;
    }
    pki::SubjectAltNames addresses;  // SPEC E-19: only these stay.
    addresses.ip_addresses = std::move(tbs->subject_alt_names.ip_addresses);
    tbs->subject_alt_names = std::move(addresses);
  }
  const std::string& ocsp =
      profile.ocsp_url.empty() ? fallback.ocsp_url : profile.ocsp_url;
  if (!ocsp.empty()) tbs->ocsp_servers = {ocsp};
  const std::string& crl = !crl_url.empty()           ? crl_url
                           : !profile.crl_url.empty() ? profile.crl_url
                                                      : fallback.crl_url;
  if (!crl.empty()) tbs->crl_distribution_points = {crl};
  tbs->issuing_certificates =
      profile.issuer_urls.has_value()
          ? *profile.issuer_urls
          : fallback.issuer_urls.value_or(std::vector<std::string>());
  if (!profile.policies.empty()) {
    absl::StatusOr<pki::RequestedExtension> policies =
        pki::PoliciesExtension(profile.policies);
    if (!policies.ok()) {
      return Error(ErrorCode::kInvalidPolicy, policies.status().message());
    }
    tbs->extensions.push_back(*std::move(policies));
  }
  if (profile.ocsp_no_check) {
    tbs->extensions.push_back(
        {std::string(kOcspNoCheckOid), false, std::string(kDerNull)});
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> Signer::Issue(const pki::CertificateTemplate& tbs) {
  pki::IssuerTemplate issuer;
  issuer.algorithm = pki::RequestSignatureAlgorithm(key_.public_key());
  if (ca_.has_value()) {
    if (ca_->public_key() != key_.public_key()) {
      return Error(
          ErrorCode::kCertificateUnknown,
          "x509: provided PrivateKey doesn't match parent's PublicKey");
    }
    issuer.raw_name = std::string(ca_->raw_subject());
    issuer.subject_key_id = ca_->subject_key_id();
  } else if (!tbs.is_ca) {
    return Error(ErrorCode::kInvalidRequest);
  }
  const absl::StatusOr<std::string> der = pki::SignTemplate(tbs, issuer, key_);
  if (!der.ok()) {
    return Error(ErrorCode::kCertificateUnknown, der.status().message());
  }
  with_.log.Info(absl::StrCat("signed certificate with serial number ",
                              pki::SerialToDecimal(tbs.serial_number)));
  return pki::EncodePem("CERTIFICATE", *der);
}

absl::StatusOr<std::string> Signer::Sign(const SignRequest& request) {
  ABSL_ASSIGN_OR_RETURN(const SigningProfile* const profile,
                        ProfileOf(request.profile));
  ABSL_ASSIGN_OR_RETURN(const pki::CertificateRequest csr,
                        ParseRequest(request.request_pem));
  pki::CertificateTemplate tbs;
  ABSL_RETURN_IF_ERROR(FillFromRequest(csr, *profile, &tbs));
  if (request.hosts.has_value()) {
    tbs.subject_alt_names = SortHosts(*request.hosts);
  }
  if (request.subject.has_value()) {
    ABSL_ASSIGN_OR_RETURN(const Subject subject, SubjectOf(*request.subject));
    OverrideSubject(subject.name, &tbs.subject);
    tbs.subject_more.clear();
  }
  if (!IsAllowed(*profile, tbs.subject.common_name, tbs.subject_alt_names)) {
    return Error(ErrorCode::kUnmatchedWhitelist);
  }
  if (profile->client_provides_serial_numbers) {
    return Error(ErrorCode::kMissingSerial);
  }
  tbs.serial_number.resize(kSerialBytes);
  with_.rng.Fill(
      absl::MakeSpan(reinterpret_cast<uint8_t*>(tbs.serial_number.data()),
                     tbs.serial_number.size()));
  tbs.serial_number[0] = static_cast<char>(tbs.serial_number[0] & 0x7f);
  ABSL_RETURN_IF_ERROR(FillFromProfile(*profile, request.crl_url, &tbs));
  return Issue(tbs);
}

}  // namespace signet::cli::cfssl
