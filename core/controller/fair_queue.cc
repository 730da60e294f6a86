#include "core/controller/fair_queue.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"

namespace signet::controller {

FairQueue::Head FairQueue::HeadOf(const std::string& name, const Flow& flow) {
  const Waiting& first = *flow.waiting.begin();
  return {flow.round, first.since, first.number, name};
}

void FairQueue::Push(absl::string_view name, const Turn& turn) {
  const auto [it, is_new] = flows_.try_emplace(turn.flow);
  Flow& flow = it->second;
  if (is_new) flow.round = round_;
  if (!flow.waiting.empty()) heads_.erase(HeadOf(turn.flow, flow));
  flow.waiting.insert({turn.since, pushed_++, std::string(name)});
  heads_.insert(HeadOf(turn.flow, flow));
  ++size_;
}

std::optional<FairQueue::Entry> FairQueue::Pop() {
  if (heads_.empty()) return std::nullopt;
  const Head head = *heads_.begin();
  heads_.erase(heads_.begin());
  if (std::get<0>(head) > round_) {
    round_ = std::get<0>(head);
    for (const std::string& name : emptied_) {
      const auto idle = flows_.find(name);
      if (idle != flows_.end() && idle->second.waiting.empty()) {
        flows_.erase(idle);
      }
    }
    emptied_.clear();
  }
  const std::string& flow_name = std::get<3>(head);
  Flow& flow = flows_.find(flow_name)->second;
  auto node = flow.waiting.extract(flow.waiting.begin());
  --size_;
  flow.round = round_ + 1;
  if (flow.waiting.empty()) {
    emptied_.push_back(flow_name);
  } else {
    heads_.insert(HeadOf(flow_name, flow));
  }
  return Entry{std::move(node.value().name), {flow_name, node.value().since}};
}

void FairQueue::Clear() {
  flows_.clear();
  heads_.clear();
  emptied_.clear();
  size_ = 0;
}

}  // namespace signet::controller
