#include "tools/apiserver/store.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "core/api/meta.pb.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/message.h"
#include "tools/apiserver/journal.h"

namespace signet::apiserver {
namespace {

using google::protobuf::Message;

const google::protobuf::FieldDescriptor& MetadataField(const Message& object) {
  const google::protobuf::FieldDescriptor* field =
      object.GetDescriptor()->FindFieldByNumber(1);
  CHECK(field != nullptr &&
        field->message_type() == api::ObjectMeta::descriptor())
      << object.GetDescriptor()->full_name() << " has no metadata";
  return *field;
}

// Maps in the order of their keys: equal objects give equal bytes.
std::string SerializeDeterministic(const Message& object) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    CHECK(object.SerializeToCodedStream(&coded));  // proto2 without `required`.
  }
  return bytes;
}

std::string KeyText(const ObjectKey& key) {
  if (key.namespace_name.empty()) {
    return absl::StrCat(key.resource, " ", key.name);
  }
  return absl::StrCat(key.resource, " ", key.namespace_name, "/", key.name);
}

}  // namespace

const api::ObjectMeta& MetadataOf(const Message& object) {
  return static_cast<const api::ObjectMeta&>(
      object.GetReflection()->GetMessage(object, &MetadataField(object)));
}

api::ObjectMeta& MutableMetadataOf(Message& object) {
  return static_cast<api::ObjectMeta&>(
      *object.GetReflection()->MutableMessage(&object, &MetadataField(object)));
}

Store::Store(Journal* journal, const StoreLimits& limits)
    : journal_(journal), limits_(limits) {}

absl::Status Store::Load(
    const std::function<std::unique_ptr<Message>(absl::string_view)>& make) {
  if (journal_ == nullptr) return absl::OkStatus();
  absl::MutexLock lock(mutex_);
  int64_t revision = 0;
  const auto add = [this, &make](const ObjectKey& key, int64_t object_revision,
                                 absl::string_view bytes) -> absl::Status {
    mutex_.AssertHeld();
    std::unique_ptr<Message> object = make(key.resource);
    if (object == nullptr) {
      return absl::FailedPreconditionError(
          absl::StrCat("stored object ", KeyText(key), ": resource not known"));
    }
    if (!object->ParseFromString(std::string(bytes))) {
      return absl::DataLossError(
          absl::StrCat("stored object ", KeyText(key), " does not parse"));
    }
    MutableMetadataOf(*object).set_resource_version(
        absl::StrCat(object_revision));
    total_bytes_ += bytes.size();
    entries_[key] = {std::move(object), bytes.size()};
    return absl::OkStatus();
  };
  ABSL_RETURN_IF_ERROR(journal_->Load(add, &revision));
  revision_ = revision;
  history_start_ = revision;
  return absl::OkStatus();
}

Store::Snapshot Store::List(absl::string_view resource,
                            absl::string_view namespace_name) const {
  absl::MutexLock lock(mutex_);
  Snapshot snapshot;
  snapshot.revision = revision_;
  const ObjectKey first{std::string(resource), std::string(namespace_name), ""};
  for (auto it = entries_.lower_bound(first); it != entries_.end(); ++it) {
    if (it->first.resource != resource) break;
    if (!namespace_name.empty() && it->first.namespace_name != namespace_name) {
      break;
    }
    snapshot.objects.push_back(it->second.object);
  }
  return snapshot;
}

ObjectPtr Store::Get(const ObjectKey& key) const {
  absl::MutexLock lock(mutex_);
  const auto it = entries_.find(key);
  return it == entries_.end() ? nullptr : it->second.object;
}

int64_t Store::revision() const {
  absl::MutexLock lock(mutex_);
  return revision_;
}

absl::StatusOr<ObjectPtr> Store::Create(const ObjectKey& key,
                                        std::unique_ptr<Message> object) {
  absl::StatusOr<ObjectPtr> stored;
  Wakes wakes;
  {
    absl::MutexLock lock(mutex_);
    if (entries_.contains(key)) {
      return absl::AlreadyExistsError(
          absl::StrCat(KeyText(key), " already exists"));
    }
    stored = Write(EventType::kAdded, key, std::move(object), nullptr);
    if (!stored.ok()) return stored;
    wakes = WakesFor(key.resource);
  }
  for (const auto& wake : wakes) (*wake)();
  return stored;
}

absl::StatusOr<ObjectPtr> Store::Update(const ObjectKey& key,
                                        const ObjectPtr& current,
                                        std::unique_ptr<Message> object) {
  absl::StatusOr<ObjectPtr> stored;
  Wakes wakes;
  {
    absl::MutexLock lock(mutex_);
    const auto it = entries_.find(key);
    if (it == entries_.end()) {
      return absl::NotFoundError(absl::StrCat(KeyText(key), " not found"));
    }
    if (it->second.object != current) {
      return absl::AbortedError(absl::StrCat(KeyText(key), " has changed"));
    }
    MutableMetadataOf(*object).set_resource_version(
        MetadataOf(*current).resource_version());
    if (SerializeDeterministic(*object) == SerializeDeterministic(*current)) {
      return current;
    }
    stored = Write(EventType::kModified, key, std::move(object), current);
    if (!stored.ok()) return stored;
    wakes = WakesFor(key.resource);
  }
  for (const auto& wake : wakes) (*wake)();
  return stored;
}

