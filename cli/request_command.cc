#include "cli/request_command.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "cli/context.h"
#include "cli/csr_workflow.h"
#include "cli/issue.h"
#include "cli/local_commands.h"
#include "cli/object_commands.h"
#include "cli/output_files.h"
#include "core/api/certificates.pb.h"
#include "core/api/core.pb.h"
#include "core/base/file_system.h"
#include "core/base/secret.h"
#include "core/k8s/resource_api.h"
#include "core/pki/certificate.h"
#include "core/pki/certificate_request.h"
#include "core/pki/pem.h"
#include "core/pki/private_key.h"
#include "core/pki/trust_bundle.h"

namespace signet::cli {
namespace {

using Csr = api::CertificateSigningRequest;

// "my-svc.my-namespace-3f9a2c": what may stand in an object's name, and
// something that nobody else's has.
std::string MakeName(const RequestFlags& flags, Rng& rng) {
  std::string name = !flags.subject.dns_names.empty()
                         ? flags.subject.dns_names[0]
                         : flags.subject.common_name;
  std::string out;
  for (const char c : absl::AsciiStrToLower(name)) {
    const bool good = absl::ascii_isalnum(static_cast<unsigned char>(c));
    if (good || ((c == '.' || c == '-') && !out.empty())) {
      if (!good &&
          !absl::ascii_isalnum(static_cast<unsigned char>(out.back()))) {
        continue;
      }
      out.push_back(c);
    }
  }
  out.resize(std::min<size_t>(out.size(), 200));
  std::array<uint8_t, 4> random;
  rng.Fill(absl::MakeSpan(random));
  return absl::StrCat(
      out.empty() ? "signet" : out, "-",
      absl::BytesToHexString(absl::string_view(
          reinterpret_cast<const char*>(random.data()), random.size())));
}

struct SecretName {
  std::string namespace_name, name;
};
absl::StatusOr<SecretName> ParseSecretName(const std::string& text,
                                           absl::string_view fallback) {
  const size_t slash = text.find('/');
  SecretName name = slash == text.npos ? SecretName{std::string(fallback), text}
                                       : SecretName{text.substr(0, slash),
                                                    text.substr(slash + 1)};
  if (name.namespace_name.empty() || name.name.empty() ||
      name.name.find('/') != name.name.npos) {
    return absl::InvalidArgumentError(
        absl::StrCat("--secret is NAMESPACE/NAME or NAME, not \"", text, "\""));
  }
  return name;
}

// Nothing may be in the way when the certificate comes.
absl::Status CheckTargets(const Context& context,
                          k8s::ResourceApi<api::Secret>& secrets,
                          const RequestFlags& flags,
                          const std::optional<SecretName>& secret) {
  if (flags.force) return absl::OkStatus();
  if (secret.has_value()) {
    const absl::Status there =
        secrets.Get(secret->namespace_name, secret->name).status();
    if (there.ok()) {
      return absl::AlreadyExistsError(
          absl::StrCat("secret ", secret->namespace_name, "/", secret->name,
                       " exists already; --force replaces it"));
    }
    if (!absl::IsNotFound(there)) return there;
  }
  if (!flags.output.empty()) {
    for (const absl::string_view end : {".pem", "-key.pem"}) {
      const std::string path = absl::StrCat(flags.output, end);
      if (context.files.LinkStat(path).ok()) {
        return absl::AlreadyExistsError(
            absl::StrCat(path, " exists already; --force overwrites it"));
      }
    }
  }
  return absl::OkStatus();
}

// The certificate is what was asked for.
absl::Status CheckCertificate(const Context& context, const RequestFlags& flags,
                              const Csr& csr,
                              const pki::CertificateRequest& request) {
  ABSL_ASSIGN_OR_RETURN(const std::vector<pki::Certificate> chain,
                        pki::ParseCertificatesPem(csr.status().certificate()));
  const std::vector<std::string> differences =
      Differences(csr, request, chain[0]);
  if (!differences.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("the certificate is not what was asked for: ",
                     absl::StrJoin(differences, "; ")));
  }
  const absl::Time now = context.clock.TimeNow();
  if (!chain[0].validity().Contains(now)) {
    return absl::FailedPreconditionError("the certificate is not valid now");
  }
  if (flags.ca.empty()) return absl::OkStatus();
  ABSL_ASSIGN_OR_RETURN(const std::string pem, ReadInput(context, flags.ca));
  ABSL_ASSIGN_OR_RETURN(const pki::TrustBundle roots,
                        pki::TrustBundle::FromPem(pem), _ << flags.ca);
  pki::TrustBundle::Options options;
  options.now = now;
  return roots.Verify(chain, options);
}

absl::Status PutSecret(const Context& context,
                       k8s::ResourceApi<api::Secret>& secrets,
                       const SecretName& name, absl::string_view certificate,
                       absl::string_view key, bool force) {
  ABSL_ASSIGN_OR_RETURN(
      const api::Secret secret,
      TlsSecret(name.name, name.namespace_name, certificate, key));
  absl::Status status = secrets.Create(secret).status();
  absl::string_view done = "created";
  if (absl::IsAlreadyExists(status) && force) {
    status = secrets.Update(secret).status();
    done = "configured";
  }
  ABSL_RETURN_IF_ERROR(status);
  context.out << "secret/" << name.name << " " << done << "\n";
  return absl::OkStatus();
}

}  // namespace

