#include "cli/local_commands.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "cli/context.h"
#include "cli/issue.h"
#include "cli/output_files.h"
#include "core/base/secret.h"
#include "core/pki/certificate.h"
#include "core/pki/certificate_request.h"
#include "core/pki/certificate_template.h"
#include "core/pki/ip_address.h"
#include "core/pki/key_usage.h"
#include "core/pki/name.h"
#include "core/pki/pem.h"
#include "core/pki/private_key.h"
#include "core/pki/subject_alt_name.h"
#include "core/pki/uri.h"

namespace signet::cli {
namespace {

constexpr std::pair<absl::string_view, pki::KeyAlgorithm> kAlgorithms[] = {
    {"ecdsa-256", pki::KeyAlgorithm::kEcdsaP256},
    {"ecdsa-384", pki::KeyAlgorithm::kEcdsaP384},
    {"ecdsa-521", pki::KeyAlgorithm::kEcdsaP521},
    {"ed25519", pki::KeyAlgorithm::kEd25519},
    {"rsa-2048", pki::KeyAlgorithm::kRsa2048},
    {"rsa-3072", pki::KeyAlgorithm::kRsa3072},
    {"rsa-4096", pki::KeyAlgorithm::kRsa4096},
};

absl::Status WrongName(absl::string_view flag, absl::string_view value) {
  return absl::InvalidArgumentError(
      absl::StrCat(flag, ": \"", value, "\" is none"));
}

absl::Status AddKey(const pki::PrivateKey& key, const std::string& path,
                    OutputFiles* files) {
  ABSL_ASSIGN_OR_RETURN(const Secret pem,
                        key.ToPem(pki::PrivateKey::Format::kPkcs8));
  files->Add(path, pem.Reveal(), kKeyMode);
  return absl::OkStatus();
}

void SayWhatWasWritten(const Context& context,
                       const std::vector<std::string>& paths) {
  context.err << "wrote " << absl::StrJoin(paths, " and ") << "\n";
}

}  // namespace

std::vector<std::string> KeyAlgorithmNames() {
  std::vector<std::string> names;
  for (const auto& [name, algorithm] : kAlgorithms) names.emplace_back(name);
  return names;
}

absl::StatusOr<pki::PrivateKey> NewKey(const Context& context,
                                       absl::string_view algorithm) {
  for (const auto& [name, value] : kAlgorithms) {
    if (name == algorithm) return context.keys.Generate(value);
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "--algorithm is one of ", absl::StrJoin(KeyAlgorithmNames(), ", "),
      ", not \"", algorithm, "\""));
}

pki::DistinguishedName SubjectFlags::Subject() const {
  pki::DistinguishedName subject;
  subject.common_name = common_name;
  subject.organization = organizations;
  subject.organizational_unit = organizational_units;
  return subject;
}

absl::StatusOr<pki::SubjectAltNames> SubjectFlags::SubjectAltNames() const {
  pki::SubjectAltNames sans;
  for (const std::string& name : dns_names) {
    const absl::string_view base =
        name.rfind("*.", 0) == 0 ? absl::string_view(name).substr(2) : name;
    if (name.size() > 253 || base.empty() ||
        base.find_first_of(" \t\r\n/:@*,") != base.npos ||
        !pki::IsDomainName(base, /*constraint=*/false)) {
      return WrongName("--dns", name);
    }
    sans.dns_names.push_back(name);
  }
  for (const std::string& text : ip_addresses) {
    absl::StatusOr<pki::IpAddress> ip = pki::IpAddress::Parse(text);
    if (!ip.ok()) return WrongName("--ip", text);
    sans.ip_addresses.push_back(*std::move(ip));
  }
  for (const std::string& email : email_addresses) {
    const size_t at = email.find('@');
    if (at == 0 || at == email.npos || at + 1 == email.size() ||
        email.find_first_of(" \t\r\n<>") != email.npos) {
      return WrongName("--email", email);
    }
    sans.email_addresses.push_back(email);
  }
  for (const std::string& text : uris) {
    absl::StatusOr<std::string> uri = pki::NormalizeUri(text);
    if (!uri.ok() || text.find(':') == text.npos) {
      return WrongName("--uri", text);
    }
    sans.uris.push_back(*std::move(uri));
  }
  return sans;
}

absl::Status KeyNew(const Context& context, const KeyNewFlags& flags) {
  ABSL_ASSIGN_OR_RETURN(const pki::PrivateKey key,
                        NewKey(context, flags.algorithm));
  OutputFiles files(context.files, context.rng);
  ABSL_RETURN_IF_ERROR(AddKey(key, flags.output, &files));
  ABSL_RETURN_IF_ERROR(files.Write(flags.force));
  SayWhatWasWritten(context, {flags.output});
  return absl::OkStatus();
}

