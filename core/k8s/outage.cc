#include "core/k8s/outage.h"

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "absl/strings/string_view.h"
#include "core/k8s/http_status.h"

namespace signet::k8s {
namespace {

constexpr absl::string_view kNoAnswerPayload = "signet.k8s/no-answer";

}  // namespace

absl::Status NoAnswer(absl::Status error) {
  error.SetPayload(kNoAnswerPayload, absl::Cord());
  return error;
}

bool IsOutage(const absl::Status& status) {
  switch (HttpCode(status)) {
    case 429:
    case 502:
    case 503:
    case 504:
      return true;
    case 0:
      // A stopped client's own kCancelled is no outage.
      return (absl::IsUnavailable(status) ||
              absl::IsDeadlineExceeded(status)) &&
             status.GetPayload(kNoAnswerPayload).has_value();
    default:
      return false;
  }
}

}  // namespace signet::k8s
