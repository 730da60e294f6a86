#ifndef SIGNET_NODE_AGENT_BECAUSE_H_
#define SIGNET_NODE_AGENT_BECAUSE_H_

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace signet::node_agent {

// `status` with `what` before its message: "cannot do: no space left". What
// else it carries (the API server's answer) stays.
inline absl::Status Because(absl::string_view what,
                            const absl::Status& status) {
  absl::Status result(status.code(),
                      absl::StrCat(what, ": ", status.message()));
  status.ForEachPayload([&](absl::string_view type, const absl::Cord& payload) {
    result.SetPayload(type, payload);
  });
  return result;
}

}  // namespace signet::node_agent

#endif  // SIGNET_NODE_AGENT_BECAUSE_H_
