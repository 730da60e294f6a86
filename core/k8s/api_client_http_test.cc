// The client and the reflector over a real transport and a real HTTP server.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status_matchers.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/api/codec.h"
#include "core/api/resource.h"
#include "core/http/beast_transport.h"
#include "core/http/server.h"
#include "core/k8s/api_client.h"
#include "core/k8s/http_status.h"
#include "core/k8s/reflector.h"
#include "core/testing/fake_rng.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::k8s {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::StatusIs;
using ::testing::SizeIs;
using Csr = api::CertificateSigningRequest;

// Nothing here should take that long.
constexpr absl::Duration kPatience = absl::Seconds(30);
const api::TypeMeta kType = {"certificates.k8s.io/v1",
                             "CertificateSigningRequest"};

Csr MakeCsr(absl::string_view name, int version) {
  Csr csr;
  csr.mutable_metadata()->set_name(name);
  csr.mutable_metadata()->set_resource_version(absl::StrCat(version));
  return csr;
}

std::string Frame(absl::string_view type, const Csr& csr) {
  api::WatchEvent event;
  event.set_type(type);
  event.mutable_object()->set_raw(api::EncodeProtobuf(csr, kType));
  const std::string bytes = event.SerializeAsString();
  std::string frame;
  for (const int shift : {24, 16, 8, 0}) {
    frame += static_cast<char>(bytes.size() >> shift);
  }
  return frame + bytes;
}

// A server of CSRs that are only ever added: version n is the n-th of them.
class CsrServer {
 public:
  // `port` 0: any.
  void Start(uint16_t port = 0) {
    http::ServerOptions options;
    options.port = port;
    auto server = http::StartServer(
        options, [this](const http::Request& request, const http::Peer&,
                        std::shared_ptr<http::Responder> responder) {
          Handle(http::ParseTarget(request.target), std::move(responder));
        });
    ASSERT_THAT(server, IsOk());
    server_ = *std::move(server);
  }
  void Stop() {
    server_->Stop();
    absl::MutexLock lock(mutex_);
    watches_.clear();
  }
  std::string url() const {
    return absl::StrCat("http://127.0.0.1:", server_->port());
  }
  uint16_t port() const { return server_->port(); }

  void AddCsr(absl::string_view name) {
    absl::MutexLock lock(mutex_);
    csrs_.push_back(MakeCsr(name, static_cast<int>(csrs_.size()) + 1));
    const std::string frame = Frame("ADDED", csrs_.back());
    for (const auto& watch : watches_) {
      // In pieces, as a network may deliver it.
      watch->Write(frame.substr(0, 3));
      watch->Write(frame.substr(3));
    }
  }
  void EndWatches() {
    absl::MutexLock lock(mutex_);
    for (const auto& watch : watches_) watch->Finish();
    watches_.clear();
  }
  void AwaitWatch() {
    absl::MutexLock lock(mutex_);
    EXPECT_TRUE(mutex_.AwaitWithTimeout(
        absl::Condition(
            +[](std::vector<std::shared_ptr<http::Responder>>* watches) {
              return !watches->empty();
            },
            &watches_),
        kPatience));
  }

 private:
  void Handle(const http::ParsedTarget& target,
              std::shared_ptr<http::Responder> responder) {
    absl::MutexLock lock(mutex_);
    if (target.Query("watch") == "true") {
      size_t version = 0;
      EXPECT_TRUE(absl::SimpleAtoi(target.Query("resourceVersion"), &version));
      http::Headers headers;
      headers.Set("Content-Type",
                  "application/vnd.kubernetes.protobuf;stream=watch");
      responder->Start(200, headers);
      for (; version < csrs_.size(); ++version) {
        responder->Write(Frame("ADDED", csrs_[version]));
      }
      watches_.push_back(std::move(responder));
      return;
    }
    std::vector<const google::protobuf::Message*> items;
    for (const Csr& csr : csrs_) items.push_back(&csr);
    api::ListMeta metadata;
    metadata.set_resource_version(absl::StrCat(csrs_.size()));
    http::Response response;
    response.headers.Set("Content-Type", api::kProtobuf);
    response.body = api::EncodeListProtobuf(
        items, {kType.api_version, kType.kind + "List"}, metadata);
    responder->Send(std::move(response));
  }

  absl::Mutex mutex_;
  std::vector<Csr> csrs_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::shared_ptr<http::Responder>> watches_
      ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<http::Server> server_;
};

