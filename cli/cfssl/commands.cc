#include "cli/cfssl/commands.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "cli/cfssl/certinfo.h"
#include "cli/cfssl/diagnostics.h"
#include "cli/cfssl/go_flags.h"
#include "cli/cfssl/go_json.h"
#include "cli/cfssl/json_command.h"
#include "cli/cfssl/materials.h"
#include "cli/cfssl/request_file.h"
#include "cli/cfssl/signer.h"
#include "cli/cfssl/signing_config.h"
#include "cli/context.h"
#include "cli/terminal_text.h"
#include "core/base/go_duration.h"
#include "core/base/secret.h"
#include "core/pki/certificate.h"
#include "core/pki/certificate_request.h"
#include "core/pki/pem.h"
#include "core/pki/private_key.h"

namespace signet::cli::cfssl {
namespace {

constexpr absl::string_view kNoHosts =
    R"(This certificate lacks a "hosts" field. This makes it unsuitable for
websites. For more information see the Baseline Requirements for the Issuance and Management
of Publicly-Trusted Certificates, v.1.1.6, from the CA/Browser Forum (https://cabforum.org);
specifically, section 10.2.3 ("Information Requirements").)";

constexpr absl::string_view kConfigTemplate = R"({
    "signing": {
        "default": {
            "expiry": "168h"
        },
        "profiles": {
            "www": {
                "expiry": "8760h",
                "usages": [
                    "signing",
                    "key encipherment",
                    "server auth"
                ]
            },
            "client": {
                "expiry": "8760h",
                "usages": [
                    "signing",
                    "key encipherment",
                    "client auth"
                ]
            }
        }
    }
}
)";

constexpr absl::string_view kRequestTemplate = R"({
    "CN": "example.net",
    "hosts": [
        "example.net",
        "www.example.net"
    ],
    "key": {
        "algo": "ecdsa",
        "size": 256
    },
    "names": [
        {
            "C": "US",
            "ST": "CA",
            "L": "San Francisco"
        }
    ]
}
)";

// One call of one command.
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

absl::Status Invocation::Print(absl::string_view certificate,
                               absl::string_view request,
                               absl::string_view key_pem) {
  std::string json = "{";
  const auto add = [&json](absl::string_view name, absl::string_view text) {
    if (text.empty()) return;
    absl::StrAppend(&json, json.size() > 1 ? "," : "", "\"", name,
                    "\":", GoJsonString(text));
  };
  add("cert", certificate);
  add("csr", request);
  add("key", key_pem);
  const Secret line = Secret::FromString(json + "}\n");
  Wipe(json);
  context_.out << line.Reveal();
  return absl::OkStatus();
}

absl::Status Invocation::PrintWithKey(absl::string_view certificate,
                                      absl::string_view request,
                                      const pki::PrivateKey& key) {
  ABSL_ASSIGN_OR_RETURN(const Secret pem, EncodeKey(key, compatible()));
  return Print(certificate, request, pem.Reveal());
}

absl::StatusOr<std::string> Invocation::OnlyArgument() const {
  if (flags_.arguments().empty()) {
    return absl::InvalidArgumentError(
        "not enough arguments are supplied --- please refer to the usage");
  }
  if (flags_.arguments().size() > 1) {
    return absl::InvalidArgumentError(
        "only one argument is accepted, please check with usage");
  }
  return flags_.arguments()[0];
}

absl::StatusOr<RequestFile> Invocation::ReadRequest() const {
  ABSL_ASSIGN_OR_RETURN(const std::string name, OnlyArgument());
  ABSL_ASSIGN_OR_RETURN(const std::string text,
                        ReadFileOrInput(name, context_.files));
  return ParseRequestFile(text);
}

absl::StatusOr<std::string> Invocation::RequestPem(const RequestFile& request,
                                                   const pki::PrivateKey& key) {
  const absl::StatusOr<std::string> der = BuildRequest(request, key);
  if (!der.ok()) {
    log_.Error(
        absl::StrCat("failed to generate a CSR: ", der.status().message()));
    return der.status();
  }
  log_.Info("encoded CSR");
  return pki::EncodePem("CERTIFICATE REQUEST", *der);
}

