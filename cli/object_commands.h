#ifndef SIGNET_CLI_OBJECT_COMMANDS_H_
#define SIGNET_CLI_OBJECT_COMMANDS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cli/context.h"
#include "core/api/certificates.pb.h"
#include "core/api/core.pb.h"
#include "core/k8s/resource_api.h"

// Where certificates go in a cluster: Secrets, ConfigMaps, ClusterTrustBundles,
// made as `kubectl create` makes them (SPEC E-8, E-9).
namespace signet::cli {

// How an object is to be made.
struct CreateFlags {
  std::string name;
  std::string namespace_name;  // Not of a ClusterTrustBundle.
  bool append_hash = false;
  bool dry_run = false;  // Print it, and make nothing.
  std::string output;    // "", "name", "json", "yaml".
};

struct SecretTlsFlags {
  CreateFlags create;
  std::string certificate, key;  // Files.
};
absl::Status CreateSecretTls(const Context& context,
                             k8s::ResourceApi<api::Secret>* secrets,
                             const SecretTlsFlags& flags);
// The Secret of a chain and its key, which must belong together.
// kInvalidArgument says what is wrong.
absl::StatusOr<api::Secret> TlsSecret(absl::string_view name,
                                      absl::string_view namespace_name,
                                      absl::string_view certificate_pem,
                                      absl::string_view key_pem);

struct ConfigMapFlags {
  CreateFlags create;
  std::vector<std::string> from_file;  // "path" or "key=path".
};
absl::Status CreateConfigMap(const Context& context,
                             k8s::ResourceApi<api::ConfigMap>* maps,
                             const ConfigMapFlags& flags);

struct TrustBundleFlags {
  CreateFlags create;
  std::string signer_name;  // The object's name then begins with it.
  std::string bundle;       // A PEM file of CA certificates.
};
absl::Status CreateTrustBundle(
    const Context& context, k8s::ResourceApi<api::ClusterTrustBundle>* bundles,
    const TrustBundleFlags& flags);

// The ten letters that --append-hash adds: of an object's kind, name and
// contents as sorted JSON (SPEC E-8). Pure.
std::string HashOf(const api::Secret& secret);
std::string HashOf(const api::ConfigMap& map);

}  // namespace signet::cli

#endif  // SIGNET_CLI_OBJECT_COMMANDS_H_
