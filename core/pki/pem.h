#ifndef SIGNET_CORE_PKI_PEM_H_
#define SIGNET_CORE_PKI_PEM_H_

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace signet::pki {

// One block of a PEM text (RFC 7468; headers as in RFC 1421).
struct PemBlock {
  std::string type;  // "CERTIFICATE", without the dashes.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string der;  // Decoded contents. Wiped by nobody: see private_key.h.
};

struct PemLimits {
  size_t max_bytes = 3 << 20;  // Of the whole text; the API's request limit.
  size_t max_blocks = 1000;
};

// ParsePem returns every well-formed block in `text`, in order, accepting and
// rejecting what Go's encoding/pem.Decode does: text around blocks and
// malformed blocks are skipped. Time is linear in the size of the text. More
// than a limit is kResourceExhausted. A text without any block gives an empty
// vector.
absl::StatusOr<std::vector<PemBlock>> ParsePem(absl::string_view text,
                                               const PemLimits& limits = {});

// ParseFirstPem returns the first well-formed block (what one call of Go's
// pem.Decode returns), or kNotFound.
absl::StatusOr<PemBlock> ParseFirstPem(absl::string_view text,
                                       const PemLimits& limits = {});

// EncodePem writes one block with lines of 64 characters and a final newline.
std::string EncodePem(absl::string_view type, absl::string_view der);

}  // namespace signet::pki

#endif  // SIGNET_CORE_PKI_PEM_H_
