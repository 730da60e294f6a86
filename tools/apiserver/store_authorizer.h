#ifndef SIGNET_TOOLS_APISERVER_STORE_AUTHORIZER_H_
#define SIGNET_TOOLS_APISERVER_STORE_AUTHORIZER_H_

#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "tools/apiserver/access.h"
#include "tools/apiserver/rbac.h"
#include "tools/apiserver/store.h"

namespace signet::apiserver {

// StoreAuthorizer judges by the roles and bindings in the store, as they are
// now: a write to them counts from its answer on. Thread-safe.
class StoreAuthorizer : public Authorizer {
 public:
  // `store` must outlive the authorizer.
  explicit StoreAuthorizer(Store& store);
  ~StoreAuthorizer() override;
  AccessDecision Authorize(const AccessRequest& request) const override;

 private:
  // Shared with the store's subscriptions, which may run a little longer.
  struct State {
    absl::Mutex mutex;
    bool stale ABSL_GUARDED_BY(mutex) = true;
    std::shared_ptr<const RbacPolicy> policy ABSL_GUARDED_BY(mutex);
  };
  std::shared_ptr<const RbacPolicy> Policy() const;

  Store& store_;
  const std::shared_ptr<State> state_;
  std::vector<Store::SubscriptionId> subscriptions_;
};

}  // namespace signet::apiserver

#endif  // SIGNET_TOOLS_APISERVER_STORE_AUTHORIZER_H_
