#ifndef SIGNET_CORE_TESTING_FAKE_RESOURCE_API_H_
#define SIGNET_CORE_TESTING_FAKE_RESOURCE_API_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/api/resource.h"
#include "core/k8s/resource_api.h"
#include "core/testing/fake_resource_store.h"

namespace signet::testing {

// FakeResourceApi is an API server for one kind, in memory: resource versions,
// kAborted for a stale one, kAlreadyExists, kNotFound, generateName, selectors
// by equality, subresources (for a CSR with SPEC D-3 and D-10 to D-13),
// merge patches, and watches over a history that can be compacted. A write that
// changes nothing makes no new version, as on a real server. Access reviews are
// answered, by OnCreate, and not kept. No validation beside that.
//
// Errors are a server's, with its Status inside (http_status.h). Watches wait
// on the clock: with a simulated one, until an event comes or somebody moves
// the clock past the timeout. Thread-safe.
template <class T>
class FakeResourceApi : public k8s::ResourceApi<T> {
 public:
  // `clock` must outlive the fake, and the fake its watches.
  explicit FakeResourceApi(absl::Clock& clock)
      : store_(api::Resource<T>::kInfo, T::default_instance(), clock) {}

  // ---- Faults.

  // The next `times` calls of `verb` fail with `status` and do nothing.
  void FailNext(Verb verb, absl::Status status, int times = 1) {
    store_.FailNext(verb, std::move(status), times, false);
  }
  // The next `times` writes succeed, but the caller sees `status`.
  void LoseAnswer(Verb verb, absl::Status status, int times = 1) {
    store_.FailNext(verb, std::move(status), times, true);
  }
  // Called with every object that is created, before it is stored: a server's
  // defaults, an access review's answer, or an error. Must not call the fake.
  void OnCreate(std::function<absl::Status(T&)> hook) {
    store_.OnCreate([hook](google::protobuf::Message& object) {
      return hook(static_cast<T&>(object));
    });
  }
  // Forgets the history: a watch from before now fails with HTTP 410.
  void Compact() { store_.Compact(); }
  // All watches fail with `status`, at once; new ones may be started.
  void EndWatches(
      absl::Status status = absl::UnavailableError("connection reset")) {
    store_.EndWatches(std::move(status));
  }
  // Every watch that allows it gets a bookmark of the present version.
  void SendBookmarks() { store_.SendBookmarks(); }

  // ---- What others do. Not counted.

  // Creates or replaces the object with all of its fields; returns it stored.
  T Put(const T& object) { return Typed(store_.Put(object)); }
  // The object must be there.
  void Remove(absl::string_view name) { Remove("", name); }
  void Remove(absl::string_view namespace_name, absl::string_view name) {
    store_.Remove(Key(namespace_name, name));
  }

  // ---- What was done.

  std::vector<T> objects() const {
    std::vector<T> all;
    for (const auto& object : store_.objects()) all.push_back(Typed(object));
    return all;
  }
  int calls(Verb verb) const { return store_.calls(verb); }
  // Changes made through the API, by any verb.
  int writes() const { return store_.writes(); }
  // Watches that exist now.
  int watches() const { return store_.watches(); }

  // ---- k8s::ResourceApi.

  absl::StatusOr<T> Get(absl::string_view namespace_name,
                        absl::string_view name) override {
    return TypedOr(store_.Get(Key(namespace_name, name)));
  }
  absl::StatusOr<k8s::ListResult<T>> List(
      const k8s::ListOptions& options) override {
    ABSL_ASSIGN_OR_RETURN(const auto list, store_.List(options));
    k8s::ListResult<T> result;
    for (const auto& object : list.first) {
      result.items.push_back(Typed(object));
    }
    result.resource_version = list.second;
    return result;
  }
  absl::StatusOr<T> Create(const T& object) override {
    return TypedOr(store_.Create(object));
  }
  absl::StatusOr<T> Update(const T& object) override {
    return TypedOr(store_.Update("", object));
  }
  absl::StatusOr<T> UpdateSubresource(absl::string_view subresource,
                                      const T& object) override {
    return TypedOr(store_.Update(subresource, object));
  }
  absl::StatusOr<T> Patch(absl::string_view namespace_name,
                          absl::string_view name,
                          absl::string_view content_type,
                          absl::string_view patch) override {
    return TypedOr(
        store_.Patch(Key(namespace_name, name), content_type, patch));
  }
  absl::Status Delete(absl::string_view namespace_name,
                      absl::string_view name) override {
    return store_.Delete(Key(namespace_name, name));
  }
  absl::StatusOr<std::unique_ptr<k8s::Watcher<T>>> Watch(
      const k8s::WatchOptions& options) override {
    ABSL_ASSIGN_OR_RETURN(auto watch, store_.StartWatch(options));
    return std::make_unique<FakeWatcher>(std::move(watch));
  }

 private:
  class FakeWatcher : public k8s::Watcher<T> {
   public:
    explicit FakeWatcher(std::unique_ptr<FakeResourceStore::Watch> watch)
        : watch_(std::move(watch)) {}
    absl::StatusOr<k8s::WatchEvent<T>> Next(absl::Duration timeout) override {
      ABSL_ASSIGN_OR_RETURN(const auto event, watch_->Next(timeout));
      return k8s::WatchEvent<T>{event.first, Typed(event.second)};
    }
    void Stop() override { watch_->Stop(); }

   private:
    const std::unique_ptr<FakeResourceStore::Watch> watch_;
  };

  static FakeResourceStore::Key Key(absl::string_view namespace_name,
                                    absl::string_view name) {
    return {std::string(namespace_name), std::string(name)};
  }
  static const T& Typed(const FakeResourceStore::Object& object) {
    return static_cast<const T&>(*object);
  }
  static absl::StatusOr<T> TypedOr(
      const absl::StatusOr<FakeResourceStore::Object>& object) {
    ABSL_RETURN_IF_ERROR(object.status());
    return Typed(*object);
  }

  FakeResourceStore store_;
};

}  // namespace signet::testing

#endif  // SIGNET_CORE_TESTING_FAKE_RESOURCE_API_H_
