#ifndef SIGNET_CORE_POLICY_TESTIMONY_H_
#define SIGNET_CORE_POLICY_TESTIMONY_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/api/core.pb.h"
#include "core/pki/certificate.h"
#include "core/policy/serving_policy.h"

// What a witness's raw answer is worth. Pure.
namespace signet::policy {

// A Node's own status.addresses: Hostname, InternalDNS and ExternalDNS are
// names, InternalIP and ExternalIP addresses. What is neither, or does not
// parse, backs nothing.
Testimony TestimonyOfNode(const api::Node& node);

// A certificate that the kubelet's port shows now (SPEC B-16). It backs its own
// subject alternative names if `chain` (TrustBundle's verdict) is OK, it is
// valid at `now`, for server authentication, and its subject is exactly this
// node's: CN system:node:<node_name>, O system:nodes. Else nothing, and
// `detail` says why; that is known, not unknown.
Testimony TestimonyOfServedCertificate(const pki::Certificate& certificate,
                                       const absl::Status& chain,
                                       absl::string_view node_name,
                                       absl::Time now);

// Whether a Node's condition Ready has the status True (for
// ClientEvidence::node_is_ready).
bool IsReady(const api::Node& node);

}  // namespace signet::policy

#endif  // SIGNET_CORE_POLICY_TESTIMONY_H_