absl::Status RequestCertificate(const Context& context, CsrApi& csrs,
                                k8s::ResourceApi<api::Secret>& secrets,
                                absl::string_view default_namespace,
                                const RequestFlags& flags) {
  if (flags.secret.empty() && flags.output.empty()) {
    return absl::InvalidArgumentError(
        "where is the certificate to go? Give --secret, -o or both");
  }
  std::optional<SecretName> secret;
  if (!flags.secret.empty()) {
    ABSL_ASSIGN_OR_RETURN(secret,
                          ParseSecretName(flags.secret, default_namespace));
  }
  ABSL_ASSIGN_OR_RETURN(const pki::SubjectAltNames sans,
                        flags.subject.SubjectAltNames());
  const pki::DistinguishedName subject = flags.subject.Subject();
  if (subject.empty() && sans.empty()) {
    return absl::InvalidArgumentError(
        "a request for nobody: give --cn, --dns, --ip, --email or --uri");
  }
  ApplyFlags apply;
  apply.name = flags.name.empty() ? MakeName(flags, context.rng) : flags.name;
  apply.signer_name = flags.signer_name;
  apply.expiration = flags.expiration;
  apply.usages = flags.usages;
  if (apply.usages.empty()) {
    apply.usages = {"digital signature", "key encipherment",
                    flags.client ? "client auth" : "server auth"};
  }
  ABSL_RETURN_IF_ERROR(MakeCsr(apply, "").status());
  ABSL_RETURN_IF_ERROR(ParseLifetime(flags.timeout).status()) << "--timeout";
  ABSL_RETURN_IF_ERROR(CheckTargets(context, secrets, flags, secret));

  ABSL_ASSIGN_OR_RETURN(const pki::PrivateKey key,
                        NewKey(context, flags.algorithm));
  ABSL_ASSIGN_OR_RETURN(const std::string der,
                        pki::CertificateRequest::Build(subject, sans, key));
  ABSL_ASSIGN_OR_RETURN(const pki::CertificateRequest request,
                        pki::CertificateRequest::Parse(der));
  ABSL_ASSIGN_OR_RETURN(
      const Csr csr,
      MakeCsr(apply, pki::EncodePem("CERTIFICATE REQUEST", der)));
  ABSL_RETURN_IF_ERROR(csrs.Create(csr).status());
  context.err << kCsrResource << apply.name << " created\n";
  auto withdraw = absl::MakeCleanup([&] {
    if (csrs.Delete("", apply.name).ok()) {
      context.err << kCsrResource << apply.name
                  << " deleted: nobody has its key\n";
    }
  });

  WaitFlags wait;
  wait.name = apply.name;
  wait.timeout = flags.timeout;
  bool told = false;
  ABSL_ASSIGN_OR_RETURN(
      const Csr issued,
      WaitFor(context, csrs, wait, [&](absl::string_view state) {
        context.err << "waiting: " << state;
        if (state == "Pending" && !told) {
          context.err << " (somebody approves it by: signet csr approve "
                      << apply.name << ")";
          told = true;
        }
        context.err << "\n";
        context.err.flush();
      }));
  ABSL_RETURN_IF_ERROR(CheckCertificate(context, flags, issued, request));
  std::move(withdraw).Cancel();
  context.err << "issued and verified\n";

  const std::string& certificate = issued.status().certificate();
  ABSL_ASSIGN_OR_RETURN(const Secret pem,
                        key.ToPem(pki::PrivateKey::Format::kPkcs8));
  if (!flags.output.empty()) {
    OutputFiles files(context.files, context.rng);
    files.Add(absl::StrCat(flags.output, ".pem"), certificate, kPublicMode);
    files.Add(absl::StrCat(flags.output, "-key.pem"), pem.Reveal(), kKeyMode);
    ABSL_RETURN_IF_ERROR(files.Write(flags.force));
    context.err << "wrote " << flags.output << ".pem and " << flags.output
                << "-key.pem\n";
  }
  if (secret.has_value()) {
    return PutSecret(context, secrets, *secret, certificate, pem.Reveal(),
                     flags.force);
  }
  return absl::OkStatus();
}

}  // namespace signet::cli
