#include "core/policy/custom_signing.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "core/api/certificates.pb.h"
#include "core/pki/certificate_authority.h"
#include "core/pki/certificate_request.h"
#include "core/pki/certificate_template.h"
#include "core/pki/ip_address.h"
#include "core/pki/key_usage.h"
#include "core/pki/name.h"
#include "core/pki/oid.h"
#include "core/policy/decision.h"
#include "core/policy/issue_window.h"
#include "core/policy/key_policy.h"
#include "core/policy/pattern.h"
#include "core/policy/signing.h"

namespace signet::policy {
namespace {

using pki::CertificateRequest;
using Values = std::vector<std::string>;

Values OneOrNone(const std::string& value) {
  return value.empty() ? Values() : Values{value};
}

constexpr NameField kNameFields[] = {
    {"commonName", "common name",
     [](const CertificateRequest& r) {
       return OneOrNone(r.subject().common_name);
     }},
    {"organizations", "organization",
     [](const CertificateRequest& r) { return r.subject().organization; }},
    {"organizationalUnits", "organizational unit",
     [](const CertificateRequest& r) {
       return r.subject().organizational_unit;
     }},
    {"countries", "country",
     [](const CertificateRequest& r) { return r.subject().country; }},
    {"provinces", "province",
     [](const CertificateRequest& r) { return r.subject().province; }},
    {"localities", "locality",
     [](const CertificateRequest& r) { return r.subject().locality; }},
    {"streetAddresses", "street address",
     [](const CertificateRequest& r) { return r.subject().street_address; }},
    {"postalCodes", "postal code",
     [](const CertificateRequest& r) { return r.subject().postal_code; }},
    {"serialNumber", "serial number",
     [](const CertificateRequest& r) {
       return OneOrNone(r.subject().serial_number);
     }},
    {"dnsNames", "DNS name",
     [](const CertificateRequest& r) {
       return r.subject_alt_names().dns_names;
     }},
    {"emailAddresses", "email address",
     [](const CertificateRequest& r) {
       return r.subject_alt_names().email_addresses;
     }},
    {"ipAddresses", "IP address",
     [](const CertificateRequest& r) {
       Values values;
       for (const pki::IpAddress& ip : r.subject_alt_names().ip_addresses) {
         values.push_back(ip.ToString());
       }
       return values;
     }},
    {"uris", "URI",
     [](const CertificateRequest& r) { return r.subject_alt_names().uris; }},
};

// The extensions that the signer writes itself, or that are not for a requester
// to choose. They are all that has a form which a Certificate is checked for,
// so that a copied extension cannot spoil one.
constexpr pki::Oid kNotCopied[] = {
    pki::oid::kSubjectKeyId,        pki::oid::kKeyUsage,
    pki::oid::kSubjectAltName,      pki::oid::kBasicConstraints,
    pki::oid::kNameConstraints,     pki::oid::kCrlDistributionPoints,
    pki::oid::kCertificatePolicies, pki::oid::kPolicyMappings,
    pki::oid::kAuthorityKeyId,      pki::oid::kPolicyConstraints,
    pki::oid::kExtendedKeyUsage,    pki::oid::kInhibitAnyPolicy,
    pki::oid::kAuthorityInfoAccess,
};

constexpr absl::string_view kKubernetes = "kubernetes.io/";

// Why the names of `request` do not do; empty if they do.
std::string NameFault(const CertificateRequest& request,
                      const AllowedNames& allowed) {
  for (size_t i = 0; i < NameFields().size(); ++i) {
    const NameField& field = NameFields()[i];
    for (const std::string& value : field.values(request)) {
      if (allowed[i].empty()) {
        return absl::StrCat("the signer allows no ", field.label, ", and not ",
                            Quoted(value));
      }
      if (absl::c_none_of(allowed[i], [&value](const Pattern& pattern) {
            return pattern.Matches(value);
          })) {
        return absl::StrCat("the ", field.label, " ", Quoted(value),
                            " is none that the signer allows");
      }
    }
  }
  return "";
}

std::string UsageFault(absl::Span<const std::string> usages,
                       const CustomProfile& profile) {
  for (const std::string& usage : usages) {
    if (!absl::c_linear_search(profile.usages, usage)) {
      return absl::StrCat("the usage ", Quoted(usage),
                          " is none of those that the signer allows: ",
                          absl::StrJoin(profile.usages, ", "));
    }
  }
  return "";
}

std::string CaFault(const CertificateRequest& request,
                    const CustomProfile& profile) {
  const absl::StatusOr<std::optional<pki::CaRequest>> asked =
      pki::ParseCaRequest(request.extensions());
  if (!asked.ok()) return std::string(asked.status().message());
  const bool asks_ca = asked->has_value() && (*asked)->is_ca;
  if (asks_ca && !profile.is_ca) {
    return "it asks for a CA certificate, and the signer issues none";
  }
  return "";
}

// Why `request` can never be signed; empty if it can.
std::string Fault(const CertificateRequest& request,
                  absl::Span<const std::string> usages,
                  const CustomProfile& profile) {
  if (const absl::Status own = request.VerifySignature(); !own.ok()) {
    return absl::StrCat("it is not signed with its own key: ", own.message());
  }
  if (std::string fault = KeyFault(request, profile.keys); !fault.empty()) {
    return fault;
  }
  if (std::string fault = CaFault(request, profile); !fault.empty()) {
    return fault;
  }
  if (std::string fault = UsageFault(usages, profile); !fault.empty()) {
    return fault;
  }
  return profile.names.has_value() ? NameFault(request, *profile.names) : "";
}

// A CA may certify another only if its path length leaves room (RFC 5280,
// 4.2.1.9).
absl::Status CheckPathLen(const pki::CertificateAuthority& ca,
                          const CustomProfile& profile) {
  const std::optional<int> own = ca.certificate().max_path_len();
  if (!profile.is_ca || !own.has_value()) return absl::OkStatus();
  if (*own == 0 || profile.max_path_len.value_or(0) >= *own) {
    return absl::FailedPreconditionError(
        absl::StrCat("the CA's path length is ", *own,
                     ": it cannot certify a CA with a path length of ",
                     profile.max_path_len.value_or(0)));
  }
  return absl::OkStatus();
}

bool IsDottedOid(absl::string_view text) {
  const std::vector<absl::string_view> arcs = absl::StrSplit(text, '.');
  return arcs.size() >= 2 && absl::c_all_of(arcs, [](absl::string_view arc) {
           return !arc.empty() && arc.size() <= 9 &&
                  absl::c_all_of(arc,
                                 [](char c) { return '0' <= c && c <= '9'; }) &&
                  (arc.size() == 1 || arc.front() != '0');
         });
}

}  // namespace

absl::Span<const NameField> NameFields() { return kNameFields; }

absl::Status ValidateCustomSignerName(absl::string_view signer_name) {
  const std::vector<absl::string_view> parts = absl::StrSplit(signer_name, '/');
  if (parts.size() != 2 || parts[0].empty() || parts[1].empty() ||
      !absl::StrContains(parts[0], '.')) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", signer_name, "\" is not of the form example.com/signer-name"));
  }
  if (absl::StartsWith(signer_name, kKubernetes)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", signer_name,
        "\" is Kubernetes' own: the --cluster-signing-* flags serve it"));
  }
  return absl::OkStatus();
}

