#ifndef SIGNET_TOOLS_APISERVER_REGISTRY_H_
#define SIGNET_TOOLS_APISERVER_REGISTRY_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock_interface.h"
#include "core/api/meta.pb.h"
#include "core/base/rng.h"
#include "google/protobuf/message.h"
#include "tools/apiserver/access.h"
#include "tools/apiserver/kind.h"
#include "tools/apiserver/store.h"
#include "tools/apiserver/user.h"

namespace signet::apiserver {

// Registry reads and writes objects of every kind as the API does: names and
// identities given by the server, defaults, validation, admission, optimistic
// concurrency, dry runs. All errors are api_error's. Thread-safe.
class Registry {
 public:
  using Message = google::protobuf::Message;

  // All must outlive the registry.
  Registry(Store& store, const Authorizer& authorizer, Rng& rng,
           absl::Clock& clock)
      : store_(store), authorizer_(authorizer), rng_(rng), clock_(clock) {}

  // Where and by whom something is written.
  struct Target {
    const Kind* kind = nullptr;
    User user;
    std::string namespace_name;  // "" for cluster-scoped kinds.
    std::string name;            // "" in a creation.
    std::string subresource;     // "", "status", "approval".
    bool dry_run = false;        // All checks, no change.
    std::string field_manager;   // Who comes to own what is changed.
    // Server-side apply: the object's managedFields say so themselves.
    bool applies = false;
  };
  struct Written {
    ObjectPtr object;
    bool created = false;
  };

  absl::StatusOr<ObjectPtr> Get(const Kind& kind,
                                absl::string_view namespace_name,
                                absl::string_view name) const;

  absl::StatusOr<ObjectPtr> Create(const Target& target,
                                   std::unique_ptr<Message> object);

  // Replaces the object, or by the kind creates it.
  absl::StatusOr<Written> Update(const Target& target,
                                 std::unique_ptr<Message> object);

  // Replaces the object by what `change` makes of it; again if somebody else
  // was faster, unless the change names a resource version.
  absl::StatusOr<Written> Modify(
      const Target& target,
      const std::function<absl::StatusOr<std::unique_ptr<Message>>(
          const Message& current)>& change);

  struct Deleted {
    ObjectPtr object;
    bool gone = false;  // False: it waits for its finalizers.
  };
  absl::StatusOr<Deleted> Delete(const Target& target,
                                 const api::DeleteOptions& options);

  // Creates an object, as the server itself, if there is none of its name.
  absl::Status EnsureExists(const Kind& kind, std::unique_ptr<Message> object);
  // The same, and replaces one that is there already.
  absl::Status EnsureIs(const Kind& kind, std::unique_ptr<Message> object);

 private:
  // One attempt; kAborted from the store if another write came between.
  absl::StatusOr<ObjectPtr> TryUpdate(const Target& target,
                                      const ObjectPtr& current,
                                      std::unique_ptr<Message> object);
  absl::Status DeleteContents(absl::string_view namespace_name);
  absl::Status StoreError(const absl::Status& status, const Kind& kind,
                          absl::string_view name) const;
  std::string NewUid();
  std::string NewSuffix();

  Store& store_;
  const Authorizer& authorizer_;
  Rng& rng_;
  absl::Clock& clock_;
};

}  // namespace signet::apiserver

#endif  // SIGNET_TOOLS_APISERVER_REGISTRY_H_
