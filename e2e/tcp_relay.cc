#include "e2e/tcp_relay.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace signet::e2e {
namespace {

constexpr int kPollMilliseconds = 50;
constexpr absl::Duration kSlowness = absl::Milliseconds(100);

sockaddr_in Loopback(int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

}  // namespace

absl::StatusOr<std::unique_ptr<TcpRelay>> TcpRelay::Start(int target_port,
                                                          Mode mode) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener < 0) return absl::ErrnoToStatus(errno, "socket");
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof address;
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      listen(listener, 16) != 0 ||
      getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) !=
          0) {
    const absl::Status status = absl::ErrnoToStatus(errno, "listen");
    close(listener);
    return status;
  }
  return std::unique_ptr<TcpRelay>(
      new TcpRelay(listener, ntohs(address.sin_port), target_port, mode));
}

TcpRelay::TcpRelay(int listener, int port, int target_port, Mode mode)
    : listener_(listener),
      port_(port),
      target_port_(target_port),
      mode_(mode),
      thread_([this] { Run(); }) {}

TcpRelay::~TcpRelay() {
  stopped_ = true;
  thread_.join();
  close(listener_);
}

void TcpRelay::Run() {
  while (!stopped_) {
    std::vector<pollfd> polled = {{listener_, POLLIN, 0}};
    for (const auto& [client, server] : connections_) {
      // poll skips negative ones.
      polled.push_back({server < 0 ? -1 : client, POLLIN, 0});
      polled.push_back({server, POLLIN, 0});
    }
    if (poll(polled.data(), polled.size(), kPollMilliseconds) <= 0) continue;
    std::vector<std::pair<int, int>> going_on;
    for (size_t i = 0; i < connections_.size(); ++i) {
      const auto [client, server] = connections_[i];
      const bool alive =
          (polled[2 * i + 1].revents == 0 || Forward(client, server)) &&
          (polled[2 * i + 2].revents == 0 || Forward(server, client));
      if (alive) {
        going_on.push_back(connections_[i]);
      } else {
        close(client);
        close(server);
      }
    }
    connections_ = std::move(going_on);
    if (polled[0].revents != 0) Accept();
  }
  for (const auto& [client, server] : connections_) {
    close(client);
    if (server >= 0) close(server);
  }
}

void TcpRelay::Accept() {
  const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (client < 0) return;
  ++accepted_;
  const Mode mode = mode_;
  if (mode == Mode::kSilent) {
    connections_.emplace_back(client, -1);
    return;
  }
  if (mode == Mode::kReset) {
    const linger at_once = {1, 0};
    setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(client);
    return;
  }
  const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = Loopback(target_port_);
  if (server < 0 || connect(server, reinterpret_cast<const sockaddr*>(&address),
                            sizeof address) != 0) {
    if (server >= 0) close(server);
    close(client);
    return;
  }
  connections_.emplace_back(client, server);
}

bool TcpRelay::Forward(int from, int to) {
  char bytes[16384];
  const ssize_t count = recv(from, bytes, sizeof bytes, 0);
  if (count <= 0) return false;
  if (mode_ == Mode::kSlow) absl::SleepFor(kSlowness);
  for (ssize_t sent = 0; sent < count;) {
    const ssize_t more = send(to, bytes + sent, count - sent, MSG_NOSIGNAL);
    if (more <= 0) return false;
    sent += more;
  }
  return true;
}

}  // namespace signet::e2e
