#ifndef SIGNET_CLI_LOCAL_COMMANDS_H_
#define SIGNET_CLI_LOCAL_COMMANDS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cli/context.h"
#include "core/pki/name.h"
#include "core/pki/private_key.h"
#include "core/pki/subject_alt_name.h"

// Keys, requests and certificates straight to files, without a cluster. Nothing
// is overwritten unless a flag says so, a command writes all of its files or
// none, and keys are for their owner alone.
namespace signet::cli {

struct SubjectFlags {
  std::string common_name;
  std::vector<std::string> organizations, organizational_units;
  std::vector<std::string> dns_names, ip_addresses, email_addresses, uris;

  pki::DistinguishedName Subject() const;
  // kInvalidArgument, naming it, for what is no IP address, DNS name, …
  absl::StatusOr<pki::SubjectAltNames> SubjectAltNames() const;
};

struct KeyNewFlags {
  std::string algorithm = "ecdsa-256";
  std::string output;  // The file.
  bool force = false;
};
struct CsrNewFlags {
  SubjectFlags subject;
  std::string algorithm = "ecdsa-256";
  std::string key;     // A file, instead of a new key.
  std::string output;  // OUTPUT.csr and OUTPUT-key.pem.
  bool force = false;
};
struct CaNewFlags {
  SubjectFlags subject;  // Names are not for a CA.
  std::string algorithm = "ecdsa-256";
  std::string lifetime = "43800h";
  std::optional<int> path_len;
  std::string output;  // OUTPUT.pem and OUTPUT-key.pem.
  bool force = false;
};
struct CaSignFlags {
  std::string request;
  std::string ca, ca_key;
  std::vector<std::string> usages = {"digital signature", "key encipherment",
                                     "server auth"};
  std::string lifetime = "8760h";
  std::string output;  // OUTPUT.pem; empty: standard output.
  bool force = false;
};

absl::Status KeyNew(const Context& context, const KeyNewFlags& flags);
absl::Status CsrNew(const Context& context, const CsrNewFlags& flags);
absl::Status CaNew(const Context& context, const CaNewFlags& flags);
absl::Status CaSign(const Context& context, const CaSignFlags& flags);

// The algorithms that a new key may have: "ecdsa-256", "rsa-2048", … sorted.
std::vector<std::string> KeyAlgorithmNames();
absl::StatusOr<pki::PrivateKey> NewKey(const Context& context,
                                       absl::string_view algorithm);

}  // namespace signet::cli

#endif  // SIGNET_CLI_LOCAL_COMMANDS_H_
