#include "cli/issue.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "cli/context.h"
#include "core/base/file_system.h"
#include "core/base/go_duration.h"
#include "core/base/rng.h"
#include "core/base/secret.h"
#include "core/pki/certificate.h"
#include "core/pki/certificate_authority.h"
#include "core/pki/certificate_request.h"
#include "core/pki/certificate_template.h"
#include "core/pki/key_usage.h"
#include "core/pki/pem.h"
#include "core/pki/private_key.h"

namespace signet::cli {
namespace {

constexpr size_t kMaxFileBytes = 4 << 20;
constexpr absl::Duration kBackdate = absl::Minutes(5);
constexpr int kSerialBytes = 20;

absl::Status InFile(const std::string& path, const absl::Status& status) {
  return absl::Status(status.code(),
                      absl::StrCat(path == "-" ? "standard input" : path, ": ",
                                   status.message()));
}

std::string NewSerial(Rng& rng) {
  std::string serial(kSerialBytes, '\0');
  rng.Fill(
      absl::MakeSpan(reinterpret_cast<uint8_t*>(serial.data()), serial.size()));
  // Positive, and not zero.
  serial[0] = static_cast<char>((serial[0] & 0x7f) | 0x40);
  return serial;
}

absl::Time WholeSecond(absl::Time time) {
  return absl::FromUnixSeconds(absl::ToUnixSeconds(time));
}

}  // namespace

std::string FormatTimeUtc(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", time, absl::UTCTimeZone());
}

absl::StatusOr<std::string> ReadInput(const Context& context,
                                      const std::string& path) {
  return context.files.Read(path == "-" ? kStandardInput : path, kMaxFileBytes);
}

absl::StatusOr<std::vector<pki::Certificate>> ReadCertificateFile(
    const Context& context, const std::string& path) {
  ABSL_ASSIGN_OR_RETURN(const std::string text, ReadInput(context, path));
  absl::StatusOr<std::vector<pki::Certificate>> certificates =
      pki::ParseCertificatesPem(text);
  if (certificates.ok()) return certificates;
  const absl::StatusOr<pki::Certificate> one = pki::Certificate::Parse(text);
  if (one.ok()) return std::vector<pki::Certificate>{*one};
  if (pki::ParseFirstPem(text).ok()) {
    return InFile(path, certificates.status());
  }
  return InFile(path, absl::InvalidArgumentError(
                          "no certificate in it, neither PEM nor DER"));
}

absl::StatusOr<pki::PrivateKey> ReadKeyFile(const Context& context,
                                            const std::string& path) {
  ABSL_ASSIGN_OR_RETURN(std::string text, ReadInput(context, path));
  const Secret pem = Secret::FromString(std::move(text));
  absl::StatusOr<pki::PrivateKey> key = pki::PrivateKey::FromPem(pem.Reveal());
  if (!key.ok()) return InFile(path, key.status());
  return key;
}

absl::StatusOr<pki::CertificateRequest> ReadRequestFile(
    const Context& context, const std::string& path) {
  ABSL_ASSIGN_OR_RETURN(const std::string text, ReadInput(context, path));
  const absl::StatusOr<pki::PemBlock> block = pki::ParseFirstPem(text);
  if (!block.ok()) {
    absl::StatusOr<pki::CertificateRequest> der =
        pki::CertificateRequest::Parse(text);
    if (der.ok()) return der;
    return InFile(path, absl::InvalidArgumentError(
                            "no certificate request in it, neither PEM nor "
                            "DER"));
  }
  if (block->type != "CERTIFICATE REQUEST" &&
      block->type != "NEW CERTIFICATE REQUEST") {
    return InFile(path, absl::InvalidArgumentError(absl::StrCat(
                            "a ", block->type, ", no CERTIFICATE REQUEST")));
  }
  absl::StatusOr<pki::CertificateRequest> request =
      pki::CertificateRequest::Parse(block->der);
  if (!request.ok()) return InFile(path, request.status());
  return request;
}

absl::StatusOr<Authority> ReadAuthority(const Context& context,
                                        const std::string& certificate_file,
                                        const std::string& key_file) {
  ABSL_ASSIGN_OR_RETURN(const std::vector<pki::Certificate> certificates,
                        ReadCertificateFile(context, certificate_file));
  if (certificates.size() != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat(certificate_file, ": expected 1 certificate, found ",
                     certificates.size()));
  }
  const pki::Certificate& certificate = certificates[0];
  if (!certificate.is_ca()) {
    return absl::InvalidArgumentError(
        absl::StrCat(certificate_file, ": not the certificate of a CA"));
  }
  if (certificate.validity().not_after <= context.clock.TimeNow()) {
    return absl::FailedPreconditionError(
        absl::StrCat(certificate_file, ": the CA has expired at ",
                     FormatTimeUtc(certificate.validity().not_after)));
  }
  ABSL_ASSIGN_OR_RETURN(pki::PrivateKey key, ReadKeyFile(context, key_file));
  if (key.public_key() != certificate.public_key()) {
    return absl::InvalidArgumentError(absl::StrCat(
        key_file, ": not the key of the certificate in ", certificate_file));
  }
  return Authority{certificate, std::move(key)};
}

