#ifndef SIGNET_APPROVER_SERVICE_APPROVER_CONFIG_READER_H_
#define SIGNET_APPROVER_SERVICE_APPROVER_CONFIG_READER_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/policy/approver_config.h"

namespace signet::approver {

// Reads a file of `kind: ApproverConfiguration`, explained in docs/approver.md.
// What is absent keeps the defaults of policy::ApproverConfig. Errors are
// core/service/config_reader.h's, a line each; also for what cannot work, such
// as a quorum that no name could reach, or a witness without the file it needs.
// Reads no other file than `text`, whose name is `file`.
absl::StatusOr<policy::ApproverConfig> ReadApproverConfig(
    absl::string_view file, absl::string_view text);

}  // namespace signet::approver

#endif  // SIGNET_APPROVER_SERVICE_APPROVER_CONFIG_READER_H_
