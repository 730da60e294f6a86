#include "core/k8s/watch_frames.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/api/codec.h"

namespace signet::k8s {
namespace {

constexpr size_t kPrefixBytes = 4;

uint32_t BigEndian(absl::string_view bytes) {
  uint32_t value = 0;
  for (const char c : bytes.substr(0, kPrefixBytes)) {
    value = value << 8 | static_cast<uint8_t>(c);
  }
  return value;
}

}  // namespace

void WatchFrames::Append(absl::string_view bytes) {
  buffer_.erase(0, start_);
  scanned_ -= std::min(scanned_, start_);
  start_ = 0;
  buffer_.append(bytes);
}

absl::StatusOr<std::optional<absl::string_view>> WatchFrames::Cut() {
  const auto too_long = [this](size_t size) {
    return absl::InvalidArgumentError(
        absl::StrCat("an event of the watch has ", size,
                     " bytes or more; at "
                     "most ",
                     max_frame_bytes_, " are taken"));
  };
  const absl::string_view rest = absl::string_view(buffer_).substr(start_);
  if (framing_ == WatchFraming::kLengthPrefixed) {
    if (rest.size() < kPrefixBytes) return std::nullopt;
    const size_t size = BigEndian(rest);
    if (size > max_frame_bytes_) return too_long(size);
    if (rest.size() - kPrefixBytes < size) return std::nullopt;
    start_ += kPrefixBytes + size;
    return rest.substr(kPrefixBytes, size);
  }
  scanned_ = std::max(scanned_, start_);
  const size_t end = buffer_.find('\n', scanned_);
  if (end == std::string::npos) {
    scanned_ = buffer_.size();
    if (rest.size() > max_frame_bytes_) return too_long(rest.size());
    return std::nullopt;
  }
  const size_t size = end - start_;
  if (size > max_frame_bytes_) return too_long(size);
  start_ = end + 1;
  return rest.substr(0, size);
}

absl::StatusOr<std::optional<api::WatchEvent>> WatchFrames::Next() {
  while (true) {
    ABSL_ASSIGN_OR_RETURN(const std::optional<absl::string_view> frame, Cut());
    if (!frame.has_value()) return std::nullopt;
    api::WatchEvent event;
    if (framing_ == WatchFraming::kLengthPrefixed) {
      if (!event.ParseFromString(*frame)) {
        return absl::InvalidArgumentError(
            "an event of the watch is no protobuf");
      }
      return event;
    }
    // Empty lines between events do no harm.
    if (absl::StripAsciiWhitespace(*frame).empty()) continue;
    ABSL_RETURN_IF_ERROR(api::DecodeJson(*frame, &event, nullptr))
        << "an event of the watch";
    return event;
  }
}

}  // namespace signet::k8s
