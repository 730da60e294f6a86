#ifndef SIGNET_CORE_CONTROLLER_LEADER_LEASE_H_
#define SIGNET_CORE_CONTROLLER_LEADER_LEASE_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/api/coordination.pb.h"

// Who leads among replicas, as client-go's leader election decides it with a
// Lease (client-go tools/leaderelection). Pure.
namespace signet::controller {

// The defaults of Kubernetes' own components.
struct LeaseTiming {
  // How long the others wait before they take over from a leader that is
  // silent. A Lease stores whole seconds: a fraction is cut off.
  absl::Duration lease = absl::Seconds(15);
  // How long the leader tries to renew before it gives up.
  absl::Duration renew_deadline = absl::Seconds(10);
  // How often the leader renews, and the others look.
  absl::Duration retry_period = absl::Seconds(2);
};

// kInvalidArgument unless lease > renew_deadline > retry_period * 1.2 > 0 (the
// last two as client-go demands; `lease` counts in whole seconds, as the others
// will see it).
absl::Status ValidateLeaseTiming(const LeaseTiming& timing);

// What one replica has seen of the Lease: another's clock is not trusted, so a
// Lease has run out when this replica has seen it unchanged for as long as it
// lasts.
struct ObservedLease {
  std::optional<api::Lease> lease;  // nullopt: there is none.
  absl::Time changed_at;            // When this replica first saw it so.
};

// Observe takes in what the server says now. Only the spec counts: a Lease that
// got a label is unchanged.
void Observe(ObservedLease& observed, std::optional<api::Lease> lease,
             absl::Time now);

// ExpiryOf is when the Lease has run out for this replica. The infinite past if
// there is none, or nobody holds it.
absl::Time ExpiryOf(const ObservedLease& observed);

enum class LeaseAction {
  kCreate,  // There is no Lease: create `lease`.
  kUpdate,  // Take it over, or renew it: update it to `lease`.
  kWait,    // Another replica holds it.
};

struct LeaseDecision {
  LeaseAction action = LeaseAction::kWait;
  api::Lease lease;    // What to write.
  std::string holder;  // For kWait: who leads.
};

// DecideLease says what the replica `identity` does about the Lease `name` in
// `namespace_name` now. An update carries the resourceVersion that was seen, so
// that of two replicas only one succeeds; of the spec it keeps, as client-go,
// the number of transitions and, if it renews, when the Lease was acquired.
LeaseDecision DecideLease(const ObservedLease& observed,
                          absl::string_view namespace_name,
                          absl::string_view name, absl::string_view identity,
                          const LeaseTiming& timing, absl::Time now);

// ReleasedLease is the Lease to write when the leader `lease.spec` names ends
// in good order: held by nobody, so that the next one need not wait.
api::Lease ReleasedLease(const api::Lease& lease, absl::Time now);

}  // namespace signet::controller

#endif  // SIGNET_CORE_CONTROLLER_LEADER_LEASE_H_
