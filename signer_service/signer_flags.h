#ifndef SIGNET_SIGNER_SERVICE_SIGNER_FLAGS_H_
#define SIGNET_SIGNER_SERVICE_SIGNER_FLAGS_H_

#include "CLI/CLI.hpp"
#include "core/policy/signing.h"
#include "core/service/service_flags.h"
#include "signer_service/file_ca_source.h"

namespace signet::signer {

// The command line of signet-signer: what every service has, and the flags of
// kube-controller-manager that concern signing, under their names (SPEC C-21).
struct SignerFlags {
  SignerFlags();  // The defaults: all four signers, 8760h.

  service::ServiceFlags service;
  CaFiles ca;
  policy::SigningConfig signing;
};

// Adds all flags. `flags` must outlive `app`. What they hold after
// service::ParseFlags is a valid policy::SigningConfig.
void AddSignerFlags(CLI::App& app, SignerFlags& flags);

}  // namespace signet::signer

#endif  // SIGNET_SIGNER_SERVICE_SIGNER_FLAGS_H_
