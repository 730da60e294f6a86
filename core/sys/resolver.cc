#include "core/sys/resolver.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/pki/ip_address.h"

namespace signet::sys {
namespace {

std::atomic<int> g_lookups = 0;

absl::Status LookupError(const std::string& what, int code) {
  const std::string message =
      absl::StrCat("looking up ", what, ": ", gai_strerror(code));
  switch (code) {
    case EAI_NONAME:
#ifdef EAI_NODATA
    case EAI_NODATA:
#endif
#ifdef EAI_ADDRFAMILY
    case EAI_ADDRFAMILY:
#endif
      return absl::NotFoundError(message);
    default:
      return absl::UnavailableError(message);
  }
}

// Runs `lookup` on a thread of its own and waits for it no longer than told.
template <class T>
absl::StatusOr<T> Bounded(const std::string& what, absl::Duration timeout,
                          std::function<absl::StatusOr<T>()> lookup) {
  struct State {
    absl::Mutex mutex;
    bool done ABSL_GUARDED_BY(mutex) = false;
    absl::StatusOr<T> result ABSL_GUARDED_BY(mutex);
  };
  if (g_lookups.fetch_add(1) >= SystemResolver::kMaxLookups) {
    g_lookups.fetch_sub(1);
    return absl::ResourceExhaustedError(
        absl::StrCat("looking up ", what, ": too many look-ups hang"));
  }
  const auto state = std::make_shared<State>();
  try {
    std::thread([state, lookup = std::move(lookup)] {
      absl::StatusOr<T> result = lookup();
      g_lookups.fetch_sub(1);
      absl::MutexLock lock(state->mutex);
      state->result = std::move(result);
      state->done = true;
    }).detach();
  } catch (const std::system_error& error) {
    g_lookups.fetch_sub(1);
    return absl::ResourceExhaustedError(
        absl::StrCat("looking up ", what, ": ", error.what()));
  }
  absl::MutexLock lock(state->mutex);
  if (!state->mutex.AwaitWithTimeout(absl::Condition(&state->done), timeout)) {
    return absl::DeadlineExceededError(
        absl::StrCat("looking up ", what, " timed out"));
  }
  return state->result;
}

// The address in a socket address; nothing for other families.
void AppendAddress(const sockaddr* address, std::vector<pki::IpAddress>& out) {
  absl::string_view bytes;
  if (address->sa_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in*>(address)->sin_addr;
    bytes = {reinterpret_cast<const char*>(&v4), sizeof v4};
  } else if (address->sa_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
    bytes = {reinterpret_cast<const char*>(&v6), sizeof v6};
  } else {
    return;
  }
  absl::StatusOr<pki::IpAddress> parsed = pki::IpAddress::FromBytes(bytes);
  if (parsed.ok()) out.push_back(*std::move(parsed));
}

absl::StatusOr<std::vector<pki::IpAddress>> LookUpName(
    const std::string& name) {
  addrinfo hints = {};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const std::string asked = absl::StrContains(name, '.') ? name + "." : name;
  const int code = getaddrinfo(asked.c_str(), nullptr, &hints, &found);
  if (code != 0) return LookupError(name, code);
  std::vector<pki::IpAddress> addresses;
  for (const addrinfo* entry = found; entry != nullptr;
       entry = entry->ai_next) {
    AppendAddress(entry->ai_addr, addresses);
  }
  freeaddrinfo(found);
  std::sort(addresses.begin(), addresses.end());
  addresses.erase(std::unique(addresses.begin(), addresses.end()),
                  addresses.end());
  return addresses;
}

absl::StatusOr<std::vector<std::string>> LookUpAddress(
    const pki::IpAddress& address) {
  sockaddr_storage storage = {};
  socklen_t size;
  if (address.is_v4()) {
    auto* v4 = reinterpret_cast<sockaddr_in*>(&storage);
    v4->sin_family = AF_INET;
    std::memcpy(&v4->sin_addr, address.bytes().data(), sizeof v4->sin_addr);
    size = sizeof *v4;
  } else {
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&storage);
    v6->sin6_family = AF_INET6;
    std::memcpy(&v6->sin6_addr, address.bytes().data(), sizeof v6->sin6_addr);
    size = sizeof *v6;
  }
  char host[NI_MAXHOST];
  const int code =
      getnameinfo(reinterpret_cast<const sockaddr*>(&storage), size, host,
                  sizeof host, nullptr, 0, NI_NAMEREQD);
  if (code != 0) return LookupError(address.ToString(), code);
  return std::vector<std::string>{host};
}

}  // namespace

absl::StatusOr<std::vector<pki::IpAddress>> SystemResolver::Addresses(
    absl::string_view name, absl::Duration timeout) {
  const std::string copy(name);
  return Bounded<std::vector<pki::IpAddress>>(
      copy, timeout, [copy] { return LookUpName(copy); });
}

absl::StatusOr<std::vector<std::string>> SystemResolver::Names(
    const pki::IpAddress& address, absl::Duration timeout) {
  return Bounded<std::vector<std::string>>(
      address.ToString(), timeout,
      [address] { return LookUpAddress(address); });
}

}  // namespace signet::sys