class ApiClientHttpTest : public ::testing::Test {
 protected:
  void SetUp() override {
    server_.Start();
    http::TransportOptions options;
    options.server = server_.url();
    auto transport = http::NewBeastTransport(options);
    ASSERT_THAT(transport, IsOk());
    transport_ = *std::move(transport);
    client_.emplace(*transport_, nullptr);
    csrs_ = client_->Api<Csr>();
  }

  std::unique_ptr<Watcher<Csr>> Watch() {
    WatchOptions options;
    options.resource_version = "0";
    auto watcher = csrs_->Watch(options);
    EXPECT_THAT(watcher, IsOk());
    return *std::move(watcher);
  }

  CsrServer server_;
  std::unique_ptr<http::Transport> transport_;
  std::optional<ApiClient> client_;
  std::unique_ptr<ResourceApi<Csr>> csrs_;
};

TEST_F(ApiClientHttpTest, ListsAndWatches) {
  server_.AddCsr("a");
  const auto list = csrs_->List({});
  ASSERT_THAT(list, IsOk());
  EXPECT_THAT(list->items, SizeIs(1));

  const auto watcher = Watch();
  server_.AddCsr("b");
  for (const char* name : {"a", "b"}) {
    const auto event = watcher->Next(kPatience);
    ASSERT_THAT(event, IsOk());
    EXPECT_EQ(event->object.metadata().name(), name);
  }
  EXPECT_THAT(watcher->Next(absl::ZeroDuration()),
              StatusIs(absl::StatusCode::kDeadlineExceeded));
  server_.EndWatches();
  const auto end = watcher->Next(kPatience);
  EXPECT_THAT(end, StatusIs(absl::StatusCode::kOutOfRange));
  EXPECT_EQ(HttpCode(end.status()), 0);
}

TEST_F(ApiClientHttpTest, AWatchUnderWayEndsByItsCause) {
  const auto next_while =
      [this](const std::function<void(Watcher<Csr>&)>& act) {
        const auto watcher = Watch();
        absl::Notification started;
        std::thread other([&] {
          started.WaitForNotification();
          act(*watcher);
        });
        started.Notify();
        const absl::Status status = watcher->Next(kPatience).status();
        other.join();
        return status;
      };
  EXPECT_THAT(next_while([](Watcher<Csr>& watcher) { watcher.Stop(); }),
              StatusIs(absl::StatusCode::kCancelled));
  EXPECT_THAT(
      next_while([this](Watcher<Csr>&) { transport_->CloseConnections(); }),
      StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(next_while([this](Watcher<Csr>&) { server_.Stop(); }),
              StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(ApiClientHttpTest, AReflectorSurvivesItsServer) {
  signet::testing::FixedRng rng(0);
  ReflectorOptions options;
  options.min_backoff = absl::Milliseconds(2);
  options.max_backoff = absl::Milliseconds(10);
  absl::Mutex mutex;
  std::vector<std::string> told;  // Guarded by `mutex`.
  ReflectorHandler<Csr> handler;
  handler.on_replace = [&](const std::vector<Csr>& all) {
    absl::MutexLock lock(mutex);
    told.clear();
    for (const Csr& csr : all) told.push_back(csr.metadata().name());
  };
  handler.on_upsert = [&](const Csr& csr) {
    absl::MutexLock lock(mutex);
    told.push_back(csr.metadata().name());
  };
  const auto await = [&](std::vector<std::string> want) {
    const auto there = [&] { return told == want; };
    absl::MutexLock lock(mutex);
    EXPECT_TRUE(mutex.AwaitWithTimeout(absl::Condition(&there), kPatience));
  };
  server_.AddCsr("a");
  Reflector<Csr> reflector(*csrs_, absl::Clock::GetRealClock(), rng, options,
                           handler);
  std::thread runner([&] { reflector.Run(); });
  await({"a"});

  server_.AwaitWatch();
  transport_->CloseConnections();
  server_.AddCsr("b");
  await({"a", "b"});

  const uint16_t port = server_.port();
  server_.Stop();
  server_.AddCsr("c");
  server_.Start(port);
  await({"a", "b", "c"});
  server_.AwaitWatch();
  server_.EndWatches();
  server_.AddCsr("d");
  await({"a", "b", "c", "d"});

  reflector.Stop();
  runner.join();
}

}  // namespace
}  // namespace signet::k8s
