#include "node_agent/prober.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/log/log.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/api/core.pb.h"
#include "core/http/tls_identity.h"
#include "core/http/transport.h"
#include "core/k8s/http_status.h"
#include "core/k8s/resource_api.h"
#include "core/pki/certificate.h"
#include "node_agent/current_certificate.h"
#include "node_agent/event.h"

namespace signet::node_agent {

Prober::Prober(k8s::ResourceApi<api::Node>& nodes, http::Transport& transport,
               CurrentCertificate& current, std::string node_name,
               absl::Duration interval, absl::Clock& clock)
    : nodes_(nodes),
      transport_(transport),
      current_(current),
      node_name_(std::move(node_name)),
      interval_(interval),
      clock_(clock) {
  current_.OnChange([this] {
    transport_.CloseConnections();
    absl::MutexLock lock(mutex_);
    wake_ = true;
  });
}

void Prober::OnProbe(std::function<void()> callback) {
  callback_ = std::move(callback);
}

absl::Status Prober::Probe() {
  const std::shared_ptr<const http::TlsIdentity> identity = current_.Current();
  if (identity == nullptr) return absl::OkStatus();
  absl::Status status = nodes_.Get("", node_name_).status();
  std::string result = "ok";
  if (absl::IsNotFound(status) && k8s::HttpCode(status) == 404) {
    result = "ok, not registered";
    status = absl::OkStatus();
  } else if (!status.ok()) {
    result = std::string(status.message());
    if (k8s::HttpCode(status) == 0) transport_.CloseConnections();
  }
  const std::string serial =
      pki::SerialToHex(identity->chain.front().serial_number());
  bool is_news;
  {
    absl::MutexLock lock(mutex_);
    is_news = state_.result != result || state_.serial != serial;
    ++state_.count;
    state_.result = result;
    state_.serial = serial;
    state_.at = clock_.TimeNow();
  }
  if (is_news) {
    LOG(INFO) << Event("probe")
                     .With("node", node_name_)
                     .With("serial", serial)
                     .With("result", result);
  }
  if (callback_ != nullptr) callback_();
  return status;
}

void Prober::Run() {
  const auto due = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return wake_ || stopped_;
  };
  while (true) {
    {
      absl::MutexLock lock(mutex_);
      if (stopped_) return;
      wake_ = false;  // The probe sees every change up to now.
    }
    Probe().IgnoreError();  // Told in the log and by State.
    absl::MutexLock lock(mutex_);
    clock_.AwaitWithDeadline(&mutex_, absl::Condition(&due),
                             clock_.TimeNow() + interval_);
  }
}

void Prober::Stop() {
  absl::MutexLock lock(mutex_);
  stopped_ = true;
}

ProbeState Prober::State() const {
  absl::MutexLock lock(mutex_);
  return state_;
}

}  // namespace signet::node_agent
