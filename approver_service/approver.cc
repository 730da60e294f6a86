#include "approver_service/approver.h"

#include <memory>

#include "approver_service/approver_flags.h"
#include "approver_service/housekeeper.h"
#include "approver_service/rights.h"
#include "core/api/authorization.pb.h"
#include "core/api/core.pb.h"
#include "core/k8s/api_client.h"
#include "core/service/csr_service.h"

namespace signet::approver {
namespace {

// Witnesses asked at the same time, of all requests together: they mostly wait.
constexpr int kWitnessThreads = 32;

}  // namespace

Approver::Approver(const ApproverParts& own,
                   const service::CsrServiceParts& shared,
                   const ApproverFlags& flags)
    : reviews_(shared.client.Api<api::SubjectAccessReview>()),
      own_reviews_(shared.client.Api<api::SelfSubjectAccessReview>()),
      nodes_(shared.client.Api<api::Node>()),
      event_api_(shared.client.Api<api::Event>()),
      cache_(*reviews_, own.clock, flags.review_cache_ttl),
      kubelets_(own.clock),
      pool_(kWitnessThreads),
      bench_(*nodes_, own.resolver, kubelets_, own.clock, pool_),
      judge_(cache_, bench_, own.history),
      events_(*event_api_, own.clock, own.rng, "signet-approver", ""),
      journal_(shared.log, own.audit, events_, shared.csrs, own.clock,
               flags.explanations, flags.dry_run),
      reconciler_(shared.csrs, own.settings, judge_, own.history, journal_,
                  flags.dry_run),
      housekeeper_(std::make_unique<Housekeeper>(
          own.settings, own.history, *own_reviews_, own.clock, shared.registry,
          RightsOptions{flags.explanations, flags.dry_run,
                        flags.service.leader},
          shared.reconcile)) {}

}  // namespace signet::approver
