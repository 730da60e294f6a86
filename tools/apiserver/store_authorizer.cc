#include "tools/apiserver/store_authorizer.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "core/api/rbac.pb.h"
#include "tools/apiserver/access.h"
#include "tools/apiserver/rbac.h"
#include "tools/apiserver/store.h"

namespace signet::apiserver {
namespace {

std::string Resource(absl::string_view plural) {
  return absl::StrCat(plural, ".rbac.authorization.k8s.io");
}

template <class T>
std::vector<std::shared_ptr<const T>> List(const Store& store,
                                           absl::string_view plural) {
  std::vector<std::shared_ptr<const T>> objects;
  for (const ObjectPtr& object : store.List(Resource(plural), "").objects) {
    objects.push_back(std::static_pointer_cast<const T>(object));
  }
  return objects;
}

}  // namespace

StoreAuthorizer::StoreAuthorizer(Store& store)
    : store_(store), state_(std::make_shared<State>()) {
  for (const absl::string_view plural :
       {"clusterroles", "clusterrolebindings", "roles", "rolebindings"}) {
    subscriptions_.push_back(
        store_.Subscribe(Resource(plural), [state = state_] {
          absl::MutexLock lock(state->mutex);
          state->stale = true;
        }));
  }
}

StoreAuthorizer::~StoreAuthorizer() {
  for (const Store::SubscriptionId id : subscriptions_) store_.Unsubscribe(id);
}

std::shared_ptr<const RbacPolicy> StoreAuthorizer::Policy() const {
  // A writer's wake waits until this is done and then makes it stale again.
  absl::MutexLock lock(state_->mutex);
  if (!state_->stale) return state_->policy;
  RbacPolicy::Objects objects;
  objects.cluster_roles = List<api::ClusterRole>(store_, "clusterroles");
  objects.cluster_role_bindings =
      List<api::ClusterRoleBinding>(store_, "clusterrolebindings");
  objects.roles = List<api::Role>(store_, "roles");
  objects.role_bindings = List<api::RoleBinding>(store_, "rolebindings");
  state_->policy = std::make_shared<const RbacPolicy>(std::move(objects));
  state_->stale = false;
  return state_->policy;
}

AccessDecision StoreAuthorizer::Authorize(const AccessRequest& request) const {
  return Policy()->Authorize(request);
}

}  // namespace signet::apiserver
