// One attempt of an Agent: from the decision to request to the pair in the
// store.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/log/log.h"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/k8s/http_status.h"
#include "core/pki/certificate.h"
#include "core/rotation/next_step.h"
#include "core/rotation/pending_request.h"
#include "core/rotation/request_key.h"
#include "core/rotation/request_outcome.h"
#include "core/rotation/template_match.h"
#include "node_agent/agent.h"
#include "node_agent/because.h"
#include "node_agent/certificate_store.h"
#include "node_agent/event.h"
#include "node_agent/request_clients.h"
#include "node_agent/request_filer.h"
#include "node_agent/request_wait.h"

namespace signet::node_agent {
namespace {

// How often to look, while a request is pending, whether to go on.
constexpr absl::Duration kLook = absl::Seconds(30);
constexpr int kUnauthorized = 401;

// SPEC A-13.
bool IsHealthyDespite(const absl::Status& create_error) {
  const int code = k8s::HttpCode(create_error);
  if (code == 401) return true;  // Also from a proxy that ends TLS.
  if (k8s::IsUnexpectedServerError(create_error)) return false;
  return code == 403 || code == 404;
}

}  // namespace

rotation::RequestNeed Agent::Need(
    const rotation::CertificateTemplate& wanted) const {
  rotation::RequestNeed need;
  need.signer_name = options_.signer_name;
  need.usages =
      options_.usages.empty()
          ? rotation::RequestUsages(options_.purpose,
                                    rotation::TypeOf(options_.key_algorithm),
                                    rotation::UsageOrder::kRotation)
          : options_.usages;
  if (options_.lifetime.has_value()) {
    need.expiration_seconds =
        static_cast<int32_t>(absl::ToInt64Seconds(*options_.lifetime));
  }
  need.wanted = wanted;
  return need;
}

absl::Status Agent::Request(const rotation::CertificateTemplate& wanted,
                            rotation::Credentials credentials) {
  const absl::Status status = [&]() -> absl::Status {
    ABSL_RETURN_IF_ERROR(filer_.Prepare(Need(wanted), options_.key_algorithm));
    const auto client = clients_.ForAttempt(credentials);
    if (!client.ok()) {
      return Because("unable to load a client to request certificates",
                     client.status());
    }
    {
      absl::MutexLock lock(mutex_);
      if (stopped_) return absl::CancelledError("stopped");
      active_ = client->get();
    }
    const absl::Cleanup forget = [&] {
      absl::MutexLock lock(mutex_);
      active_ = nullptr;
    };
    return RequestWith(**client, wanted, credentials);
  }();
  // Asked again with the same certificate, the server would say the same.
  refused_ = credentials == rotation::Credentials::kCurrent &&
             k8s::HttpCode(status) == kUnauthorized;
  absl::MutexLock lock(mutex_);
  if (!status.ok() && !absl::IsCancelled(status) && !stopped_) {
    ++state_.renew_errors;  // SPEC A-12.
  }
  return status;
}

absl::Status Agent::RequestWith(RequestClient& client,
                                const rotation::CertificateTemplate& wanted,
                                rotation::Credentials credentials) {
  bool suspicious;
  {
    absl::MutexLock lock(mutex_);
    suspicious = failed_.count > 0;
  }
  const absl::StatusOr<RequestFiler::Filed> filed =
      filer_.File(client, Need(wanted), options_.key_algorithm, suspicious);
  if (!filed.ok()) {
    absl::MutexLock lock(mutex_);
    if (!filer_.api_error().ok()) {
      state_.server_healthy = IsHealthyDespite(filer_.api_error());
    }
    return filed.status();
  }
  const std::string& name = filed->csr.metadata().name();
  LOG(INFO) << Event(filed->resumed ? "resumed" : "requested")
                   .With("csr", name)
                   .With("common_name", wanted.common_name)
                   .With("credentials", client.credentials());
  {
    absl::MutexLock lock(mutex_);
    state_.phase = Phase::kPending;
    state_.request = name;
  }
  absl::Status given_up;
  const absl::StatusOr<std::string> issued = AwaitCertificate(
      client.requests(), filed->csr,
      {rotation::kIssueTimeout, options_.dynamic ? rotation::kPause : kLook},
      clock_, [&](absl::Time time) -> absl::Status {
        if (!WaitUntil(time)) return absl::CancelledError("stopped");
        given_up = CheckStillWanted(wanted, credentials);
        return given_up;
      });
  if (issued.ok()) return Store(*filed, *issued);
  if (absl::IsCancelled(given_up)) {
    LOG(INFO)
        << Event("given_up").With("csr", name).With("why", given_up.message());
    filer_.Supersede(client, name);
    return given_up;
  }
  if (rotation::IsFinal(issued.status())) filer_.Forget();
  return Because(absl::StrCat("csr \"", name, "\" brought no certificate"),
                 issued.status());
}

absl::Status Agent::CheckStillWanted(
    const rotation::CertificateTemplate& wanted,
    rotation::Credentials credentials) {
  if (options_.dynamic) {
    const auto now = options_.wanted();
    if (now.has_value() && !(*now == wanted)) {
      const std::optional<rotation::InUse> in_use = InUse(now);
      if (!in_use.has_value() || in_use->mismatch.has_value()) {
        return absl::CancelledError("something else is wanted now");
      }
    }
  }
  if (credentials == rotation::Credentials::kCurrent &&
      current_.Current() == nullptr) {
    return absl::UnauthenticatedError(
        "the certificate that it is requested with has expired");
  }
  return absl::OkStatus();
}

absl::Status Agent::Store(const RequestFiler::Filed& filed,
                          absl::string_view certificate_pem) {
  const std::string& name = filed.csr.metadata().name();
  absl::StatusOr<CertificateStore::Pair> stored =
      store_.Update(certificate_pem, filed.key);
  if (absl::IsInvalidArgument(stored.status())) {
    filer_.Forget();
    return Because(
        absl::StrCat("refused the certificate of csr \"", name, "\""),
        stored.status());
  }
  if (!stored.ok()) {  // The next attempt tries to store it again.
    return Because(
        absl::StrCat("cannot store the certificate of csr \"", name, "\""),
        stored.status());
  }
  filer_.Forget();
  CertificateStore::Pair old;
  {
    absl::MutexLock lock(mutex_);
    old = state_.pair;
    ++state_.issued;
    if (old != nullptr) ++state_.rotations;
    state_.server_healthy = true;
  }
  Install(*std::move(stored), "issued");
  if (old != nullptr && options_.on_replaced != nullptr) {
    options_.on_replaced(clock_.TimeNow() -
                         old->chain.front().validity().not_before);
  }
  return absl::OkStatus();
}

}  // namespace signet::node_agent
