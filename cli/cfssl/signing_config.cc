#include "cli/cfssl/signing_config.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "boost/json.hpp"
#include "cli/cfssl/diagnostics.h"
#include "cli/cfssl/go_json.h"
#include "core/base/go_duration.h"
#include "core/pki/certificate_template.h"
#include "core/pki/key_usage.h"
#include "re2/re2.h"

namespace signet::cli::cfssl {
namespace {

using boost::json::value;
using Strings = std::optional<std::vector<std::string>>;

absl::Status Invalid(absl::string_view why) {
  return Error(ErrorCode::kInvalidPolicy, why);
}

struct AuthKey {
  std::string type, key;
};

// A profile as it stands in the file.
struct RawProfile {
  SigningProfile profile;
  Strings usages;
  std::string expiry, backdate, not_before, not_after, name_whitelist;
  std::string auth_key, prev_auth_key, remote;
  std::string auth_remote, auth_remote_key;
  Strings ct_log_servers, ignored_lints, ignored_lint_sources;
  int lint_error_level = 0;
};

absl::StatusOr<pki::PolicyQualifier> ReadQualifier(const value& json) {
  std::string type;
  pki::PolicyQualifier qualifier;
  ObjectReader reader("CertificatePolicyQualifier");
  reader.String("Type", &type).String("Value", &qualifier.text);
  ABSL_RETURN_IF_ERROR(reader.ReadFrom(json));
  if (type == "id-qt-unotice") {
    qualifier.kind = pki::PolicyQualifier::Kind::kUserNotice;
  } else if (type != "id-qt-cps") {
    return absl::InvalidArgumentError("invalid policy qualifier type");
  }
  return qualifier;
}

absl::StatusOr<pki::CertificatePolicy> ReadPolicy(const value& json) {
  pki::CertificatePolicy policy;
  ObjectReader reader("CertificatePolicy");
  reader.String("ID", &policy.oid)
      .Array(
          "Qualifiers", [] {},
          [&policy](const value& v) -> absl::Status {
            ABSL_ASSIGN_OR_RETURN(pki::PolicyQualifier qualifier,
                                  ReadQualifier(v));
            policy.qualifiers.push_back(std::move(qualifier));
            return absl::OkStatus();
          });
  ABSL_RETURN_IF_ERROR(reader.ReadFrom(json));
  return policy;
}

absl::Status ReadCsrWhitelist(const value& json,
                              std::optional<CsrWhitelist>* whitelist) {
  CsrWhitelist& list = whitelist->emplace();
  ObjectReader reader("CSRWhitelist");
  reader.Bool("Subject", &list.subject)
      .Bool("PublicKeyAlgorithm", &list.public_key_algorithm)
      .Bool("PublicKey", &list.public_key)
      .Bool("SignatureAlgorithm", &list.signature_algorithm)
      .Bool("DNSNames", &list.dns_names)
      .Bool("IPAddresses", &list.ip_addresses)
      .Bool("EmailAddresses", &list.email_addresses)
      .Bool("URIs", &list.uris);
  return reader.ReadFrom(json);
}

absl::StatusOr<RawProfile> ReadProfile(const value& json) {
  RawProfile raw;
  SigningProfile& profile = raw.profile;
  ObjectReader constraint("CAConstraint");
  constraint.Bool("is_ca", &profile.is_ca)
      .Int("max_path_len", &profile.max_path_len)
      .Bool("max_path_len_zero", &profile.max_path_len_zero);
  ObjectReader auth_remote("AuthRemote");
  auth_remote.String("remote", &raw.auth_remote)
      .String("auth_key", &raw.auth_remote_key);
  Strings allowed_extensions;  // For requests over the network only.
  ObjectReader reader("SigningProfile");
  reader.Strings("usages", &raw.usages)
      .Strings("issuer_urls", &profile.issuer_urls)
      .String("ocsp_url", &profile.ocsp_url)
      .String("crl_url", &profile.crl_url)
      .Value("ca_constraint",
             [&](const value& v) { return constraint.ReadFrom(v); })
      .Bool("ocsp_no_check", &profile.ocsp_no_check)
      .String("expiry", &raw.expiry)
      .String("backdate", &raw.backdate)
      .String("auth_key", &raw.auth_key)
      .Bool("copy_extensions", &profile.copy_extensions)
      .String("prev_auth_key", &raw.prev_auth_key)
      .String("remote", &raw.remote)
      .String("not_before", &raw.not_before)
      .String("not_after", &raw.not_after)
      .String("name_whitelist", &raw.name_whitelist)
      .Value("auth_remote",
             [&](const value& v) { return auth_remote.ReadFrom(v); })
      .Strings("ct_log_servers", &raw.ct_log_servers)
      .Strings("allowed_extensions", &allowed_extensions)
      .Int("lint_error_level", &raw.lint_error_level)
      .Strings("ignored_lints", &raw.ignored_lints)
      .Strings("ignored_lint_sources", &raw.ignored_lint_sources)
      .Array(
          "Policies", [&profile] { profile.policies.clear(); },
          [&profile](const value& v) -> absl::Status {
            ABSL_ASSIGN_OR_RETURN(pki::CertificatePolicy policy, ReadPolicy(v));
            profile.policies.push_back(std::move(policy));
            return absl::OkStatus();
          })
      .Value("CSRWhitelist",
             [&profile](const value& v) {
               return ReadCsrWhitelist(v, &profile.csr_whitelist);
             })
      .Bool("ClientProvidesSerialNumbers",
            &profile.client_provides_serial_numbers);
  ABSL_RETURN_IF_ERROR(reader.ReadFrom(json));
  profile.usages = raw.usages.value_or(std::vector<std::string>());
  return raw;
}

absl::Status CheckAuthKey(const std::string& name, absl::string_view field,
                          const std::map<std::string, AuthKey>& keys) {
  if (name.empty()) return absl::OkStatus();
  const auto key = keys.find(name);
  if (key == keys.end()) {
    return Invalid(
        absl::StrCat("failed to find ", field, " in auth_keys section"));
  }
  if (key->second.type != "standard") {
    return Invalid("unknown authentication type");
  }
  // HMAC keys are for a server's clients; signing with files needs none.
  const std::string& hex = key->second.key;
  const bool elsewhere =
      absl::StartsWith(hex, "env:") || absl::StartsWith(hex, "file:");
  if (!elsewhere &&
      (hex.size() % 2 != 0 ||
       hex.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos)) {
    return Invalid("failed to create new standard auth provider");
  }
  return absl::OkStatus();
}

absl::Status SetTime(const std::string& text,
                     std::optional<absl::Time>* target) {
  if (text.empty()) return absl::OkStatus();
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, text, &time, &error)) {
    return Invalid(
        absl::StrCat("failed to unmarshal configuration: parsing "
                     "time \"",
                     text, "\": ", error));
  }
  *target = time;
  return absl::OkStatus();
}

