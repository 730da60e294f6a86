#ifndef SIGNET_CLI_CFSSL_DIAGNOSTICS_H_
#define SIGNET_CLI_CFSSL_DIAGNOSTICS_H_

#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"

// What cfssl 1.6.5 says to people: its log and its errors (SPEC E-17, E-18).
namespace signet::cli::cfssl {

// cfssl's error codes, of errors/error.go: a category plus a reason.
enum class ErrorCode {
  kCertificateUnknown = 1000,
  kCertificateReadFailed = 1001,
  kCertificateDecodeFailed = 1002,
  kCertificateParseFailed = 1003,
  kKeyUnknown = 2000,
  kKeyDecodeFailed = 2002,
  kKeyParseFailed = 2003,
  kKeyEncrypted = 2100,
  kKeyMismatch = 2300,
  kKeyGenerationFailed = 2400,
  kNoKeyUsages = 5100,
  kInvalidPolicy = 5200,
  kInvalidRequest = 5300,
  kUnknownProfile = 5400,
  kUnmatchedWhitelist = 5500,
  kMissingSerial = 1400,
  kCsrDecodeFailed = 9002,
  kCsrParseFailed = 9003,
  kCsrBadRequest = 9300,
};

// Error is kInvalidArgument with the text that cfssl prints for it,
// {"code":5300,"message":"Policy violation request"}; an empty `message` is the
// code's own.
absl::Status Error(ErrorCode code, absl::string_view message = "");

enum class LogLevel { kDebug, kInfo, kWarning, kError, kCritical, kFatal };

// Log writes lines as Go's log does: `2026/11/24 18:00:00 [INFO] text`.
// Thread-compatible.
class Log {
 public:
  // `out` and `clock` must outlive the log.
  Log(std::ostream& out, absl::Clock& clock, absl::TimeZone zone)
      : out_(out), clock_(clock), zone_(zone) {}

  void set_level(int level) { level_ = level; }  // cfssl's -loglevel.

  void Info(absl::string_view text) { Write(LogLevel::kInfo, text); }
  void Warning(absl::string_view text) { Write(LogLevel::kWarning, text); }
  void Error(absl::string_view text) { Write(LogLevel::kError, text); }

 private:
  void Write(LogLevel level, absl::string_view text);

  std::ostream& out_;
  absl::Clock& clock_;
  const absl::TimeZone zone_;
  int level_ = static_cast<int>(LogLevel::kInfo);
};

}  // namespace signet::cli::cfssl

#endif  // SIGNET_CLI_CFSSL_DIAGNOSTICS_H_
