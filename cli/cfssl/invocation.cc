#include "cli/cfssl/invocation.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "cli/cfssl/certinfo.h"
#include "cli/cfssl/diagnostics.h"
#include "cli/cfssl/go_json.h"
#include "cli/cfssl/json_command.h"
#include "cli/cfssl/materials.h"
#include "cli/cfssl/request_file.h"
#include "cli/cfssl/signer.h"
#include "cli/cfssl/signing_config.h"
#include "core/base/secret.h"
#include "core/pki/certificate.h"
#include "core/pki/certificate_request.h"
#include "core/pki/pem.h"
#include "core/pki/private_key.h"

namespace signet::cli::cfssl {
namespace {

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

}  // namespace

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

}  // namespace signet::cli::cfssl