// What cfssl calls populate and validProfile.
absl::StatusOr<SigningProfile> Finish(
    RawProfile raw, bool is_default,
    const std::map<std::string, AuthKey>& keys) {
  SigningProfile& profile = raw.profile;
  if (!raw.remote.empty() || !raw.auth_remote.empty()) {
    return absl::UnimplementedError(
        "the configuration has a remote signer; signet signs with files only");
  }
  if (raw.expiry.empty()) return Invalid("empty expiry string");
  const absl::StatusOr<absl::Duration> expiry = ParseGoDuration(raw.expiry);
  if (!expiry.ok()) return Invalid(expiry.status().message());
  profile.expiry = *expiry;
  if (!raw.backdate.empty()) {
    const absl::StatusOr<absl::Duration> backdate =
        ParseGoDuration(raw.backdate);
    if (!backdate.ok()) return Invalid(backdate.status().message());
    profile.backdate = *backdate;
  }
  ABSL_RETURN_IF_ERROR(SetTime(raw.not_before, &profile.not_before));
  ABSL_RETURN_IF_ERROR(SetTime(raw.not_after, &profile.not_after));
  if (profile.not_before.has_value() && profile.not_after.has_value() &&
      *profile.not_after < *profile.not_before) {
    return Invalid("not_after is before not_before");
  }
  ABSL_RETURN_IF_ERROR(CheckAuthKey(raw.auth_key, "auth_key", keys));
  ABSL_RETURN_IF_ERROR(CheckAuthKey(raw.prev_auth_key, "prev_auth_key", keys));
  if (!raw.auth_remote_key.empty()) return Invalid("invalid configuration");
  if (!raw.name_whitelist.empty()) {
    RE2::Options quiet;
    quiet.set_log_errors(false);
    auto rule = std::make_shared<const RE2>(raw.name_whitelist, quiet);
    if (!rule->ok()) return Invalid("failed to compile name whitelist section");
    profile.name_whitelist = std::move(rule);
  }
  if (!is_default) {
    const SigningProfile::Usages usages = profile.ParseUsages();
    if (usages.unknown.size() == profile.usages.size()) {
      return Invalid("invalid configuration");  // None, or none that is known.
    }
  } else if (profile.expiry == absl::ZeroDuration()) {
    return Invalid("invalid configuration");
  }
  if (raw.lint_error_level < 0 || raw.lint_error_level >= 8) {
    return Invalid("invalid configuration");
  }
  if (raw.lint_error_level > 0) {
    return absl::UnimplementedError(
        "the configuration sets lint_error_level; signet has no zlint");
  }
  if (raw.ct_log_servers.has_value() && !raw.ct_log_servers->empty()) {
    return absl::UnimplementedError(
        "the configuration has ct_log_servers; signet sends nothing to "
        "certificate transparency logs");
  }
  return std::move(profile);
}

}  // namespace

