#ifndef SIGNET_TOOLS_APISERVER_FAKE_RESPONDER_H_
#define SIGNET_TOOLS_APISERVER_FAKE_RESPONDER_H_

#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "core/http/message.h"
#include "core/http/server.h"

namespace signet::apiserver {

// FakeResponder keeps what a handler answers. Thread-safe.
class FakeResponder : public http::Responder {
 public:
  // ---- The test's.

  // The client goes away.
  void CloseByClient() {
    std::vector<std::function<void()>> callbacks;
    {
      absl::MutexLock lock(mutex_);
      closed_ = true;
      callbacks.swap(callbacks_);
    }
    for (const auto& callback : callbacks) callback();
  }
  // Refuses the chunk after the next `chunks` ones, as a client does that does
  // not read.
  void RefuseAfter(size_t chunks) {
    absl::MutexLock lock(mutex_);
    room_ = chunks_.size() + chunks;
  }
  // Waits until there are so many chunks, or the answer is finished.
  void AwaitChunks(size_t count) const {
    absl::MutexLock lock(mutex_);
    const auto enough = [this, count]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return finished_ || chunks_.size() >= count;
    };
    mutex_.Await(absl::Condition(&enough));
  }
  void AwaitFinish() const {
    absl::MutexLock lock(mutex_);
    mutex_.Await(absl::Condition(&finished_));
  }

  // The answer; of a stream, without its body.
  http::Response response() const {
    absl::MutexLock lock(mutex_);
    return response_;
  }
  std::vector<std::string> chunks() const {
    absl::MutexLock lock(mutex_);
    return chunks_;
  }
  bool started() const {
    absl::MutexLock lock(mutex_);
    return started_;
  }
  bool finished() const {
    absl::MutexLock lock(mutex_);
    return finished_;
  }

  // ---- http::Responder.

  void Send(http::Response response) override {
    absl::MutexLock lock(mutex_);
    if (started_ || finished_) return;
    response_ = std::move(response);
    finished_ = true;
  }
  void Start(int status, const http::Headers& headers) override {
    absl::MutexLock lock(mutex_);
    if (started_ || finished_) return;
    started_ = true;
    response_.status = status;
    response_.headers = headers;
  }
  bool Write(absl::string_view chunk) override {
    absl::MutexLock lock(mutex_);
    if (!started_ || finished_ || closed_ || chunks_.size() >= room_) {
      return false;
    }
    chunks_.emplace_back(chunk);
    return true;
  }
  void Finish() override {
    absl::MutexLock lock(mutex_);
    finished_ = finished_ || started_;
  }
  void OnClosed(std::function<void()> callback) override {
    {
      absl::MutexLock lock(mutex_);
      if (!closed_) {
        callbacks_.push_back(std::move(callback));
        return;
      }
    }
    callback();
  }

 private:
  mutable absl::Mutex mutex_;
  http::Response response_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> chunks_ ABSL_GUARDED_BY(mutex_);
  size_t room_ ABSL_GUARDED_BY(mutex_) = static_cast<size_t>(-1);
  bool started_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::function<void()>> callbacks_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace signet::apiserver

#endif  // SIGNET_TOOLS_APISERVER_FAKE_RESPONDER_H_
