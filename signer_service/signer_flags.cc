#include "signer_service/signer_flags.h"

#include <array>
#include <cstddef>
#include <iostream>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/base/go_duration.h"
#include "core/policy/issue_window.h"
#include "core/policy/signer_names.h"
#include "core/policy/signing.h"
#include "core/service/service_flags.h"
#include "signer_service/file_ca_source.h"

namespace signet::signer {
namespace {

// Adds a flag that holds a duration in Go's syntax, at least `least`.
CLI::Option* AddDuration(CLI::App& app, const std::string& name,
                         const std::string& help, absl::Duration least,
                         absl::Duration& duration) {
  return app
      .add_option_function<std::string>(
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

// In the order of policy::kClusterSignerNames.
constexpr std::array<absl::string_view, policy::kClusterSignerNames.size()>
    kSpecificFlags = {"kube-apiserver-client", "kubelet-client",
                      "kubelet-serving", "legacy-unknown"};

constexpr char kGeneralAndSpecific[] =
    "cannot specify --cluster-signing-{cert,key}-file and other "
    "--cluster-signing-*-file flags at the same time";

bool IsSet(const CaFiles& ca) {
  return !ca.certificate.empty() || !ca.key.empty();
}

// `flag` is what certificate and key are prefixed by.
absl::Status CheckPair(absl::string_view flag, const CaFiles& ca) {
  if (ca.certificate.empty() == ca.key.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("\"", flag, "\": ",
                   ca.certificate.empty() ? "cannot specify key without cert"
                                          : "cannot specify cert without key"));
}

void AddPair(CLI::App& app, absl::string_view flag, absl::string_view whose,
             CaFiles& ca) {
  app.add_option(absl::StrCat("--", flag, "-cert-file"), ca.certificate,
                 absl::StrCat("PEM file with the certificate, and no other, of "
                              "the CA for ",
                              whose))
      ->type_name("FILE");
  app.add_option(absl::StrCat("--", flag, "-key-file"), ca.key,
                 "PEM file with its private key, or a pkcs11: URI")
      ->type_name("FILE|URI");
}

}  // namespace

SignerFlags::SignerFlags() {
  service.health_address = "127.0.0.1:8082";  // 8081 is the approver's.
  signing.signer_names.assign(policy::kClusterSignerNames.begin(),
                              policy::kClusterSignerNames.end());
  signing.duration = policy::kDefaultSigningDuration;
}

absl::string_view SpecificFlag(size_t i) { return kSpecificFlags[i]; }

absl::Status CheckSignerFlags(const SignerFlags& flags) {
  bool any_specific = false;
  for (size_t i = 0; i < kSpecificFlags.size(); ++i) {
    const CaFiles& ca = flags.specific_cas[i];
    any_specific = any_specific || IsSet(ca);
    ABSL_RETURN_IF_ERROR(
        CheckPair(absl::StrCat("cluster-signing-", kSpecificFlags[i]), ca));
    if (!IsSet(flags.ca) && !IsSet(ca) && flags.chosen &&
        absl::c_linear_search(flags.signing.signer_names,
                              policy::kClusterSignerNames[i])) {
      return absl::InvalidArgumentError(absl::StrCat(
          "--signer-name: no CA for ", policy::kClusterSignerNames[i]));
    }
  }
  if (IsSet(flags.ca) && any_specific) {
    return absl::InvalidArgumentError(kGeneralAndSpecific);
  }
  ABSL_RETURN_IF_ERROR(CheckPair("cluster-signing", flags.ca));
  if (!IsSet(flags.ca) && !any_specific && flags.config.empty()) {
    return absl::InvalidArgumentError(
        "nothing to sign with: give --cluster-signing-cert-file and "
        "--cluster-signing-key-file, or --config");
  }
  return absl::OkStatus();
}

void AddSignerFlags(CLI::App& app, SignerFlags& flags) {
  app.add_option("--config", flags.config,
                 "YAML file (kind: SignerConfiguration) with signers of other "
                 "names, and the trust bundles to publish")
      ->type_name("FILE");
  AddPair(app, "cluster-signing", "all four signers", flags.ca);
  for (size_t i = 0; i < kSpecificFlags.size(); ++i) {
    AddPair(app, absl::StrCat("cluster-signing-", kSpecificFlags[i]),
            policy::kClusterSignerNames[i], flags.specific_cas[i]);
  }
  AddDuration(app, "--cluster-signing-duration",
              "The longest life of a certificate; requests may ask for less",
              absl::Nanoseconds(1), flags.signing.duration);
  // Gone from Kubernetes 1.25, but still in manifests.
  AddDuration(app, "--experimental-cluster-signing-duration",
              "Deprecated: use --cluster-signing-duration",
              absl::Nanoseconds(1), flags.signing.duration)
      ->excludes(app.get_option("--cluster-signing-duration"))
      ->each([](const std::string&) {
        std::cerr << "Flag --experimental-cluster-signing-duration has been "
                     "deprecated, use --cluster-signing-duration\n";
      });
  AddDuration(app, "--backdate",
              "How long before its issue a certificate begins to be valid",
              absl::ZeroDuration(), flags.signing.backdate);
  app.add_option(
         "--signer-name", flags.signing.signer_names,
         "Signer of the four to serve; repeat for several (default: all "
         "that have a CA)")
      ->type_name("NAME")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->check(CLI::IsMember(
                  std::vector<std::string>(policy::kClusterSignerNames.begin(),
                                           policy::kClusterSignerNames.end()))
                  .description(""))
      ->each([&flags](const std::string&) { flags.chosen = true; });
  service::AddServiceFlags(app, flags.service);
  service::AddWorkersFlag(app, flags.service);
  service::AddLeaderFlags(app, flags.service);

  app.add_subcommand("check",
                     "Look at the configuration and at every CA, say what is "
                     "wrong, and exit: 0 if nothing is")
      ->fallthrough()
      ->callback([&flags] { flags.check = true; });
  app.require_subcommand(0, 1);
  app.final_callback([&flags] {
    const absl::Status fit = CheckSignerFlags(flags);
    // The form in which ParseFlags is told.
    if (!fit.ok()) throw CLI::ValidationError(std::string(fit.message()));
  });
}

}  // namespace signet::signer
