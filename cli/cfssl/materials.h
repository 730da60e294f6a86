#ifndef SIGNET_CLI_CFSSL_MATERIALS_H_
#define SIGNET_CLI_CFSSL_MATERIALS_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/file_system.h"
#include "core/base/secret.h"
#include "core/pki/certificate.h"
#include "core/pki/private_key.h"

// Certificates and keys on their way in and out, as cfssl takes and gives them.
namespace signet::cli::cfssl {

// ReadNamed reads a file, or what stands in an environment variable, as "-ca"
// and "-ca-key" take it: "name", "file:name" or "env:NAME". Errors are Go's
// (`open x: no such file or directory`). At most 4 MiB.
absl::StatusOr<std::string> ReadNamed(
    absl::string_view name, FileSystem& files,
    const std::function<std::string(absl::string_view)>& environment);

// ReadFileOrInput reads a file, or standard input for "-".
absl::StatusOr<std::string> ReadFileOrInput(absl::string_view name,
                                            FileSystem& files);

// OpenError turns an error of FileSystem's into Go's words.
absl::Status OpenError(absl::string_view name, const absl::Status& status);

// ParseCertificate reads a PEM text with one certificate and nothing after it
// (1002, 1003). PKCS #7 is not read.
absl::StatusOr<pki::Certificate> ParseCertificate(absl::string_view pem);

// ParseKey reads the first block that is not EC PARAMETERS, whatever its label
// says: PKCS #8, PKCS #1 or SEC 1 (2002, 2003, 2100).
absl::StatusOr<pki::PrivateKey> ParseKey(absl::string_view pem);

// EncodeKey writes a key as cfssl does (SPEC E-15): SEC 1 and PKCS #1, and
// Ed25519 as PKCS #8 under `PRIVATE KEY`. cfssl's own label, `Ed25519 PRIVATE
// KEY`, which nothing else reads, if `compatible`.
absl::StatusOr<Secret> EncodeKey(const pki::PrivateKey& key, bool compatible);

}  // namespace signet::cli::cfssl

#endif  // SIGNET_CLI_CFSSL_MATERIALS_H_