absl::StatusOr<Invocation::KeyAndRequest> Invocation::NewKeyAndRequest(
    const RequestFile& request) {
  log_.Info("received CSR");
  log_.Info(absl::StrCat("generating key: ", request.key.algorithm, "-",
                         request.key.size));
  ABSL_ASSIGN_OR_RETURN(pki::PrivateKey key,
                        NewKey(request.key, context_.keys));
  ABSL_ASSIGN_OR_RETURN(std::string pem, RequestPem(request, key));
  return KeyAndRequest{std::move(key), std::move(pem)};
}

absl::StatusOr<pki::PrivateKey> Invocation::ReadKey(
    const std::string& name) const {
  ABSL_ASSIGN_OR_RETURN(std::string text,
                        ReadNamed(name, context_.files, context_.environment));
  const Secret pem = Secret::FromString(std::move(text));
  return ParseKey(pem.Reveal());
}

std::optional<std::vector<std::string>> Invocation::Hostnames() const {
  const std::string list = flags_.Text("hostname");
  if (list.empty()) return std::nullopt;
  return std::vector<std::string>(absl::StrSplit(list, ','));
}

bool Invocation::HasCa(absl::string_view article) {
  if (config_.has_value()) return true;  // MakeSigner finds out.
  if (flags_.Text("ca").empty()) {
    log_.Error(absl::StrCat("need ", article,
                            "CA certificate (provide one with -ca)"));
    return false;
  }
  if (flags_.Text("ca-key").empty()) {
    log_.Error(
        absl::StrCat("need ", article, "CA key (provide one with -ca-key)"));
    return false;
  }
  return true;
}

absl::StatusOr<Signer> Invocation::MakeSigner() {
  const std::string key_name = flags_.Text("ca-key");
  if (key_name.empty()) return Error(ErrorCode::kKeyUnknown);
  ABSL_ASSIGN_OR_RETURN(
      const std::string ca_pem,
      ReadNamed(flags_.Text("ca"), context_.files, context_.environment));
  absl::StatusOr<std::string> key_text =
      ReadNamed(key_name, context_.files, context_.environment);
  if (!key_text.ok()) {
    return Error(ErrorCode::kCertificateReadFailed,
                 key_text.status().message());
  }
  const Secret key_pem = Secret::FromString(*std::move(key_text));
  ABSL_ASSIGN_OR_RETURN(pki::Certificate ca, ParseCertificate(ca_pem));
  ABSL_ASSIGN_OR_RETURN(pki::PrivateKey key, ParseKey(key_pem.Reveal()));
  return Signer(std::move(ca), std::move(key),
                config_.has_value() ? *config_ : DefaultSigningConfig(),
                safety_, With());
}

absl::Status Invocation::GenKey() {
  ABSL_ASSIGN_OR_RETURN(RequestFile request, ReadRequest());
  if (flags_.Bool("initca")) {
    return InitCa(std::move(request), /*with_key_file=*/false);
  }
  if (request.ca.has_value()) {
    return absl::InvalidArgumentError("ca section only permitted in initca");
  }
  log_.Info("generate received request");
  ABSL_ASSIGN_OR_RETURN(const KeyAndRequest made, NewKeyAndRequest(request));
  return PrintWithKey("", made.request_pem, made.key);
}

// What cfssl's initca does: a CA whose certificate it makes itself.
absl::Status Invocation::InitCa(RequestFile request, bool with_key_file) {
  SigningConfig config;
  SigningProfile& profile = config.default_profile;
  profile.usages = {"cert sign", "crl sign"};
  profile.expiry = absl::Hours(43800);
  profile.is_ca = true;
  if (request.ca.has_value()) {
    if (!request.ca->expiry.empty()) {
      ABSL_ASSIGN_OR_RETURN(profile.expiry,
                            ParseGoDuration(request.ca->expiry));
    }
    if (!request.ca->backdate.empty() && !with_key_file) {
      ABSL_ASSIGN_OR_RETURN(profile.backdate,
                            ParseGoDuration(request.ca->backdate));
    }
    profile.max_path_len = request.ca->path_len;
    if (request.ca->path_len != 0 && request.ca->path_len_zero) {
      log_.Info("ignore invalid 'pathlenzero' value");
    } else {
      profile.max_path_len_zero = request.ca->path_len_zero;
    }
  }
  SignRequest sign;
  if (with_key_file) {
    absl::StatusOr<pki::PrivateKey> key = ReadKey(flags_.Text("ca-key"));
    absl::StatusOr<std::string> certificate =
        key.ok() ? RequestPem(request, *key) : key.status();
    if (certificate.ok()) {
      sign.request_pem = *certificate;
      Signer signer(std::nullopt, *key, config, safety_, With());
      certificate = signer.Sign(sign);
    }
    if (!certificate.ok()) {
      log_.Error(certificate.status().message());
      return certificate.status();
    }
    return Print(*certificate, sign.request_pem, "");
  }
  profile.crl_url = request.crl_url;
  log_.Info("generate received request");
  if (HasNoSubject(request)) {
    const absl::Status nobody =
        Error(ErrorCode::kInvalidRequest, "missing subject information");
    log_.Warning(absl::StrCat("invalid request: ", nobody.message()));
    log_.Error(absl::StrCat("failed to process request: ", nobody.message()));
    return nobody;
  }
  absl::StatusOr<KeyAndRequest> made = NewKeyAndRequest(request);
  if (!made.ok()) {
    log_.Error(
        absl::StrCat("failed to process request: ", made.status().message()));
    return made.status();
  }
  sign.request_pem = made->request_pem;
  sign.hosts = request.hosts;
  Signer signer(std::nullopt, made->key, config, safety_, With());
  ABSL_ASSIGN_OR_RETURN(const std::string certificate, signer.Sign(sign));
  return PrintWithKey(certificate, made->request_pem, made->key);
}

