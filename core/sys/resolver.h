#ifndef SIGNET_CORE_SYS_RESOLVER_H_
#define SIGNET_CORE_SYS_RESOLVER_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/pki/ip_address.h"

namespace signet::sys {

// Resolver looks names and addresses up. Errors: kNotFound if there is no such
// name, or none of that address; kDeadlineExceeded after `timeout`;
// kUnavailable if no name server gave an answer; kResourceExhausted while too
// many look-ups hang. Thread-safe.
class Resolver {
 public:
  virtual ~Resolver() = default;
  // The addresses of a host name, each once.
  virtual absl::StatusOr<std::vector<pki::IpAddress>> Addresses(
      absl::string_view name, absl::Duration timeout) = 0;
  // The names of an address.
  virtual absl::StatusOr<std::vector<std::string>> Names(
      const pki::IpAddress& address, absl::Duration timeout) = 0;
};

// The system's resolver: getaddrinfo(3) and getnameinfo(3), which gives one
// name. A name with a dot in it is looked up as it is, without the search list
// of resolv.conf, in which a pod's namespace comes first. A look-up that hangs
// cannot be interrupted: it is left to itself, on a thread of its own, of which
// there are at most kMaxLookups.
class SystemResolver : public Resolver {
 public:
  static constexpr int kMaxLookups = 64;

  absl::StatusOr<std::vector<pki::IpAddress>> Addresses(
      absl::string_view name, absl::Duration timeout) override;
  absl::StatusOr<std::vector<std::string>> Names(
      const pki::IpAddress& address, absl::Duration timeout) override;
};

}  // namespace signet::sys

#endif  // SIGNET_CORE_SYS_RESOLVER_H_
