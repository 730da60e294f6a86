#ifndef SIGNET_SIGNER_SERVICE_SIGNER_FLAGS_H_
#define SIGNET_SIGNER_SERVICE_SIGNER_FLAGS_H_

#include <array>
#include <cstddef>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "core/policy/signer_names.h"
#include "core/policy/signing.h"
#include "core/service/service_flags.h"
#include "signer_service/file_ca_source.h"

namespace signet::signer {

// The command line of signet-signer: what every service has, and the flags of
// kube-controller-manager that concern signing, under their names (SPEC C-21).
struct SignerFlags {
  SignerFlags();  // The defaults: all four signers, 8760h.

  service::ServiceFlags service;
  // --cluster-signing-{cert,key}-file: for all of the four.
  CaFiles ca;
  // --cluster-signing-kubelet-serving-{cert,key}-file and the like: each for
  // one of policy::kClusterSignerNames, in that order. Exclusive with `ca`; as
  // soon as there is one, signers without are not served.
  std::array<CaFiles, policy::kClusterSignerNames.size()> specific_cas;
  // Of the four, those chosen by --signer-name, or all.
  policy::SigningConfig signing;
  bool chosen = false;  // --signer-name was given.
  std::string config;   // --config: a SignerConfiguration. Empty: none.

  // `signet-signer check`: look at the configuration and the CAs, and end.
  bool check = false;
};

// The part of a specific flag's name that says whose it is: "kubelet-serving"
// for policy::kClusterSignerNames[i] kubernetes.io/kubelet-serving.
absl::string_view SpecificFlag(size_t i);

// Adds all flags and the command check. `flags` must outlive `app`. What they
// hold after service::ParseFlags is a valid policy::SigningConfig, and fits
// together (CheckSignerFlags).
void AddSignerFlags(CLI::App& app, SignerFlags& flags);

// kInvalidArgument, with kube-controller-manager's texts, if a certificate is
// without its key or the reverse, or if general and specific files are mixed;
// also if there is nothing to serve.
absl::Status CheckSignerFlags(const SignerFlags& flags);

}  // namespace signet::signer

#endif  // SIGNET_SIGNER_SERVICE_SIGNER_FLAGS_H_