absl::StatusOr<ObjectPtr> Store::Delete(const ObjectKey& key,
                                        const ObjectPtr& current,
                                        std::unique_ptr<Message> last) {
  absl::StatusOr<ObjectPtr> stored;
  Wakes wakes;
  {
    absl::MutexLock lock(mutex_);
    const auto it = entries_.find(key);
    if (it == entries_.end()) {
      return absl::NotFoundError(absl::StrCat(KeyText(key), " not found"));
    }
    if (it->second.object != current) {
      return absl::AbortedError(absl::StrCat(KeyText(key), " has changed"));
    }
    if (last == nullptr) {
      last.reset(current->New());
      last->CopyFrom(*current);
    }
    stored = Write(EventType::kDeleted, key, std::move(last), current);
    if (!stored.ok()) return stored;
    wakes = WakesFor(key.resource);
  }
  for (const auto& wake : wakes) (*wake)();
  return stored;
}

absl::StatusOr<ObjectPtr> Store::Write(EventType type, const ObjectKey& key,
                                       std::unique_ptr<Message> object,
                                       ObjectPtr previous) {
  const int64_t revision = revision_ + 1;
  MutableMetadataOf(*object).set_resource_version(absl::StrCat(revision));
  const std::string bytes = SerializeDeterministic(*object);
  const auto old = entries_.find(key);
  const size_t old_bytes = old == entries_.end() ? 0 : old->second.bytes;
  const size_t new_bytes = type == EventType::kDeleted ? 0 : bytes.size();
  if (new_bytes > limits_.max_object_bytes) {
    return absl::InvalidArgumentError(
        absl::StrCat(KeyText(key), " has ", new_bytes, " bytes, more than ",
                     limits_.max_object_bytes));
  }
  const size_t total_bytes = total_bytes_ - old_bytes + new_bytes;
  if (new_bytes > old_bytes && total_bytes > limits_.max_total_bytes) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "no space for ", KeyText(key), ": the store is limited to ",
        limits_.max_total_bytes, " bytes"));
  }
  if (journal_ != nullptr) {
    ABSL_RETURN_IF_ERROR(type == EventType::kDeleted
                             ? journal_->Remove(key, revision)
                             : journal_->Put(key, revision, bytes));
  }
  const ObjectPtr stored = std::move(object);
  if (type == EventType::kDeleted) {
    entries_.erase(old);
  } else {
    entries_[key] = {stored, new_bytes};
  }
  total_bytes_ = total_bytes;
  revision_ = revision;
  history_.push_back({type, revision, key, stored, std::move(previous)});
  history_sizes_.push_back(bytes.size());
  history_bytes_ += bytes.size();
  TrimHistory();
  return stored;
}

void Store::TrimHistory() {
  while (history_.size() > limits_.max_history_events ||
         (history_bytes_ > limits_.max_history_bytes && history_.size() > 1)) {
    history_bytes_ -= history_sizes_.front();
    history_.pop_front();
    history_sizes_.pop_front();
    ++history_start_;
  }
}

absl::Status Store::EventsAfter(absl::string_view resource,
                                absl::string_view namespace_name, size_t max,
                                int64_t* revision,
                                std::vector<StoreEvent>* events) const {
  absl::MutexLock lock(mutex_);
  if (*revision < history_start_) {
    return absl::OutOfRangeError(absl::StrCat(
        "too old resource version: ", *revision, " (", history_start_, ")"));
  }
  if (*revision > revision_) {
    return absl::InvalidArgumentError(
        absl::StrCat("resource version ", *revision,
                     " is of the future: the latest is ", revision_));
  }
  size_t added = 0;
  while (*revision < revision_ && added < max) {
    const StoreEvent& event = history_[*revision - history_start_];
    ++*revision;
    if (event.key.resource != resource) continue;
    if (!namespace_name.empty() && event.key.namespace_name != namespace_name) {
      continue;
    }
    events->push_back(event);
    ++added;
  }
  return absl::OkStatus();
}

Store::SubscriptionId Store::Subscribe(absl::string_view resource,
                                       std::function<void()> wake) {
  absl::MutexLock lock(mutex_);
  const SubscriptionId id = next_subscription_++;
  subscriptions_[id] = {
      std::string(resource),
      std::make_shared<const std::function<void()>>(std::move(wake))};
  return id;
}

void Store::Unsubscribe(SubscriptionId id) {
  absl::MutexLock lock(mutex_);
  subscriptions_.erase(id);
}

Store::Wakes Store::WakesFor(absl::string_view resource) {
  Wakes wakes;
  for (const auto& [id, subscription] : subscriptions_) {
    if (subscription.resource == resource) wakes.push_back(subscription.wake);
  }
  return wakes;
}

void Store::Compact() {
  absl::MutexLock lock(mutex_);
  history_.clear();
  history_sizes_.clear();
  history_bytes_ = 0;
  history_start_ = revision_;
}

}  // namespace signet::apiserver
