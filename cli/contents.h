#ifndef SIGNET_CLI_CONTENTS_H_
#define SIGNET_CLI_CONTENTS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/api/core.pb.h"
#include "core/pki/certificate.h"
#include "core/pki/certificate_request.h"
#include "core/pki/key_usage.h"
#include "core/pki/private_key.h"

// What is in a file of certificates, whatever its form. Pure.
namespace signet::cli {

// One thing in a file. Exactly one of the optionals is set, or `note` says what
// else it is.
struct Item {
  std::string where;  // "server.pem", "admin.conf: user", "ns/name tls.crt".
  std::optional<pki::Certificate> certificate;
  std::optional<pki::CertificateRequest> request;
  std::optional<pki::PublicKey> private_key;  // The public half of one.
  std::string note;
};

// ReadContents takes apart PEM, DER (a certificate or a request), a kubeconfig
// (what stands in it, not the files it names) and a Secret or ConfigMap as
// JSON. `where` begins the places. kInvalidArgument, saying so, if it is none
// of them, or one of them that is broken.
absl::StatusOr<std::vector<Item>> ReadContents(absl::string_view text,
                                               absl::string_view where);

// The PEM in a Secret's values, in the order of its keys; none is no error.
absl::StatusOr<std::vector<Item>> ReadSecret(const api::Secret& secret,
                                             absl::string_view where);

// The API's words for usages, in the order of the bits; what has no word is
// left out.
std::vector<std::string> UsageWords(const pki::Usages& usages);

// "ECDSA 256", "RSA 2048", "Ed25519".
std::string KeyText(const pki::PublicKey& key);

// "DNS x, IP 10.0.0.1", or "none".
std::string NamesText(const pki::SubjectAltNames& sans);

}  // namespace signet::cli

#endif  // SIGNET_CLI_CONTENTS_H_
