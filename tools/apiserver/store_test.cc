#include "tools/apiserver/store.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/api/core.pb.h"
#include "gmock/gmock.h"
#include "google/protobuf/message.h"
#include "gtest/gtest.h"
#include "tools/apiserver/journal.h"

namespace signet::apiserver {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr absl::string_view kConfigMaps = "configmaps";

ObjectKey Key(absl::string_view name, absl::string_view ns = "default") {
  return {std::string(kConfigMaps), std::string(ns), std::string(name)};
}

std::unique_ptr<api::ConfigMap> Map(absl::string_view name,
                                    absl::string_view value = "v") {
  auto map = std::make_unique<api::ConfigMap>();
  map->mutable_metadata()->set_name(std::string(name));
  (*map->mutable_data())["k"] = std::string(value);
  return map;
}

std::string Value(const ObjectPtr& object) {
  return static_cast<const api::ConfigMap&>(*object).data().at("k");
}

// Keeps everything in memory, and can be told to fail.
class FakeJournal : public Journal {
 public:
  absl::Status Put(const ObjectKey& key, int64_t revision,
                   absl::string_view bytes) override {
    if (!fail.ok()) return fail;
    objects[key] = {revision, std::string(bytes)};
    latest = revision;
    return absl::OkStatus();
  }
  absl::Status Remove(const ObjectKey& key, int64_t revision) override {
    if (!fail.ok()) return fail;
    objects.erase(key);
    latest = revision;
    return absl::OkStatus();
  }
  absl::Status Load(const std::function<absl::Status(
                        const ObjectKey&, int64_t, absl::string_view)>& object,
                    int64_t* revision) override {
    for (const auto& [key, value] : objects) {
      const absl::Status status = object(key, value.first, value.second);
      if (!status.ok()) return status;
    }
    *revision = latest;
    return absl::OkStatus();
  }

