#include "signer_service/signers_from_flags.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/base/file_system.h"
#include "core/pki/certificate_authority.h"
#include "core/policy/signer_names.h"
#include "signer_service/file_ca_source.h"
#include "signer_service/signer_config.h"
#include "signer_service/signer_flags.h"
#include "signer_service/signer_set.h"

namespace signet::signer {
namespace {

constexpr size_t kMaxConfigBytes = 1 << 20;
// From this long before its end `check` complains about a CA.
constexpr absl::Duration kEndsSoon = absl::Hours(24 * 30);

// One signer name, with what it takes to open it.
struct Served {
  std::string name;
  CaFiles ca;
  std::function<Signer(std::shared_ptr<CaSource>)> make;
};

// All that is to be served, as it was said.
std::vector<Served> AllServed(const SignerFlags& flags,
                              const SignerConfiguration& config) {
  std::vector<Served> all;
  for (size_t i = 0; i < policy::kClusterSignerNames.size(); ++i) {
    const std::string name(policy::kClusterSignerNames[i]);
    const CaFiles& ca =
        flags.ca.certificate.empty() ? flags.specific_cas[i] : flags.ca;
    if (ca.certificate.empty() ||
        !absl::c_linear_search(flags.signing.signer_names, name)) {
      continue;
    }
    all.push_back({name, ca, [name, &flags](std::shared_ptr<CaSource> source) {
                     return Signer(name, std::move(source), flags.signing);
                   }});
  }
  for (const CustomSigner& signer : config.signers) {
    all.push_back({signer.signer_name, signer.ca,
                   [&signer](std::shared_ptr<CaSource> source) {
                     return Signer(signer.signer_name, std::move(source),
                                   signer.profile);
                   }});
  }
  return all;
}

absl::Status CheckTrustBundle(const TrustBundleConfig& bundle,
                              const std::vector<Served>& all) {
  if (absl::c_any_of(all, [&bundle](const Served& served) {
        return served.name == bundle.signer_name;
      })) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat("trustBundles: the signer \"",
                                                 bundle.signer_name,
                                                 "\" is not served here"));
}

// What `check` says of one CA; empty if it is fine.
std::string CaFault(const pki::CertificateAuthority& ca, absl::Time now) {
  if (ca.validity().not_after <= now) return "the CA has ended";
  if (ca.validity().not_before > now) return "the CA is not valid yet";
  if (ca.validity().not_after < now + kEndsSoon) {
    return "the CA ends within 30 days";
  }
  return "";
}

}  // namespace

absl::StatusOr<SignerConfiguration> ReadSignerConfiguration(
    const SignerFlags& flags, FileSystem& files) {
  if (flags.config.empty()) return SignerConfiguration();
  ABSL_ASSIGN_OR_RETURN(const std::string text,
                        files.Read(flags.config, kMaxConfigBytes),
                        _ << "--config");
  return ParseSignerConfiguration(flags.config, text);
}

absl::StatusOr<SignerSet> OpenSigners(const SignerFlags& flags,
                                      const SignerConfiguration& config,
                                      FileSystem& files, absl::Clock& clock,
                                      const TokenKeyOpener& open_token_key) {
  const std::vector<Served> all = AllServed(flags, config);
  for (const TrustBundleConfig& bundle : config.trust_bundles) {
    ABSL_RETURN_IF_ERROR(CheckTrustBundle(bundle, all));
  }
  std::vector<Signer> signers;
  std::shared_ptr<CaSource> general;  // One for all that share it.
  for (const Served& served : all) {
    const bool shares = served.ca.certificate == flags.ca.certificate &&
                        served.ca.key == flags.ca.key && !served.ca.chain;
    std::shared_ptr<CaSource> source = shares ? general : nullptr;
    if (source == nullptr) {
      ABSL_ASSIGN_OR_RETURN(
          source, FileCaSource::Create(files, clock, served.ca, open_token_key),
          _ << "signer " << served.name);
      if (shares) general = source;
    }
    signers.push_back(served.make(std::move(source)));
  }
  return SignerSet::Create(std::move(signers));
}

absl::StatusOr<SignerSet> SignersFromFlags(
    const SignerFlags& flags, FileSystem& files, absl::Clock& clock,
    const TokenKeyOpener& open_token_key) {
  ABSL_ASSIGN_OR_RETURN(const SignerConfiguration config,
                        ReadSignerConfiguration(flags, files));
  return OpenSigners(flags, config, files, clock, open_token_key);
}

absl::Status CheckSigners(const SignerFlags& flags, FileSystem& files,
                          absl::Clock& clock,
                          const TokenKeyOpener& open_token_key,
                          std::ostream& out) {
  ABSL_ASSIGN_OR_RETURN(const SignerConfiguration config,
                        ReadSignerConfiguration(flags, files));
  const std::vector<Served> all = AllServed(flags, config);
  int problems = 0;
  const auto report = [&out, &problems](absl::string_view problem) {
    out << "  problem: " << problem << "\n";
    ++problems;
  };
  absl::flat_hash_set<std::string> seen;
  for (const Served& served : all) {
    out << served.name << "\n";
    if (!seen.insert(served.name).second) report("it is served twice");
    const absl::StatusOr<pki::CertificateAuthority> ca =
        ReadCa(files, served.ca, open_token_key);
    if (!ca.ok()) {
      report(ca.status().message());
      continue;
    }
    out << "  CA: " << ca->certificate().subject().ToString() << "\n"
        << "  valid until: "
        << absl::FormatTime(absl::RFC3339_sec, ca->validity().not_after,
                            absl::UTCTimeZone())
        << "\n";
    const std::string fault = CaFault(*ca, clock.TimeNow());
    if (!fault.empty()) report(fault);
  }
  for (const TrustBundleConfig& bundle : config.trust_bundles) {
    const absl::Status served = CheckTrustBundle(bundle, all);
    if (!served.ok()) report(served.message());
  }
  if (all.empty()) report("no signer name is served");
  if (problems > 0) {
    return absl::FailedPreconditionError(
        absl::StrCat(problems, problems == 1 ? " problem" : " problems"));
  }
  return absl::OkStatus();
}

}  // namespace signet::signer
