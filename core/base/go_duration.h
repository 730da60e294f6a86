#ifndef SIGNET_CORE_BASE_GO_DURATION_H_
#define SIGNET_CORE_BASE_GO_DURATION_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

// Durations as Go's programs read and write them: "8760h0m0s", "1.5h", "300ms".
// Kubernetes' flags and cfssl's files hold them.
namespace signet {

// Reads what Go's time.ParseDuration reads, and only that: signed decimal
// numbers with the units ns, us (µs, μs), ms, s, m and h, or a bare "0". What
// is finer than a nanosecond is cut off. kInvalidArgument with Go's texts
// (`time: invalid duration "x"`), also beyond ±2^63 ns (292 years).
absl::StatusOr<absl::Duration> ParseGoDuration(absl::string_view text);

// Writes it as Go's Duration.String does: "8760h0m0s", "1m30s", "1.5s",
// "2.5ms", "0s".
std::string FormatGoDuration(absl::Duration duration);

}  // namespace signet

#endif  // SIGNET_CORE_BASE_GO_DURATION_H_
