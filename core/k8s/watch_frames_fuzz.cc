// However the bytes are cut into pieces, the events and the errors are the
// same. The first byte gives the framing and the size of the pieces.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/api/meta.pb.h"
#include "core/k8s/watch_frames.h"

namespace {

struct Outcome {
  std::vector<std::string> events;
  std::string error;
  bool at_boundary = false;
};

Outcome Run(signet::k8s::WatchFraming framing, absl::string_view bytes,
            size_t piece) {
  signet::k8s::WatchFrames frames(framing, /*max_frame_bytes=*/200);
  Outcome outcome;
  while (true) {
    absl::StatusOr<std::optional<signet::api::WatchEvent>> event =
        frames.Next();
    if (!event.ok()) {
      outcome.error = event.status().ToString();
      return outcome;
    }
    if (event->has_value()) {
      outcome.events.push_back((*event)->SerializeAsString());
      continue;
    }
    if (bytes.empty()) break;
    const size_t size = std::min(piece, bytes.size());
    frames.Append(bytes.substr(0, size));
    bytes.remove_prefix(size);
  }
  outcome.at_boundary = frames.AtBoundary();
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const absl::string_view bytes(reinterpret_cast<const char*>(data) + 1,
                                size - 1);
  const auto framing = data[0] & 1 ? signet::k8s::WatchFraming::kLines
                                   : signet::k8s::WatchFraming::kLengthPrefixed;
  const Outcome whole = Run(framing, bytes, bytes.size());
  const Outcome pieces = Run(framing, bytes, 1 + data[0] / 2 % 16);
  CHECK(whole.events == pieces.events);
  // Of a line that is too long, the piece decides how much of it was seen.
  CHECK_EQ(whole.error.empty(), pieces.error.empty())
      << whole.error << " | " << pieces.error;
  if (whole.error.empty()) CHECK_EQ(whole.at_boundary, pieces.at_boundary);
  return 0;
}
