#ifndef SIGNET_SIGNER_SERVICE_SIGNERS_FROM_FLAGS_H_
#define SIGNET_SIGNER_SERVICE_SIGNERS_FROM_FLAGS_H_

#include <ostream>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock_interface.h"
#include "core/base/file_system.h"
#include "signer_service/file_ca_source.h"
#include "signer_service/signer_config.h"
#include "signer_service/signer_flags.h"
#include "signer_service/signer_set.h"

namespace signet::signer {

// The file that --config names; without one, an empty configuration. Errors
// name the file, the line and the field.
absl::StatusOr<SignerConfiguration> ReadSignerConfiguration(
    const SignerFlags& flags, FileSystem& files);

// Opens what the command line and `config` say is served, and reads every CA.
// Errors name the file, flag or signer name; a name served twice is one, and so
// is a trust bundle of a signer that is not served. `files` and `clock` must
// outlive the set. Without `open_token_key` no key may be in a token.
absl::StatusOr<SignerSet> OpenSigners(
    const SignerFlags& flags, const SignerConfiguration& config,
    FileSystem& files, absl::Clock& clock,
    const TokenKeyOpener& open_token_key = nullptr);

// Both of the above.
absl::StatusOr<SignerSet> SignersFromFlags(
    const SignerFlags& flags, FileSystem& files, absl::Clock& clock,
    const TokenKeyOpener& open_token_key = nullptr);

// signet-signer check: writes a line for each signer name, with the CA's
// subject and end, and one for each problem. Unlike OpenSigners it goes on
// after a problem. kFailedPrecondition with their number if there is any.
absl::Status CheckSigners(const SignerFlags& flags, FileSystem& files,
                          absl::Clock& clock,
                          const TokenKeyOpener& open_token_key,
                          std::ostream& out);

}  // namespace signet::signer

#endif  // SIGNET_SIGNER_SERVICE_SIGNERS_FROM_FLAGS_H_
