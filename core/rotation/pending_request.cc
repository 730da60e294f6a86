#include "core/rotation/pending_request.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "core/api/certificates.pb.h"
#include "core/pki/certificate.h"
#include "core/pki/certificate_request.h"
#include "core/pki/ip_address.h"
#include "core/pki/name.h"
#include "core/pki/private_key.h"
#include "core/rotation/next_step.h"
#include "core/rotation/template_match.h"

namespace signet::rotation {
namespace {

using Csr = api::CertificateSigningRequest;

constexpr int kRequestTimeout = 408;

std::vector<std::string> Sorted(std::vector<std::string> texts) {
  std::sort(texts.begin(), texts.end());
  return texts;
}

std::vector<std::string> SortedTexts(
    const std::vector<pki::IpAddress>& addresses) {
  std::vector<std::string> texts;
  for (const auto& address : addresses) texts.push_back(address.ToString());
  return Sorted(std::move(texts));
}

bool SameSubject(const pki::DistinguishedName& a,
                 const pki::DistinguishedName& b) {
  const auto encoded_a = a.Encode();
  const auto encoded_b = b.Encode();
  return encoded_a.ok() && encoded_b.ok() && *encoded_a == *encoded_b;
}

// What a request does not say of what is wanted, or says beyond it.
std::optional<std::string> FindDifference(
    const CertificateTemplate& wanted, const pki::CertificateRequest& request) {
  if (!SameSubject(wanted.subject(), request.subject())) return "its subject";
  const pki::SubjectAltNames a = wanted.subject_alt_names();
  const pki::SubjectAltNames& b = request.subject_alt_names();
  if (Sorted(a.dns_names) != Sorted(b.dns_names)) return "its DNS names";
  if (SortedTexts(a.ip_addresses) != SortedTexts(b.ip_addresses)) {
    return "its IP addresses";
  }
  if (Sorted(a.email_addresses) != Sorted(b.email_addresses) ||
      Sorted(a.uris) != Sorted(b.uris)) {
    return "its other names";
  }
  return std::nullopt;
}

std::optional<std::string> FindDifference(const RequestNeed& need,
                                          const Csr& object) {
  const auto& spec = object.spec();
  if (spec.signer_name() != need.signer_name) return "its signer";
  if (Sorted({spec.usages().begin(), spec.usages().end()}) !=
      Sorted(need.usages)) {
    return "its usages";
  }
  const std::optional<int32_t> lifetime =
      spec.has_expiration_seconds()
          ? std::optional<int32_t>(spec.expiration_seconds())
          : std::nullopt;
  if (lifetime != need.expiration_seconds) return "its lifetime";
  return std::nullopt;
}

bool HasCondition(const Csr& csr, absl::string_view type) {
  return std::any_of(csr.status().conditions().begin(),
                     csr.status().conditions().end(),
                     [&](const auto& c) { return c.type() == type; });
}

bool IsPending(const Csr& csr) {
  return csr.status().certificate().empty() && !HasCondition(csr, "Approved") &&
         !HasCondition(csr, "Denied") && !HasCondition(csr, "Failed");
}

absl::Status CheckNotExpired(const Csr& csr, absl::Time now) {
  if (csr.status().certificate().empty()) return absl::OkStatus();
  const auto certificates =
      pki::ParseCertificatesPem(csr.status().certificate());
  if (!certificates.ok()) {
    return absl::FailedPreconditionError(
        absl::StrCat("error parsing signed certificate for CSR: ",
                     certificates.status().message()));
  }
  for (const pki::Certificate& certificate : *certificates) {
    if (!IsUsable(certificate.validity(), now)) {
      return absl::FailedPreconditionError(
          absl::StrCat("one of the certificates for the CSR has expired: ",
                       absl::FormatTime("%Y-%m-%d %H:%M:%S +0000 UTC",
                                        certificate.validity().not_after,
                                        absl::UTCTimeZone())));
    }
  }
  return absl::OkStatus();
}

}  // namespace

ResumeDecision DecideResume(const PendingRequest& pending, const Csr* found,
                            const RequestNeed& need, absl::Time now) {
  const auto name = [&] {
    return absl::StrCat(
        "csr \"", found == nullptr ? pending.name : found->metadata().name(),
        "\"");
  };
  const absl::StatusOr<pki::CertificateRequest> request =
      pki::CertificateRequest::ParsePem(pending.request_pem);
  if (!request.ok()) {
    return {Resume::kFileNew, absl::StrCat("what was kept of the request does "
                                           "not parse: ",
                                           request.status().message())};
  }
  std::optional<std::string> difference = FindDifference(need.wanted, *request);
  if (found == nullptr) {
    if (!pending.name.empty()) {
      return {Resume::kFileNew, absl::StrCat(name(), " was deleted")};
    }
    if (difference.has_value()) {
      return {Resume::kFileNew, absl::StrCat("a request that was not filed "
                                             "yet differs: ",
                                             *difference)};
    }
    return {Resume::kFileAgain, "the request was not filed yet"};
  }
  if (!pending.uid.empty() && found->metadata().uid() != pending.uid) {
    return {Resume::kFileNew, absl::StrCat(name(), " changed UIDs")};
  }
  if (HasCondition(*found, "Denied")) {
    return {Resume::kFileNew, absl::StrCat(name(), " was denied")};
  }
  if (HasCondition(*found, "Failed")) {
    return {Resume::kFileNew, absl::StrCat(name(), " failed")};
  }
  const absl::Status fits = CheckRetrieved(
      *found, need.wanted, need.signer_name, pending.key.public_key(), now);
  if (!difference.has_value()) difference = FindDifference(need, *found);
  if (difference.has_value()) {
    // What is decided already cannot be taken back.
    return {IsPending(*found) && found->spec().request() == pending.request_pem
                ? Resume::kSupersede
                : Resume::kFileNew,
            absl::StrCat(name(),
                         " differs from what is wanted now: ", *difference)};
  }
  if (!fits.ok()) {
    return {Resume::kFileNew,
            absl::StrCat(name(), " is not compatible: ", fits.message())};
  }
  return {Resume::kAwait, absl::StrCat(name(), " is under way")};
}

absl::Status CheckRetrieved(const Csr& stored,
                            const CertificateTemplate& wanted,
                            absl::string_view signer_name,
                            const pki::PublicKey& key, absl::Time now) {
  const auto request =
      pki::CertificateRequest::ParsePem(stored.spec().request());
  if (!request.ok()) {
    return absl::FailedPreconditionError(
        absl::StrCat("unable to parse new csr: ", request.status().message()));
  }
  const pki::DistinguishedName subject = wanted.subject();
  if (!SameSubject(request->subject(), subject)) {
    return absl::FailedPreconditionError(absl::StrCat(
        "csr subjects differ: new: ", request->subject().ToString(),
        ", orig: ", subject.ToString()));
  }
  if (!stored.spec().signer_name().empty() && !signer_name.empty() &&
      stored.spec().signer_name() != signer_name) {
    return absl::FailedPreconditionError(absl::StrCat(
        "csr signerNames differ: new \"", stored.spec().signer_name(),
        "\", orig: \"", signer_name, "\""));
  }
  // The same key, and a signature by it: together what Go checks by verifying
  // the signature under our key.
  absl::Status proof = request->VerifySignature();
  if (proof.ok() && !(request->public_key() == key)) {
    proof = absl::InvalidArgumentError("it was made with another key");
  }
  if (!proof.ok()) {
    return absl::FailedPreconditionError(
        absl::StrCat("error validating signature new CSR against old key: ",
                     proof.message()));
  }
  return CheckNotExpired(stored, now);
}

bool MayHaveBeenCreated(int http_code) {
  return http_code == 0 || http_code == kRequestTimeout || http_code >= 500;
}

bool IsFinal(const absl::Status& outcome) {
  return absl::IsPermissionDenied(outcome) ||
         absl::IsFailedPrecondition(outcome) || absl::IsAborted(outcome) ||
         absl::IsNotFound(outcome);
}

int CountPending(absl::Span<const Csr> objects, absl::string_view signer_name,
                 absl::string_view common_name) {
  int count = 0;
  for (const Csr& csr : objects) {
    if (csr.spec().signer_name() != signer_name || !IsPending(csr)) continue;
    const auto request =
        pki::CertificateRequest::ParsePem(csr.spec().request());
    if (request.ok() && request->subject().common_name == common_name) ++count;
  }
  return count;
}

}  // namespace signet::rotation