// A new certificate for the same CA, of the same length.
absl::Status Invocation::RenewCa() {
  ABSL_ASSIGN_OR_RETURN(
      const std::string pem,
      ReadNamed(flags_.Text("ca"), context_.files, context_.environment));
  ABSL_ASSIGN_OR_RETURN(const pki::Certificate ca, ParseCertificate(pem));
  ABSL_ASSIGN_OR_RETURN(const pki::PrivateKey key,
                        ReadKey(flags_.Text("ca-key")));
  if (!ca.is_ca()) {
    return absl::InvalidArgumentError("input certificate is not a CA cert");
  }
  if (ca.public_key() != key.public_key()) {
    return Error(ErrorCode::kKeyMismatch);
  }
  const RequestFile request = RequestOf(ca);
  SigningConfig config;
  SigningProfile& profile = config.default_profile;
  profile.usages = {"cert sign", "crl sign"};
  profile.expiry = ca.validity().lifetime();
  profile.is_ca = true;
  profile.max_path_len = request.ca->path_len;
  profile.max_path_len_zero = request.ca->path_len_zero;
  SignRequest sign;
  ABSL_ASSIGN_OR_RETURN(sign.request_pem, RequestPem(request, key));
  Signer signer(std::nullopt, key, config, safety_, With());
  ABSL_ASSIGN_OR_RETURN(const std::string certificate, signer.Sign(sign));
  return Print(certificate, "", "");
}

absl::Status Invocation::GenCert() {
  if (flags_.Bool("renewca")) {
    log_.Info("re-generate a CA certificate from CA cert and key");
    const absl::Status renewed = RenewCa();
    if (!renewed.ok()) log_.Error(renewed.message());
    return renewed;
  }
  ABSL_ASSIGN_OR_RETURN(RequestFile request, ReadRequest());
  if (!flags_.Text("cn").empty()) request.common_name = flags_.Text("cn");
  if (flags_.Bool("initca")) {
    const bool with_key_file = !flags_.Text("ca-key").empty();
    log_.Info(with_key_file
                  ? "re-generate a CA certificate from CSR and CA key"
                  : "generating a new CA key and certificate from CSR");
    return InitCa(std::move(request), with_key_file);
  }
  if (request.ca.has_value()) {
    return absl::InvalidArgumentError("ca section only permitted in initca");
  }
  SignRequest sign;
  sign.hosts = Hostnames();
  if (sign.hosts.has_value()) request.hosts = sign.hosts;
  if (!HasCa("a ")) {
    // cfssl ends well (SPEC E-23).
    return compatible() ? absl::OkStatus() : absl::CancelledError("no CA");
  }
  log_.Info("generate received request");
  // First what can go wrong; cfssl makes the key first.
  absl::StatusOr<Signer> signer = MakeSigner();
  ABSL_ASSIGN_OR_RETURN(const KeyAndRequest made, NewKeyAndRequest(request));
  ABSL_RETURN_IF_ERROR(signer.status());
  sign.request_pem = made.request_pem;
  sign.profile = flags_.Text("profile");
  sign.crl_url = flags_.Text("crl");
  ABSL_ASSIGN_OR_RETURN(const std::string certificate, signer->Sign(sign));
  if (!request.hosts.has_value() || request.hosts->empty()) {
    log_.Warning(kNoHosts);
  }
  return PrintWithKey(certificate, made.request_pem, made.key);
}

