#include "node_agent/delivery.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/log/log.h"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/base/file_system.h"
#include "core/http/tls_identity.h"
#include "core/pki/certificate.h"
#include "core/sys/command_runner.h"
#include "core/sys/file_owners.h"
#include "node_agent/agent_config.h"
#include "node_agent/current_certificate.h"
#include "node_agent/event.h"

namespace signet::node_agent {
namespace {

constexpr absl::Duration kLook = absl::Minutes(1);
constexpr absl::Duration kFirstRetry = absl::Seconds(5);
constexpr absl::Duration kLongestRetry = absl::Minutes(5);
constexpr absl::Duration kReloadTimeout = absl::Seconds(90);
constexpr size_t kMaxNoteBytes = 4096;
constexpr uint32_t kNoteMode = 0600;
constexpr char kSystemctl[] = "/usr/bin/systemctl";

std::string Fingerprint(const http::TlsIdentity& pair) {
  const std::array<uint8_t, 32> hash = pair.chain.front().Sha256();
  return absl::BytesToHexString(absl::string_view(
      reinterpret_cast<const char*>(hash.data()), hash.size()));
}

std::string Parent(absl::string_view path) {
  const size_t slash = path.rfind('/');
  return std::string(slash == 0 ? "/" : path.substr(0, slash));
}

absl::Duration RetryPause(int attempts) {
  absl::Duration pause = kFirstRetry;
  for (int i = 1; i < attempts && pause < kLongestRetry; ++i) pause *= 2;
  return std::min(pause, kLongestRetry);
}

}  // namespace

Delivery::Delivery(DeliveryOptions options, CurrentCertificate& current,
                   CaSource ca, FileSystem& files, sys::FileOwners& owners,
                   sys::CommandRunner& commands, absl::Clock& clock)
    : options_(std::move(options)),
      current_(current),
      ca_(std::move(ca)),
      file_system_(files),
      commands_(commands),
      clock_(clock),
      files_(options_.files, files, owners) {
  current_.OnChange([this] {
    absl::MutexLock lock(mutex_);
    changed_ = true;
  });
}

absl::Time Delivery::Pass() {
  const absl::Time now = clock_.TimeNow();
  const std::shared_ptr<const http::TlsIdentity> pair = current_.Current();
  if (pair == nullptr) return now + kLook;
  if (Fingerprint(*pair) == fingerprint_ && attempts_ > 0 && now < retry_at_) {
    return retry_at_;
  }
  const absl::Status status = Deliver();
  if (stopped()) return now;
  const absl::Time then = clock_.TimeNow();
  absl::MutexLock lock(mutex_);
  if (status.ok()) {
    attempts_ = 0;
    state_.last_error.clear();
    state_.next_attempt = absl::InfinitePast();
    return then + kLook;
  }
  ++attempts_;
  ++state_.failures;
  retry_at_ = then + RetryPause(attempts_);
  state_.last_error = std::string(status.message());
  state_.next_attempt = retry_at_;
  LOG(ERROR) << Event("delivery_failed")
                    .With("certificate", options_.name)
                    .With("attempt", attempts_)
                    .With("error", status.message())
                    .With("next_attempt", retry_at_);
  return retry_at_;
}

absl::Status Delivery::Deliver() {
  const std::shared_ptr<const http::TlsIdentity> pair = current_.Current();
  if (pair == nullptr) return absl::OkStatus();
  std::string ca;
  if (!options_.files.ca.empty()) {
    ABSL_ASSIGN_OR_RETURN(ca, ca_());
  }
  const std::string fingerprint = Fingerprint(*pair);
  ABSL_ASSIGN_OR_RETURN(const bool up_to_date, files_.UpToDate(*pair, ca));
  if (fingerprint != fingerprint_) {
    // Another certificate, or the first since the start.
    fingerprint_ = fingerprint;
    attempts_ = 0;
    const absl::StatusOr<std::string> note =
        file_system_.Read(options_.marker_path, kMaxNoteBytes);
    const bool noted =
        note.ok() && absl::StripAsciiWhitespace(*note) == fingerprint;
    done_.assign(options_.after.size(), noted);
    if (noted && up_to_date) return absl::OkStatus();
  } else if (up_to_date && attempts_ == 0) {
    return absl::OkStatus();
  }
  if (!up_to_date) {
    // From here until the next note all of it is to be done after a crash.
    const absl::Status removed = file_system_.Remove(options_.marker_path);
    if (!absl::IsNotFound(removed)) {
      ABSL_RETURN_IF_ERROR(removed);
      ABSL_RETURN_IF_ERROR(
          file_system_.SyncDirectory(Parent(options_.marker_path)));
    }
    ABSL_RETURN_IF_ERROR(files_.Write(*pair, ca));
    done_.assign(options_.after.size(), false);
  }
  absl::Status first_error;
  for (size_t i = 0; i < options_.after.size(); ++i) {
    if (done_[i]) continue;
    if (stopped()) return absl::CancelledError("stopped");
    const absl::Status status = Do(options_.after[i]);
    done_[i] = status.ok();
    if (!status.ok() && first_error.ok()) {
      first_error = absl::Status(
          status.code(),
          absl::StrCat(Describe(options_.after[i]), ": ", status.message()));
    }
  }
  ABSL_RETURN_IF_ERROR(first_error);
  ABSL_RETURN_IF_ERROR(file_system_.Write(
      options_.marker_path, absl::StrCat(fingerprint, "\n"), kNoteMode));
  LOG(INFO) << Event("delivered")
                   .With("certificate", options_.name)
                   .With("serial",
                         pki::SerialToHex(pair->chain.front().serial_number()));
  absl::MutexLock lock(mutex_);
  ++state_.delivered;
  return absl::OkStatus();
}

absl::Status Delivery::Do(const FollowUp& follow_up) {
  switch (follow_up.kind) {
    case FollowUp::Kind::kSignal: {
      ABSL_ASSIGN_OR_RETURN(
          const std::string text,
          file_system_.Read(follow_up.pid_file, kMaxNoteBytes));
      int64_t pid = 0;
      if (!absl::SimpleAtoi(absl::StripAsciiWhitespace(text), &pid)) {
        return absl::InvalidArgumentError(
            absl::StrCat("\"", follow_up.pid_file,
                         "\" does not hold the number of a ", "process"));
      }
      return commands_.Signal(pid, follow_up.signal);
    }
    case FollowUp::Kind::kCommand:
      return RunCommand(follow_up.argv, follow_up.timeout);
    case FollowUp::Kind::kReloadUnit:
      return RunCommand({kSystemctl, "reload", "--", follow_up.unit},
                        kReloadTimeout);
  }
  return absl::InternalError("unknown kind of follow-up");
}

absl::Status Delivery::RunCommand(std::vector<std::string> argv,
                                  absl::Duration timeout) {
  const OutputFiles& files = options_.files;
  const auto or_current = [this](const std::string& path) {
    return path.empty() ? options_.current_path : path;
  };
  ABSL_ASSIGN_OR_RETURN(
      const sys::CommandResult result,
      commands_.Run({.argv = std::move(argv),
                     .environment = {{"SIGNET_NAME", options_.name},
                                     {"SIGNET_CERTIFICATE_FILE",
                                      or_current(files.certificate)},
                                     {"SIGNET_KEY_FILE", or_current(files.key)},
                                     {"SIGNET_CA_FILE", files.ca}},
                     .timeout = timeout,
                     .cancelled = [this] { return stopped(); }}));
  if (result.exit_code == 0) return absl::OkStatus();
  const absl::string_view output = absl::StripAsciiWhitespace(result.output);
  return absl::UnavailableError(absl::StrCat(
      "exit code ", result.exit_code, output.empty() ? "" : ": ", output));
}

void Delivery::Run() {
  const auto due = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return changed_ || stopped_;
  };
  while (true) {
    {
      absl::MutexLock lock(mutex_);
      if (stopped_) return;
      changed_ = false;  // The pass sees every change up to now.
    }
    const absl::Time next = Pass();
    absl::MutexLock lock(mutex_);
    // The wall clock may be set while we wait.
    clock_.AwaitWithDeadline(&mutex_, absl::Condition(&due),
                             std::min(next, clock_.TimeNow() + kLook));
  }
}

void Delivery::Stop() {
  absl::MutexLock lock(mutex_);
  stopped_ = true;
}

DeliveryState Delivery::State() const {
  absl::MutexLock lock(mutex_);
  return state_;
}

bool Delivery::stopped() const {
  absl::MutexLock lock(mutex_);
  return stopped_;
}

}  // namespace signet::node_agent
