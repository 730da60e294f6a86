#ifndef SIGNET_E2E_OPENSSL_H_
#define SIGNET_E2E_OPENSSL_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

// Keys, requests and CAs made by the openssl program, so that what our code is
// tested with is not of its own making.
namespace signet::e2e {

// What `openssl req` is told.
struct RequestOptions {
  // "rsa1024", "rsa2048", "rsa4096", "p224", "p256", "p384", "p521", "ed25519".
  std::string key = "p256";
  std::string subject = "/";  // -subj: "/O=a/O=b+OU=c/CN=d"; "\/" is a slash.
  std::vector<std::string> extensions;  // -addext: "subjectAltName=DNS:a".
  std::vector<std::string> arguments;   // Further ones: "-sha1".
  // Which string types it may use: "utf8only", "default", "nombstr".
  std::string string_mask = "utf8only";
};

// OpenSsl makes files in one folder. Not thread-safe.
class OpenSsl {
 public:
  // `directory` exists.
  explicit OpenSsl(std::string directory) : directory_(std::move(directory)) {}

  // The file of a key of that kind: the same one each time.
  absl::StatusOr<std::string> KeyFile(const std::string& kind);
  // A PKCS #10 message in PEM.
  absl::StatusOr<std::string> Request(const RequestOptions& options);
  // A self-signed certificate in PEM, valid from now for `days`.
  absl::StatusOr<std::string> SelfSigned(const RequestOptions& options,
                                         int days);
  // Runs openssl with these arguments; what it printed.
  absl::StatusOr<std::string> Run(std::vector<std::string> arguments);

 private:
  absl::StatusOr<std::vector<std::string>> RequestArguments(
      const RequestOptions& options);

  const std::string directory_;
  std::map<std::string, std::string> keys_;
};

}  // namespace signet::e2e

#endif  // SIGNET_E2E_OPENSSL_H_
