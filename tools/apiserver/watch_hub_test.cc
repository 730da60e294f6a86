#include "tools/apiserver/watch_hub.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/simulated_clock.h"
#include "absl/time/time.h"
#include "boost/json.hpp"
#include "core/api/core.pb.h"
#include "gmock/gmock.h"
#include "google/protobuf/message.h"
#include "gtest/gtest.h"
#include "tools/apiserver/event_encoder.h"
#include "tools/apiserver/fake_responder.h"
#include "tools/apiserver/kinds.h"
#include "tools/apiserver/negotiation.h"
#include "tools/apiserver/store.h"
#include "tools/apiserver/table.h"

namespace signet::apiserver {
namespace {

using google::protobuf::Message;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr absl::string_view kResource = "configmaps";

class WatchHubTest : public ::testing::Test {
 protected:
  explicit WatchHubTest(const StoreLimits& limits = {})
      : clock_(absl::FromUnixSeconds(1700000000)), store_(nullptr, limits) {
    hub_.emplace(store_, clock_);
  }

  // Creates the ConfigMap or replaces it; `color` is its label.
  void Put(absl::string_view name, absl::string_view color = "blue",
           absl::string_view namespace_name = "ns") {
    auto map = std::make_unique<api::ConfigMap>();
    map->mutable_metadata()->set_name(name);
    map->mutable_metadata()->set_namespace_(namespace_name);
    (*map->mutable_metadata()->mutable_labels())["color"] = std::string(color);
    // Else a second write might change nothing.
    (*map->mutable_data())["count"] = absl::StrCat(++count_);
    const ObjectKey key = Key(name, namespace_name);
    const ObjectPtr current = store_.Get(key);
    CHECK_OK((current == nullptr ? store_.Create(key, std::move(map))
                                 : store_.Update(key, current, std::move(map)))
                 .status());
  }
  void Delete(absl::string_view name) {
    const ObjectKey key = Key(name, "ns");
    CHECK_OK(store_.Delete(key, store_.Get(key)).status());
  }
  static ObjectKey Key(absl::string_view name,
                       absl::string_view namespace_name) {
    return {std::string(kResource), std::string(namespace_name),
            std::string(name)};
  }

  static WatchRequest From(int64_t revision) {
    WatchRequest request;
    request.resource = std::string(kResource);
    request.matches = [](const Message&) { return true; };
    request.revision = revision;
    return request;
  }
  static WatchRequest Blue(int64_t revision) {
    WatchRequest request = From(revision);
    request.matches = [](const Message& object) {
      return MetadataOf(object).labels().at("color") == "blue";
    };
    return request;
  }
  static WatchRequest Initial() {
    WatchRequest request = From(0);
    request.send_initial = true;
    return request;
  }

  std::shared_ptr<FakeResponder> Start(WatchRequest request) {
    auto responder = std::make_shared<FakeResponder>();
    hub_->Start(std::move(request),
                EventEncoder(*FindKindByKey(kResource), Wanted(),
                             IncludeObject::kNone, clock_),
                responder);
    return responder;
  }

  // Each event in short: "ADDED a 7", "BOOKMARK 9", "ERROR 410".
  static std::vector<std::string> Events(const FakeResponder& responder) {
    std::vector<std::string> events;
    for (const std::string& chunk : responder.chunks()) {
      const boost::json::object event = boost::json::parse(chunk).as_object();
      const std::string type(event.at("type").as_string());
      const boost::json::object& object = event.at("object").as_object();
      if (type == "ERROR") {
        events.push_back(absl::StrCat(type, " ", object.at("code").as_int64()));
        continue;
      }
      const boost::json::object& metadata = object.at("metadata").as_object();
      std::string text = type;
      if (const auto* name = metadata.if_contains("name")) {
        absl::StrAppend(&text, " ", std::string(name->as_string()));
      }
      absl::StrAppend(&text, " ",
                      std::string(metadata.at("resourceVersion").as_string()));
      if (metadata.contains("annotations")) text += " initial-events-end";
      events.push_back(text);
    }
    return events;
  }

