#ifndef SIGNET_CORE_SYS_PKCS11_URI_H_
#define SIGNET_CORE_SYS_PKCS11_URI_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace signet::sys {

// Pkcs11Uri says which private key in which token is meant (RFC 7512). What is
// empty may be anything.
struct Pkcs11Uri {
  std::string token;         // The token's label.
  std::string serial;        // Its serial number.
  std::string manufacturer;  // Its maker.
  std::string model;
  std::string object;  // The key's label, CKA_LABEL.
  std::string id;      // The key's CKA_ID, raw bytes.

  std::string module_path;  // The library that talks to the token.
  std::string pin_file;     // The file that holds the user's PIN.
};

// Parses "pkcs11:token=signet;object=ca?module-path=/usr/lib/…&
// pin-source=file:/etc/signet/pin". kInvalidArgument for what is malformed,
// unknown or twice; if neither object nor id says which key; without
// module-path or pin-source; and for pin-value, as command lines and
// configuration files are no place for a PIN.
absl::StatusOr<Pkcs11Uri> ParsePkcs11Uri(absl::string_view uri);

}  // namespace signet::sys

#endif  // SIGNET_CORE_SYS_PKCS11_URI_H_
