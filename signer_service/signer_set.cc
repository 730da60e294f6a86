#include "signer_service/signer_set.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/pki/certificate_authority.h"
#include "core/policy/custom_signing.h"
#include "core/policy/signing.h"
#include "signer_service/ca_metrics.h"

namespace signet::signer {
namespace {

bool ByName(const Signer& a, const Signer& b) { return a.name() < b.name(); }

}  // namespace

absl::StatusOr<policy::SigningDecision> Signer::Decide(
    const api::CertificateSigningRequest& csr,
    const pki::CertificateAuthority& ca, absl::Time now,
    absl::string_view serial_number) const {
  if (const auto* profile = std::get_if<policy::CustomProfile>(&rules_)) {
    return policy::DecideCustomSigning(csr, ca, *profile, now, serial_number);
  }
  return policy::DecideSigning(csr, ca.validity(),
                               std::get<policy::SigningConfig>(rules_), now,
                               serial_number);
}

absl::StatusOr<SignerSet> SignerSet::Create(std::vector<Signer> signers) {
  if (signers.empty()) {
    return absl::InvalidArgumentError("no signer name to serve");
  }
  std::sort(signers.begin(), signers.end(), ByName);
  for (size_t i = 1; i < signers.size(); ++i) {
    if (signers[i].name() == signers[i - 1].name()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "signer name \"", signers[i].name(), "\" would be served twice"));
    }
  }
  return SignerSet(std::move(signers));
}

const Signer* SignerSet::Find(absl::string_view signer_name) const {
  const auto found = std::lower_bound(
      signers_.begin(), signers_.end(), signer_name,
      [](const Signer& a, absl::string_view name) { return a.name() < name; });
  if (found == signers_.end() || found->name() != signer_name) return nullptr;
  return &*found;
}

bool SignerSet::Wants(const api::CertificateSigningRequest& csr) const {
  return policy::AwaitsCertificate(csr) &&
         Find(csr.spec().signer_name()) != nullptr;
}

void SignerSet::LookAtCas() const {
  for (const Signer& signer : signers_) {
    signer.ca().Problem().IgnoreError();  // The CA tells.
  }
}

void SignerSet::ReportTo(CaMetrics& metrics) const {
  for (const Signer& signer : signers_) signer.ca().ReportTo(metrics);
}

}  // namespace signet::signer
