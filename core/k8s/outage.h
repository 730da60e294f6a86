#ifndef SIGNET_CORE_K8S_OUTAGE_H_
#define SIGNET_CORE_K8S_OUTAGE_H_

#include "absl/status/status.h"

namespace signet::k8s {

// NoAnswer marks the error of a request to the API server that got no answer:
// no connection, or none in time. ApiClient does so.
absl::Status NoAnswer(absl::Status error);

// True if the server as a whole cannot be asked now, whatever the request: it
// gave no answer, or it answered 429, 502, 503 or 504. Errors of anything but
// an ApiClient are none.
bool IsOutage(const absl::Status& status);

}  // namespace signet::k8s

#endif  // SIGNET_CORE_K8S_OUTAGE_H_
