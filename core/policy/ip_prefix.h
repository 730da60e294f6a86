#ifndef SIGNET_CORE_POLICY_IP_PREFIX_H_
#define SIGNET_CORE_POLICY_IP_PREFIX_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/pki/ip_address.h"

namespace signet::policy {

// IpPrefix is a block of addresses, "10.0.0.0/8". Copyable value.
class IpPrefix {
 public:
  // kInvalidArgument unless "address/length", or with bits set after the
  // length: "10.0.0.1/8" is a mistake more often than not. A prefix of
  // IPv4-mapped addresses is refused, as addresses are compared as IPv4.
  static absl::StatusOr<IpPrefix> Parse(absl::string_view text);

  // An IPv4 prefix contains IPv4 addresses only, an IPv6 one IPv6 only.
  bool Contains(const pki::IpAddress& address) const;
  std::string ToString() const;

 private:
  IpPrefix(pki::IpAddress address, int length)
      : address_(std::move(address)), length_(length) {}

  pki::IpAddress address_;
  int length_;
};

}  // namespace signet::policy

#endif  // SIGNET_CORE_POLICY_IP_PREFIX_H_
