#ifndef SIGNET_SIGNER_SERVICE_REQUEST_LIMITER_H_
#define SIGNET_SIGNER_SERVICE_REQUEST_LIMITER_H_

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"

namespace signet::signer {

// RequestLimiter spaces requests to the API server: `qps` a second on average,
// `burst` (>= 1) at once after a pause. qps 0 is no limit: then the server's
// 429 and Retry-After alone set the pace. Thread-safe.
class RequestLimiter {
 public:
  // `clock` must outlive the limiter.
  RequestLimiter(absl::Clock& clock, double qps, int burst);

  // Blocks until one request may be sent.
  void Wait();

 private:
  // Takes one of what `now` has to give; how long to wait for it.
  absl::Duration Reserve(absl::Time now);

  absl::Clock& clock_;
  const absl::Duration interval_;  // Zero: no limit.
  const int burst_;
  absl::Mutex mutex_;
  // When the next request is due, were there no burst.
  absl::Time next_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
};

}  // namespace signet::signer

#endif  // SIGNET_SIGNER_SERVICE_REQUEST_LIMITER_H_
