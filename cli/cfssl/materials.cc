#include "cli/cfssl/materials.h"

#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "cli/cfssl/diagnostics.h"
#include "cli/context.h"
#include "core/base/file_system.h"
#include "core/base/secret.h"
#include "core/pki/certificate.h"
#include "core/pki/pem.h"
#include "core/pki/private_key.h"

namespace signet::cli::cfssl {
namespace {

constexpr size_t kMaxFileBytes = 4 << 20;
constexpr absl::string_view kCfsslLabel = "Ed25519 PRIVATE KEY";

// The last byte of a PEM text: nothing but space may follow its first block.
bool EndsAfterOneBlock(absl::string_view pem) {
  constexpr absl::string_view kEnd = "-----END ";
  const size_t end = pem.find(kEnd);
  if (end == pem.npos) return true;
  const size_t newline = pem.find('\n', end);
  return newline == pem.npos ||
         absl::StripAsciiWhitespace(pem.substr(newline)).empty();
}

}  // namespace

absl::Status OpenError(absl::string_view name, const absl::Status& status) {
  absl::string_view why = status.message();
  switch (status.code()) {
    case absl::StatusCode::kNotFound:
      why = "no such file or directory";
      break;
    case absl::StatusCode::kPermissionDenied:
      why = "permission denied";
      break;
    case absl::StatusCode::kFailedPrecondition:
      return absl::Status(status.code(),
                          absl::StrCat("read ", name, ": is a directory"));
    default:
      return absl::Status(status.code(), absl::StrCat(name, ": ", why));
  }
  return absl::Status(status.code(), absl::StrCat("open ", name, ": ", why));
}

absl::StatusOr<std::string> ReadFileOrInput(absl::string_view name,
                                            FileSystem& files) {
  absl::StatusOr<std::string> text =
      files.Read(name == "-" ? kStandardInput : name, kMaxFileBytes);
  if (!text.ok()) return OpenError(name, text.status());
  return text;
}

absl::StatusOr<std::string> ReadNamed(
    absl::string_view name, FileSystem& files,
    const std::function<std::string(absl::string_view)>& environment) {
  const size_t colon = name.find(':');
  if (colon == name.npos) {
    absl::StatusOr<std::string> text = files.Read(name, kMaxFileBytes);
    if (!text.ok()) return OpenError(name, text.status());
    return text;
  }
  const absl::string_view kind = name.substr(0, colon);
  const absl::string_view rest = name.substr(colon + 1);
  if (kind == "env") return environment(rest);
  if (kind == "file") {
    absl::StatusOr<std::string> text = files.Read(rest, kMaxFileBytes);
    if (!text.ok()) return OpenError(rest, text.status());
    return text;
  }
  return absl::InvalidArgumentError(absl::StrCat("unknown prefix: ", kind));
}

absl::StatusOr<pki::Certificate> ParseCertificate(absl::string_view pem) {
  const absl::StatusOr<pki::PemBlock> block = pki::ParseFirstPem(pem);
  if (!block.ok()) return Error(ErrorCode::kCertificateDecodeFailed);
  absl::StatusOr<pki::Certificate> certificate =
      pki::Certificate::Parse(block->der);
  if (!certificate.ok()) return Error(ErrorCode::kCertificateParseFailed);
  if (!EndsAfterOneBlock(pem)) {
    return Error(ErrorCode::kCertificateParseFailed,
                 "the PEM file should contain only one object");
  }
  return certificate;
}

absl::StatusOr<pki::PrivateKey> ParseKey(absl::string_view pem) {
  const absl::StatusOr<std::vector<pki::PemBlock>> blocks = pki::ParsePem(pem);
  if (!blocks.ok()) return Error(ErrorCode::kKeyDecodeFailed);
  for (const pki::PemBlock& block : *blocks) {
    if (block.type == "EC PARAMETERS") continue;
    for (const auto& [key, value] : block.headers) {
      if (key == "Proc-Type" && absl::StrContains(value, "ENCRYPTED")) {
        return Error(ErrorCode::kKeyEncrypted);
      }
    }
    for (const absl::string_view label :
         {"PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"}) {
      const Secret one = Secret::FromString(pki::EncodePem(label, block.der));
      absl::StatusOr<pki::PrivateKey> key =
          pki::PrivateKey::FromPem(one.Reveal());
      if (key.ok()) return key;
    }
    return Error(ErrorCode::kKeyParseFailed);
  }
  return Error(ErrorCode::kKeyDecodeFailed);
}

absl::StatusOr<Secret> EncodeKey(const pki::PrivateKey& key, bool compatible) {
  ABSL_ASSIGN_OR_RETURN(Secret pem,
                        key.ToPem(pki::PrivateKey::Format::kTraditional));
  if (!compatible || key.public_key().type() != pki::KeyType::kEd25519) {
    return pem;
  }
  return Secret::FromString(
      absl::StrReplaceAll(pem.Reveal(), {{"PRIVATE KEY", kCfsslLabel}}));
}

}  // namespace signet::cli::cfssl
