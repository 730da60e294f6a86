#include "tools/apiserver/watch_hub.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/http/message.h"
#include "core/http/server.h"
#include "google/protobuf/message.h"
#include "tools/apiserver/api_error.h"
#include "tools/apiserver/event_encoder.h"
#include "tools/apiserver/store.h"

namespace signet::apiserver {
namespace {

constexpr size_t kEventsAtOnce = 256;

}  // namespace

// One watch. The store's writers, the hub's timer and the server's threads all
// call it; its mutex puts their work in order.
class WatchHub::Session {
 public:
  Session(Store& store, absl::Time now, WatchRequest request,
          EventEncoder encoder, std::shared_ptr<http::Responder> responder)
      : store_(store),
        request_(std::move(request)),
        end_(now + request_.timeout),
        encoder_(std::move(encoder)),
        responder_(std::move(responder)),
        next_bookmark_(now + kBookmarkEvery) {}

  // Sends the header and what is there already.
  void Begin() {
    absl::MutexLock lock(mutex_);
    http::Headers headers;
    headers.Set("content-type", encoder_.content_type());
    headers.Set("cache-control", "no-cache, private");
    responder_->Start(200, headers);
    revision_ = request_.revision;
    if (!request_.send_initial) return;
    const Store::Snapshot snapshot =
        store_.List(request_.resource, request_.namespace_name);
    for (const ObjectPtr& object : snapshot.objects) {
      if (request_.matches(*object)) Write(encoder_.Event("ADDED", *object));
    }
    revision_ = snapshot.revision;
    if (request_.initial_bookmark) {
      Write(encoder_.Bookmark(revision_, /*initial_end=*/true));
    }
  }

  void SetSubscription(Store::SubscriptionId id) {
    absl::MutexLock lock(mutex_);
    subscription_ = id;
    if (done_) store_.Unsubscribe(id);
  }

  // Sends what has happened since.
  void Pump() {
    absl::MutexLock lock(mutex_);
    PumpLocked();
  }

  // The client has gone, or the server goes.
  void Close() {
    absl::MutexLock lock(mutex_);
    End();
  }

  // Does what is due and returns when something will be; InfinitePast if the
  // watch is over.
  absl::Time Tick(absl::Time now) {
    absl::MutexLock lock(mutex_);
    if (done_) return absl::InfinitePast();
    const bool over = now >= end_;
    if (request_.bookmarks && (over || now >= next_bookmark_)) {
      PumpLocked();
      Write(encoder_.Bookmark(revision_, /*initial_end=*/false));
      next_bookmark_ = now + kBookmarkEvery;
    }
    if (over) End();
    if (done_) return absl::InfinitePast();
    return request_.bookmarks ? std::min(end_, next_bookmark_) : end_;
  }

  bool done() const {
    absl::MutexLock lock(mutex_);
    return done_;
  }

 private:
  void Write(const std::string& bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (!done_ && !responder_->Write(bytes)) End();
  }

  void End() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (done_) return;
    done_ = true;
    if (subscription_ != 0) store_.Unsubscribe(subscription_);
    responder_->Finish();
  }

