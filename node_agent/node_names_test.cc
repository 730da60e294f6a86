#include "node_agent/node_names.h"

#include <string>
#include <thread>

#include "absl/base/log_severity.h"
#include "absl/log/globals.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/simulated_clock.h"
#include "absl/time/time.h"
#include "core/api/core.pb.h"
#include "core/testing/fake_resource_api.h"
#include "core/testing/fake_rng.h"
#include "core/testing/test_ca.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "node_agent/current_certificate.h"
#include "node_agent/serving_template.h"

namespace signet::node_agent {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class NodeNamesTest : public ::testing::Test {
 protected:
  NodeNamesTest()
      : clock_(ca_.validity().not_before + absl::Hours(1)),
        client_(clock_),
        api_(clock_),
        names_(api_, client_, "n1", clock_, rng_) {
    absl::SetMinLogLevel(absl::LogSeverityAtLeast::kInfinity);
    names_.OnChange([this] {
      absl::MutexLock lock(mutex_);
      ++changes_;
    });
  }
  ~NodeNamesTest() override {
    names_.Stop();
    api_.EndWatches(absl::CancelledError("over"));
    if (thread_.joinable()) thread_.join();
  }

  void Run() {
    thread_ = std::thread([this] { names_.Run(); });
  }
  void Put(const std::string& node, const std::string& host_name) {
    api::Node object;
    object.mutable_metadata()->set_name(node);
    auto* address = object.mutable_status()->add_addresses();
    address->set_type("Hostname");
    address->set_address(host_name);
    api_.Put(object);
  }
  void AwaitChanges(int count) {
    absl::MutexLock lock(mutex_);
    const auto reached = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return changes_ >= count;
    };
    mutex_.Await(absl::Condition(&reached));
  }

  testing::TestCa ca_;
  absl::SimulatedClock clock_;
  testing::SeededRng rng_{1};
  CurrentCertificate client_;
  testing::FakeResourceApi<api::Node> api_;
  NodeNames names_;
  std::thread thread_;
  absl::Mutex mutex_;
  int changes_ ABSL_GUARDED_BY(mutex_) = 0;
};

TEST_F(NodeNamesTest, A40FollowsTheNodesOwnObject) {
  client_.Set(ca_.Client("system:node:n1").tls);
  Put("n1", "one");
  Put("n2", "other");
  EXPECT_FALSE(names_.Names().has_value());
  Run();
  AwaitChanges(1);
  EXPECT_THAT(names_.Names()->dns_names, ElementsAre("one"));
  Put("n1", "two");
  AwaitChanges(2);
  EXPECT_THAT(names_.Names()->dns_names, ElementsAre("two"));
  api_.Remove("n1");
  AwaitChanges(3);
  EXPECT_THAT(names_.Names()->dns_names, IsEmpty());
}

TEST_F(NodeNamesTest, KnowsThatThereIsNoSuchNode) {
  client_.Set(ca_.Client("system:node:n1").tls);
  Run();
  AwaitChanges(1);
  EXPECT_THAT(names_.Names()->dns_names, IsEmpty());
}

TEST_F(NodeNamesTest, AsksNobodyWithoutACertificate) {
  std::thread run([this] { names_.Run(); });
  names_.Stop();
  run.join();
  EXPECT_EQ(api_.calls(testing::Verb::kList), 0);
  EXPECT_FALSE(names_.Names().has_value());
}

}  // namespace
}  // namespace signet::node_agent
