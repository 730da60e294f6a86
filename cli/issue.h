#ifndef SIGNET_CLI_ISSUE_H_
#define SIGNET_CLI_ISSUE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "cli/context.h"
#include "core/pki/certificate.h"
#include "core/pki/certificate_request.h"
#include "core/pki/key_usage.h"
#include "core/pki/name.h"
#include "core/pki/private_key.h"
#include "core/pki/subject_alt_name.h"
#include "core/pki/trust_bundle.h"

// A certificate authority in two files, as the commands of people use it.
namespace signet::cli {

struct Authority {
  pki::Certificate certificate;
  pki::PrivateKey key;
};

// ReadAuthority reads a CA's certificate and key. Errors name the file; a
// certificate of no CA, one that has expired, and a key of another one are
// errors too.
absl::StatusOr<Authority> ReadAuthority(const Context& context,
                                        const std::string& certificate_file,
                                        const std::string& key_file);

// Reading one thing out of a file ("-": standard input), PEM or DER. Errors
// name the file.
absl::StatusOr<pki::CertificateRequest> ReadRequestFile(
    const Context& context, const std::string& path);
absl::StatusOr<pki::PrivateKey> ReadKeyFile(const Context& context,
                                            const std::string& path);
// The certificates of a PEM file, at least one; leaf first, as they stand.
absl::StatusOr<std::vector<pki::Certificate>> ReadCertificateFile(
    const Context& context, const std::string& path);
// Any file of at most 4 MiB.
absl::StatusOr<std::string> ReadInput(const Context& context,
                                      const std::string& path);

struct IssueOptions {
  pki::Usages usages;
  absl::Duration lifetime;
};

// IssueCertificate makes a certificate for what a request asks for: its subject
// and names, not its extensions. It begins five minutes ago and ends with the
// CA at the latest. A request that is not signed by its own key is refused.
// Returns PEM.
absl::StatusOr<std::string> IssueCertificate(
    const Context& context, const Authority& authority,
    const pki::CertificateRequest& request, const IssueOptions& options);

struct SelfSignOptions {
  pki::DistinguishedName subject;
  absl::Duration lifetime;
  std::optional<int> max_path_len;
};
// IssueRoot makes the self-signed certificate of a new CA. Returns PEM.
absl::StatusOr<std::string> IssueRoot(const Context& context,
                                      const pki::PrivateKey& key,
                                      const SelfSignOptions& options);

// A lifetime as people write it: a Go duration, or days ("90d") or years
// ("1y" of 365 days). kInvalidArgument unless positive.
absl::StatusOr<absl::Duration> ParseLifetime(absl::string_view text);

// "2026-11-24 18:00:00 UTC"
std::string FormatTimeUtc(absl::Time time);

}  // namespace signet::cli

#endif  // SIGNET_CLI_ISSUE_H_
