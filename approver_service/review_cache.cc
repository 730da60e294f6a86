#include "approver_service/review_cache.h"

#include <memory>
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/api/authorization.pb.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"

namespace signet::approver {
namespace {

// The same bytes for the same spec, whatever the order in its maps; nullopt if
// it cannot be written.
std::optional<std::string> KeyOf(const api::SubjectAccessReview& review) {
  std::string key;
  google::protobuf::io::StringOutputStream stream(&key);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  if (!review.spec().SerializeToCodedStream(&coded)) return std::nullopt;
  coded.Trim();
  return key;
}

}  // namespace

absl::StatusOr<bool> ReviewCache::Ask(const api::SubjectAccessReview& review) {
  ABSL_ASSIGN_OR_RETURN(const api::SubjectAccessReview answer,
                        reviews_.Create(review));
  return answer.status().allowed() && !answer.status().denied();
}

absl::StatusOr<bool> ReviewCache::Allows(
    const api::SubjectAccessReview& review) {
  if (ttl_ <= absl::ZeroDuration()) return Ask(review);
  const std::optional<std::string> key = KeyOf(review);
  if (!key) return Ask(review);
  std::shared_ptr<Question> question;
  absl::Time asked_at;
  {
    absl::MutexLock lock(mutex_);
    asked_at = clock_.TimeNow();
    if (const auto it = allowed_.find(*key); it != allowed_.end()) {
      if (asked_at < it->second) return true;
      allowed_.erase(it);
    }
    std::shared_ptr<Question>& entry = under_way_[*key];
    if (entry != nullptr) {
      question = entry;
      mutex_.Await(absl::Condition(&question->answered));
      return question->answer;
    }
    entry = std::make_shared<Question>();
    question = entry;
  }
  absl::StatusOr<bool> answer = Ask(review);
  absl::MutexLock lock(mutex_);
  if (answer.ok() && *answer) {
    Trim(asked_at);
    allowed_[*key] = asked_at + ttl_;
  }
  question->answer = answer;
  question->answered = true;
  under_way_.erase(*key);
  return answer;
}

void ReviewCache::Trim(absl::Time now) {
  if (allowed_.size() < kMaxEntries) return;
  absl::erase_if(allowed_,
                 [now](const auto& entry) { return entry.second <= now; });
  // So many at once are not one token's nodes: forget them all.
  if (allowed_.size() >= kMaxEntries) allowed_.clear();
}

}  // namespace signet::approver
