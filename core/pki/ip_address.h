#ifndef SIGNET_CORE_PKI_IP_ADDRESS_H_
#define SIGNET_CORE_PKI_IP_ADDRESS_H_

#include <compare>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace signet::pki {

// IpAddress is 4 or 16 bytes in network order; IPv4-mapped IPv6 is 4 bytes.
class IpAddress {
 public:
  // Parses text as Go's netip.ParseAddr does (no zone, no prefix length).
  static absl::StatusOr<IpAddress> Parse(absl::string_view text);
  // kInvalidArgument unless 4 or 16 bytes. IPv4-mapped becomes IPv4.
  static absl::StatusOr<IpAddress> FromBytes(absl::string_view bytes);

  const std::string& bytes() const { return bytes_; }
  bool is_v4() const { return bytes_.size() == 4; }
  std::string ToString() const;  // Canonical text, RFC 5952.
  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;

 private:
  explicit IpAddress(std::string bytes) : bytes_(std::move(bytes)) {}
  std::string bytes_;
};

}  // namespace signet::pki

#endif  // SIGNET_CORE_PKI_IP_ADDRESS_H_
