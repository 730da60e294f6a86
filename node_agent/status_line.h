#ifndef SIGNET_NODE_AGENT_STATUS_LINE_H_
#define SIGNET_NODE_AGENT_STATUS_LINE_H_

#include <string>

#include "absl/time/time.h"
#include "node_agent/agent_report.h"

namespace signet::node_agent {

// What `systemctl status` shows: "client certificate good until …, next
// rotation …; 1 of 3 certificates fails: web: …". One line. Pure.
std::string StatusLine(const NodeReport& report, absl::Time now);

}  // namespace signet::node_agent

#endif  // SIGNET_NODE_AGENT_STATUS_LINE_H_
