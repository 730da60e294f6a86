#include "node_agent/node_names.h"

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/log/log.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/api/core.pb.h"
#include "core/base/rng.h"
#include "core/k8s/reflector.h"
#include "core/k8s/resource_api.h"
#include "node_agent/current_certificate.h"
#include "node_agent/event.h"
#include "node_agent/serving_template.h"

namespace signet::node_agent {
namespace {

// How often to look whether there is a client certificate by now (SPEC A-44).
constexpr absl::Duration kLook = absl::Seconds(1);

}  // namespace

NodeNames::NodeNames(k8s::ResourceApi<api::Node>& nodes,
                     CurrentCertificate& client, std::string node_name,
                     absl::Clock& clock, Rng& rng)
    : client_(client),
      node_name_(std::move(node_name)),
      clock_(clock),
      reflector_(
          nodes, clock, rng,
          {.list = {.field_selector =
                        absl::StrCat("metadata.name=", node_name_)}},
          {.on_replace =
               [this](const std::vector<api::Node>& all) {
                 Set(all.empty() ? ServingNames() : NamesFromNode(all.front()));
               },
           .on_upsert =
               [this](const api::Node& node) { Set(NamesFromNode(node)); },
           .on_delete = [this](const api::Node&) { Set(ServingNames()); },
           .on_error =
               [this](const absl::Status& status) {
                 LOG(WARNING) << Event("cannot_watch_node")
                                     .With("node", node_name_)
                                     .With("error", status.message());
               }}) {}

std::optional<ServingNames> NodeNames::Names() const {
  absl::MutexLock lock(mutex_);
  return names_;
}

void NodeNames::OnChange(std::function<void()> callback) {
  callback_ = std::move(callback);
}

void NodeNames::Set(ServingNames names) {
  std::vector<std::string> texts = names.dns_names;
  for (const auto& address : names.ip_addresses) {
    texts.push_back(address.ToString());
  }
  {
    absl::MutexLock lock(mutex_);
    if (names_ == names) return;
    names_ = std::move(names);
  }
  LOG(INFO) << Event("node_names")
                   .With("node", node_name_)
                   .With("names", absl::StrJoin(texts, ","));
  if (callback_ != nullptr) callback_();
}

void NodeNames::Run() {
  {
    // Without a certificate the server would refuse, and each refusal lengthens
    // the wait for the next try.
    absl::MutexLock lock(mutex_);
    while (!stopped_ && client_.Current() == nullptr) {
      clock_.AwaitWithDeadline(&mutex_, absl::Condition(&stopped_),
                               clock_.TimeNow() + kLook);
    }
    if (stopped_) return;
  }
  reflector_.Run();
}

void NodeNames::Stop() {
  {
    absl::MutexLock lock(mutex_);
    stopped_ = true;
  }
  reflector_.Stop();
}

}  // namespace signet::node_agent
