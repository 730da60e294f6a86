#include "core/rotation/next_step.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/pki/validity.h"
#include "core/rotation/retry_ladder.h"
#include "core/rotation/rotation_window.h"

namespace signet::rotation {

StartWith DecideStart(const std::optional<pki::Validity>& stored,
                      bool has_bootstrap_pair, absl::Time now) {
  if (stored.has_value() && now < stored->not_after) return StartWith::kStored;
  return has_bootstrap_pair ? StartWith::kBootstrap : StartWith::kNothing;
}

NextStep DecideNextStep(const Situation& situation, absl::Time now) {
  const std::optional<InUse>& certificate = situation.certificate;
  const Credentials credentials =
      !certificate.has_value() || !IsUsable(certificate->validity, now)
          ? Credentials::kBootstrap
      : situation.refused ? Credentials::kFallback
                          : Credentials::kCurrent;
  const auto wait = [&](absl::Time at, std::string why) {
    return NextStep{Action::kWait, at, std::move(why), credentials};
  };

  std::string why;
  if (situation.failed.count > 0) {
    if (now < situation.retry_at && now >= situation.failed.last_ended) {
      return wait(situation.retry_at,
                  absl::StrCat("attempt ", situation.failed.count, " failed"));
    }
    why = absl::StrCat("attempt ", situation.failed.count, " failed");
  } else if (!certificate.has_value()) {
    why = "no certificate";
  } else if (situation.under_way) {
    why = "a request is under way";
  } else if (situation.forced) {
    why = "started with a bootstrap certificate";
  } else if (certificate->mismatch.has_value()) {
    why = *certificate->mismatch;
  } else {
    const absl::Time deadline = Deadline(*certificate);
    if (now < deadline) return wait(deadline, "rotation deadline not reached");
    why = "rotation deadline reached";
  }
  // The kubelet fails an attempt for want of a template once it is on the
  // ladder; looking again costs nothing.
  if (!situation.has_template) {
    return wait(now + kPause, "nothing to ask for yet");
  }
  return {Action::kRequest, now, std::move(why), credentials};
}

bool IsUsable(const pki::Validity& validity, absl::Time now) {
  return now <= validity.not_after;
}

absl::Time Deadline(const InUse& certificate) {
  return RotationDeadline(certificate.validity, certificate.jitter)
      .value_or(certificate.validity.not_before);
}

bool ShouldExit(absl::Time last_available, bool server_healthy,
                absl::Time now) {
  return server_healthy && now > last_available + kMaxUnavailable;
}

}  // namespace signet::rotation
