#ifndef SIGNET_CLI_DESCRIBE_H_
#define SIGNET_CLI_DESCRIBE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/api/core.pb.h"

namespace signet::cli {

// DescribeCsr writes a request as kubectl describe csr does (SPEC E-6, E-7,
// G-7); times are told in `zone`, ages up to `now`. Without `events` their
// section is left out. kInvalidArgument `Error parsing CSR: …` if the request
// inside is no good. Pure.
//
// One thing is different: kubectl takes names out of the request for format
// strings, and so spoils those with a per cent sign.
absl::StatusOr<std::string> DescribeCsr(
    const api::CertificateSigningRequest& csr,
    const std::optional<std::vector<api::Event>>& events, absl::Time now,
    absl::TimeZone zone);

}  // namespace signet::cli

#endif  // SIGNET_CLI_DESCRIBE_H_
