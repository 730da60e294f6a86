#include "core/sys/sd_notify.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/sys/environment.h"

namespace signet::sys {

absl::Status SdNotify(absl::string_view state) {
  const std::string path = GetEnv("NOTIFY_SOCKET");
  if (path.empty()) return absl::OkStatus();
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if ((path[0] != '/' && path[0] != '@') ||
      path.size() >= sizeof address.sun_path) {
    return absl::InvalidArgumentError(
        absl::StrCat("NOTIFY_SOCKET=", path, ": not a socket's path"));
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  // An abstract socket's name begins with a zero byte and has none at its end.
  if (path[0] == '@') address.sun_path[0] = '\0';
  const socklen_t length = static_cast<socklen_t>(
      offsetof(sockaddr_un, sun_path) + path.size() + (path[0] == '@' ? 0 : 1));

  const auto failure = [&path](absl::string_view what, int error) {
    return absl::UnavailableError(
        absl::StrCat(what, " NOTIFY_SOCKET=", path, ": ",
                     std::generic_category().message(error)));
  };
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return failure("socket for", errno);
  const ssize_t sent =
      sendto(fd, state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
             reinterpret_cast<const sockaddr*>(&address), length);
  const int error = errno;
  close(fd);
  if (sent != static_cast<ssize_t>(state.size())) {
    return failure("send to", error);
  }
  return absl::OkStatus();
}

}  // namespace signet::sys
