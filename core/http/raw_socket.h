#ifndef SIGNET_CORE_HTTP_RAW_SOCKET_H_
#define SIGNET_CORE_HTTP_RAW_SOCKET_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

// For this folder's tests only: peers that a test plays by hand, byte by byte.
// Calls block, and end the test program after 30 s.
namespace signet::http {

// A blocking TCP socket. Movable.
class RawSocket {
 public:
  RawSocket() = default;
  explicit RawSocket(int fd);
  RawSocket(RawSocket&& other) noexcept;
  RawSocket& operator=(RawSocket&& other) noexcept;
  ~RawSocket() { Close(); }

  // Connects to a port of 127.0.0.1.
  static RawSocket Connect(uint16_t port);

  void Write(absl::string_view bytes);
  // Reads until what was read ends with `end`, and returns it.
  std::string ReadUntil(absl::string_view end);
  // Reads a request or a response that has a Content-Length or no body.
  std::string ReadMessage();
  // Reads until the peer closes or resets the connection.
  std::string ReadAll();
  void ShutdownWrite();
  void Close();
  void Reset();  // Closes with RST.
  int fd() const { return fd_; }

 private:
  int fd_ = -1;
};

// A listening socket on a free port of 127.0.0.1.
class RawListener {
 public:
  explicit RawListener(int backlog = 16);
  ~RawListener();
  RawListener(const RawListener&) = delete;
  RawListener& operator=(const RawListener&) = delete;

  uint16_t port() const { return port_; }
  RawSocket Accept();
  // True if nobody connects within `time`.
  bool StaysAlone(absl::Duration time);

 private:
  int fd_;
  uint16_t port_;
};

}  // namespace signet::http

#endif  // SIGNET_CORE_HTTP_RAW_SOCKET_H_
