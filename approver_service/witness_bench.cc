#include "approver_service/witness_bench.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "approver_service/kubelet_dialer.h"
#include "approver_service/settings.h"
#include "approver_service/task_pool.h"
#include "core/api/core.pb.h"
#include "core/base/go_duration.h"
#include "core/k8s/resource_api.h"
#include "core/pki/certificate.h"
#include "core/pki/ip_address.h"
#include "core/pki/key_usage.h"
#include "core/policy/serving_approval.h"
#include "core/policy/testimony.h"
#include "core/sys/resolver.h"

namespace signet::approver {
namespace {

using policy::ServingEvidence;
using policy::Testimony;
using policy::Witness;

// Of a Node's addresses, and of the names that one address has.
constexpr size_t kMaxDials = 4;
constexpr size_t kMaxReverseNames = 4;

Testimony Unknown(absl::string_view why) {
  Testimony testimony;
  testimony.detail = std::string(why);
  return testimony;
}

// The Node's own addresses, those inside the cluster first.
std::vector<pki::IpAddress> DialAddresses(const api::Node& node) {
  std::vector<pki::IpAddress> addresses;
  for (const absl::string_view type : {"InternalIP", "ExternalIP"}) {
    for (const api::NodeAddress& address : node.status().addresses()) {
      if (address.type() != type) continue;
      absl::StatusOr<pki::IpAddress> ip =
          pki::IpAddress::Parse(address.address());
      if (ip.ok() && addresses.size() < kMaxDials) {
        addresses.push_back(*std::move(ip));
      }
    }
  }
  return addresses;
}

// What is being asked, shared with those who answer late.
template <class T>
struct Shared {
  absl::Mutex mutex;
  T value ABSL_GUARDED_BY(mutex);
  int open ABSL_GUARDED_BY(mutex) = 0;

  // Waits until all have answered, or `deadline`.
  T Await(absl::Clock& clock, absl::Time deadline) {
    absl::MutexLock lock(mutex);
    const auto all = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
      return open == 0;
    };
    clock.AwaitWithDeadline(&mutex, absl::Condition(&all), deadline);
    return value;
  }
};

// Has `task` run with what is shared, unless it is too late by then.
template <class T>
void Run(TaskPool& pool, absl::Clock& clock, absl::Time deadline,
         const std::shared_ptr<Shared<T>>& shared,
         std::function<void(Shared<T>&, absl::Duration left)> task) {
  {
    absl::MutexLock lock(shared->mutex);
    ++shared->open;
  }
  pool.Run([&clock, deadline, shared, task = std::move(task)] {
    const absl::Duration left = deadline - clock.TimeNow();
    if (left > absl::ZeroDuration()) task(*shared, left);
    absl::MutexLock lock(shared->mutex);
    --shared->open;
  });
}

using Hearing = Shared<ServingEvidence>;

// Asks one node's kubelet for its certificate, at each address in turn.
Testimony AskKubelet(const api::Node& node, absl::string_view node_name,
                     const Settings& settings, KubeletDialer& kubelets,
                     absl::Clock& clock, absl::Time deadline) {
  const std::vector<pki::IpAddress> addresses = DialAddresses(node);
  if (addresses.empty()) return Unknown("the Node has no address to dial");
  absl::Status last;
  for (size_t i = 0; i < addresses.size(); ++i) {
    const absl::Time now = clock.TimeNow();
    const absl::Duration share =
        (deadline - now) / static_cast<int64_t>(addresses.size() - i);
    if (share <= absl::ZeroDuration()) break;
    const auto chain = kubelets.Dial(
        addresses[i],
        static_cast<uint16_t>(settings.config.witnesses.kubelet_port), share);
    if (!chain.ok()) {
      last = chain.status();
      continue;
    }
    return policy::TestimonyOfServedCertificate(
        chain->front(),
        settings.kubelet_ca->Verify(
            *chain, {.now = now,
                     .usages = {pki::ExtendedKeyUsage::kServerAuth},
                     .dns_name = ""}),
        node_name, now);
  }
  return Unknown(last.message());
}

Testimony AskForAddresses(sys::Resolver& resolver, const std::string& name,
                          absl::Duration left) {
  const absl::StatusOr<std::vector<pki::IpAddress>> found =
      resolver.Addresses(name, left);
  if (!found.ok() && !absl::IsNotFound(found.status())) {
    return Unknown(found.status().message());
  }
  Testimony testimony;
  testimony.known = true;
  if (found.ok()) {
    testimony.ip_addresses = *found;
    testimony.detail = absl::StrCat("addresses of ", name);
  } else {
    testimony.detail = std::string(found.status().message());
  }
  return testimony;
}

Testimony AskForNames(sys::Resolver& resolver, const pki::IpAddress& address,
                      absl::Duration left) {
  const absl::StatusOr<std::vector<std::string>> found =
      resolver.Names(address, left);
  if (!found.ok() && !absl::IsNotFound(found.status())) {
    return Unknown(found.status().message());
  }
  Testimony testimony;
  testimony.known = true;
  if (found.ok()) {
    testimony.dns_names = *found;
    testimony.detail = absl::StrCat("names of ", address.ToString());
  } else {
    testimony.detail = std::string(found.status().message());
  }
  return testimony;
}

}  // namespace

