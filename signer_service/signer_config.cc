#include "signer_service/signer_config.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/pki/key_usage.h"
#include "core/policy/custom_signing.h"
#include "core/policy/key_policy.h"
#include "core/policy/pattern.h"
#include "core/service/config_reader.h"
#include "signer_service/file_ca_source.h"

namespace signet::signer {
namespace {

using service::ConfigMapping;

void ReadCaFiles(ConfigMapping& in, CaFiles& ca) {
  in.Required("certificateFile");
  in.String("certificateFile", &ca.certificate);
  in.Required("keyFile");
  in.String("keyFile", &ca.key);
  in.Bool("chain", &ca.chain);
}

void ReadKeys(ConfigMapping& in, policy::KeyPolicy& keys) {
  int64_t min_rsa_bits = keys.min_rsa_bits;
  in.Int("minRsaBits", 0, 8192, &min_rsa_bits);
  if (min_rsa_bits > 0 && min_rsa_bits < 1024) {
    in.Error("minRsaBits", "is 0 (no RSA keys) or 1024 to 8192");
  }
  keys.min_rsa_bits = static_cast<int>(min_rsa_bits);
  if (in.Has("curves")) {
    std::vector<std::string> curves;
    in.Strings("curves", &curves);
    keys.ecdsa_bits.clear();
    for (const std::string& curve : curves) {
      if (curve == "P-256") {
        keys.ecdsa_bits.push_back(256);
      } else if (curve == "P-384") {
        keys.ecdsa_bits.push_back(384);
      } else if (curve == "P-521") {
        keys.ecdsa_bits.push_back(521);
      } else {
        in.Error("curves", absl::StrCat("\"", curve,
                                        "\" is none of P-256, P-384, P-521"));
      }
    }
  }
  in.Bool("ed25519", &keys.ed25519);
  in.Bool("sha1", &keys.sha1);
}

void ReadNames(ConfigMapping& in, policy::CustomProfile& profile) {
  policy::AllowedNames allowed;
  for (const policy::NameField& field : policy::NameFields()) {
    std::vector<std::string> texts;
    in.Strings(field.name, &texts);
    std::vector<policy::Pattern>& patterns = allowed.emplace_back();
    for (const std::string& text : texts) {
      absl::StatusOr<policy::Pattern> pattern = policy::Pattern::Parse(text);
      if (!pattern.ok()) {
        in.Error(field.name, pattern.status().message());
      } else if (pattern->names_node()) {
        in.Error(field.name, "{node} means nothing here");
      } else {
        patterns.push_back(*std::move(pattern));
      }
    }
  }
  profile.names = std::move(allowed);
}

void ReadCaConstraint(ConfigMapping& in, policy::CustomProfile& profile) {
  in.Bool("isCa", &profile.is_ca);
  if (in.Has("maxPathLen")) {
    int64_t max_path_len = 0;
    in.Int("maxPathLen", 0, 255, &max_path_len);
    profile.max_path_len = static_cast<int>(max_path_len);
  }
}

void ReadProfile(ConfigMapping& in, policy::CustomProfile& profile) {
  in.Required("usages");
  in.Strings("usages", &profile.usages);
  for (const std::string& usage : profile.usages) {
    if (!pki::IsKnownUsage(usage)) {
      in.Error("usages", absl::StrCat("unknown usage \"", usage, "\""));
      return;
    }
  }
  in.Required("expiry");
  in.Duration("expiry", absl::Seconds(1), &profile.expiry);
  in.Duration("backdate", absl::ZeroDuration(), &profile.backdate);
  in.Mapping("caConstraint", [&profile](ConfigMapping& constraint) {
    ReadCaConstraint(constraint, profile);
  });
  in.Mapping("names",
             [&profile](ConfigMapping& names) { ReadNames(names, profile); });
  in.Mapping("keys",
             [&profile](ConfigMapping& keys) { ReadKeys(keys, profile.keys); });
  in.Strings("copyExtensions", &profile.copied_extensions);
  if (profile.usages.empty() || profile.expiry <= absl::ZeroDuration()) {
    return;  // Told already.
  }
  const absl::Status valid = policy::ValidateCustomProfile(profile);
  if (!valid.ok()) in.Error("", valid.message());
}

void ReadSigner(ConfigMapping& in, SignerConfiguration& config) {
  CustomSigner signer;
  in.Required("signerName");
  in.String("signerName", &signer.signer_name);
  if (!signer.signer_name.empty()) {
    const absl::Status valid =
        policy::ValidateCustomSignerName(signer.signer_name);
    if (!valid.ok()) in.Error("signerName", valid.message());
    if (absl::c_any_of(config.signers, [&signer](const CustomSigner& other) {
          return other.signer_name == signer.signer_name;
        })) {
      in.Error("signerName",
               absl::StrCat("\"", signer.signer_name, "\" is served twice"));
    }
  }
  in.Required("ca");
  in.Mapping("ca",
             [&signer](ConfigMapping& ca) { ReadCaFiles(ca, signer.ca); });
  in.Required("profile");
  in.Mapping("profile", [&signer](ConfigMapping& profile) {
    ReadProfile(profile, signer.profile);
  });
  config.signers.push_back(std::move(signer));
}

void ReadTrustBundle(ConfigMapping& in, SignerConfiguration& config) {
  TrustBundleConfig bundle;
  in.Required("signerName");
  in.String("signerName", &bundle.signer_name);
  if (absl::c_any_of(config.trust_bundles,
                     [&bundle](const TrustBundleConfig& other) {
                       return other.signer_name == bundle.signer_name;
                     })) {
    in.Error("signerName",
             absl::StrCat("\"", bundle.signer_name, "\" is published twice"));
  }
  in.String("certificatesFile", &bundle.certificates_file);
  in.Bool("clusterTrustBundle", &bundle.cluster_trust_bundle);
  in.Mapping("configMap", [&bundle](ConfigMapping& map) {
    map.Required("name");
    map.String("name", &bundle.config_map);
    map.String("key", &bundle.config_map_key);
    map.Required("namespaces");
    map.Strings("namespaces", &bundle.namespaces);
    if (bundle.config_map_key.empty()) map.Error("key", "must not be empty");
  });
  if (!bundle.cluster_trust_bundle && bundle.config_map.empty()) {
    in.Error("",
             "neither clusterTrustBundle nor configMap says where to "
             "publish it");
  }
  config.trust_bundles.push_back(std::move(bundle));
}

}  // namespace

absl::StatusOr<SignerConfiguration> ParseSignerConfiguration(
    absl::string_view file, absl::string_view text) {
  SignerConfiguration config;
  ABSL_RETURN_IF_ERROR(service::ReadConfig(
      file, text, "signet.dev/v1alpha1", "SignerConfiguration",
      [&config](ConfigMapping& in) {
        in.Mappings("signers", [&config](ConfigMapping& signer) {
          ReadSigner(signer, config);
        });
        in.Mappings("trustBundles", [&config](ConfigMapping& bundle) {
          ReadTrustBundle(bundle, config);
        });
      }));
  return config;
}

}  // namespace signet::signer
