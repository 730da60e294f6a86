#ifndef SIGNET_APPROVER_SERVICE_JUDGE_H_
#define SIGNET_APPROVER_SERVICE_JUDGE_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "approver_service/judgement.h"
#include "approver_service/request_history.h"
#include "approver_service/review_cache.h"
#include "approver_service/settings.h"
#include "approver_service/witness_bench.h"
#include "core/api/certificates.pb.h"
#include "core/policy/approval.h"
#include "core/policy/client_guards.h"
#include "core/policy/serving_approval.h"

namespace signet::approver {

// Findings are what was found out about one request by asking others.
struct Findings {
  // Already decided, whatever else is found.
  std::optional<Judgement> judgement;
  // A kubelet's client: the way in which it may be approved, and what the
  // guards need.
  policy::ApprovalCandidate candidate;
  policy::ClientEvidence client;
  // A kubelet's serving certificate.
  policy::ServingPlan plan;
  policy::ServingEvidence serving;
};

// Judge applies core/policy to a request: it collects the evidence that the
// settings ask for, and draws the conclusion. Thread-safe.
class Judge {
 public:
  // References must outlive the judge.
  Judge(ReviewCache& reviews, WitnessBench& bench,
        const RequestHistory& history)
      : reviews_(reviews), bench_(bench), history_(history) {}

  // Asks the API server and the witnesses. Takes its time. Errors: those of the
  // API server, and kInvalidArgument for a bad spec.request.
  absl::StatusOr<Findings> Gather(const api::CertificateSigningRequest& csr,
                                  const Settings& settings);

  // Decides. Asks nobody but the history of other requests, as it is now.
  Judgement Conclude(const api::CertificateSigningRequest& csr,
                     const Settings& settings, const Findings& findings) const;

 private:
  absl::StatusOr<Findings> GatherClient(
      const api::CertificateSigningRequest& csr, const Settings& settings);
  Judgement ConcludeClient(const api::CertificateSigningRequest& csr,
                           const Settings& settings,
                           const Findings& findings) const;
  Judgement ConcludeServing(const api::CertificateSigningRequest& csr,
                            const Settings& settings,
                            const Findings& findings) const;

  ReviewCache& reviews_;
  WitnessBench& bench_;
  const RequestHistory& history_;
};

}  // namespace signet::approver

#endif  // SIGNET_APPROVER_SERVICE_JUDGE_H_