absl::Status Invocation::GenCsr() {
  const std::string key_name = flags_.Text("key");
  if (key_name.empty()) {
    return absl::InvalidArgumentError(
        "private key file is required through '-key', please check with usage");
  }
  ABSL_ASSIGN_OR_RETURN(
      std::string key_text,
      ReadNamed(key_name, context_.files, context_.environment));
  const Secret key_pem = Secret::FromString(std::move(key_text));
  ABSL_ASSIGN_OR_RETURN(const pki::PrivateKey key, ParseKey(key_pem.Reveal()));
  RequestFile request;
  if (const std::string name = flags_.Text("cert"); !name.empty()) {
    if (!flags_.arguments().empty()) {
      return absl::InvalidArgumentError(
          "no argument is accepted with '-cert', please check with usage");
    }
    ABSL_ASSIGN_OR_RETURN(
        const std::string pem,
        ReadNamed(name, context_.files, context_.environment));
    ABSL_ASSIGN_OR_RETURN(const pki::Certificate certificate,
                          ParseCertificate(pem));
    request = RequestOf(certificate);
  } else {
    ABSL_ASSIGN_OR_RETURN(request, ReadRequest());
  }
  if (std::optional<std::vector<std::string>> hosts = Hostnames()) {
    request.hosts = std::move(hosts);
  }
  ABSL_ASSIGN_OR_RETURN(const std::string pem, RequestPem(request, key));
  return Print("", pem, key_pem.Reveal());
}

absl::Status Invocation::Sign() {
  std::vector<std::string> arguments = flags_.arguments();
  std::string name = flags_.Text("csr");
  if (name.empty()) {
    if (arguments.empty()) {
      return absl::InvalidArgumentError(
          "not enough arguments are supplied --- please refer to the usage");
    }
    name = arguments[0];
    arguments.erase(arguments.begin());
  }
  SignRequest sign;
  if (arguments.size() > 1) {
    return absl::InvalidArgumentError(
        "too many arguments are provided, please check with usage");
  }
  if (!arguments.empty()) {
    absl::StatusOr<std::string> json =
        ReadNamed(absl::StrCat("file:", arguments[0]), context_.files,
                  context_.environment);
    ABSL_RETURN_IF_ERROR(json.status());
    ABSL_ASSIGN_OR_RETURN(sign.subject, ParseSubjectFile(*json));
  }
  ABSL_ASSIGN_OR_RETURN(sign.request_pem,
                        ReadFileOrInput(name, context_.files));
  if (!HasCa("")) {
    return compatible() ? absl::OkStatus() : absl::CancelledError("no CA");
  }
  ABSL_ASSIGN_OR_RETURN(Signer signer, MakeSigner());
  sign.hosts = Hostnames();
  sign.profile = flags_.Text("profile");
  sign.crl_url = flags_.Text("crl");
  ABSL_ASSIGN_OR_RETURN(const std::string certificate, signer.Sign(sign));
  return Print(certificate, sign.request_pem, "");
}

absl::Status Invocation::CertInfo() {
  if (const std::string name = flags_.Text("cert"); !name.empty()) {
    ABSL_ASSIGN_OR_RETURN(const std::string pem,
                          ReadFileOrInput(name, context_.files));
    ABSL_ASSIGN_OR_RETURN(const pki::Certificate certificate,
                          ParseCertificate(pem));
    context_.out << CertificateInfo(certificate) << "\n";
    return absl::OkStatus();
  }
  if (const std::string name = flags_.Text("csr"); !name.empty()) {
    ABSL_ASSIGN_OR_RETURN(const std::string pem,
                          ReadFileOrInput(name, context_.files));
    const absl::StatusOr<pki::PemBlock> block = pki::ParseFirstPem(pem);
    if (!block.ok()) return Error(ErrorCode::kCsrDecodeFailed);
    ABSL_ASSIGN_OR_RETURN(const pki::CertificateRequest request,
                          pki::CertificateRequest::Parse(block->der));
    context_.out << RequestInfo(request) << "\n";
    return absl::OkStatus();
  }
  for (const absl::string_view flag : {"domain", "serial"}) {
    if (flags_.Text(flag).empty()) continue;
    return absl::UnimplementedError(absl::StrCat(
        "-", flag,
        " is not supported (for a server: signet inspect HOST:PORT)"));
  }
  return absl::InvalidArgumentError(
      "Must specify certinfo target through -cert, -csr, -domain or -serial + "
      "-aki");
}

