#ifndef SIGNET_CORE_SERVICE_TERMINATION_SIGNAL_H_
#define SIGNET_CORE_SERVICE_TERMINATION_SIGNAL_H_

#include <csignal>

namespace signet::service {

// TerminationSignal turns SIGTERM and SIGINT into something to wait for. Make
// it in main before any thread: the signals are held back from this thread and
// from those that it starts. A second signal, after Wait has returned, ends the
// process at once. SIGPIPE is ignored from then on.
class TerminationSignal {
 public:
  TerminationSignal();
  TerminationSignal(const TerminationSignal&) = delete;
  TerminationSignal& operator=(const TerminationSignal&) = delete;

  // Blocks until one arrives and returns its number. Call from the thread that
  // made the object.
  int Wait();

 private:
  sigset_t signals_;
};

}  // namespace signet::service

#endif  // SIGNET_CORE_SERVICE_TERMINATION_SIGNAL_H_
