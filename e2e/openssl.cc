#include "e2e/openssl.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/strings/substitute.h"
#include "e2e/process.h"
#include "e2e/testbed.h"

namespace signet::e2e {
namespace {

// kubeUid is the attribute in which Kubernetes puts a user's uid (SPEC C-16).
constexpr absl::string_view kConfig = R"(oid_section = oids
[oids]
kubeUid = 1.3.6.1.4.1.57683.2
[req]
prompt = no
utf8 = yes
string_mask = $0
distinguished_name = none
[none]
[directory]
O = directory
CN = name
)";

}  // namespace

absl::StatusOr<std::string> OpenSsl::Run(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "/usr/bin/openssl");
  ABSL_ASSIGN_OR_RETURN(const CommandResult result, RunCommand(arguments));
  if (result.exit_code != 0) {
    return absl::InternalError(
        absl::StrCat(absl::StrJoin(arguments, " "), ": ", result.err));
  }
  return result.out;
}

absl::StatusOr<std::string> OpenSsl::KeyFile(const std::string& kind) {
  std::string& path = keys_[kind];
  if (!path.empty()) return path;
  std::vector<std::string> arguments = {"genpkey", "-algorithm"};
  absl::string_view rest = kind;
  if (absl::ConsumePrefix(&rest, "rsa")) {
    arguments.insert(arguments.end(), {"RSA", "-pkeyopt",
                                       absl::StrCat("rsa_keygen_bits:", rest)});
  } else if (absl::ConsumePrefix(&rest, "p")) {
    arguments.insert(
        arguments.end(),
        {"EC", "-pkeyopt", absl::StrCat("ec_paramgen_curve:P-", rest)});
  } else {
    arguments.push_back("ED25519");
  }
  const std::string file = absl::StrCat(directory_, "/", kind, ".key");
  arguments.insert(arguments.end(), {"-out", file});
  ABSL_RETURN_IF_ERROR(Run(std::move(arguments)).status());
  path = file;
  return path;
}

absl::StatusOr<std::vector<std::string>> OpenSsl::RequestArguments(
    const RequestOptions& options) {
  ABSL_ASSIGN_OR_RETURN(const std::string key, KeyFile(options.key));
  const std::string config = absl::StrCat(directory_, "/openssl.cnf");
  ABSL_RETURN_IF_ERROR(
      WriteFile(config, absl::Substitute(kConfig, options.string_mask)));
  std::vector<std::string> arguments = {"req",   "-new",  "-config",
                                        config,  "-key",  key,
                                        "-utf8", "-subj", options.subject};
  for (const std::string& extension : options.extensions) {
    arguments.insert(arguments.end(), {"-addext", extension});
  }
  arguments.insert(arguments.end(), options.arguments.begin(),
                   options.arguments.end());
  return arguments;
}

absl::StatusOr<std::string> OpenSsl::Request(const RequestOptions& options) {
  ABSL_ASSIGN_OR_RETURN(std::vector<std::string> arguments,
                        RequestArguments(options));
  return Run(std::move(arguments));
}

absl::StatusOr<std::string> OpenSsl::SelfSigned(const RequestOptions& options,
                                                int days) {
  ABSL_ASSIGN_OR_RETURN(std::vector<std::string> arguments,
                        RequestArguments(options));
  arguments.insert(arguments.end(), {"-x509", "-days", absl::StrCat(days)});
  return Run(std::move(arguments));
}

}  // namespace signet::e2e
