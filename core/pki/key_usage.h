#ifndef SIGNET_CORE_PKI_KEY_USAGE_H_
#define SIGNET_CORE_PKI_KEY_USAGE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace signet::pki {

// Bits of the KeyUsage extension (RFC 5280, 4.2.1.3), bit 0 first.
enum KeyUsageBit : uint16_t {
  kDigitalSignature = 1 << 0,
  kContentCommitment = 1 << 1,
  kKeyEncipherment = 1 << 2,
  kDataEncipherment = 1 << 3,
  kKeyAgreement = 1 << 4,
  kCertSign = 1 << 5,
  kCrlSign = 1 << 6,
  kEncipherOnly = 1 << 7,
  kDecipherOnly = 1 << 8,
};
using KeyUsage = uint16_t;  // A set of KeyUsageBit.

// In the order in which Kubernetes' signer writes them (SPEC C-13).
enum class ExtendedKeyUsage {
  kAny,
  kServerAuth,
  kClientAuth,
  kCodeSigning,
  kEmailProtection,
  kIpsecEndSystem,
  kIpsecTunnel,
  kIpsecUser,
  kTimeStamping,
  kOcspSigning,
  kMicrosoftServerGatedCrypto,
  kNetscapeServerGatedCrypto,
};

struct Usages {
  KeyUsage key_usage = 0;
  std::vector<ExtendedKeyUsage> extended;  // Sorted as above, no duplicates.
  friend bool operator==(const Usages&, const Usages&) = default;
};

// UsagesFromStrings maps the API's 23 usage words (SPEC D-6, C-14) to bits.
// kInvalidArgument `unrecognized usage: "x"` otherwise.
absl::StatusOr<Usages> UsagesFromStrings(absl::Span<const std::string> usages);
// IsKnownUsage tells whether `usage` is one of the API's 23 words.
bool IsKnownUsage(absl::string_view usage);
// KnownUsages lists them, sorted.
absl::Span<const absl::string_view> KnownUsages();

// Extension values, without the extension's OID and OCTET STRING.
std::string EncodeKeyUsage(KeyUsage usage);
absl::StatusOr<KeyUsage> ParseKeyUsage(absl::string_view der);
std::string EncodeExtendedKeyUsage(absl::Span<const ExtendedKeyUsage> usages);
// Unknown OIDs are returned in dotted form in `unknown` (may be null).
absl::StatusOr<std::vector<ExtendedKeyUsage>> ParseExtendedKeyUsage(
    absl::string_view der, std::vector<std::string>* unknown);

}  // namespace signet::pki

#endif  // SIGNET_CORE_PKI_KEY_USAGE_H_