SigningProfile::Usages SigningProfile::ParseUsages() const {
  Usages parsed;
  for (const std::string& word : usages) {
    const absl::StatusOr<pki::Usages> one = pki::UsagesFromStrings({word});
    if (!one.ok()) {
      parsed.unknown.push_back(word);
      continue;
    }
    parsed.key_usage |= one->key_usage;
    parsed.extended.insert(parsed.extended.end(), one->extended.begin(),
                           one->extended.end());
  }
  return parsed;
}

SigningConfig DefaultSigningConfig() {
  SigningConfig config;
  config.default_profile.usages = {"signing", "key encipherment", "server auth",
                                   "client auth"};
  config.default_profile.expiry = absl::Hours(8760);
  return config;
}

absl::StatusOr<SigningConfig> ParseSigningConfig(absl::string_view json) {
  const auto unreadable = [](const absl::Status& status) {
    return Invalid(
        absl::StrCat("failed to unmarshal configuration: ", status.message()));
  };
  const absl::StatusOr<value> parsed = ParseGoJson(json);
  if (!parsed.ok()) return unreadable(parsed.status());
  bool has_signing = false;
  std::optional<RawProfile> default_profile;
  std::map<std::string, RawProfile> profiles;
  std::map<std::string, AuthKey> keys;
  ObjectReader signing("Signing");
  signing
      .Value("default",
             [&](const value& v) -> absl::Status {
               ABSL_ASSIGN_OR_RETURN(default_profile, ReadProfile(v));
               return absl::OkStatus();
             })
      .Map("profiles",
           [&](absl::string_view name, const value& v) -> absl::Status {
             if (v.is_null()) return Invalid("can't parse nil profile");
             ABSL_ASSIGN_OR_RETURN(profiles[std::string(name)], ReadProfile(v));
             return absl::OkStatus();
           });
  ObjectReader reader("Config");
  reader
      .Value("signing",
             [&](const value& v) {
               has_signing = true;
               return signing.ReadFrom(v);
             })
      .Map("auth_keys",
           [&](absl::string_view name, const value& v) -> absl::Status {
             AuthKey& key = keys[std::string(name)];
             ObjectReader fields("AuthKey");
             fields.String("type", &key.type).String("key", &key.key);
             return fields.ReadFrom(v);
           });
  if (absl::Status read = reader.ReadFrom(*parsed); !read.ok()) {
    if (absl::StartsWith(read.message(), "{")) return read;  // It is cfssl's.
    return unreadable(read);
  }
  if (!has_signing) {
    return absl::InvalidArgumentError("No \"signing\" field present");
  }
  SigningConfig config = DefaultSigningConfig();
  if (default_profile.has_value()) {
    ABSL_ASSIGN_OR_RETURN(
        config.default_profile,
        Finish(*std::move(default_profile), /*is_default=*/true, keys));
  }
  for (auto& [name, raw] : profiles) {
    ABSL_ASSIGN_OR_RETURN(config.profiles[name],
                          Finish(std::move(raw), /*is_default=*/false, keys));
  }
  return config;
}

}  // namespace signet::cli::cfssl