absl::Status CsrNew(const Context& context, const CsrNewFlags& flags) {
  ABSL_ASSIGN_OR_RETURN(const pki::SubjectAltNames sans,
                        flags.subject.SubjectAltNames());
  const pki::DistinguishedName subject = flags.subject.Subject();
  if (subject.empty() && sans.empty()) {
    return absl::InvalidArgumentError(
        "a request for nobody: give --cn, --dns, --ip, --email or --uri");
  }
  absl::StatusOr<pki::PrivateKey> key = flags.key.empty()
                                            ? NewKey(context, flags.algorithm)
                                            : ReadKeyFile(context, flags.key);
  ABSL_RETURN_IF_ERROR(key.status());
  ABSL_ASSIGN_OR_RETURN(const std::string der,
                        pki::CertificateRequest::Build(subject, sans, *key));
  OutputFiles files(context.files, context.rng);
  std::vector<std::string> paths = {absl::StrCat(flags.output, ".csr")};
  if (flags.key.empty()) {
    paths.push_back(absl::StrCat(flags.output, "-key.pem"));
    ABSL_RETURN_IF_ERROR(AddKey(*key, paths.back(), &files));
  }
  files.Add(paths[0], pki::EncodePem("CERTIFICATE REQUEST", der), kPublicMode);
  ABSL_RETURN_IF_ERROR(files.Write(flags.force));
  SayWhatWasWritten(context, paths);
  return absl::OkStatus();
}

absl::Status CaNew(const Context& context, const CaNewFlags& flags) {
  SelfSignOptions options;
  options.subject = flags.subject.Subject();
  if (options.subject.empty()) {
    return absl::InvalidArgumentError("a CA needs a name: give --cn");
  }
  ABSL_ASSIGN_OR_RETURN(options.lifetime, ParseLifetime(flags.lifetime),
                        _ << "--lifetime");
  if (flags.path_len.value_or(0) < 0) {
    return absl::InvalidArgumentError("--path-len is not below 0");
  }
  options.max_path_len = flags.path_len;
  ABSL_ASSIGN_OR_RETURN(const pki::PrivateKey key,
                        NewKey(context, flags.algorithm));
  ABSL_ASSIGN_OR_RETURN(const std::string pem,
                        IssueRoot(context, key, options));
  const std::vector<std::string> paths = {
      absl::StrCat(flags.output, ".pem"),
      absl::StrCat(flags.output, "-key.pem")};
  OutputFiles files(context.files, context.rng);
  files.Add(paths[0], pem, kPublicMode);
  ABSL_RETURN_IF_ERROR(AddKey(key, paths[1], &files));
  ABSL_RETURN_IF_ERROR(files.Write(flags.force));
  SayWhatWasWritten(context, paths);
  return absl::OkStatus();
}

absl::Status CaSign(const Context& context, const CaSignFlags& flags) {
  IssueOptions options;
  ABSL_ASSIGN_OR_RETURN(options.lifetime, ParseLifetime(flags.lifetime),
                        _ << "--lifetime");
  ABSL_ASSIGN_OR_RETURN(options.usages, pki::UsagesFromStrings(flags.usages),
                        _ << "--usage");
  ABSL_ASSIGN_OR_RETURN(const Authority authority,
                        ReadAuthority(context, flags.ca, flags.ca_key));
  ABSL_ASSIGN_OR_RETURN(const pki::CertificateRequest request,
                        ReadRequestFile(context, flags.request));
  ABSL_ASSIGN_OR_RETURN(const std::optional<pki::CaRequest> ca_request,
                        pki::ParseCaRequest(request.extensions()));
  if (ca_request.has_value() && ca_request->is_ca) {
    return absl::InvalidArgumentError(absl::StrCat(
        flags.request,
        ": asks to be a CA, which this does not do (signet sign does, with a "
        "profile that says so)"));
  }
  ABSL_ASSIGN_OR_RETURN(const std::string pem,
                        IssueCertificate(context, authority, request, options));
  const absl::StatusOr<std::vector<pki::Certificate>> issued =
      pki::ParseCertificatesPem(pem);
  ABSL_RETURN_IF_ERROR(issued.status());
  const absl::Time end = (*issued)[0].validity().not_after;
  if (end < context.clock.TimeNow() + options.lifetime - absl::Minutes(1)) {
    context.err << "the certificate ends with its CA, at " << FormatTimeUtc(end)
                << "\n";
  }
  if (flags.output.empty()) {
    context.out << pem;
    return absl::OkStatus();
  }
  const std::string path = absl::StrCat(flags.output, ".pem");
  OutputFiles files(context.files, context.rng);
  files.Add(path, pem, kPublicMode);
  ABSL_RETURN_IF_ERROR(files.Write(flags.force));
  SayWhatWasWritten(context, {path});
  return absl::OkStatus();
}

}  // namespace signet::cli
