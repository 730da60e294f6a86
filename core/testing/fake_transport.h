#ifndef SIGNET_CORE_TESTING_FAKE_TRANSPORT_H_
#define SIGNET_CORE_TESTING_FAKE_TRANSPORT_H_

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/http/message.h"
#include "core/http/transport.h"

namespace signet::testing {

// FakeStreamSource is the server's end of a scripted stream. Thread-safe;
// shared by the test and the stream that the client reads.
class FakeStreamSource {
 public:
  void Push(absl::string_view chunk);
  void End();                    // The regular end, after all chunks.
  void Break(absl::Status why);  // Reads fail with `why`, after all chunks.
  bool closed() const;           // By the client, or by CloseConnections.

  // What http::Stream promises; a Read that finds nothing fails at once with
  // kDeadlineExceeded, as if the timeout had passed.
  absl::StatusOr<std::string> Read();
  void Close();

 private:
  mutable absl::Mutex mutex_;
  std::deque<std::string> chunks_ ABSL_GUARDED_BY(mutex_);
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status broken_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

// FakeTransport records requests and gives scripted answers in the order in
// which they were added, whatever the request. With none left it fails with
// kUnavailable. Thread-safe.
class FakeTransport : public http::Transport {
 public:
  // ---- The script.

  // For Send, and for Open unless its status is 2xx.
  void AddResponse(http::Response response);
  void AddResponse(int status, absl::string_view content_type,
                   absl::string_view body);
  void AddError(absl::Status error);
  // For Open: status 200 and this stream.
  std::shared_ptr<FakeStreamSource> AddStream(absl::string_view content_type);

  // ---- What came.

  struct Call {
    http::Request request;
    absl::Duration timeout;
    bool open = false;  // Open, not Send.
  };
  std::vector<Call> calls() const;

  // ---- http::Transport.

  absl::StatusOr<http::Response> Send(const http::Request& request,
                                      absl::Duration timeout) override;
  absl::StatusOr<http::StreamResponse> Open(const http::Request& request,
                                            absl::Duration timeout) override;
  void CloseConnections() override;
  void Shutdown() override;

 private:
  struct Step {
    absl::Status error;
    http::Response response;
    std::shared_ptr<FakeStreamSource> stream;
  };
  absl::StatusOr<Step> Take(const http::Request& request,
                            absl::Duration timeout, bool open);

  mutable absl::Mutex mutex_;
  std::deque<Step> script_ ABSL_GUARDED_BY(mutex_);
  std::vector<Call> calls_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::shared_ptr<FakeStreamSource>> streams_
      ABSL_GUARDED_BY(mutex_);
  bool shut_down_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace signet::testing

#endif  // SIGNET_CORE_TESTING_FAKE_TRANSPORT_H_
