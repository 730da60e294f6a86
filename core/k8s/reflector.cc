#include "core/k8s/reflector.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/api/resource.h"
#include "core/k8s/http_status.h"

namespace signet::k8s {
namespace {

// A watch that ends sooner, and without an event, counts as a failure: else a
// server that hangs up at once would be asked without pause.
constexpr absl::Duration kShortWatch = absl::Seconds(1);

// How much longer than its timeout a watch may be silent before its connection
// is taken for dead.
constexpr absl::Duration kSilence = absl::Seconds(30);

// After the failure of a watch: can the next one start where it stopped? True
// if only the connection was lost, or the server is busy. Otherwise the server
// may not know that version any more.
bool MayResume(const absl::Status& status) {
  if (absl::IsDeadlineExceeded(status)) return true;
  return absl::IsUnavailable(status) &&
         (HttpCode(status) == 0 || HttpCode(status) == 429);
}

bool IsGone(const absl::Status& status) { return HttpCode(status) == 410; }

}  // namespace

template <class T>
struct Reflector<T>::Impl {
  Impl(ResourceApi<T>& api, absl::Clock& clock, Rng& rng,
       ReflectorOptions options, ReflectorHandler<T> handler)
      : api(api),
        clock(clock),
        rng(rng),
        options(std::move(options)),
        handler(std::move(handler)) {}

  void Run() {
    std::optional<std::string> version;  // None: list.
    while (!Stopped()) {
      absl::Status result =
          version.has_value() ? WatchOnce(*version) : List(version);
      if (Stopped()) return;
      if (result.ok()) continue;
      if (handler.on_error) handler.on_error(result);
      ++failures;
      if (!MayResume(result)) version.reset();
      // The first 410 is nobody's fault, and is mended by listing.
      const bool again = IsGone(result) && !gone;
      gone = IsGone(result);
      if (again) continue;
      Wait(std::max(NextBackoff(),
                    RetryAfter(result).value_or(absl::ZeroDuration())));
    }
  }

  absl::Status List(std::optional<std::string>& version) {
    ABSL_ASSIGN_OR_RETURN(const ListResult<T> list, api.List(options.list));
    if (Stopped()) return absl::OkStatus();
    if (handler.on_replace) handler.on_replace(list.items);
    version = list.resource_version;
    return absl::OkStatus();
  }

  // Watches until the watch ends. OK: as it should.
  absl::Status WatchOnce(std::string& version) {
    WatchOptions watch;
    watch.namespace_name = options.list.namespace_name;
    watch.field_selector = options.list.field_selector;
    watch.label_selector = options.list.label_selector;
    watch.resource_version = version;
    // Not all at once again, if a server has cut many.
    watch.timeout = options.watch_timeout * (1 + rng.Fraction());
    ABSL_ASSIGN_OR_RETURN(std::shared_ptr<Watcher<T>> watcher,
                          api.Watch(watch));
    {
      absl::MutexLock lock(mutex);
      current = watcher;
    }
    // Stop may have come before there was anything to stop.
    if (Stopped()) watcher->Stop();
    const absl::Time start = clock.TimeNow();
    bool any = false;
    absl::Status result;
    while (result.ok()) {
      absl::StatusOr<WatchEvent<T>> event =
          watcher->Next(watch.timeout + kSilence);
      if (Stopped()) break;
      if (!event.ok()) {
        result = event.status();
        break;
      }
      any = true;
      Succeeded();
      Tell(*event);
      version = event->object.metadata().resource_version();
    }
    {
      absl::MutexLock lock(mutex);
      current.reset();
    }
    watcher->Stop();
    if (!absl::IsOutOfRange(result) || IsGone(result)) return result;
    if (any || clock.TimeNow() - start >= kShortWatch) {
      Succeeded();
      return absl::OkStatus();
    }
    return absl::UnavailableError("the watch ended at once, without an event");
  }

  void Tell(const WatchEvent<T>& event) {
    switch (event.type) {
      case WatchEventType::kAdded:
      case WatchEventType::kModified:
        if (handler.on_upsert) handler.on_upsert(event.object);
        break;
      case WatchEventType::kDeleted:
        if (handler.on_delete) handler.on_delete(event.object);
        break;
      case WatchEventType::kBookmark:
        break;
    }
  }

  void Succeeded() {
    failures = 0;
    gone = false;
  }

  // Doubles with each failure up to the maximum; of that, between a half and
  // the whole.
  absl::Duration NextBackoff() {
    absl::Duration backoff = options.min_backoff;
    for (int i = 1; i < failures && backoff < options.max_backoff; ++i) {
      backoff *= 2;
    }
    backoff = std::min(backoff, options.max_backoff);
    return backoff * (0.5 + rng.Fraction() / 2);
  }

  void Wait(absl::Duration duration) {
    absl::MutexLock lock(mutex);
    clock.AwaitWithDeadline(&mutex, absl::Condition(&stopped),
                            clock.TimeNow() + duration);
  }

  bool Stopped() {
    absl::MutexLock lock(mutex);
    return stopped;
  }

  void Stop() {
    std::shared_ptr<Watcher<T>> watcher;
    {
      absl::MutexLock lock(mutex);
      stopped = true;
      watcher = current;
    }
    if (watcher != nullptr) watcher->Stop();
  }

  ResourceApi<T>& api;
  absl::Clock& clock;
  Rng& rng;
  const ReflectorOptions options;
  const ReflectorHandler<T> handler;
  // Of Run's thread only, both since something last went well.
  int failures = 0;
  bool gone = false;  // The last one was a 410.

  absl::Mutex mutex;
  bool stopped ABSL_GUARDED_BY(mutex) = false;
  std::shared_ptr<Watcher<T>> current ABSL_GUARDED_BY(mutex);
};

template <class T>
Reflector<T>::Reflector(ResourceApi<T>& api, absl::Clock& clock, Rng& rng,
                        ReflectorOptions options, ReflectorHandler<T> handler)
    : impl_(std::make_shared<Impl>(api, clock, rng, std::move(options),
                                   std::move(handler))) {}

template <class T>
void Reflector<T>::Run() {
  impl_->Run();
}

template <class T>
void Reflector<T>::Stop() {
  impl_->Stop();
}

template class Reflector<api::CertificateSigningRequest>;
template class Reflector<api::ClusterTrustBundle>;
template class Reflector<api::Lease>;
template class Reflector<api::Node>;
template class Reflector<api::Namespace>;
template class Reflector<api::Secret>;
template class Reflector<api::ConfigMap>;

}  // namespace signet::k8s
