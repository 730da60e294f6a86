#ifndef SIGNET_CLI_REQUEST_COMMAND_H_
#define SIGNET_CLI_REQUEST_COMMAND_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "cli/context.h"
#include "cli/csr_workflow.h"
#include "cli/local_commands.h"
#include "core/api/core.pb.h"
#include "core/k8s/resource_api.h"

namespace signet::cli {

struct RequestFlags {
  std::string name;  // Of the request; empty: made from the first name.
  SubjectFlags subject;
  std::string algorithm = "ecdsa-256";
  std::string signer_name;
  std::vector<std::string> usages;  // Empty: those of a server or a client.
  std::string expiration;
  std::string timeout = "5m";
  std::string secret;  // "namespace/name" or "name"; empty: none.
  std::string output;  // OUTPUT.pem and OUTPUT-key.pem; empty: none.
  std::string ca;      // Roots to verify the certificate by; empty: not.
  bool client = false;
  bool force = false;  // Replace a secret or files.
};

// RequestCertificate does the documentation's page in one go: makes a key and a
// request, asks the cluster, waits until it is issued (telling its state on
// `err`), checks that the certificate is what was asked for, and puts it with
// its key into a Secret or files. If that fails before the certificate is there
// the request, whose key nobody has then, is deleted, and nothing is left.
absl::Status RequestCertificate(const Context& context, CsrApi& csrs,
                                k8s::ResourceApi<api::Secret>& secrets,
                                absl::string_view default_namespace,
                                const RequestFlags& flags);

}  // namespace signet::cli

#endif  // SIGNET_CLI_REQUEST_COMMAND_H_