  std::map<ObjectKey, std::pair<int64_t, std::string>> objects;
  int64_t latest = 0;
  absl::Status fail;
};

std::unique_ptr<google::protobuf::Message> MakeConfigMap(
    absl::string_view resource) {
  if (resource != kConfigMaps) return nullptr;
  return std::make_unique<api::ConfigMap>();
}

std::vector<std::string> Names(const Store::Snapshot& snapshot) {
  std::vector<std::string> names;
  for (const ObjectPtr& object : snapshot.objects) {
    names.push_back(MetadataOf(*object).name());
  }
  return names;
}

// "+a@1 ~a@2 -a@3".
std::string Events(const Store& store, int64_t from,
                   absl::string_view ns = "") {
  std::vector<StoreEvent> events;
  const absl::Status status =
      store.EventsAfter(kConfigMaps, ns, 100, &from, &events);
  if (!status.ok()) return std::string(status.message());
  std::string text;
  for (const StoreEvent& event : events) {
    absl::StrAppend(&text, text.empty() ? "" : " ",
                    event.type == EventType::kAdded      ? "+"
                    : event.type == EventType::kModified ? "~"
                                                         : "-",
                    event.key.name, "@", event.revision);
    EXPECT_EQ(MetadataOf(*event.object).resource_version(),
              absl::StrCat(event.revision));
    EXPECT_EQ(event.previous == nullptr, event.type == EventType::kAdded);
  }
  return text;
}

TEST(StoreTest, NumbersEveryChange) {
  Store store(nullptr);
  const absl::StatusOr<ObjectPtr> a = store.Create(Key("a"), Map("a"));
  ASSERT_THAT(a, IsOk());
  EXPECT_EQ(MetadataOf(**a).resource_version(), "1");
  const absl::StatusOr<ObjectPtr> changed =
      store.Update(Key("a"), *a, Map("a", "w"));
  ASSERT_THAT(changed, IsOk());
  EXPECT_EQ(MetadataOf(**changed).resource_version(), "2");
  EXPECT_EQ(Value(store.Get(Key("a"))), "w");
  EXPECT_EQ(Value(*a), "v");  // Objects do not change.
  const absl::StatusOr<ObjectPtr> gone = store.Delete(Key("a"), *changed);
  ASSERT_THAT(gone, IsOk());
  // SPEC D-19: the last state with the deletion's number.
  EXPECT_EQ(MetadataOf(**gone).resource_version(), "3");
  EXPECT_EQ(Value(*gone), "w");
  EXPECT_EQ(store.Get(Key("a")), nullptr);
  EXPECT_EQ(Events(store, 0), "+a@1 ~a@2 -a@3");
  EXPECT_EQ(Events(store, 2), "-a@3");
  EXPECT_EQ(Events(store, 3), "");
}

TEST(StoreTest, RefusesWritesThatComeTooLate) {
  Store store(nullptr);
  const absl::StatusOr<ObjectPtr> a = store.Create(Key("a"), Map("a"));
  ASSERT_THAT(a, IsOk());
  EXPECT_THAT(store.Create(Key("a"), Map("a")),
              StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_THAT(store.Update(Key("b"), *a, Map("b")),
              StatusIs(absl::StatusCode::kNotFound));
  ASSERT_THAT(store.Update(Key("a"), *a, Map("a", "w")), IsOk());
  EXPECT_THAT(store.Update(Key("a"), *a, Map("a", "x")),
              StatusIs(absl::StatusCode::kAborted));
  EXPECT_THAT(store.Delete(Key("a"), *a), StatusIs(absl::StatusCode::kAborted));
  EXPECT_EQ(Value(store.Get(Key("a"))), "w");
  EXPECT_EQ(store.revision(), 2);
}

TEST(StoreTest, DoesNotWriteWhatIsTheSame) {
  Store store(nullptr);
  const absl::StatusOr<ObjectPtr> a = store.Create(Key("a"), Map("a"));
  ASSERT_THAT(a, IsOk());
  const absl::StatusOr<ObjectPtr> same =
      store.Update(Key("a"), *a, Map("a", "v"));
  ASSERT_THAT(same, IsOk());
  EXPECT_EQ(*same, *a);
  EXPECT_EQ(store.revision(), 1);
}

TEST(StoreTest, ListsByNamespaceThenName) {
  Store store(nullptr);
  for (const auto& [ns, name] : {std::pair("b", "1"), std::pair("a", "2"),
                                 std::pair("a", "1"), std::pair("ab", "1")}) {
    ASSERT_THAT(store.Create(Key(name, ns), Map(absl::StrCat(ns, "/", name))),
                IsOk());
  }
  EXPECT_THAT(Names(store.List(kConfigMaps, "")),
              ElementsAre("a/1", "a/2", "ab/1", "b/1"));
  EXPECT_THAT(Names(store.List(kConfigMaps, "a")), ElementsAre("a/1", "a/2"));
  EXPECT_THAT(Names(store.List("secrets", "")), IsEmpty());
  EXPECT_THAT(Names(store.List("config", "")), IsEmpty());
  EXPECT_EQ(store.List(kConfigMaps, "").revision, 4);
  EXPECT_EQ(Events(store, 0, "a"), "+2@2 +1@3");
}

TEST(StoreTest, BoundsItsHistory) {
  StoreLimits limits;
  limits.max_history_events = 2;
  Store store(nullptr, limits);
  for (const char* name : {"a", "b", "c"}) {
    ASSERT_THAT(store.Create(Key(name), Map(name)), IsOk());
  }
  EXPECT_EQ(Events(store, 1), "+b@2 +c@3");
  EXPECT_EQ(Events(store, 0), "too old resource version: 0 (1)");
  EXPECT_EQ(Events(store, 4),
            "resource version 4 is of the future: the latest is 3");
  store.Compact();
  EXPECT_EQ(Events(store, 2), "too old resource version: 2 (3)");
  EXPECT_EQ(Events(store, 3), "");
}

TEST(StoreTest, BoundsItsHistoryInBytes) {
  StoreLimits limits;
  limits.max_history_bytes = 1000;
  Store store(nullptr, limits);
  for (const char* name : {"a", "b", "c"}) {
    ASSERT_THAT(store.Create(Key(name), Map(name, std::string(400, 'x'))),
                IsOk());
  }
  EXPECT_EQ(Events(store, 1), "+b@2 +c@3");
  EXPECT_EQ(Events(store, 0), "too old resource version: 0 (1)");
}

TEST(StoreTest, BoundsObjectsAndTheWhole) {
  StoreLimits limits;
  limits.max_object_bytes = 1000;
  limits.max_total_bytes = 1500;
  Store store(nullptr, limits);
  EXPECT_THAT(store.Create(Key("a"), Map("a", std::string(1000, 'x'))),
              StatusIs(absl::StatusCode::kInvalidArgument));
  const absl::StatusOr<ObjectPtr> a =
      store.Create(Key("a"), Map("a", std::string(900, 'x')));
  ASSERT_THAT(a, IsOk());
  EXPECT_THAT(store.Create(Key("b"), Map("b", std::string(900, 'x'))),
              StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_EQ(store.revision(), 1);
  ASSERT_THAT(store.Delete(Key("a"), *a), IsOk());
  EXPECT_THAT(store.Create(Key("b"), Map("b", std::string(900, 'x'))), IsOk());
}

TEST(StoreTest, EventsComeInPieces) {
  Store store(nullptr);
  for (const char* name : {"a", "b", "c"}) {
    ASSERT_THAT(store.Create(Key(name), Map(name)), IsOk());
  }
  int64_t revision = 0;
  std::vector<StoreEvent> events;
  ASSERT_THAT(store.EventsAfter(kConfigMaps, "", 2, &revision, &events),
              IsOk());
  EXPECT_EQ(revision, 2);
  ASSERT_THAT(store.EventsAfter(kConfigMaps, "", 2, &revision, &events),
              IsOk());
  EXPECT_EQ(revision, 3);
  EXPECT_EQ(events.size(), 3u);
}

TEST(StoreTest, WakesSubscribersOfTheResourceOnly) {
  Store store(nullptr);
  int maps = 0;
  int secrets = 0;
  const Store::SubscriptionId id =
      store.Subscribe(kConfigMaps, [&maps] { ++maps; });
  store.Subscribe("secrets", [&secrets] { ++secrets; });
  const absl::StatusOr<ObjectPtr> a = store.Create(Key("a"), Map("a"));
  ASSERT_THAT(a, IsOk());
  ASSERT_THAT(store.Update(Key("a"), *a, Map("a", "v")), IsOk());  // Same.
  EXPECT_EQ(maps, 1);
  ASSERT_THAT(store.Delete(Key("a"), *a), IsOk());
  EXPECT_EQ(maps, 2);
  store.Unsubscribe(id);
  ASSERT_THAT(store.Create(Key("b"), Map("b")), IsOk());
  EXPECT_EQ(maps, 2);
  EXPECT_EQ(secrets, 0);
}

TEST(StoreTest, AFailingJournalChangesNothing) {
  FakeJournal journal;
  Store store(&journal);
  ASSERT_THAT(store.Load(MakeConfigMap), IsOk());
  const absl::StatusOr<ObjectPtr> a = store.Create(Key("a"), Map("a"));
  ASSERT_THAT(a, IsOk());

  journal.fail = absl::InternalError("disk");
  EXPECT_THAT(store.Create(Key("b"), Map("b")),
              StatusIs(absl::StatusCode::kInternal));
  EXPECT_THAT(store.Update(Key("a"), *a, Map("a", "w")),
              StatusIs(absl::StatusCode::kInternal));
  EXPECT_THAT(store.Delete(Key("a"), *a),
              StatusIs(absl::StatusCode::kInternal));
  EXPECT_THAT(Names(store.List(kConfigMaps, "")), ElementsAre("a"));
  EXPECT_EQ(Value(store.Get(Key("a"))), "v");
  EXPECT_EQ(Events(store, 0), "+a@1");

  journal.fail = absl::OkStatus();
  EXPECT_THAT(store.Update(Key("a"), *a, Map("a", "w")), IsOk());
  EXPECT_EQ(store.revision(), 2);
}

TEST(StoreTest, LoadsWhatTheJournalHas) {
  FakeJournal journal;
  {
    Store store(&journal);
    ASSERT_THAT(store.Load(MakeConfigMap), IsOk());
    const absl::StatusOr<ObjectPtr> a = store.Create(Key("a"), Map("a"));
    ASSERT_THAT(a, IsOk());
    ASSERT_THAT(store.Create(Key("b"), Map("b")), IsOk());
    ASSERT_THAT(store.Delete(Key("a"), *a), IsOk());
  }
  Store store(&journal);
  ASSERT_THAT(store.Load(MakeConfigMap), IsOk());
  EXPECT_THAT(Names(store.List(kConfigMaps, "")), ElementsAre("b"));
  EXPECT_EQ(MetadataOf(*store.Get(Key("b"))).resource_version(), "2");
  EXPECT_EQ(store.revision(), 3);
  // Watches cannot go on from before the start.
  EXPECT_EQ(Events(store, 2), "too old resource version: 2 (3)");
  ASSERT_THAT(store.Create(Key("c"), Map("c")), IsOk());
  EXPECT_EQ(Events(store, 3), "+c@4");
}

TEST(StoreTest, RefusesAJournalThatItDoesNotUnderstand) {
  FakeJournal journal;
  journal.objects[{"pods", "default", "p"}] = {1, ""};
  Store unknown(&journal);
  EXPECT_THAT(unknown.Load(MakeConfigMap),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  journal.objects.clear();
  journal.objects[Key("a")] = {1, "\xff\xff"};
  Store damaged(&journal);
  EXPECT_THAT(damaged.Load(MakeConfigMap),
              StatusIs(absl::StatusCode::kDataLoss));
}

TEST(StoreTest, WritersDoNotLoseEachOthersChanges) {
  Store store(nullptr);
  ASSERT_THAT(store.Create(Key("a"), Map("a", "0")), IsOk());
  constexpr int kThreads = 4;
  constexpr int kAdds = 100;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&store] {
      for (int added = 0; added < kAdds;) {
        const ObjectPtr current = store.Get(Key("a"));
        const int next = std::stoi(Value(current)) + 1;
        const absl::StatusOr<ObjectPtr> stored =
            store.Update(Key("a"), current, Map("a", absl::StrCat(next)));
        if (stored.ok()) ++added;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Value(store.Get(Key("a"))), absl::StrCat(kThreads * kAdds));
  EXPECT_EQ(store.revision(), kThreads * kAdds + 1);
}

}  // namespace
}  // namespace signet::apiserver
