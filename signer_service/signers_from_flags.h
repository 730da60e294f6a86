#ifndef SIGNET_SIGNER_SERVICE_SIGNERS_FROM_FLAGS_H_
#define SIGNET_SIGNER_SERVICE_SIGNERS_FROM_FLAGS_H_

#include "absl/status/statusor.h"
#include "absl/time/clock_interface.h"
#include "core/base/file_system.h"
#include "signer_service/signer_flags.h"
#include "signer_service/signer_set.h"

namespace signet::signer {

// Opens what the command line says is served, and reads every CA. Errors name
// the file, flag or signer name. `files` and `clock` must outlive the set.
absl::StatusOr<SignerSet> SignersFromFlags(const SignerFlags& flags,
                                           FileSystem& files,
                                           absl::Clock& clock);

}  // namespace signet::signer

#endif  // SIGNET_SIGNER_SERVICE_SIGNERS_FROM_FLAGS_H_
