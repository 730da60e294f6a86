#include "tools/apiserver/registry.h"

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/simulated_clock.h"
#include "absl/time/time.h"
#include "core/api/core.pb.h"
#include "core/api/meta.pb.h"
#include "core/base/rng.h"
#include "core/testing/fake_rng.h"
#include "gmock/gmock.h"
#include "google/protobuf/message.h"
#include "gtest/gtest.h"
#include "tools/apiserver/access.h"
#include "tools/apiserver/api_error.h"
#include "tools/apiserver/kind.h"
#include "tools/apiserver/kinds.h"
#include "tools/apiserver/rbac.h"
#include "tools/apiserver/store.h"

namespace signet::apiserver {
namespace {

using google::protobuf::Message;
using ::testing::StartsWith;

class RegistryTest : public ::testing::Test {
 protected:
  RegistryTest()
      : clock_(absl::FromUnixSeconds(1700000000)),
        rng_(1),
        store_(nullptr),
        registry_(store_, masters_, rng_, clock_) {
    auto ns = std::make_unique<api::Namespace>();
    ns->mutable_metadata()->set_name("ns");
    CHECK_OK(
        registry_.EnsureExists(*FindKindByKey("namespaces"), std::move(ns)));
  }

  static std::unique_ptr<api::ConfigMap> Map(absl::string_view name,
                                             absl::string_view value = "") {
    auto map = std::make_unique<api::ConfigMap>();
    map->mutable_metadata()->set_name(name);
    map->mutable_metadata()->set_namespace_("ns");
    (*map->mutable_data())["count"] = std::string(value);
    return map;
  }
  static const Kind& Maps() { return *FindKindByKey("configmaps"); }
  static Registry::Target Target(absl::string_view name) {
    Registry::Target target;
    target.kind = &Maps();
    target.user.name = "someone";
    target.namespace_name = "ns";
    target.name = std::string(name);
    return target;
  }
  std::string Value(absl::string_view name) {
    const absl::StatusOr<ObjectPtr> object = registry_.Get(Maps(), "ns", name);
    CHECK_OK(object.status());
    return static_cast<const api::ConfigMap&>(**object).data().at("count");
  }

  absl::SimulatedClock clock_;
  testing::SeededRng rng_;
  Store store_;
  const MastersAuthorizer masters_;
  Registry registry_;
};

TEST_F(RegistryTest, AGeneratedNameThatIsTakenIsMadeAnew) {
  // SPEC D-2. The same suffix each time: it runs out of attempts.
  testing::FixedRng fixed(0);
  Registry unlucky(store_, masters_, fixed, clock_);
  const auto create = [&unlucky] {
    auto map = Map("");
    map->mutable_metadata()->set_generate_name("m-");
    return unlucky.Create(Target(""), std::move(map));
  };
  const absl::StatusOr<ObjectPtr> first = create();
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(MetadataOf(**first).name(), "m-bbbbb");
  const absl::StatusOr<ObjectPtr> second = create();
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(ToApi(second.status()).reason(), "AlreadyExists");
}

TEST_F(RegistryTest, AGeneratedNameIsNotTooLong) {
  auto map = Map("");
  map->mutable_metadata()->set_generate_name(std::string(100, 'a'));
  const absl::StatusOr<ObjectPtr> created =
      registry_.Create(Target(""), std::move(map));
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_EQ(MetadataOf(**created).name().size(), 63u);
  EXPECT_THAT(MetadataOf(**created).name(), StartsWith(std::string(58, 'a')));
}

TEST_F(RegistryTest, ConcurrentModificationsAllCount) {
  ASSERT_TRUE(registry_.Create(Target(""), Map("m", "0")).ok());
  constexpr int kThreads = 4;
  constexpr int kTimes = 50;
  std::atomic<int> failures = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < kTimes; ++j) {
        const auto written = registry_.Modify(
            Target("m"),
            [](const Message& current)
                -> absl::StatusOr<std::unique_ptr<Message>> {
              auto map = std::make_unique<api::ConfigMap>(
                  static_cast<const api::ConfigMap&>(current));
              std::string& count = (*map->mutable_data())["count"];
              int value = 0;
              CHECK(absl::SimpleAtoi(count, &value));
              count = absl::StrCat(value + 1);
              // As a patch: whatever the version is.
              map->mutable_metadata()->clear_resource_version();
              return map;
            });
        if (!written.ok()) ++failures;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(Value("m"), absl::StrCat(kThreads * kTimes));
}

TEST_F(RegistryTest, TheServersOwnAreMadeOnceOrKeptRight) {
  ASSERT_TRUE(registry_.EnsureExists(Maps(), Map("m", "1")).ok());
  ASSERT_TRUE(registry_.EnsureExists(Maps(), Map("m", "2")).ok());
  EXPECT_EQ(Value("m"), "1");
  ASSERT_TRUE(registry_.EnsureIs(Maps(), Map("m", "2")).ok());
  EXPECT_EQ(Value("m"), "2");
  ASSERT_TRUE(registry_.EnsureIs(Maps(), Map("n", "3")).ok());
  EXPECT_EQ(Value("n"), "3");
}

TEST_F(RegistryTest, WhatIsTheServersIsNotTheClients) {
  auto map = Map("m");
  api::ObjectMeta& metadata = *map->mutable_metadata();
  metadata.set_uid("mine");
  metadata.set_self_link("/here");
  metadata.set_generation(7);
  metadata.mutable_deletion_timestamp()->set_seconds(1);
  metadata.mutable_creation_timestamp()->set_seconds(1);
  const absl::StatusOr<ObjectPtr> created =
      registry_.Create(Target(""), std::move(map));
  ASSERT_TRUE(created.ok()) << created.status();
  const api::ObjectMeta& stored = MetadataOf(**created);
  EXPECT_NE(stored.uid(), "mine");
  EXPECT_EQ(stored.uid().size(), 36u);
  EXPECT_FALSE(stored.has_self_link());
  EXPECT_EQ(stored.generation(), 7);
  EXPECT_FALSE(stored.has_deletion_timestamp());
  EXPECT_EQ(stored.creation_timestamp().seconds(), 1700000000);
}

}  // namespace
}  // namespace signet::apiserver
