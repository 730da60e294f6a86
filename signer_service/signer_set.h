#ifndef SIGNET_SIGNER_SERVICE_SIGNER_SET_H_
#define SIGNET_SIGNER_SERVICE_SIGNER_SET_H_

#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "core/api/certificates.pb.h"
#include "core/pki/certificate_authority.h"
#include "core/policy/custom_signing.h"
#include "core/policy/signing.h"
#include "signer_service/ca_metrics.h"
#include "signer_service/ca_source.h"

namespace signet::signer {

// Signer is one signer name: with which CA, and by which rules, it is served.
// Copyable; thread-safe.
class Signer {
 public:
  // A name of one's own. `profile` must be valid
  // (policy::ValidateCustomProfile).
  Signer(std::string name, std::shared_ptr<CaSource> ca,
         policy::CustomProfile profile)
      : name_(std::move(name)),
        ca_(std::move(ca)),
        rules_(std::move(profile)) {}
  // One of the four kubernetes.io names, by Kubernetes' rules. `config` must be
  // valid (policy::ValidateSigningConfig).
  Signer(std::string name, std::shared_ptr<CaSource> ca,
         policy::SigningConfig config)
      : name_(std::move(name)), ca_(std::move(ca)) {
    config.signer_names = {name_};
    rules_ = std::move(config);
  }

  const std::string& name() const { return name_; }
  CaSource& ca() const { return *ca_; }

  // What is to be done about `csr`, which asks this signer, with the CA that
  // ca().Current() gave. Pure. See policy::DecideSigning and
  // DecideCustomSigning.
  absl::StatusOr<policy::SigningDecision> Decide(
      const api::CertificateSigningRequest& csr,
      const pki::CertificateAuthority& ca, absl::Time now,
      absl::string_view serial_number) const;

 private:
  std::string name_;
  std::shared_ptr<CaSource> ca_;  // Several names may share one.
  std::variant<policy::SigningConfig, policy::CustomProfile> rules_;
};

// SignerSet is all that one process serves. Immutable; thread-safe.
class SignerSet {
 public:
  // kInvalidArgument if there is none, or if two have one name.
  static absl::StatusOr<SignerSet> Create(std::vector<Signer> signers);

  // The signer of a name, null if it is not served here. Valid as long as the
  // set.
  const Signer* Find(absl::string_view signer_name) const;

  // True if `csr` is to be signed here: it is approved, has neither failed nor
  // a certificate, and asks a signer of the set (SPEC C-1).
  bool Wants(const api::CertificateSigningRequest& csr) const;

  absl::Span<const Signer> signers() const { return signers_; }  // By name.

  // Looks whether CAs were replaced, and tells the log and the metrics what it
  // finds: for the times when nothing is signed. Call every minute or so.
  void LookAtCas() const;
  // Has each CA tell `metrics`, which must outlive the set. Call once.
  void ReportTo(CaMetrics& metrics) const;

 private:
  explicit SignerSet(std::vector<Signer> signers)
      : signers_(std::move(signers)) {}

  std::vector<Signer> signers_;  // Sorted by name.
};

}  // namespace signet::signer

#endif  // SIGNET_SIGNER_SERVICE_SIGNER_SET_H_
