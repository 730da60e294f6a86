#ifndef SIGNET_TOOLS_APISERVER_EVENT_ENCODER_H_
#define SIGNET_TOOLS_APISERVER_EVENT_ENCODER_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/clock_interface.h"
#include "core/api/meta.pb.h"
#include "google/protobuf/message.h"
#include "tools/apiserver/kind.h"
#include "tools/apiserver/negotiation.h"
#include "tools/apiserver/table.h"

namespace signet::apiserver {

// EventEncoder writes the events of one watch (SPEC A-48): JSON objects, one a
// line, or frames of protobuf, each behind its length in four bytes.
// Thread-compatible.
class EventEncoder {
 public:
  // `kind` and `clock` (for ages in tables) must outlive the encoder.
  EventEncoder(const Kind& kind, const Wanted& wanted, IncludeObject include,
               absl::Clock& clock)
      : kind_(kind), wanted_(wanted), include_(include), clock_(clock) {}

  std::string content_type() const;
  // `type` is ADDED, MODIFIED or DELETED.
  std::string Event(absl::string_view type,
                    const google::protobuf::Message& object);
  // `initial_end` marks the end of a streaming list (SPEC A-21).
  std::string Bookmark(int64_t revision, bool initial_end);
  std::string Error(const api::Status& status);

 private:
  std::string Frame(absl::string_view type, absl::string_view object) const;
  std::string EncodeObject(const google::protobuf::Message& object);

  const Kind& kind_;
  const Wanted wanted_;
  const IncludeObject include_;
  absl::Clock& clock_;
  bool columns_sent_ = false;
};

}  // namespace signet::apiserver

#endif  // SIGNET_TOOLS_APISERVER_EVENT_ENCODER_H_
