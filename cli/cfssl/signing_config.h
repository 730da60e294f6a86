#ifndef SIGNET_CLI_CFSSL_SIGNING_CONFIG_H_
#define SIGNET_CLI_CFSSL_SIGNING_CONFIG_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/pki/certificate_template.h"
#include "core/pki/key_usage.h"
#include "re2/re2.h"

// cfssl's signing policy: the JSON of -config (SPEC E-21, E-22). Pure.
namespace signet::cli::cfssl {

// Which fields of a request may come into the certificate.
struct CsrWhitelist {
  bool subject = false, public_key_algorithm = false, public_key = false;
  bool signature_algorithm = false, dns_names = false, ip_addresses = false;
  bool email_addresses = false, uris = false;
};

struct SigningProfile {
  std::vector<std::string> usages;
  std::optional<std::vector<std::string>> issuer_urls;
  std::string ocsp_url, crl_url;
  bool is_ca = false;
  int max_path_len = 0;
  bool max_path_len_zero = false;
  bool ocsp_no_check = false;
  absl::Duration expiry;    // 0: the default profile's.
  absl::Duration backdate;  // 0: five minutes.
  std::optional<absl::Time> not_before, not_after;
  bool copy_extensions = false;
  std::shared_ptr<const RE2> name_whitelist;  // Null: any name.
  std::optional<CsrWhitelist> csr_whitelist;
  std::vector<pki::CertificatePolicy> policies;
  bool client_provides_serial_numbers = false;

  // The key usages and extended key usages of `usages`, in their order; the
  // words that are neither.
  struct Usages {
    pki::KeyUsage key_usage = 0;
    std::vector<pki::ExtendedKeyUsage> extended;
    std::vector<std::string> unknown;
  };
  Usages ParseUsages() const;
};

struct SigningConfig {
  SigningProfile default_profile;
  std::map<std::string, SigningProfile> profiles;
};

// What cfssl uses without -config: signing, key encipherment, server auth and
// client auth for 8760h (SPEC E-23).
SigningConfig DefaultSigningConfig();

// ParseSigningConfig reads and checks it. Errors are cfssl's (5200), and
// kUnimplemented for what only a cfssl server does: remotes, linting,
// certificate transparency.
absl::StatusOr<SigningConfig> ParseSigningConfig(absl::string_view json);

}  // namespace signet::cli::cfssl

#endif  // SIGNET_CLI_CFSSL_SIGNING_CONFIG_H_
