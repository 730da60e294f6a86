#ifndef SIGNET_CLI_CFSSL_INVOCATION_H_
#define SIGNET_CLI_CFSSL_INVOCATION_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cli/cfssl/diagnostics.h"
#include "cli/cfssl/go_flags.h"
#include "cli/cfssl/request_file.h"
#include "cli/cfssl/signer.h"
#include "cli/cfssl/signing_config.h"
#include "cli/context.h"
#include "core/pki/private_key.h"

namespace signet::cli::cfssl {

// Invocation is one call of one of cfssl's commands: its flags, its log, and
// what the commands share. What it refers to must outlive it.
class Invocation {
 public:
  Invocation(const Context& context, const GoFlagSet& flags, SafetyLevel safety)
      : context_(context),
        flags_(flags),
        safety_(safety),
        log_(context.err, context.clock, context.zone) {
    log_.set_level(flags.Int("loglevel"));
  }

  absl::Status Run(absl::string_view command);

 private:
  absl::Status GenKey();
  absl::Status GenCert();
  absl::Status GenCsr();
  absl::Status Sign();
  absl::Status CertInfo();
  absl::Status PrintDefaults();

  absl::Status InitCa(RequestFile request, bool with_key_file);
  absl::Status RenewCa();
  // One file name, and no more.
  absl::StatusOr<std::string> OnlyArgument() const;
  absl::StatusOr<RequestFile> ReadRequest() const;
  // A new key and the request that is made with it.
  struct KeyAndRequest {
    pki::PrivateKey key;
    std::string request_pem;
  };
  absl::StatusOr<KeyAndRequest> NewKeyAndRequest(const RequestFile& request);
  absl::StatusOr<std::string> RequestPem(const RequestFile& request,
                                         const pki::PrivateKey& key);
  // False, and a line in the log, if a CA is missing that is needed.
  bool HasCa(absl::string_view article);
  absl::StatusOr<Signer> MakeSigner();
  std::optional<std::vector<std::string>> Hostnames() const;
  absl::StatusOr<pki::PrivateKey> ReadKey(const std::string& name) const;
  Signer::Collaborators With() { return {context_.clock, context_.rng, log_}; }
  bool compatible() const { return safety_ == SafetyLevel::kCompatible; }
  // One line of JSON with what there is, keys sorted (SPEC E-17).
  absl::Status Print(absl::string_view certificate, absl::string_view request,
                     absl::string_view key_pem);
  absl::Status PrintWithKey(absl::string_view certificate,
                            absl::string_view request,
                            const pki::PrivateKey& key);

  const Context& context_;
  const GoFlagSet& flags_;
  const SafetyLevel safety_;
  Log log_;
  std::optional<SigningConfig> config_;
};

}  // namespace signet::cli::cfssl

#endif  // SIGNET_CLI_CFSSL_INVOCATION_H_
