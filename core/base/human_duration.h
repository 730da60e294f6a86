#ifndef SIGNET_CORE_BASE_HUMAN_DURATION_H_
#define SIGNET_CORE_BASE_HUMAN_DURATION_H_

#include <string>

#include "absl/time/time.h"

namespace signet {

// HumanDuration writes a duration with at most two units, as Kubernetes'
// tables do (SPEC E-5): "119s", "9m59s", "179m", "7h59m", "47h", "7d23h",
// "729d", "7y364d", "8y". A year has 365 days. Down to -1 s it is "0s", below
// "<invalid>". Pure.
std::string HumanDuration(absl::Duration duration);

}  // namespace signet

#endif  // SIGNET_CORE_BASE_HUMAN_DURATION_H_
