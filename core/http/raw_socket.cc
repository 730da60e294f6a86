#include "core/http/raw_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/log/check.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace signet::http {
namespace {

constexpr int kPatienceMs = 30000;

sockaddr_in Loopback(uint16_t port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

bool Readable(int fd, int timeout_ms) {
  pollfd p = {.fd = fd, .events = POLLIN, .revents = 0};
  return poll(&p, 1, timeout_ms) == 1;
}

}  // namespace

RawSocket::RawSocket(int fd) : fd_(fd) {
  CHECK_GE(fd, 0);
  const timeval patience = {.tv_sec = kPatienceMs / 1000, .tv_usec = 0};
  CHECK_EQ(setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience),
           0);
  CHECK_EQ(setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience),
           0);
}

RawSocket::RawSocket(RawSocket&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)) {}

RawSocket& RawSocket::operator=(RawSocket&& other) noexcept {
  Close();
  fd_ = std::exchange(other.fd_, -1);
  return *this;
}

RawSocket RawSocket::Connect(uint16_t port) {
  RawSocket socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = Loopback(port);
  PCHECK(connect(socket.fd_, reinterpret_cast<const sockaddr*>(&address),
                 sizeof address) == 0);
  return socket;
}

void RawSocket::Write(absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    // Errors are for the reader to find.
    if (n < 0) return;
    bytes.remove_prefix(static_cast<size_t>(n));
  }
}

std::string RawSocket::ReadUntil(absl::string_view end) {
  std::string text;
  while (!absl::EndsWith(text, end)) {
    char byte;
    const ssize_t n = recv(fd_, &byte, 1, 0);
    PCHECK(n == 1) << "after \"" << text << "\"";
    text.push_back(byte);
  }
  return text;
}

std::string RawSocket::ReadMessage() {
  std::string text = ReadUntil("\r\n\r\n");
  const std::string lower = absl::AsciiStrToLower(text);
  constexpr absl::string_view kField = "\r\ncontent-length: ";
  const size_t at = lower.find(kField);
  if (at == std::string::npos) return text;
  size_t size = 0;
  const std::string number = lower.substr(at + kField.size());
  CHECK(absl::SimpleAtoi(number.substr(0, number.find('\r')), &size));
  for (size_t i = 0; i < size; ++i) {
    char byte;
    PCHECK(recv(fd_, &byte, 1, 0) == 1);
    text.push_back(byte);
  }
  return text;
}

std::string RawSocket::ReadAll() {
  std::string text;
  char buffer[4096];
  while (true) {
    CHECK(Readable(fd_, kPatienceMs)) << "after \"" << text << "\"";
    const ssize_t n = recv(fd_, buffer, sizeof buffer, 0);
    if (n <= 0) return text;
    text.append(buffer, static_cast<size_t>(n));
  }
}

void RawSocket::ShutdownWrite() { shutdown(fd_, SHUT_WR); }

void RawSocket::Close() {
  if (fd_ >= 0) close(std::exchange(fd_, -1));
}

void RawSocket::Reset() {
  const linger now = {.l_onoff = 1, .l_linger = 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  Close();
}

RawListener::RawListener(int backlog)
    : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  CHECK_GE(fd_, 0);
  sockaddr_in address = Loopback(0);
  PCHECK(bind(fd_, reinterpret_cast<const sockaddr*>(&address),
              sizeof address) == 0);
  PCHECK(listen(fd_, backlog) == 0);
  socklen_t size = sizeof address;
  PCHECK(getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  port_ = ntohs(address.sin_port);
}

RawListener::~RawListener() { close(fd_); }

RawSocket RawListener::Accept() {
  CHECK(Readable(fd_, kPatienceMs)) << "nobody connects";
  return RawSocket(accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC));
}

bool RawListener::StaysAlone(absl::Duration time) {
  return !Readable(fd_, static_cast<int>(absl::ToInt64Milliseconds(time)));
}

}  // namespace signet::http
