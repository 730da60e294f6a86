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
