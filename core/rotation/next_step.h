#ifndef SIGNET_CORE_ROTATION_NEXT_STEP_H_
#define SIGNET_CORE_ROTATION_NEXT_STEP_H_

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "core/pki/validity.h"
#include "core/rotation/retry_ladder.h"
#include "core/rotation/rotation_window.h"

// What is to be done about one certificate. Pure: the caller looks, these
// functions decide, the caller acts.
namespace signet::rotation {

// ---- At start.

enum class StartWith {
  kStored,     // Use the stored pair.
  kBootstrap,  // Store and use the bootstrap pair, and replace it at once.
  kNothing,    // There is none: request one at once.
};

// DecideStart chooses what to start with (SPEC A-29). `stored` is the stored
// pair's validity, nullopt without one; it is used if it ends after `now`.
StartWith DecideStart(const std::optional<pki::Validity>& stored,
                      bool has_bootstrap_pair, absl::Time now);

// ---- Then, on each pass.

// What is known about the certificate in use.
struct InUse {
  pki::Validity validity;
  Jitter jitter;
  // What it lacks of the template, from FindMismatch; nullopt if nothing.
  std::optional<std::string> mismatch;
};

struct Situation {
  // Also an expired one; nullopt: none.
  std::optional<InUse> certificate = std::nullopt;
  // Set when started with a bootstrap pair or with nothing, until a request
  // has been made (SPEC A-3).
  bool forced = false;
  // An earlier attempt, perhaps another process's, left a request behind that
  // may still bring a certificate (SPEC F-2).
  bool under_way = false;
  // The API server did not accept the certificate in use when it was last asked
  // with it (401), whatever its validity says.
  bool refused = false;
  // False: it isn't known yet what to ask for (a serving certificate of a node
  // without addresses).
  bool has_template = true;
  FailedAttempts failed = {};
  // When the next attempt is due, from NextAttempt; read if failed.count > 0.
  absl::Time retry_at = absl::InfinitePast();
};

enum class Action {
  kWait,     // Look again at `at`, or when the situation changes.
  kRequest,  // Request a certificate now.
};

// Whose credentials a request is made with (SPEC A-32).
enum class Credentials {
  kBootstrap,  // There is no certificate that is still valid.
  kCurrent,    // The certificate in use.
  // The bootstrap credentials, if there are any, even if the kubeconfig looks
  // valid: the certificate in use was refused.
  kFallback,
};

struct NextStep {
  Action action = Action::kWait;
  absl::Time at;    // When to look again, or `now`.
  std::string why;  // For logs: "rotation deadline reached".
  Credentials credentials = Credentials::kBootstrap;  // For kRequest.
};

// DecideNextStep says what to do next. A request is due when the ladder says so
// after failed attempts (SPEC A-8), else at once if there is no certificate, if
// forced, if a request is under way, or if the certificate doesn't satisfy the
// template, else at its rotation deadline. Without a template a request
// that is due is put off by a second. A certificate without a lifetime is
// due at once. A clock that was set back to before the last failure makes the
// next attempt due: it must not wait until the old time comes round again.
NextStep DecideNextStep(const Situation& situation, absl::Time now);

// The pause between two passes of the loop (SPEC A-5), which is also that
// before a second look for a template.
inline constexpr absl::Duration kPause = absl::Seconds(1);

// IsUsable tells whether a certificate may be presented (SPEC A-7): not after
// its notAfter; the second of notAfter itself is still good. notBefore isn't
// looked at.
bool IsUsable(const pki::Validity& validity, absl::Time now);

// Deadline returns when `certificate` is due for replacement: its rotation
// deadline, or notBefore if it has no lifetime.
absl::Time Deadline(const InUse& certificate);

// ---- Giving up.

// How long a process may go on without a certificate (SPEC A-45).
inline constexpr absl::Duration kMaxUnavailable = absl::Minutes(5);

// ShouldExit tells whether to end the process, so that its supervisor may start
// it anew with other credentials (SPEC A-45): there has been no usable
// certificate for more than five minutes although the API server is well.
bool ShouldExit(absl::Time last_available, bool server_healthy, absl::Time now);

}  // namespace signet::rotation

#endif  // SIGNET_CORE_ROTATION_NEXT_STEP_H_
