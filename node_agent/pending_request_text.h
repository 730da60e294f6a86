#ifndef SIGNET_NODE_AGENT_PENDING_REQUEST_TEXT_H_
#define SIGNET_NODE_AGENT_PENDING_REQUEST_TEXT_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/secret.h"
#include "core/rotation/pending_request.h"

// How a pending request is kept in a file: if the object's name is known, a
// line `csr: NAME UID`; then the request and its key as PEM.
namespace signet::node_agent {

absl::StatusOr<Secret> EncodePendingRequest(
    const rotation::PendingRequest& pending);

// kInvalidArgument if the text does not parse, or the key is not the request's.
absl::StatusOr<rotation::PendingRequest> ParsePendingRequest(
    absl::string_view text);

}  // namespace signet::node_agent

#endif  // SIGNET_NODE_AGENT_PENDING_REQUEST_TEXT_H_
