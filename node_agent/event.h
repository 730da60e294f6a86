#ifndef SIGNET_NODE_AGENT_EVENT_H_
#define SIGNET_NODE_AGENT_EVENT_H_

#include <cstdint>
#include <ostream>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace signet::node_agent {

// Event is one line of the log: `event=issued csr=csr-4x2lq rotations=2`. Names
// and keys are ours; values may be anybody's and are quoted and escaped where
// they are more than a word. Times are RFC 3339 in UTC.
//
//   LOG(INFO) << Event("issued").With("csr", name).With("not_after", time);
class Event {
 public:
  explicit Event(absl::string_view name);

  Event& With(absl::string_view key, absl::string_view value);
  Event& With(absl::string_view key, int64_t value);
  Event& With(absl::string_view key, absl::Time value);

  const std::string& line() const { return line_; }
  friend std::ostream& operator<<(std::ostream& out, const Event& event) {
    return out << event.line_;
  }

 private:
  std::string line_;
};

// "2026-11-24T10:00:21Z"; "never" for the infinite times.
std::string FormatTimestamp(absl::Time time);

}  // namespace signet::node_agent

#endif  // SIGNET_NODE_AGENT_EVENT_H_
