#ifndef SIGNET_CORE_SERVICE_JSON_LOG_H_
#define SIGNET_CORE_SERVICE_JSON_LOG_H_

#include <string>

#include "absl/log/log_entry.h"

namespace signet::service {

// One log entry as a line of JSON, with its newline: {"ts":
// "2026-01-01T00:00:00.000000Z","level":"info","source":"x.cc:7","msg":"…"}.
// Bytes beyond ASCII are written as \xNN, so that the line is always valid. A
// message that is `event=issued csr=csr-4x2lq error="no: \"x\""`, and nothing
// but such pairs, becomes its event as msg and a field for each other pair.
std::string FormatLogAsJson(const absl::LogEntry& entry);

}  // namespace signet::service

#endif  // SIGNET_CORE_SERVICE_JSON_LOG_H_
