#include "signer_service/csr_cleaner.h"

#include <functional>
#include <string>
#include <utility>

#include "absl/log/log.h"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "boost/json/object.hpp"
#include "boost/json/parse.hpp"
#include "boost/json/value.hpp"
#include "boost/system/error_code.hpp"
#include "core/api/certificates.pb.h"
#include "core/api/codec.h"
#include "core/k8s/resource_api.h"
#include "core/policy/csr_cleaning.h"
#include "core/service/audit_log.h"
#include "signer_service/signer_metrics.h"

namespace signet::signer {

using api::CertificateSigningRequest;

CsrCleaner::CsrCleaner(
    k8s::ResourceApi<CertificateSigningRequest>& csrs, absl::Clock& clock,
    SignerMetrics& metrics, service::AuditLog* removed,
    std::function<bool(const CertificateSigningRequest&)> wants)
    : csrs_(csrs),
      clock_(clock),
      metrics_(metrics),
      removed_(removed),
      wants_(std::move(wants)) {}

absl::Status CsrCleaner::RunOnce() {
  auto list = csrs_.List({});
  if (!list.ok()) {
    LOG(WARNING) << "cannot clean up requests: " << list.status().message();
    return list.status();
  }
  absl::Status first;
  const absl::Time now = clock_.TimeNow();
  for (const CertificateSigningRequest& csr : list->items) {
    if (!wants_(csr)) continue;
    const policy::Cleaning cleaning = policy::DecideCleaning(csr, now);
    if (cleaning == policy::Cleaning::kKeep) continue;
    const absl::Status status = Remove(csr, policy::ToString(cleaning), now);
    if (status.ok()) continue;
    LOG(WARNING) << "cannot remove csr " << absl::CEscape(csr.metadata().name())
                 << ": " << absl::CEscape(status.message());
    first.Update(status);
  }
  return first;
}

absl::Status CsrCleaner::Remove(const CertificateSigningRequest& csr,
                                absl::string_view reason, absl::Time now) {
  if (removed_ != nullptr) {
    const boost::json::object record = {
        {"time",
         absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", now, absl::UTCTimeZone())},
        {"reason", std::string(reason)},
        {"object",
         boost::json::parse(api::EncodeJson(
             csr, {"certificates.k8s.io/v1", "CertificateSigningRequest"}))}};
    ABSL_RETURN_IF_ERROR(removed_->Record(record)) << "it cannot be exported";
  }
  const absl::Status status = csrs_.Delete("", csr.metadata().name());
  if (!status.ok() && !absl::IsNotFound(status)) return status;
  metrics_.CountCleaned(reason);
  LOG(INFO) << "removed csr " << absl::CEscape(csr.metadata().name()) << ": "
            << reason;
  return absl::OkStatus();
}

}  // namespace signet::signer
