#ifndef SIGNET_APPROVER_SERVICE_REVIEW_CACHE_H_
#define SIGNET_APPROVER_SERVICE_REVIEW_CACHE_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/api/authorization.pb.h"
#include "core/k8s/resource_api.h"

namespace signet::approver {

// ReviewCache asks the API server whether somebody may do something, and
// remembers a yes for a short time: a thousand nodes that join with one
// bootstrap token are one question. Reviews are the same if every field of
// their spec is: user, uid, groups, extra and the access asked for.
//
//   - A yes counts for `ttl` from before the question was sent. So a right that
//     was taken away may still count that long.
//   - A no is not remembered: a right that was given counts at once.
//   - Whoever asks while the same question is under way gets its answer, be it
//     no or an error.
//   - A `ttl` of zero switches all of this off.
//
// At most kMaxEntries answers are kept. Thread-safe.
class ReviewCache {
 public:
  static constexpr size_t kMaxEntries = 10000;

  // References must outlive the cache.
  ReviewCache(k8s::ResourceApi<api::SubjectAccessReview>& reviews,
              absl::Clock& clock, absl::Duration ttl)
      : reviews_(reviews), clock_(clock), ttl_(ttl) {}

  // True if the server allows it, and does not deny it at the same time. Errors
  // are the server's.
  absl::StatusOr<bool> Allows(const api::SubjectAccessReview& review);

 private:
  struct Question {
    bool answered = false;
    absl::StatusOr<bool> answer = false;
  };

  absl::StatusOr<bool> Ask(const api::SubjectAccessReview& review);
  // Makes room for one more.
  void Trim(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  k8s::ResourceApi<api::SubjectAccessReview>& reviews_;
  absl::Clock& clock_;
  const absl::Duration ttl_;
  absl::Mutex mutex_;
  // By the spec's bytes: until when the yes counts, and who is being asked.
  absl::flat_hash_map<std::string, absl::Time> allowed_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, std::shared_ptr<Question>> under_way_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace signet::approver

#endif  // SIGNET_APPROVER_SERVICE_REVIEW_CACHE_H_
