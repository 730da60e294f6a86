#include "approver_service/decision_journal.h"

#include <string>
#include <vector>

#include "absl/log/log.h"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "approver_service/judgement.h"
#include "approver_service/settings.h"
#include "boost/json/array.hpp"
#include "boost/json/object.hpp"
#include "boost/json/serialize.hpp"
#include "boost/json/string_view.hpp"
#include "core/api/certificates.pb.h"
#include "core/api/core.pb.h"
#include "core/pki/certificate_request.h"
#include "core/pki/sha256.h"
#include "core/policy/decision.h"
#include "core/service/csr_metrics.h"
#include "core/service/event_recorder.h"

namespace signet::approver {
namespace {

using api::CertificateSigningRequest;
using policy::Verdict;

// Foreign text as ASCII: what is none is escaped.
std::string Text(absl::string_view text) { return absl::CHexEscape(text); }

boost::json::array Texts(const auto& texts) {
  boost::json::array array;
  for (const std::string& text : texts) array.emplace_back(Text(text));
  return array;
}

service::Verdict VerdictOf(const Judgement& judgement, bool dry_run) {
  switch (judgement.decision.verdict) {
    case Verdict::kApprove:
      return dry_run ? service::Verdict::kWouldApprove
                     : service::Verdict::kApproved;
    case Verdict::kDeny:
      return dry_run ? service::Verdict::kWouldDeny : service::Verdict::kDenied;
    case Verdict::kWait:
      return service::Verdict::kWaiting;
    case Verdict::kLeave:
      break;
  }
  return judgement.left_as;
}

std::string RuleLabel(const Judgement& judgement) {
  if (judgement.policy.empty()) return judgement.decision.rule;
  return absl::StrCat(judgement.policy,
                      judgement.decision.rule.empty() ? "" : "/",
                      judgement.decision.rule);
}

}  // namespace

boost::json::object AuditRecord(absl::string_view event, absl::Time now,
                                const CertificateSigningRequest& csr,
                                const Judgement& judgement,
                                const Settings& settings,
                                const absl::Status& result) {
  const policy::Decision& decision = judgement.decision;
  boost::json::object record;
  record["ts"] =
      absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", now, absl::UTCTimeZone());
  record["event"] = std::string(event);
  record["verdict"] = std::string(policy::VerdictName(decision.verdict));
  record["duty"] = std::string(judgement.duty);
  if (!judgement.policy.empty()) record["policy"] = Text(judgement.policy);
  record["rule"] = decision.rule;
  record["message"] = Text(decision.message);
  if (!result.ok()) record["error"] = Text(result.ToString());

  boost::json::object request;
  request["name"] = Text(csr.metadata().name());
  request["uid"] = Text(csr.metadata().uid());
  request["resourceVersion"] = Text(csr.metadata().resource_version());
  request["signerName"] = Text(csr.spec().signer_name());
  request["usages"] = Texts(csr.spec().usages());
  const absl::StatusOr<pki::CertificateRequest> parsed =
      pki::CertificateRequest::ParsePem(csr.spec().request());
  if (parsed.ok()) {
    request["sha256"] = pki::Sha256Hex(parsed->der());
    request["publicKeySha256"] =
        pki::Sha256Hex(parsed->public_key().spki_der());
    request["subject"] = Text(parsed->subject().ToString());
    request["dnsNames"] = Texts(parsed->subject_alt_names().dns_names);
    boost::json::array addresses;
    for (const auto& ip : parsed->subject_alt_names().ip_addresses) {
      addresses.emplace_back(ip.ToString());
    }
    request["ipAddresses"] = std::move(addresses);
  }
  record["request"] = std::move(request);

  boost::json::object requester;
  requester["username"] = Text(csr.spec().username());
  requester["uid"] = Text(csr.spec().uid());
  requester["groups"] = Texts(csr.spec().groups());
  record["requester"] = std::move(requester);

  boost::json::array rules;
  for (const policy::RuleResult& rule : decision.rules) {
    if (rule.outcome == policy::RuleOutcome::kOff) continue;
    boost::json::object item;
    item["rule"] = rule.rule;
    item["outcome"] = std::string(policy::RuleOutcomeName(rule.outcome));
    if (!rule.message.empty()) item["evidence"] = Text(rule.message);
    rules.emplace_back(std::move(item));
  }
  record["rules"] = std::move(rules);
  if (!settings.config_sha256.empty()) {
    record["configSha256"] = settings.config_sha256;
  }
  return record;
}

absl::Status DecisionJournal::Record(absl::string_view event,
                                     const CertificateSigningRequest& csr,
                                     const Judgement& judgement,
                                     const Settings& settings,
                                     const absl::Status& result) {
  if (audit_ == nullptr) return absl::OkStatus();
  ABSL_RETURN_IF_ERROR(audit_->Record(
      AuditRecord(event, clock_.TimeNow(), csr, judgement, settings, result)))
      << "writing the audit record";
  return absl::OkStatus();
}

absl::Status DecisionJournal::BeforeWrite(const CertificateSigningRequest& csr,
                                          const Judgement& judgement,
                                          const Settings& settings) {
  return Record("decision", csr, judgement, settings, absl::OkStatus());
}

void DecisionJournal::AfterWrite(const CertificateSigningRequest& csr,
                                 const Judgement& judgement,
                                 const Settings& settings,
                                 const absl::Status& result) {
  if (result.ok()) {
    log_.Decided(csr, VerdictOf(judgement, /*dry_run=*/false),
                 judgement.decision.message, RuleLabel(judgement));
    return;
  }
  const absl::Status recorded =
      Record("not written", csr, judgement, settings, result);
  if (!recorded.ok()) LOG(WARNING) << recorded.message();
}

absl::Status DecisionJournal::NotWritten(const CertificateSigningRequest& csr,
                                         const Judgement& judgement,
                                         const Settings& settings) {
  const policy::Decision& decision = judgement.decision;
  if (!log_.Decided(csr, VerdictOf(judgement, dry_run_), decision.message,
                    RuleLabel(judgement))) {
    return absl::OkStatus();
  }
  ABSL_RETURN_IF_ERROR(Record(dry_run_ ? "dry run" : "decision", csr, judgement,
                              settings, absl::OkStatus()));
  if (judgement.ours && !dry_run_) Explain(csr, decision);
  return absl::OkStatus();
}

void DecisionJournal::Explain(const CertificateSigningRequest& csr,
                              const policy::Decision& decision) {
  const bool waits = decision.verdict == Verdict::kWait;
  if (explanations_.events) {
    api::ObjectReference about;
    about.set_api_version("certificates.k8s.io/v1");
    about.set_kind("CertificateSigningRequest");
    about.set_name(csr.metadata().name());
    about.set_uid(csr.metadata().uid());
    about.set_resource_version(csr.metadata().resource_version());
    events_.Record(
        about,
        waits ? service::EventType::kNormal : service::EventType::kWarning,
        waits ? "ApprovalWaits" : "ApprovalWithheld",
        absl::StrCat(decision.rule, ": ", decision.message));
  }
  if (explanations_.annotations) {
    boost::json::object annotations;
    annotations[boost::json::string_view(kAnnotation.data(),
                                         kAnnotation.size())] =
        absl::StrCat(decision.rule, ": ", decision.message);
    boost::json::object metadata;
    metadata["annotations"] = std::move(annotations);
    boost::json::object patch;
    patch["metadata"] = std::move(metadata);
    const absl::Status written =
        csrs_
            .Patch("", csr.metadata().name(), "application/merge-patch+json",
                   boost::json::serialize(patch))
            .status();
    if (!written.ok() && !absl::IsNotFound(written)) {
      LOG(WARNING) << "annotating csr " << absl::CEscape(csr.metadata().name())
                   << ": " << written.message();
    }
  }
}

}  // namespace signet::approver
