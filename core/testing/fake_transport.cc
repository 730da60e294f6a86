#include "core/testing/fake_transport.h"

#include "absl/status/status_macros.h"

namespace signet::testing {
namespace {

class FakeStream : public http::Stream {
 public:
  explicit FakeStream(std::shared_ptr<FakeStreamSource> source)
      : source_(std::move(source)) {}
  ~FakeStream() override { source_->Close(); }
  absl::StatusOr<std::string> Read(absl::Duration) override {
    return source_->Read();
  }
  void Close() override { source_->Close(); }

 private:
  const std::shared_ptr<FakeStreamSource> source_;
};

}  // namespace

void FakeStreamSource::Push(absl::string_view chunk) {
  absl::MutexLock lock(mutex_);
  chunks_.emplace_back(chunk);
}

void FakeStreamSource::End() {
  absl::MutexLock lock(mutex_);
  ended_ = true;
}

void FakeStreamSource::Break(absl::Status why) {
  absl::MutexLock lock(mutex_);
  broken_ = std::move(why);
}

bool FakeStreamSource::closed() const {
  absl::MutexLock lock(mutex_);
  return closed_;
}

absl::StatusOr<std::string> FakeStreamSource::Read() {
  absl::MutexLock lock(mutex_);
  if (closed_) return absl::CancelledError("closed");
  if (!chunks_.empty()) {
    std::string chunk = std::move(chunks_.front());
    chunks_.pop_front();
    return chunk;
  }
  ABSL_RETURN_IF_ERROR(broken_);
  if (ended_) return std::string();
  return absl::DeadlineExceededError("nothing to read");
}

void FakeStreamSource::Close() {
  absl::MutexLock lock(mutex_);
  closed_ = true;
}

void FakeTransport::AddResponse(http::Response response) {
  absl::MutexLock lock(mutex_);
  script_.push_back({absl::OkStatus(), std::move(response), nullptr});
}

void FakeTransport::AddResponse(int status, absl::string_view content_type,
                                absl::string_view body) {
  http::Response response;
  response.status = status;
  response.headers.Set("Content-Type", content_type);
  response.body = std::string(body);
  AddResponse(std::move(response));
}

void FakeTransport::AddError(absl::Status error) {
  absl::MutexLock lock(mutex_);
  script_.push_back({std::move(error), {}, nullptr});
}

std::shared_ptr<FakeStreamSource> FakeTransport::AddStream(
    absl::string_view content_type) {
  auto stream = std::make_shared<FakeStreamSource>();
  http::Response head;
  head.headers.Set("Content-Type", content_type);
  absl::MutexLock lock(mutex_);
  script_.push_back({absl::OkStatus(), std::move(head), stream});
  streams_.push_back(stream);
  return stream;
}

std::vector<FakeTransport::Call> FakeTransport::calls() const {
  absl::MutexLock lock(mutex_);
  return calls_;
}

absl::StatusOr<FakeTransport::Step> FakeTransport::Take(
    const http::Request& request, absl::Duration timeout, bool open) {
  absl::MutexLock lock(mutex_);
  calls_.push_back({request, timeout, open});
  if (shut_down_) return absl::CancelledError("shut down");
  if (script_.empty()) return absl::UnavailableError("no answer is scripted");
  Step step = std::move(script_.front());
  script_.pop_front();
  ABSL_RETURN_IF_ERROR(step.error);
  return step;
}

absl::StatusOr<http::Response> FakeTransport::Send(const http::Request& request,
                                                   absl::Duration timeout) {
  ABSL_ASSIGN_OR_RETURN(Step step, Take(request, timeout, false));
  return std::move(step.response);
}

absl::StatusOr<http::StreamResponse> FakeTransport::Open(
    const http::Request& request, absl::Duration timeout) {
  ABSL_ASSIGN_OR_RETURN(Step step, Take(request, timeout, true));
  http::StreamResponse response;
  response.status = step.response.status;
  response.headers = std::move(step.response.headers);
  response.body = std::move(step.response.body);
  if (step.stream != nullptr) {
    response.stream = std::make_unique<FakeStream>(std::move(step.stream));
  }
  return response;
}

void FakeTransport::CloseConnections() {
  absl::MutexLock lock(mutex_);
  for (const auto& stream : streams_) {
    stream->Break(absl::UnavailableError("connections were closed"));
  }
}

void FakeTransport::Shutdown() {
  CloseConnections();
  absl::MutexLock lock(mutex_);
  shut_down_ = true;
}

}  // namespace signet::testing
