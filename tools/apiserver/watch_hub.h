#ifndef SIGNET_TOOLS_APISERVER_WATCH_HUB_H_
#define SIGNET_TOOLS_APISERVER_WATCH_HUB_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/http/server.h"
#include "google/protobuf/message.h"
#include "tools/apiserver/event_encoder.h"
#include "tools/apiserver/store.h"

namespace signet::apiserver {

struct WatchRequest {
  std::string resource;  // The store's name for it.
  std::string namespace_name;
  // Whether an object is selected. Must be callable from any thread.
  std::function<bool(const google::protobuf::Message&)> matches;
  // Events after this one, or:
  int64_t revision = 0;
  // first an ADDED for each object that there is.
  bool send_initial = false;
  bool initial_bookmark = false;  // Says where those end (SPEC A-21).
  bool bookmarks = false;         // Now and then, so that clients keep up.
  absl::Duration timeout = absl::Minutes(30);
};

// WatchHub runs watches: writers wake them, each event goes out once and in
// order; a client that does not keep up is cut, one that is behind the history
// gets an ERROR event of 410. One thread of its own ends watches when their
// time is up and sends bookmarks. Thread-safe.
class WatchHub {
 public:
  // How often a watch that allows it gets a bookmark.
  static constexpr absl::Duration kBookmarkEvery = absl::Minutes(1);

  // Both must outlive the hub.
  WatchHub(Store& store, absl::Clock& clock);
  ~WatchHub();  // Ends every watch.
  WatchHub(const WatchHub&) = delete;
  WatchHub& operator=(const WatchHub&) = delete;

  // Starts to answer `responder`; returns at once.
  void Start(WatchRequest request, EventEncoder encoder,
             std::shared_ptr<http::Responder> responder);

  // How many watches are under way.
  int active() const;

 private:
  class Session;

  void RunTimer();
  void Remove(const std::shared_ptr<Session>& session);

  Store& store_;
  absl::Clock& clock_;
  mutable absl::Mutex mutex_;
  absl::flat_hash_set<std::shared_ptr<Session>> sessions_
      ABSL_GUARDED_BY(mutex_);
  bool changed_ ABSL_GUARDED_BY(mutex_) = false;  // The timer must look again.
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread timer_;
};

}  // namespace signet::apiserver

#endif  // SIGNET_TOOLS_APISERVER_WATCH_HUB_H_
