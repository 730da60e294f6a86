#ifndef SIGNET_CORE_SYS_SIGNALS_H_
#define SIGNET_CORE_SYS_SIGNALS_H_

#include <functional>
#include <thread>

namespace signet::sys {

// SignalWatcher calls back, on a thread of its own, for each SIGINT and SIGTERM
// that the process gets. Make it before any other thread: the signals are held
// back from this thread and from those that it starts, for good. One per
// process.
class SignalWatcher {
 public:
  explicit SignalWatcher(std::function<void(int signal)> callback);
  SignalWatcher(const SignalWatcher&) = delete;
  SignalWatcher& operator=(const SignalWatcher&) = delete;
  // Waits for a callback under way.
  ~SignalWatcher();

 private:
  void Run();

  const std::function<void(int)> callback_;
  int signal_fd_;
  int stop_fd_;
  std::thread thread_;
};

}  // namespace signet::sys

#endif  // SIGNET_CORE_SYS_SIGNALS_H_
