#ifndef SIGNET_CORE_K8S_WATCH_FRAMES_H_
#define SIGNET_CORE_K8S_WATCH_FRAMES_H_

#include <cstddef>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/api/meta.pb.h"

namespace signet::k8s {

// How the events of a watch follow each other on the wire (SPEC A-48).
enum class WatchFraming {
  kLengthPrefixed,  // Protobuf: four bytes of length, big-endian, then that.
  kLines,           // JSON: a line each.
};

// WatchFrames cuts the bytes of a watch, in whatever pieces they arrive, into
// WatchEvents. Thread-compatible.
class WatchFrames {
 public:
  // A longer frame is an error, before it is held in memory.
  explicit WatchFrames(WatchFraming framing, size_t max_frame_bytes = 3 << 20)
      : framing_(framing), max_frame_bytes_(max_frame_bytes) {}

  void Append(absl::string_view bytes);
  // The next event, or nullopt if it is not there as a whole. kInvalidArgument
  // if the bytes are no event or too many: the watch is of no use any more.
  absl::StatusOr<std::optional<api::WatchEvent>> Next();
  // True between events: nothing of an unfinished one is held.
  bool AtBoundary() const { return start_ == buffer_.size(); }

 private:
  // Moves the next whole frame out of the buffer.
  absl::StatusOr<std::optional<absl::string_view>> Cut();

  const WatchFraming framing_;
  const size_t max_frame_bytes_;
  std::string buffer_;
  size_t start_ = 0;    // Of the bytes not cut yet.
  size_t scanned_ = 0;  // kLines: there is no line break before this.
};

}  // namespace signet::k8s

#endif  // SIGNET_CORE_K8S_WATCH_FRAMES_H_
