#include "core/service/termination_signal.h"

#include <csignal>

namespace signet::service {

TerminationSignal::TerminationSignal() {
  sigemptyset(&signals_);
  sigaddset(&signals_, SIGTERM);
  sigaddset(&signals_, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

int TerminationSignal::Wait() {
  int signal = 0;
  sigwait(&signals_, &signal);
  // Only here, so that this thread takes the next one: by default it ends us.
  pthread_sigmask(SIG_UNBLOCK, &signals_, nullptr);
  return signal;
}

}  // namespace signet::service
