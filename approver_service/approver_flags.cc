#include "approver_service/approver_flags.h"

#include <string>

#include "CLI/CLI.hpp"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/base/go_duration.h"
#include "core/service/service_flags.h"

namespace signet::approver {
namespace {

constexpr absl::Duration kLongestReviewTtl = absl::Minutes(5);

std::string CheckReviewTtl(const std::string& text) {
  const absl::StatusOr<absl::Duration> parsed = ParseGoDuration(text);
  if (!parsed.ok()) return std::string(parsed.status().message());
  if (*parsed < absl::ZeroDuration() || *parsed > kLongestReviewTtl) {
    return absl::StrCat(text, " is not from 0s to ",
                        FormatGoDuration(kLongestReviewTtl));
  }
  return "";
}

}  // namespace

void AddApproverFlags(CLI::App& app, ApproverFlags& flags) {
  service::AddServiceFlags(app, flags.service);
  service::AddWorkersFlag(app, flags.service);
  service::AddLeaderFlags(app, flags.service);
  app.add_option(
         "--config", flags.config,
         "What to approve (kind ApproverConfiguration), read again when "
         "it changes. Without it, kubelets' client certificates as "
         "Kubernetes does")
      ->type_name("FILE");
  app.add_flag("--dry-run", flags.dry_run,
               "Write nothing to the API, not even a Lease; log and count what "
               "would be written");
  app.add_option("--audit-log-file", flags.audit_log_file,
                 "Where a record of each decision is appended, one JSON object "
                 "a line, before the decision is written. While it cannot be, "
                 "nothing is decided")
      ->type_name("FILE");
  app.add_option_function<std::string>(
         "--explain",
         [&flags](const std::string& how) {
           flags.explanations.events = how == "event" || how == "both";
           flags.explanations.annotations =
               how == "annotation" || how == "both";
         },
         "How kubectl describe csr shows why a request is left alone: by an "
         "Event, by an annotation on the request (which takes the right to "
         "patch requests), by both or by none")
      ->type_name("event|annotation|both|none")
      ->default_str("event")
      ->check(CLI::IsMember({"event", "annotation", "both", "none"})
                  .description(""));
  app.add_option_function<std::string>(
         "--review-cache-ttl",
         [&flags](const std::string& text) {
           flags.review_cache_ttl = *ParseGoDuration(text);  // Checked below.
         },
         "How long the API server's word that a requester may have what it "
         "asks for counts for other requests of the same requester. A right "
         "that was taken away may still count that long; a refusal is never "
         "remembered. 0 asks for each request")
      ->type_name("DURATION")
      ->default_str(FormatGoDuration(flags.review_cache_ttl))
      ->check(CheckReviewTtl);
}

}  // namespace signet::approver
