#ifndef SIGNET_APPROVER_SERVICE_CSR_FILE_H_
#define SIGNET_APPROVER_SERVICE_CSR_FILE_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/api/certificates.pb.h"
#include "core/api/core.pb.h"

// Objects that kubectl wrote into a file. Pure; `file` is for messages.
namespace signet::approver {

// Reads CertificateSigningRequests of certificates.k8s.io/v1: objects and lists
// (also kubectl's `kind: List`), in JSON, or in YAML of one or several
// documents. kInvalidArgument for another kind, for a text without any, and for
// more than 64 MiB of JSON or 3 MiB of YAML.
absl::StatusOr<std::vector<api::CertificateSigningRequest>> ReadCsrs(
    absl::string_view file, absl::string_view text);

// The same for Nodes.
absl::StatusOr<std::vector<api::Node>> ReadNodes(absl::string_view file,
                                                 absl::string_view text);

}  // namespace signet::approver

#endif  // SIGNET_APPROVER_SERVICE_CSR_FILE_H_
