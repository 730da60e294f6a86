#ifndef SIGNET_TOOLS_APISERVER_JOURNAL_H_
#define SIGNET_TOOLS_APISERVER_JOURNAL_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace signet::apiserver {

// Where an object lives. Ordered as lists are: by namespace, then name.
struct ObjectKey {
  std::string resource;        // "secrets", "leases.coordination.k8s.io".
  std::string namespace_name;  // "" for cluster-scoped kinds.
  std::string name;

  friend auto operator<=>(const ObjectKey&, const ObjectKey&) = default;
  friend bool operator==(const ObjectKey&, const ObjectKey&) = default;
};

// Journal keeps what the store holds beyond the process's life. Not
// thread-safe: the store calls it under its lock.
class Journal {
 public:
  virtual ~Journal() = default;

  // Put and Remove return OK only once the change is durable. After an error
  // nothing has changed, or the journal refuses every later write.
  // kResourceExhausted: no space is left.
  virtual absl::Status Put(const ObjectKey& key, int64_t revision,
                           absl::string_view bytes) = 0;
  virtual absl::Status Remove(const ObjectKey& key, int64_t revision) = 0;

  // Load calls `object` for each object and returns the latest revision in
  // `revision` (0 if nothing was ever written).
  virtual absl::Status Load(
      const std::function<absl::Status(const ObjectKey& key, int64_t revision,
                                       absl::string_view bytes)>& object,
      int64_t* revision) = 0;
};

}  // namespace signet::apiserver

#endif  // SIGNET_TOOLS_APISERVER_JOURNAL_H_