  absl::SimulatedClock clock_;
  Store store_;
  std::optional<WatchHub> hub_;
  int count_ = 0;
};

TEST_F(WatchHubTest, TellsWhatHappensAfterARevision) {
  // SPEC D-19.
  Put("a");  // 1
  Put("b");  // 2
  const auto responder = Start(From(1));
  EXPECT_EQ(responder->response().status, 200);
  EXPECT_EQ(responder->response().headers.Get("content-type"),
            "application/json");
  Put("a");     // 3
  Delete("b");  // 4
  EXPECT_THAT(Events(*responder),
              ElementsAre("ADDED b 2", "MODIFIED a 3", "DELETED b 4"));
  EXPECT_FALSE(responder->finished());
}

TEST_F(WatchHubTest, TellsFirstWhatIsThere) {
  // SPEC D-19.
  Put("b");
  Put("a");
  const auto responder = Start(Initial());
  Put("c");
  EXPECT_THAT(Events(*responder),
              ElementsAre("ADDED a 2", "ADDED b 1", "ADDED c 3"));
}

TEST_F(WatchHubTest, SaysWhereAStreamingListEnds) {
  // SPEC A-21.
  Put("a");
  Put("b");
  WatchRequest request = Initial();
  request.initial_bookmark = true;
  const auto responder = Start(std::move(request));
  Put("c");
  EXPECT_THAT(Events(*responder),
              ElementsAre("ADDED a 1", "ADDED b 2",
                          "BOOKMARK 2 initial-events-end", "ADDED c 3"));
}

TEST_F(WatchHubTest, AnEmptyStreamingListEndsToo) {
  // SPEC A-21: without this bookmark a kubelet waits for ever.
  WatchRequest request = Initial();
  request.initial_bookmark = true;
  EXPECT_THAT(Events(*Start(std::move(request))),
              ElementsAre("BOOKMARK 0 initial-events-end"));
}

TEST_F(WatchHubTest, OfANamespaceAndAResourceOnly) {
  WatchRequest request = From(0);
  request.namespace_name = "ns";
  const auto responder = Start(std::move(request));
  Put("a", "blue", "other");
  Put("a", "blue", "ns");
  CHECK_OK(
      store_.Create({"secrets", "ns", "s"}, std::make_unique<api::Secret>())
          .status());
  EXPECT_THAT(Events(*responder), ElementsAre("ADDED a 2"));
}

TEST_F(WatchHubTest, WhatComesToBeSelectedIsAddedAndWhatCeasesIsDeleted) {
  const auto responder = Start(Blue(0));
  Put("a", "red");   // 1
  Put("a", "blue");  // 2
  Put("a", "blue");  // 3
  Put("a", "red");   // 4
  Put("a", "red");   // 5
  Delete("a");       // 6
  Put("b", "blue");  // 7
  Delete("b");       // 8
  EXPECT_THAT(Events(*responder),
              ElementsAre("ADDED a 2", "MODIFIED a 3", "DELETED a 4",
                          "ADDED b 7", "DELETED b 8"));
  // The last state that was selected, not the one that is not.
  EXPECT_THAT(responder->chunks()[2],
              ::testing::HasSubstr(R"("color":"blue")"));
}

TEST_F(WatchHubTest, EndsWhenItsTimeIsUp) {
  // SPEC D-19.
  WatchRequest request = From(0);
  request.timeout = absl::Seconds(30);
  const auto responder = Start(std::move(request));
  EXPECT_EQ(hub_->active(), 1);
  clock_.AdvanceTime(absl::Seconds(29));
  Put("a");
  EXPECT_FALSE(responder->finished());
  clock_.AdvanceTime(absl::Seconds(1));
  responder->AwaitFinish();
  EXPECT_THAT(Events(*responder), ElementsAre("ADDED a 1"));
  EXPECT_EQ(hub_->active(), 0);
}

TEST_F(WatchHubTest, BookmarksNowAndThenAndAtTheEnd) {
  // SPEC D-19.
  WatchRequest request = From(0);
  request.bookmarks = true;
  request.timeout = absl::Seconds(90);
  const auto responder = Start(std::move(request));
  CHECK_OK(
      store_.Create({"secrets", "ns", "s"}, std::make_unique<api::Secret>())
          .status());
  clock_.AdvanceTime(WatchHub::kBookmarkEvery);
  responder->AwaitChunks(1);
  EXPECT_THAT(Events(*responder), ElementsAre("BOOKMARK 1"));
  Put("a");
  clock_.AdvanceTime(absl::Seconds(30));
  responder->AwaitFinish();
  EXPECT_THAT(Events(*responder),
              ElementsAre("BOOKMARK 1", "ADDED a 2", "BOOKMARK 2"));
}

TEST_F(WatchHubTest, ARevisionThatIsForgottenIs410) {
  // SPEC D-19.
  Put("a");
  Put("a");
  store_.Compact();
  const auto behind = Start(From(1));
  EXPECT_THAT(Events(*behind), ElementsAre("ERROR 410"));
  EXPECT_TRUE(behind->finished());
  const auto current = Start(From(2));
  EXPECT_FALSE(current->finished());
}

TEST_F(WatchHubTest, AClientThatDoesNotReadIsCut) {
  const auto slow = Start(From(0));
  const auto other = Start(From(0));
  slow->RefuseAfter(1);
  Put("a");
  EXPECT_FALSE(slow->finished());
  Put("b");
  EXPECT_TRUE(slow->finished());
  EXPECT_THAT(Events(*slow), ElementsAre("ADDED a 1"));
  EXPECT_THAT(Events(*other), ElementsAre("ADDED a 1", "ADDED b 2"));
  EXPECT_EQ(hub_->active(), 1);
}

TEST_F(WatchHubTest, AClientThatGoesIsForgotten) {
  const auto responder = Start(From(0));
  responder->CloseByClient();
  EXPECT_EQ(hub_->active(), 0);
  Put("a");
  EXPECT_THAT(Events(*responder), IsEmpty());
}

TEST_F(WatchHubTest, ManyAtOnceGetAllInOrder) {
  // More than are read from the store at a time.
  for (int i = 0; i < 300; ++i) Put(absl::StrCat("m", i % 7));
  const auto responder = Start(From(0));
  const std::vector<std::string> events = Events(*responder);
  ASSERT_EQ(events.size(), 300u);
  for (size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(events[i], absl::StrCat(i < 7 ? "ADDED" : "MODIFIED", " m", i % 7,
                                      " ", i + 1));
  }
}

TEST_F(WatchHubTest, TheEndOfTheHubEndsItsWatches) {
  const auto responder = Start(From(0));
  hub_.reset();
  EXPECT_TRUE(responder->finished());
  Put("a");
  responder->CloseByClient();
  EXPECT_THAT(Events(*responder), IsEmpty());
}

}  // namespace
}  // namespace signet::apiserver
