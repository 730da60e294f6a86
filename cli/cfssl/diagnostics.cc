#include "cli/cfssl/diagnostics.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "cli/cfssl/go_json.h"
#include "cli/terminal_text.h"

namespace signet::cli::cfssl {
namespace {

absl::string_view TextOf(ErrorCode code) {
  switch (code) {
    case ErrorCode::kCertificateUnknown:
      return "Unknown certificate error";
    case ErrorCode::kCertificateReadFailed:
      return "Failed to read certificate";
    case ErrorCode::kCertificateDecodeFailed:
      return "Failed to decode certificate";
    case ErrorCode::kCertificateParseFailed:
      return "Failed to parse certificate";
    case ErrorCode::kKeyUnknown:
      return "Unknown private key error";
    case ErrorCode::kKeyDecodeFailed:
      return "Failed to decode private key";
    case ErrorCode::kKeyParseFailed:
      return "Failed to parse private key";
    case ErrorCode::kKeyEncrypted:
      return "Private key is encrypted.";
    case ErrorCode::kKeyMismatch:
      return "Private key does not match public key";
    case ErrorCode::kKeyGenerationFailed:
      return "Failed to new private key";
    case ErrorCode::kNoKeyUsages:
      return "Invalid policy: no key usage available";
    case ErrorCode::kInvalidPolicy:
      return "Invalid or unknown policy";
    case ErrorCode::kInvalidRequest:
      return "Policy violation request";
    case ErrorCode::kUnknownProfile:
      return "Unknown policy profile";
    case ErrorCode::kUnmatchedWhitelist:
      return "Request does not match policy whitelist";
    case ErrorCode::kMissingSerial:
      return "Missing serial number in request";
    case ErrorCode::kCsrDecodeFailed:
      return "CSR Decode failed";
    case ErrorCode::kCsrParseFailed:
      return "CSR Parsing failed";
    case ErrorCode::kCsrBadRequest:
      return "CSR Bad request";
  }
  return "";
}

absl::string_view NameOf(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "DEBUG";
    case LogLevel::kInfo:
      return "INFO";
    case LogLevel::kWarning:
      return "WARNING";
    case LogLevel::kError:
      return "ERROR";
    case LogLevel::kCritical:
      return "CRITICAL";
    case LogLevel::kFatal:
      return "FATAL";
  }
  return "";
}

}  // namespace

absl::Status Error(ErrorCode code, absl::string_view message) {
  return absl::InvalidArgumentError(absl::StrCat(
      "{\"code\":", static_cast<int>(code), ",\"message\":",
      GoJsonString(message.empty() ? TextOf(code) : message), "}"));
}

void Log::Write(LogLevel level, absl::string_view text) {
  if (static_cast<int>(level) < level_) return;
  out_ << absl::FormatTime("%Y/%m/%d %H:%M:%S", clock_.TimeNow(), zone_) << " ["
       << NameOf(level) << "] " << EscapeForTerminal(text) << "\n";
}

}  // namespace signet::cli::cfssl
