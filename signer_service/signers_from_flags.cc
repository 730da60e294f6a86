#include "signer_service/signers_from_flags.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/time/clock_interface.h"
#include "core/base/file_system.h"
#include "signer_service/file_ca_source.h"
#include "signer_service/signer_flags.h"
#include "signer_service/signer_set.h"

namespace signet::signer {

absl::StatusOr<SignerSet> SignersFromFlags(const SignerFlags& flags,
                                           FileSystem& files,
                                           absl::Clock& clock) {
  ABSL_ASSIGN_OR_RETURN(std::shared_ptr<FileCaSource> ca,
                        FileCaSource::Create(files, clock, flags.ca));
  std::vector<Signer> signers;
  for (const std::string& name : flags.signing.signer_names) {
    signers.emplace_back(name, ca, flags.signing);
  }
  return SignerSet::Create(std::move(signers));
}

}  // namespace signet::signer