absl::Status Invocation::PrintDefaults() {
  if (flags_.arguments().empty()) {
    return absl::InvalidArgumentError(
        "not enough arguments are supplied --- please refer to the usage");
  }
  const std::string& type = flags_.arguments()[0];
  if (type == "config") {
    context_.out << kConfigTemplate << "\n";
  } else if (type == "csr") {
    context_.out << kRequestTemplate << "\n";
  } else {
    context_.out << "Default configurations are available for:\n"
                    "\tconfig\n\tcsr\n";
    if (type != "list" && !compatible()) {
      return absl::InvalidArgumentError(
          absl::StrCat("no default configuration \"", type, "\""));
    }
  }
  return absl::OkStatus();
}

absl::Status Invocation::Run(absl::string_view command) {
  for (const absl::string_view flag :
       {"remote", "db-config", "mutual-tls-ca", "mutual-tls-client-cert",
        "mutual-tls-client-key", "tls-remote-ca"}) {
    if (flags_.Text(flag).empty()) continue;
    return absl::UnimplementedError(
        absl::StrCat("-", flag, " is not supported: signet signs with files"));
  }
  if (const std::string path = flags_.Text("config"); !path.empty()) {
    const absl::StatusOr<std::string> text =
        context_.files.Read(path, kMaxJsonBytes);
    absl::StatusOr<SigningConfig> config =
        text.ok() ? ParseSigningConfig(*text)
                  : Error(ErrorCode::kInvalidPolicy,
                          "could not read configuration file");
    if (!config.ok()) {
      return absl::Status(config.status().code(),
                          absl::StrCat("Failed to load config file: ",
                                       config.status().message()));
    }
    config_ = *std::move(config);
  }
  if (command == "genkey") return GenKey();
  if (command == "gencert") return GenCert();
  if (command == "gencsr") return GenCsr();
  if (command == "sign") return Sign();
  if (command == "certinfo") return CertInfo();
  if (command == "print-defaults") return PrintDefaults();
  return SplitJson(context_, flags_);
}

void PrintHelp(const Command& command, std::ostream& out) {
  out << command.summary << "\n\nUsage: signet " << command.name << " "
      << command.usage << "\n\nFlags:\n";
  for (const absl::string_view name : command.flags) {
    const GoFlag& flag = FlagOf(name);
    out << "  -" << name << "="
        << (flag.default_value.empty() ? "\"\"" : flag.default_value) << ": "
        << flag.help << "\n";
  }
  out << "\nExamples:\n" << command.examples << "\n";
}

}  // namespace

int Run(const Context& context, absl::Span<const std::string> words) {
  const Command* const command = FindCommand(words[0]);
  const absl::StatusOr<GoFlagSet> flags =
      GoFlagSet::Parse(Flags(), words.subspan(1));
  if (absl::IsCancelled(flags.status())) {
    PrintHelp(*command, context.out);
    return kExitOk;
  }
  absl::Status wrong = flags.status();
  SafetyLevel safety = SafetyLevel::kDefault;
  if (wrong.ok()) {
    const std::string compat = flags->Text("compat");
    if (compat == "cfssl") {
      safety = SafetyLevel::kCompatible;
    } else if (!compat.empty()) {
      wrong = absl::InvalidArgumentError(
          absl::StrCat("-compat is cfssl or nothing, not ", compat));
    } else if (flags->Bool("strict")) {
      safety = SafetyLevel::kStrict;
    }
  }
  if (!wrong.ok()) {
    context.err << EscapeForTerminal(wrong.message()) << " (see signet "
                << command->name << " -help)\n";
    return kExitUsage;
  }
  const absl::Status status =
      Invocation(context, *flags, safety).Run(command->name);
  if (status.ok()) return kExitOk;
  // The log has said it already.
  if (!absl::IsCancelled(status)) {
    context.err << EscapeForTerminal(status.message()) << "\n";
  }
  return kExitFailure;
}

}  // namespace signet::cli::cfssl
