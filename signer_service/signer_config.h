#ifndef SIGNET_SIGNER_SERVICE_SIGNER_CONFIG_H_
#define SIGNET_SIGNER_SERVICE_SIGNER_CONFIG_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/policy/custom_signing.h"
#include "signer_service/file_ca_source.h"

// The configuration file of signet-signer (docs/signer.md). Values only.
namespace signet::signer {

// A signer of a name of one's own.
struct CustomSigner {
  std::string signer_name;
  CaFiles ca;
  policy::CustomProfile profile;
};

// Where the CA of a signer is published.
struct TrustBundleConfig {
  std::string signer_name;  // Any that is served.
  // PEM file with more certificates to publish, such as the CA before this one
  // or the one after it. Empty: none.
  std::string certificates_file;
  bool cluster_trust_bundle = false;
  // The ConfigMap of this name, in each of `namespaces`. Empty: none.
  std::string config_map;
  std::string config_map_key = "ca.crt";
  std::vector<std::string> namespaces;
};

struct SignerConfiguration {
  std::vector<CustomSigner> signers;
  std::vector<TrustBundleConfig> trust_bundles;
};

// Parses `text`, of the file `file`. kInvalidArgument with all that is wrong,
// each with its line: see service::ReadConfig. A signer name twice is wrong,
// and so is one of Kubernetes' own (SPEC C-1).
absl::StatusOr<SignerConfiguration> ParseSignerConfiguration(
    absl::string_view file, absl::string_view text);

}  // namespace signet::signer

#endif  // SIGNET_SIGNER_SERVICE_SIGNER_CONFIG_H_
