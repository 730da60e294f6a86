#include "signer_service/signer_flags.h"

#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/base/go_duration.h"
#include "core/policy/issue_window.h"
#include "core/policy/signer_names.h"
#include "core/policy/signing.h"
#include "core/service/service_flags.h"

namespace signet::signer {
namespace {

// Adds a flag that holds a duration in Go's syntax, at least `least`.
void AddDuration(CLI::App& app, const std::string& name,
                 const std::string& help, absl::Duration least,
                 absl::Duration& duration) {
  app.add_option_function<std::string>(
         name,
         [&duration](const std::string& text) {
           duration = *ParseGoDuration(text);  // Checked below.
         },
         help)
      ->type_name("DURATION")
      ->default_str(FormatGoDuration(duration))
      ->check([least](const std::string& text) -> std::string {
        const absl::StatusOr<absl::Duration> parsed = ParseGoDuration(text);
        if (!parsed.ok()) return std::string(parsed.status().message());
        if (*parsed < least) {
          return absl::StrCat(text, " is less than ", FormatGoDuration(least));
        }
        return "";
      });
}

}  // namespace

SignerFlags::SignerFlags() {
  service.health_address = "127.0.0.1:8082";  // 8081 is the approver's.
  signing.signer_names.assign(policy::kClusterSignerNames.begin(),
                              policy::kClusterSignerNames.end());
  signing.duration = policy::kDefaultSigningDuration;
}

void AddSignerFlags(CLI::App& app, SignerFlags& flags) {
  app.add_option("--cluster-signing-cert-file", flags.ca.certificate,
                 "PEM file with the CA's certificate, and no other")
      ->type_name("FILE")
      ->required();
  app.add_option("--cluster-signing-key-file", flags.ca.key,
                 "PEM file with the CA's private key")
      ->type_name("FILE")
      ->required();
  AddDuration(app, "--cluster-signing-duration",
              "The longest life of a certificate; requests may ask for less",
              absl::Nanoseconds(1), flags.signing.duration);
  AddDuration(app, "--backdate",
              "How long before its issue a certificate begins to be valid",
              absl::ZeroDuration(), flags.signing.backdate);
  app.add_option("--signer-name", flags.signing.signer_names,
                 "Signer to serve; repeat for several (default: all four)")
      ->type_name("NAME")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->check(CLI::IsMember(
                  std::vector<std::string>(policy::kClusterSignerNames.begin(),
                                           policy::kClusterSignerNames.end()))
                  .description(""));
  service::AddServiceFlags(app, flags.service);
  service::AddWorkersFlag(app, flags.service);
  service::AddLeaderFlags(app, flags.service);
}

}  // namespace signet::signer
