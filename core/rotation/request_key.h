#ifndef SIGNET_CORE_ROTATION_REQUEST_KEY_H_
#define SIGNET_CORE_ROTATION_REQUEST_KEY_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/pki/private_key.h"

// What a key must be to ask for a certificate with it, and which usages to ask
// for. Pure.
namespace signet::rotation {

enum class Purpose { kClient, kServing };

// In which order the usages stand in the request. It matters to nobody but to
// the request's name in foreground bootstrap, which is a digest over them.
enum class UsageOrder {
  kRotation,   // SPEC A-15: key encipherment, for RSA keys, second.
  kForeground  // SPEC A-34: last.
};

// RequestUsages returns the API's words: digital signature, key encipherment
// for RSA keys only, and client auth or server auth.
std::vector<std::string> RequestUsages(Purpose purpose, pki::KeyType type,
                                       UsageOrder order);

// The type of a key made by `algorithm`.
pki::KeyType TypeOf(pki::KeyAlgorithm algorithm);

// CheckRequestKey is OK for RSA keys of at least 2048 bits and ECDSA keys of at
// least P-256 (SPEC A-9), else kInvalidArgument.
absl::Status CheckRequestKey(pki::KeyType type, int bits);

}  // namespace signet::rotation

#endif  // SIGNET_CORE_ROTATION_REQUEST_KEY_H_