ServingEvidence WitnessBench::Ask(const policy::ServingPlan& plan,
                                  const Settings& settings) {
  const policy::ApproverConfig& config = settings.config;
  const absl::Duration timeout = config.witnesses.timeout;
  const absl::Time deadline = clock_.TimeNow() + timeout;
  const Testimony late =
      Unknown(absl::StrCat("no answer within ", FormatGoDuration(timeout)));
  const bool ask_node = policy::Asks(config, Witness::kNodeStatus);
  const bool ask_kubelet =
      policy::Asks(config, Witness::kServedCertificate) && settings.kubelet_ca;
  const bool ask_dns = policy::Asks(config, Witness::kDns);

  const auto hearing = std::make_shared<Hearing>();
  {
    absl::MutexLock lock(hearing->mutex);
    ServingEvidence& evidence = hearing->value;
    if (settings.inventory) {
      evidence.inventory = settings.inventory->TestimonyOf(plan.node_name);
    }
    if (ask_node) evidence.node_status = late;
    if (ask_kubelet) evidence.served_certificate = late;
    if (ask_dns) {
      for (const std::string& name : plan.dns_names) {
        evidence.forward[name] = late;
      }
      for (const pki::IpAddress& address : plan.ip_addresses) {
        evidence.reverse[address] = late;
      }
    }
  }

  if (ask_node || ask_kubelet) {
    // Tasks may run when this call is over, so they keep what they use.
    const auto kept = std::make_shared<const Settings>(settings);
    Run<ServingEvidence>(
        pool_, clock_, deadline, hearing,
        [&nodes = nodes_, &kubelets = kubelets_, &clock = clock_, kept,
         node_name = plan.node_name, ask_node, ask_kubelet,
         deadline](Hearing& h, absl::Duration) {
          const absl::StatusOr<api::Node> node = nodes.Get("", node_name);
          Testimony status;
          Testimony served;
          if (node.ok()) {
            status = policy::TestimonyOfNode(*node);
          } else {
            status.known = absl::IsNotFound(node.status());
            status.detail = status.known
                                ? absl::StrCat("there is no Node ", node_name)
                                : std::string(node.status().message());
            served.detail = status.detail;
          }
          {
            absl::MutexLock lock(h.mutex);
            if (ask_node) h.value.node_status = std::move(status);
            if (ask_kubelet && !node.ok()) h.value.served_certificate = served;
          }
          if (!ask_kubelet || !node.ok()) return;
          served =
              AskKubelet(*node, node_name, *kept, kubelets, clock, deadline);
          absl::MutexLock lock(h.mutex);
          h.value.served_certificate = std::move(served);
        });
  }
  if (ask_dns) {
    for (const std::string& name : plan.dns_names) {
      Run<ServingEvidence>(
          pool_, clock_, deadline, hearing,
          [&resolver = resolver_, name](Hearing& h, absl::Duration left) {
            Testimony said = AskForAddresses(resolver, name, left);
            absl::MutexLock lock(h.mutex);
            h.value.forward[name] = std::move(said);
          });
    }
    for (const pki::IpAddress& address : plan.ip_addresses) {
      Run<ServingEvidence>(
          pool_, clock_, deadline, hearing,
          [&resolver = resolver_, &clock = clock_, address, deadline](
              Hearing& h, absl::Duration left) {
            // Back, and from there forward again.
            Testimony names = AskForNames(resolver, address, left);
            std::map<std::string, Testimony> forward;
            names.dns_names.resize(
                std::min(names.dns_names.size(), kMaxReverseNames));
            for (const std::string& name : names.dns_names) {
              const std::string lower = absl::AsciiStrToLower(name);
              forward[lower] =
                  AskForAddresses(resolver, lower, deadline - clock.TimeNow());
            }
            absl::MutexLock lock(h.mutex);
            h.value.reverse[address] = std::move(names);
            for (auto& [name, said] : forward) {
              Testimony& entry = h.value.forward[name];
              if (!entry.known) entry = std::move(said);
            }
          });
    }
  }
  return hearing->Await(clock_, deadline);
}

std::optional<bool> WitnessBench::NodeIsReady(absl::string_view node,
                                              const Settings& settings) {
  const absl::Time deadline =
      clock_.TimeNow() + settings.config.witnesses.timeout;
  using Answer = std::optional<bool>;
  const auto shared = std::make_shared<Shared<Answer>>();
  Run<Answer>(pool_, clock_, deadline, shared,
              [&nodes = nodes_, name = std::string(node)](Shared<Answer>& s,
                                                          absl::Duration) {
                const absl::StatusOr<api::Node> found = nodes.Get("", name);
                absl::MutexLock lock(s.mutex);
                if (found.ok()) {
                  s.value = policy::IsReady(*found);
                } else if (absl::IsNotFound(found.status())) {
                  s.value = false;
                }
              });
  return shared->Await(clock_, deadline);
}

}  // namespace signet::approver