absl::Status ValidateCustomProfile(const CustomProfile& profile) {
  if (profile.usages.empty()) {
    return absl::InvalidArgumentError("no usages are allowed");
  }
  ABSL_ASSIGN_OR_RETURN(const pki::Usages usages,
                        pki::UsagesFromStrings(profile.usages));
  const bool certifies = (usages.key_usage & pki::kCertSign) != 0;
  if (certifies != profile.is_ca) {
    return absl::InvalidArgumentError(
        "the usage \"cert sign\" is for CA certificates, and they need it");
  }
  if (profile.max_path_len.has_value() && !profile.is_ca) {
    return absl::InvalidArgumentError("only a CA has a path length");
  }
  if (profile.expiry <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError("the expiry is not positive");
  }
  if (profile.backdate < absl::ZeroDuration()) {
    return absl::InvalidArgumentError("the backdate is negative");
  }
  if (profile.names.has_value() &&
      profile.names->size() != NameFields().size()) {
    return absl::InvalidArgumentError("names are incomplete");
  }
  for (const std::string& oid : profile.copied_extensions) {
    if (!IsDottedOid(oid)) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", oid, "\" is not an OID such as 1.3.6.1.4.1.1"));
    }
    if (absl::c_any_of(kNotCopied, [&oid](const pki::Oid& own) {
          return own.dotted() == oid;
        })) {
      return absl::InvalidArgumentError(absl::StrCat(
          "the extension ", oid, " is not for a requester to choose"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<SigningDecision> DecideCustomSigning(
    const api::CertificateSigningRequest& csr,
    const pki::CertificateAuthority& ca, const CustomProfile& profile,
    absl::Time now, absl::string_view serial_number) {
  SigningDecision decision;
  decision.reason = WhyNotAwaiting(csr);
  if (!decision.reason.empty()) return decision;

  ABSL_ASSIGN_OR_RETURN(const CertificateRequest request,
                        CertificateRequest::ParsePem(csr.spec().request()));
  const std::vector<std::string> usages(csr.spec().usages().begin(),
                                        csr.spec().usages().end());
  if (const std::string fault = Fault(request, usages, profile);
      !fault.empty()) {
    decision.action = SigningAction::kFail;
    decision.condition = SigningFailure(fault, now);
    return decision;
  }

  ABSL_RETURN_IF_ERROR(CheckPathLen(ca, profile));
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
  tbs.is_ca = profile.is_ca;
  tbs.max_path_len = profile.max_path_len;
  tbs.subject_key_id = pki::KeyId(request.public_key());
  for (const pki::RequestedExtension& extension : request.extensions()) {
    if (absl::c_linear_search(profile.copied_extensions, extension.oid)) {
      tbs.more_extensions.push_back(extension);
    }
  }
  ABSL_ASSIGN_OR_RETURN(tbs.usages, pki::UsagesFromStrings(usages));
  ABSL_ASSIGN_OR_RETURN(
      tbs.validity,
      IssueWindow(IssueTtl(expiration_seconds, profile.expiry),
                  ca.validity().not_after, now, profile.backdate));
  return decision;
}

}  // namespace signet::policy