absl::StatusOr<std::string> IssueCertificate(
    const Context& context, const Authority& authority,
    const pki::CertificateRequest& request, const IssueOptions& options) {
  ABSL_RETURN_IF_ERROR(request.VerifySignature())
      << "the request is not signed by its own key";
  pki::CertificateTemplate tbs;
  tbs.serial_number = NewSerial(context.rng);
  tbs.subject = request.subject();
  tbs.subject_alt_names = request.subject_alt_names();
  tbs.spki_der = request.public_key().spki_der();
  tbs.subject_key_id = pki::KeyId(request.public_key());
  tbs.key_usage = options.usages.key_usage;
  tbs.extended = options.usages.extended;
  const absl::Time now = WholeSecond(context.clock.TimeNow());
  tbs.validity.not_before = now - kBackdate;
  tbs.validity.not_after = std::min(now + options.lifetime,
                                    authority.certificate.validity().not_after);
  pki::IssuerTemplate issuer;
  issuer.raw_name = std::string(authority.certificate.raw_subject());
  issuer.subject_key_id = authority.certificate.subject_key_id();
  issuer.algorithm = pki::IssuerSignatureAlgorithm(authority.key.public_key());
  ABSL_ASSIGN_OR_RETURN(const std::string der,
                        pki::SignTemplate(tbs, issuer, authority.key));
  return pki::EncodePem("CERTIFICATE", der);
}

absl::StatusOr<std::string> IssueRoot(const Context& context,
                                      const pki::PrivateKey& key,
                                      const SelfSignOptions& options) {
  pki::CertificateTemplate tbs;
  tbs.serial_number = NewSerial(context.rng);
  tbs.subject = options.subject;
  tbs.spki_der = key.public_key().spki_der();
  tbs.subject_key_id = pki::KeyId(key.public_key());
  tbs.key_usage = pki::kDigitalSignature | pki::kCertSign | pki::kCrlSign;
  tbs.is_ca = true;
  tbs.max_path_len = options.max_path_len;
  const absl::Time now = WholeSecond(context.clock.TimeNow());
  tbs.validity = {now - kBackdate, now + options.lifetime};
  pki::IssuerTemplate self;
  self.algorithm = pki::IssuerSignatureAlgorithm(key.public_key());
  ABSL_ASSIGN_OR_RETURN(const std::string der,
                        pki::SignTemplate(tbs, self, key));
  return pki::EncodePem("CERTIFICATE", der);
}

absl::StatusOr<absl::Duration> ParseLifetime(absl::string_view text) {
  const auto wrong = [text] {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", text,
                     "\" is no duration above zero, such as 24h, "
                     "90d or 1y"));
  };
  absl::Duration duration;
  const char unit = text.empty() ? ' ' : text.back();
  if (unit == 'd' || unit == 'y') {
    uint32_t count;
    if (!absl::SimpleAtoi(text.substr(0, text.size() - 1), &count) ||
        count > 100 * 365) {
      return wrong();
    }
    duration =
        absl::Hours(24) * static_cast<int64_t>(count) * (unit == 'y' ? 365 : 1);
  } else {
    const absl::StatusOr<absl::Duration> parsed = ParseGoDuration(text);
    if (!parsed.ok()) return wrong();
    duration = *parsed;
  }
  if (duration < absl::Seconds(1) || duration > absl::Hours(24 * 365 * 100)) {
    return wrong();
  }
  return duration;
}

}  // namespace signet::cli