  void PumpLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    while (!done_) {
      const int64_t before = revision_;
      std::vector<StoreEvent> events;
      const absl::Status status =
          store_.EventsAfter(request_.resource, request_.namespace_name,
                             kEventsAtOnce, &revision_, &events);
      if (!status.ok()) {
        Write(encoder_.Error(ToApi(Expired(status.message()))));
        End();
        return;
      }
      for (const StoreEvent& event : events) Send(event);
      if (revision_ == before) return;
    }
  }

  // An object that comes to be selected is ADDED, one that ceases to be is
  // DELETED, whatever happened to it.
  void Send(const StoreEvent& event) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const bool was =
        event.previous != nullptr && request_.matches(*event.previous);
    const bool is =
        event.type != EventType::kDeleted && request_.matches(*event.object);
    if (is) {
      Write(encoder_.Event(was ? "MODIFIED" : "ADDED", *event.object));
    } else if (was && event.type == EventType::kDeleted) {
      Write(encoder_.Event("DELETED", *event.object));
    } else if (was) {
      // The last state that was selected, with the number of the change.
      std::unique_ptr<google::protobuf::Message> last(event.previous->New());
      last->CopyFrom(*event.previous);
      MutableMetadataOf(*last).set_resource_version(
          absl::StrCat(event.revision));
      Write(encoder_.Event("DELETED", *last));
    }
  }

  Store& store_;
  const WatchRequest request_;
  const absl::Time end_;
  mutable absl::Mutex mutex_;
  EventEncoder encoder_ ABSL_GUARDED_BY(mutex_);
  const std::shared_ptr<http::Responder> responder_;
  absl::Time next_bookmark_ ABSL_GUARDED_BY(mutex_);
  int64_t revision_ ABSL_GUARDED_BY(mutex_) = 0;
  Store::SubscriptionId subscription_ ABSL_GUARDED_BY(mutex_) = 0;
  bool done_ ABSL_GUARDED_BY(mutex_) = false;
};

WatchHub::WatchHub(Store& store, absl::Clock& clock)
    : store_(store), clock_(clock), timer_([this] { RunTimer(); }) {}

WatchHub::~WatchHub() {
  absl::flat_hash_set<std::shared_ptr<Session>> sessions;
  {
    absl::MutexLock lock(mutex_);
    stopping_ = true;
    sessions.swap(sessions_);
  }
  timer_.join();
  for (const std::shared_ptr<Session>& session : sessions) session->Close();
}

void WatchHub::Start(WatchRequest request, EventEncoder encoder,
                     std::shared_ptr<http::Responder> responder) {
  const std::string resource = request.resource;
  const auto session =
      std::make_shared<Session>(store_, clock_.TimeNow(), std::move(request),
                                std::move(encoder), responder);
  session->Begin();
  {
    absl::MutexLock lock(mutex_);
    if (!stopping_) sessions_.insert(session);
    changed_ = true;
  }
  const std::weak_ptr<Session> weak = session;
  const Store::SubscriptionId id = store_.Subscribe(resource, [weak] {
    if (const std::shared_ptr<Session> one = weak.lock()) one->Pump();
  });
  session->SetSubscription(id);
  // What happened between Begin and Subscribe.
  session->Pump();
  // Only the session: the hub may be gone by then.
  responder->OnClosed([weak] {
    if (const std::shared_ptr<Session> one = weak.lock()) one->Close();
  });
}

int WatchHub::active() const {
  absl::MutexLock lock(mutex_);
  return static_cast<int>(
      std::count_if(sessions_.begin(), sessions_.end(),
                    [](const auto& session) { return !session->done(); }));
}

void WatchHub::RunTimer() {
  // Sessions whose clients went away are swept up at least this often.
  constexpr absl::Duration kSweepEvery = absl::Seconds(10);
  while (true) {
    std::vector<std::shared_ptr<Session>> sessions;
    {
      absl::MutexLock lock(mutex_);
      if (stopping_) return;
      changed_ = false;
      sessions.assign(sessions_.begin(), sessions_.end());
    }
    const absl::Time now = clock_.TimeNow();
    absl::Time next = now + kSweepEvery;
    for (const std::shared_ptr<Session>& session : sessions) {
      const absl::Time due = session->Tick(now);
      if (due == absl::InfinitePast()) {
        Remove(session);
      } else {
        next = std::min(next, due);
      }
    }
    absl::MutexLock lock(mutex_);
    const auto woken = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return changed_ || stopping_;
    };
    clock_.AwaitWithDeadline(&mutex_, absl::Condition(&woken), next);
  }
}

void WatchHub::Remove(const std::shared_ptr<Session>& session) {
  absl::MutexLock lock(mutex_);
  sessions_.erase(session);
}

}  // namespace signet::apiserver
