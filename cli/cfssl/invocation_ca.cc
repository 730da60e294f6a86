// gencert, and the commands that make and renew CAs.

#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "cli/cfssl/diagnostics.h"
#include "cli/cfssl/invocation.h"
#include "cli/cfssl/materials.h"
#include "cli/cfssl/request_file.h"
#include "cli/cfssl/signer.h"
#include "cli/cfssl/signing_config.h"
#include "core/base/go_duration.h"
#include "core/pki/certificate.h"
#include "core/pki/private_key.h"

namespace signet::cli::cfssl {
namespace {

constexpr absl::string_view kNoHosts =
    R"(This certificate lacks a "hosts" field. This makes it unsuitable for
websites. For more information see the Baseline Requirements for the Issuance and Management
of Publicly-Trusted Certificates, v.1.1.6, from the CA/Browser Forum (https://cabforum.org);
specifically, section 10.2.3 ("Information Requirements").)";

}  // namespace

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

}  // namespace signet::cli::cfssl
