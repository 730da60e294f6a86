#include "core/testing/fake_resource_store.h"

#include <algorithm>
#include <set>

#include "absl/log/check.h"
#include "absl/status/status_macros.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "boost/json.hpp"
#include "core/api/codec.h"
#include "core/k8s/http_status.h"
#include "google/protobuf/descriptor.h"

namespace signet::testing {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using Csr = api::CertificateSigningRequest;

constexpr absl::string_view kGone =
    "too old resource version: the history was compacted";

const api::ObjectMeta& MetaOf(const Message& object) {
  return static_cast<const api::ObjectMeta&>(object.GetReflection()->GetMessage(
      object, object.GetDescriptor()->FindFieldByName("metadata")));
}
api::ObjectMeta& MutableMetaOf(Message& object) {
  return static_cast<api::ObjectMeta&>(*object.GetReflection()->MutableMessage(
      &object, object.GetDescriptor()->FindFieldByName("metadata")));
}
FakeResourceStore::Key KeyOf(const Message& object) {
  return {MetaOf(object).namespace_(), MetaOf(object).name()};
}

std::unique_ptr<Message> Copy(const Message& object) {
  std::unique_ptr<Message> copy(object.New());
  copy->CopyFrom(object);
  return copy;
}

bool Same(const Message& a, const Message& b) {
  return api::EncodeProtobuf(a, {}) == api::EncodeProtobuf(b, {});
}

// "spec.signerName" of an object, as text; "" if it is not there.
std::string FieldText(const Message& object, absl::string_view path) {
  const Message* message = &object;
  for (const absl::string_view step : absl::StrSplit(path, '.')) {
    const FieldDescriptor* found = nullptr;
    for (int i = 0; i < message->GetDescriptor()->field_count(); ++i) {
      const FieldDescriptor* field = message->GetDescriptor()->field(i);
      if (field->json_name() == step && !field->is_repeated()) found = field;
    }
    if (found == nullptr) return "";
    if (found->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      return message->GetReflection()->GetString(*message, found);
    }
    if (found->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return "";
    message = &message->GetReflection()->GetMessage(*message, found);
  }
  return "";
}

// What a field of `from` is becomes that of `to`.
void CopyField(const Message& from, absl::string_view name, Message& to) {
  const FieldDescriptor* field =
      from.GetDescriptor()->FindFieldByName(std::string(name));
  if (field == nullptr) return;
  to.GetReflection()->ClearField(&to, field);
  if (from.GetReflection()->HasField(from, field)) {
    to.GetReflection()
        ->MutableMessage(&to, field)
        ->CopyFrom(from.GetReflection()->GetMessage(from, field));
  }
}

// RFC 7386.
void MergePatch(const boost::json::value& patch, boost::json::value& target) {
  if (!patch.is_object()) {
    target = patch;
    return;
  }
  if (!target.is_object()) target.emplace_object();
  boost::json::object& object = target.get_object();
  for (const auto& field : patch.get_object()) {
    if (field.value().is_null()) {
      object.erase(field.key());
    } else {
      MergePatch(field.value(), object[field.key()]);
    }
  }
}

std::set<std::string> ConditionTypes(const Csr& csr) {
  std::set<std::string> types;
  for (const auto& condition : csr.status().conditions()) {
    types.insert(condition.type());
  }
  return types;
}

}  // namespace

FakeResourceStore::FakeResourceStore(const api::ResourceInfo& info,
                                     const Message& prototype,
                                     absl::Clock& clock)
    : info_(info), prototype_(prototype), clock_(clock) {}

absl::StatusOr<FakeResourceStore::Object> FakeResourceStore::Get(
    const Key& key) {
  absl::MutexLock lock(mutex_);
  ABSL_RETURN_IF_ERROR(Begin(Verb::kGet, nullptr));
  return Find(key);
}

absl::StatusOr<std::pair<std::vector<FakeResourceStore::Object>, std::string>>
FakeResourceStore::List(const k8s::ListOptions& options) {
  absl::MutexLock lock(mutex_);
  ABSL_RETURN_IF_ERROR(Begin(Verb::kList, nullptr));
  ABSL_ASSIGN_OR_RETURN(const Selection selection,
                        Select(options.namespace_name, options.field_selector,
                               options.label_selector));
  std::vector<Object> items;
  for (const auto& [key, object] : objects_) {
    if (Matches(selection, object)) items.push_back(object);
  }
  return std::pair{std::move(items), absl::StrCat(version_)};
}

absl::StatusOr<FakeResourceStore::Object> FakeResourceStore::Create(
    const Message& object) {
  absl::MutexLock lock(mutex_);
  bool takes_effect = false;
  const absl::Status fault = Begin(Verb::kCreate, &takes_effect);
  if (!fault.ok() && !takes_effect) return fault;
  std::unique_ptr<Message> made = Copy(object);
  api::ObjectMeta& meta = MutableMetaOf(*made);
  if (info_.group == "authorization.k8s.io") {
    // Questions: answered, not kept.
    if (on_create_) ABSL_RETURN_IF_ERROR(on_create_(*made));
    ABSL_RETURN_IF_ERROR(fault);
    return Object(std::move(made));
  }
  if (!meta.resource_version().empty()) {
    return Error(400, "BadRequest",
                 "resourceVersion should not be set on objects to be created");
  }
  ++made_;
  if (meta.name().empty()) {
    if (meta.generate_name().empty()) {
      return Error(422, "Invalid",
                   absl::StrCat(info_.kind,
                                " \"\" is invalid: metadata.name: Required "
                                "value: name or generateName is required"));
    }
    // SPEC D-2: five of these signs.
    constexpr absl::string_view kSigns = "bcdfghjklmnpqrstvwxz2456789";
    std::string suffix(5, 'b');
    size_t number = made_;
    for (auto sign = suffix.rbegin(); sign != suffix.rend(); ++sign) {
      *sign = kSigns[number % kSigns.size()];
      number /= kSigns.size();
    }
    meta.set_name(absl::StrCat(meta.generate_name(), suffix));
  }
  if (objects_.contains(KeyOf(*made))) {
    return Error(409, "AlreadyExists",
                 absl::StrCat(Called(KeyOf(*made)), " already exists"));
  }
  meta.set_uid(absl::StrFormat("00000000-0000-4000-8000-%012d", made_));
  *meta.mutable_creation_timestamp() = api::FromAbslTime(clock_.TimeNow());
  if (info_.kind == "CertificateSigningRequest") {
    static_cast<Csr&>(*made).clear_status();  // SPEC D-1.
  }
  if (on_create_) ABSL_RETURN_IF_ERROR(on_create_(*made));
  Object stored = Store(std::move(made), nullptr);
  ABSL_RETURN_IF_ERROR(fault);
  return stored;
}

absl::StatusOr<FakeResourceStore::Object> FakeResourceStore::Update(
    absl::string_view subresource, const Message& object) {
  absl::MutexLock lock(mutex_);
  bool takes_effect = false;
  const absl::Status fault =
      Begin(subresource.empty() ? Verb::kUpdate : Verb::kUpdateSubresource,
            &takes_effect);
  if (!fault.ok() && !takes_effect) return fault;
  ABSL_ASSIGN_OR_RETURN(Object stored, Replace(subresource, object));
  ABSL_RETURN_IF_ERROR(fault);
  return stored;
}

absl::StatusOr<FakeResourceStore::Object> FakeResourceStore::Patch(
    const Key& key, absl::string_view content_type, absl::string_view patch) {
  absl::MutexLock lock(mutex_);
  bool takes_effect = false;
  const absl::Status fault = Begin(Verb::kPatch, &takes_effect);
  if (!fault.ok() && !takes_effect) return fault;
  if (content_type != "application/merge-patch+json") {
    return Error(415, "UnsupportedMediaType",
                 absl::StrCat("the fake knows no ", content_type));
  }
  ABSL_ASSIGN_OR_RETURN(const Object before, Find(key));
  ABSL_ASSIGN_OR_RETURN(const std::unique_ptr<Message> merged,
                        Merge(*before, patch));
  ABSL_ASSIGN_OR_RETURN(Object stored, Replace("", *merged));
  ABSL_RETURN_IF_ERROR(fault);
  return stored;
}

absl::Status FakeResourceStore::Delete(const Key& key) {
  absl::MutexLock lock(mutex_);
  bool takes_effect = false;
  const absl::Status fault = Begin(Verb::kDelete, &takes_effect);
  if (!fault.ok() && !takes_effect) return fault;
  ABSL_RETURN_IF_ERROR(Find(key).status());
  Erase(key);
  return fault;
}

absl::StatusOr<std::unique_ptr<FakeResourceStore::Watch>>
FakeResourceStore::StartWatch(const k8s::WatchOptions& options) {
  absl::MutexLock lock(mutex_);
  ABSL_RETURN_IF_ERROR(Begin(Verb::kWatch, nullptr));
  ABSL_ASSIGN_OR_RETURN(Selection selection,
                        Select(options.namespace_name, options.field_selector,
                               options.label_selector));
  int64_t from = 0;
  if (!options.resource_version.empty() &&
      !absl::SimpleAtoi(options.resource_version, &from)) {
    return Error(400, "BadRequest",
                 absl::StrCat("invalid resourceVersion \"",
                              options.resource_version, "\""));
  }
  std::unique_ptr<Watch> watch(new Watch(*this, std::move(selection)));
  watch->bookmarks_ = options.allow_bookmarks;
  watch->end_ = clock_.TimeNow() + options.timeout;
  watch->position_ = from;
  if (from == 0) {  // Start with what there is.
    for (const auto& [key, object] : objects_) {
      if (Matches(watch->selection_, object)) {
        watch->events_.emplace_back(k8s::WatchEventType::kAdded, object);
      }
    }
    watch->position_ = version_;
  }
  watches_.push_back(watch.get());
  return watch;
}

void FakeResourceStore::FailNext(Verb verb, absl::Status status, int times,
                                 bool takes_effect) {
  CHECK(!status.ok());
  absl::MutexLock lock(mutex_);
  faults_[verb].push_back({std::move(status), times, takes_effect});
}

void FakeResourceStore::OnCreate(std::function<absl::Status(Message&)> hook) {
  absl::MutexLock lock(mutex_);
  on_create_ = std::move(hook);
}

FakeResourceStore::Object FakeResourceStore::Put(const Message& object) {
  absl::MutexLock lock(mutex_);
  std::unique_ptr<Message> made = Copy(object);
  api::ObjectMeta& meta = MutableMetaOf(*made);
  CHECK(!meta.name().empty());
  const auto before = objects_.find(KeyOf(object));
  const bool exists = before != objects_.end();
  if (meta.uid().empty()) {
    meta.set_uid(
        exists ? MetaOf(*before->second).uid()
               : absl::StrFormat("00000000-0000-4000-8000-%012d", ++made_));
  }
  if (!meta.has_creation_timestamp()) {
    *meta.mutable_creation_timestamp() =
        exists ? MetaOf(*before->second).creation_timestamp()
               : api::FromAbslTime(clock_.TimeNow());
  }
  const int writes = writes_;
  Object stored = Store(std::move(made), exists ? before->second : nullptr);
  writes_ = writes;
  return stored;
}

void FakeResourceStore::Remove(const Key& key) {
  absl::MutexLock lock(mutex_);
  CHECK(objects_.contains(key)) << key.second;
  const int writes = writes_;
  Erase(key);
  writes_ = writes;
}

std::vector<FakeResourceStore::Object> FakeResourceStore::objects() const {
  absl::MutexLock lock(mutex_);
  std::vector<Object> all;
  for (const auto& [key, object] : objects_) all.push_back(object);
  return all;
}

void FakeResourceStore::Compact() {
  absl::MutexLock lock(mutex_);
  // What was sent before stays sent.
  for (Watch* watch : watches_) watch->Advance();
  changes_.clear();
  compacted_ = version_;
}

void FakeResourceStore::EndWatches(absl::Status status) {
  absl::MutexLock lock(mutex_);
  for (Watch* watch : watches_) watch->broken_ = status;
}

void FakeResourceStore::SendBookmarks() {
  absl::MutexLock lock(mutex_);
  for (Watch* watch : watches_) {
    if (!watch->bookmarks_) continue;
    watch->Advance();
    std::unique_ptr<Message> mark(prototype_.New());
    MutableMetaOf(*mark).set_resource_version(absl::StrCat(version_));
    watch->events_.emplace_back(k8s::WatchEventType::kBookmark,
                                std::move(mark));
  }
}

int FakeResourceStore::calls(Verb verb) const {
  absl::MutexLock lock(mutex_);
  const auto count = calls_.find(verb);
  return count == calls_.end() ? 0 : count->second;
}

int FakeResourceStore::writes() const {
  absl::MutexLock lock(mutex_);
  return writes_;
}

int FakeResourceStore::watches() const {
  absl::MutexLock lock(mutex_);
  return static_cast<int>(watches_.size());
}

absl::Status FakeResourceStore::Begin(Verb verb, bool* takes_effect) {
  ++calls_[verb];
  std::deque<Fault>& faults = faults_[verb];
  if (faults.empty()) return absl::OkStatus();
  const absl::Status status = faults.front().status;
  if (takes_effect != nullptr) *takes_effect = faults.front().takes_effect;
  if (--faults.front().times == 0) faults.pop_front();
  return status;
}

absl::StatusOr<FakeResourceStore::Object> FakeResourceStore::Find(
    const Key& key) const {
  const auto object = objects_.find(key);
  if (object != objects_.end()) return object->second;
  return Error(404, "NotFound", absl::StrCat(Called(key), " not found"));
}

FakeResourceStore::Object FakeResourceStore::Store(
    std::unique_ptr<Message> object, Object before) {
  ++version_;
  ++writes_;
  MutableMetaOf(*object).set_resource_version(absl::StrCat(version_));
  Object after = std::move(object);
  objects_[KeyOf(*after)] = after;
  changes_.push_back({version_, std::move(before), after});
  return after;
}

void FakeResourceStore::Erase(const Key& key) {
  ++version_;
  ++writes_;
  const auto object = objects_.find(key);
  // SPEC D-19: the last state, with the version of the deletion.
  std::unique_ptr<Message> last = Copy(*object->second);
  MutableMetaOf(*last).set_resource_version(absl::StrCat(version_));
  objects_.erase(object);
  changes_.push_back({version_, std::move(last), nullptr});
}

absl::StatusOr<FakeResourceStore::Object> FakeResourceStore::Replace(
    absl::string_view subresource, const Message& object) {
  const Key key = KeyOf(object);
  ABSL_ASSIGN_OR_RETURN(const Object before, Find(key));
  const std::string& version = MetaOf(object).resource_version();
  const bool is_csr = info_.kind == "CertificateSigningRequest";
  if (version.empty() &&
      (info_.kind == "Lease" || info_.kind == "ClusterTrustBundle")) {
    return Error(422, "Invalid",
                 absl::StrCat(Called(key),
                              " is invalid: metadata.resourceVersion: Invalid "
                              "value: \"\": must be specified for an update"));
  }
  if (!version.empty() && version != MetaOf(*before).resource_version()) {
    return Error(409, "Conflict",
                 absl::StrCat("Operation cannot be fulfilled on ", Called(key),
                              ": the object has been modified; please apply "
                              "your changes to the latest version and try "
                              "again"));
  }
  std::unique_ptr<Message> after;
  if (subresource.empty()) {
    after = Copy(object);
    CopyField(*before, "status", *after);
    if (is_csr) CopyField(*before, "spec", *after);  // SPEC D-3.
    api::ObjectMeta& meta = MutableMetaOf(*after);
    meta.set_uid(MetaOf(*before).uid());
    *meta.mutable_creation_timestamp() = MetaOf(*before).creation_timestamp();
  } else if (subresource == "status" || (is_csr && subresource == "approval")) {
    after = Copy(*before);
    CopyField(object, "status", *after);
  } else {
    return Error(404, "NotFound",
                 "the server could not find the requested resource");
  }
  if (is_csr && !subresource.empty()) {
    auto& csr = static_cast<Csr&>(*after);
    const auto& old = static_cast<const Csr&>(*before);
    if (subresource == "approval") {  // SPEC D-10.
      csr.mutable_status()->clear_certificate();
      if (old.status().has_certificate()) {
        csr.mutable_status()->set_certificate(old.status().certificate());
      }
    }
    const auto invalid = [&](absl::string_view why) {
      return Error(422, "Invalid",
                   absl::StrCat("CertificateSigningRequest.certificates.k8s.io "
                                "\"",
                                key.second, "\" is invalid: ", why));
    };
    if (!old.status().certificate().empty() &&
        csr.status().certificate() != old.status().certificate()) {
      return invalid(
          "status.certificate: Forbidden: updates may not modify existing "
          "certificate content");
    }
    const std::set<std::string> types = ConditionTypes(csr);
    const std::set<std::string> old_types = ConditionTypes(old);
    if (types.contains("Approved") && types.contains("Denied")) {
      return invalid(
          "status.conditions: Approved and Denied exclude each "
          "other");
    }
    for (const char* type : {"Approved", "Denied", "Failed"}) {  // SPEC D-12.
      if (old_types.contains(type) && !types.contains(type)) {
        return invalid(absl::StrCat(
            "status.conditions: Forbidden: updates may not remove a condition "
            "of type \"",
            type, "\""));
      }
      if (subresource == "status" && types.contains(type) &&
          !old_types.contains(type) && type != absl::string_view("Failed")) {
        return invalid(absl::StrCat(
            "status.conditions: Forbidden: updates may not add a condition of "
            "type \"",
            type, "\""));
      }
    }
    const api::Time now = api::FromAbslTime(clock_.TimeNow());
    for (auto& condition : *csr.mutable_status()->mutable_conditions()) {
      if (api::IsZero(condition.last_update_time())) {  // SPEC D-13.
        *condition.mutable_last_update_time() = now;
      }
      if (api::IsZero(condition.last_transition_time())) {
        *condition.mutable_last_transition_time() = now;
      }
    }
  }
  MutableMetaOf(*after).set_resource_version(
      MetaOf(*before).resource_version());
  if (Same(*before, *after)) return before;  // Nothing to write.
  return Store(std::move(after), before);
}

absl::StatusOr<std::unique_ptr<Message>> FakeResourceStore::Merge(
    const Message& object, absl::string_view patch) const {
  const api::TypeMeta type = {info_.ApiVersion(), std::string(info_.kind)};
  const std::string json = api::EncodeJson(object, type);
  boost::system::error_code error;
  boost::json::value target =
      boost::json::parse({json.data(), json.size()}, error);
  CHECK(!error);
  const boost::json::value change =
      boost::json::parse({patch.data(), patch.size()}, error);
  if (error) return this->Error(400, "BadRequest", "the patch is no JSON");
  MergePatch(change, target);
  std::unique_ptr<Message> merged(object.New());
  const absl::Status decoded =
      api::DecodeJson(boost::json::serialize(target), merged.get(), nullptr);
  if (!decoded.ok()) {
    return this->Error(400, "BadRequest", decoded.message());
  }
  return merged;
}

absl::StatusOr<FakeResourceStore::Selection> FakeResourceStore::Select(
    absl::string_view namespace_name, absl::string_view field_selector,
    absl::string_view label_selector) {
  Selection selection;
  selection.namespace_name = std::string(namespace_name);
  const auto parse = [](absl::string_view text,
                        std::vector<Selection::Term>* out) -> absl::Status {
    for (absl::string_view term :
         absl::StrSplit(text, ',', absl::SkipEmpty())) {
      const size_t equals = term.find('=');
      if (equals == absl::string_view::npos) {
        return absl::InvalidArgumentError(
            absl::StrCat("the fake cannot select by \"", term, "\""));
      }
      absl::string_view key = term.substr(0, equals);
      absl::string_view value = term.substr(equals + 1);
      const bool equal = !absl::ConsumeSuffix(&key, "!");
      absl::ConsumePrefix(&value, "=");
      out->push_back({std::string(key), equal, std::string(value)});
    }
    return absl::OkStatus();
  };
  ABSL_RETURN_IF_ERROR(parse(field_selector, &selection.fields));
  ABSL_RETURN_IF_ERROR(parse(label_selector, &selection.labels));
  return selection;
}

bool FakeResourceStore::Matches(const Selection& selection,
                                const Object& object) {
  if (object == nullptr) return false;
  const api::ObjectMeta& meta = MetaOf(*object);
  if (!selection.namespace_name.empty() &&
      meta.namespace_() != selection.namespace_name) {
    return false;
  }
  for (const auto& term : selection.fields) {
    if ((FieldText(*object, term.key) == term.value) != term.equal) {
      return false;
    }
  }
  for (const auto& term : selection.labels) {
    const auto label = meta.labels().find(term.key);
    const bool equal =
        label != meta.labels().end() && label->second == term.value;
    if (equal != term.equal) return false;
  }
  return true;
}

absl::Status FakeResourceStore::Error(int code, absl::string_view reason,
                                      absl::string_view message) const {
  api::Status status;
  status.set_status("Failure");
  status.set_code(code);
  status.set_reason(reason);
  status.set_message(message);
  return k8s::StatusFromApi(status);
}

std::string FakeResourceStore::Called(const Key& key) const {
  return absl::StrCat(info_.plural, info_.group.empty() ? "" : ".", info_.group,
                      " \"", key.second, "\"");
}

FakeResourceStore::Watch::~Watch() {
  absl::MutexLock lock(store_.mutex_);
  std::erase(store_.watches_, this);
}

void FakeResourceStore::Watch::Advance() {
  store_.mutex_.AssertHeld();
  if (position_ < store_.compacted_) {
    if (broken_.ok()) broken_ = store_.Error(410, "Expired", kGone);
    return;
  }
  for (const Change& change : store_.changes_) {
    if (change.version <= position_) continue;
    const bool before = Matches(selection_, change.before);
    const bool after = Matches(selection_, change.after);
    if (after) {
      events_.emplace_back(
          before ? k8s::WatchEventType::kModified : k8s::WatchEventType::kAdded,
          change.after);
    } else if (before) {
      std::unique_ptr<Message> last = Copy(*change.before);
      MutableMetaOf(*last).set_resource_version(absl::StrCat(change.version));
      events_.emplace_back(k8s::WatchEventType::kDeleted, std::move(last));
    }
  }
  position_ = std::max(position_, store_.version_);
}

bool FakeResourceStore::Watch::Ready() {
  Advance();
  return stopped_ || !broken_.ok() || !events_.empty();
}

absl::StatusOr<FakeResourceStore::Watch::Event> FakeResourceStore::Watch::Next(
    absl::Duration timeout) {
  absl::MutexLock lock(store_.mutex_);
  const absl::Time deadline = std::min(store_.clock_.TimeNow() + timeout, end_);
  if (!Ready()) {
    store_.clock_.AwaitWithDeadline(
        &store_.mutex_, absl::Condition(this, &Watch::Ready), deadline);
  }
  if (stopped_) return absl::CancelledError("the watch was stopped");
  ABSL_RETURN_IF_ERROR(broken_);
  if (!events_.empty()) {
    Event event = std::move(events_.front());
    events_.pop_front();
    return event;
  }
  if (store_.clock_.TimeNow() >= end_) {
    broken_ = absl::OutOfRangeError("the watch ended");
    return broken_;
  }
  return absl::DeadlineExceededError("no event");
}

void FakeResourceStore::Watch::Stop() {
  absl::MutexLock lock(store_.mutex_);
  stopped_ = true;
}

}  // namespace signet::testing
