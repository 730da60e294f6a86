#ifndef SIGNET_APPROVER_SERVICE_DECISION_JOURNAL_H_
#define SIGNET_APPROVER_SERVICE_DECISION_JOURNAL_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "approver_service/judgement.h"
#include "approver_service/settings.h"
#include "boost/json/object.hpp"
#include "core/api/certificates.pb.h"
#include "core/k8s/resource_api.h"
#include "core/service/audit_log.h"
#include "core/service/csr_log.h"
#include "core/service/event_recorder.h"

namespace signet::approver {

// The annotation that says why a request was left alone.
inline constexpr absl::string_view kAnnotation =
    "signet.dev/approver-left-pending";

// How the requester learns why its request is left alone, beside the log.
struct Explanations {
  bool events = true;        // By an Event.
  bool annotations = false;  // By kAnnotation on the request.
};

// DecisionJournal tells of decisions: in the log and the metrics, in the audit
// log, and, when a request is left alone, to whoever describes it. Each once,
// however often it is taken again. Thread-safe.
class DecisionJournal {
 public:
  // References must outlive the journal; `audit` may be null.
  DecisionJournal(service::CsrLog& log, service::AuditLog* audit,
                  service::EventRecorder& events,
                  k8s::ResourceApi<api::CertificateSigningRequest>& csrs,
                  absl::Clock& clock, Explanations explanations, bool dry_run)
      : log_(log),
        audit_(audit),
        events_(events),
        csrs_(csrs),
        clock_(clock),
        explanations_(explanations),
        dry_run_(dry_run) {}

  // To be called before a decision is written to the API. After an error it
  // must not be: there would be no record.
  absl::Status BeforeWrite(const api::CertificateSigningRequest& csr,
                           const Judgement& judgement,
                           const Settings& settings);
  // And after that, with what came of it.
  void AfterWrite(const api::CertificateSigningRequest& csr,
                  const Judgement& judgement, const Settings& settings,
                  const absl::Status& result);
  // A request that is left alone, or that waits; and, in a dry run, all others.
  // Errors of the audit log: come back.
  absl::Status NotWritten(const api::CertificateSigningRequest& csr,
                          const Judgement& judgement, const Settings& settings);

 private:
  absl::Status Record(absl::string_view event,
                      const api::CertificateSigningRequest& csr,
                      const Judgement& judgement, const Settings& settings,
                      const absl::Status& result);
  void Explain(const api::CertificateSigningRequest& csr,
               const policy::Decision& decision);

  service::CsrLog& log_;
  service::AuditLog* const audit_;
  service::EventRecorder& events_;
  k8s::ResourceApi<api::CertificateSigningRequest>& csrs_;
  absl::Clock& clock_;
  const Explanations explanations_;
  const bool dry_run_;
};

// The audit record of one decision: when, about whom, what, by which rule, on
// what evidence, and the SHA-256 of the request's DER. `event` is "decision",
// "dry run" or "not written", which takes a decision back. Strings are ASCII
// whatever the request holds.
boost::json::object AuditRecord(absl::string_view event, absl::Time now,
                                const api::CertificateSigningRequest& csr,
                                const Judgement& judgement,
                                const Settings& settings,
                                const absl::Status& result);

}  // namespace signet::approver

#endif  // SIGNET_APPROVER_SERVICE_DECISION_JOURNAL_H_
