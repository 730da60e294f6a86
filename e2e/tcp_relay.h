#ifndef SIGNET_E2E_TCP_RELAY_H_
#define SIGNET_E2E_TCP_RELAY_H_

#include <atomic>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace signet::e2e {

// TcpRelay stands between a client and a port of 127.0.0.1, and treats new
// connections as bad networks do. Thread-safe.
class TcpRelay {
 public:
  enum class Mode {
    kForward,
    kSlow,    // Forwards each piece after a tenth of a second.
    kSilent,  // Accepts, and never says a word: half-open TCP.
    kReset,   // Accepts, and resets.
  };

  // Listens on a free port.
  static absl::StatusOr<std::unique_ptr<TcpRelay>> Start(int target_port,
                                                         Mode mode);
  ~TcpRelay();  // Closes every connection.

  int port() const { return port_; }
  void SetMode(Mode mode) { mode_ = mode; }
  int accepted() const { return accepted_; }  // Connections so far.

 private:
  TcpRelay(int listener, int port, int target_port, Mode mode);
  void Run();
  void Accept();
  // False if the connection is over.
  bool Forward(int from, int to);

  const int listener_;
  const int port_;
  const int target_port_;
  std::atomic<Mode> mode_;
  std::atomic<int> accepted_ = 0;
  std::atomic<bool> stopped_ = false;
  // Of the relay's thread: client and server ends; -1: none.
  std::vector<std::pair<int, int>> connections_;
  std::thread thread_;
};

}  // namespace signet::e2e

#endif  // SIGNET_E2E_TCP_RELAY_H_
