#include "core/k8s/reflector.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/simulated_clock.h"
#include "absl/time/time.h"
#include "core/api/resource.h"
#include "core/k8s/http_status.h"
#include "core/testing/fake_resource_api.h"
#include "core/testing/fake_rng.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::k8s {
namespace {

using ::signet::testing::FakeResourceApi;
using ::signet::testing::FixedRng;
using ::signet::testing::SeededRng;
using ::signet::testing::Verb;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Csr = api::CertificateSigningRequest;

const absl::Time kStart = absl::FromUnixSeconds(1800000000);

// A simulated clock for one thread. Whoever waits on it gets the script run,
// and then, if that was not what it waits for, the end of its wait.
class ScriptedClock : public absl::SimulatedClock {
 public:
  ScriptedClock() : absl::SimulatedClock(kStart) {}

  bool AwaitWithDeadline(absl::Mutex* mu, const absl::Condition& cond,
                         absl::Time deadline) override
      ABSL_NO_THREAD_SAFETY_ANALYSIS {
    if (cond.Eval()) return true;
    waits.push_back(deadline - TimeNow());
    mu->unlock();
    script();
    mu->lock();
    if (cond.Eval()) return true;
    if (deadline > TimeNow()) SetTime(deadline);
    return cond.Eval();
  }

  std::function<void()> script = [] {};
  std::vector<absl::Duration> waits;
};

Csr NamedCsr(absl::string_view name, absl::string_view uid = "u") {
  Csr csr;
  csr.mutable_metadata()->set_name(name);
  csr.mutable_metadata()->set_uid(uid);
  return csr;
}

absl::Status Http(int code, int retry_after = 0) {
  api::Status status;
  status.set_code(code);
  status.mutable_details()->set_retry_after_seconds(retry_after);
  return StatusFromApi(status);
}

class ReflectorTest : public ::testing::Test {
 protected:
  ReflectorTest() {
    handler_.on_replace = [this](const std::vector<Csr>& all) {
      std::string text = "replace";
      for (const Csr& csr : all) {
        absl::StrAppend(&text, " ", csr.metadata().name());
      }
      Add(text);
    };
    handler_.on_upsert = [this](const Csr& csr) {
      Add("upsert " + csr.metadata().name());
    };
    handler_.on_delete = [this](const Csr& csr) {
      Add("delete " + csr.metadata().name());
    };
    handler_.on_error = [this](const absl::Status& status) {
      Add("error " + absl::StatusCodeToString(status.code()));
    };
  }

  void Add(const std::string& line) {
    told_.push_back(line);
    if (on_line_) on_line_(line);
  }

  // Runs one step of `steps` at each wait, then stops.
  void Run(std::vector<std::function<void()>> steps) {
    Reflector<Csr> reflector(csrs_, clock_, rng_, options_, handler_);
    size_t next = 0;
    clock_.script = [&] {
      if (next < steps.size()) {
        steps[next++]();
      } else {
        reflector.Stop();
      }
    };
    reflector.Run();
  }

  ScriptedClock clock_;
  FakeResourceApi<Csr> csrs_{clock_};
  FixedRng rng_{0};
  ReflectorOptions options_;
  ReflectorHandler<Csr> handler_;
  std::vector<std::string> told_;
  std::function<void(const std::string&)> on_line_;
};

TEST_F(ReflectorTest, ListsThenWatches) {
  csrs_.Put(NamedCsr("a"));
  csrs_.Put(NamedCsr("b"));
  Run({[&] { csrs_.Put(NamedCsr("c")); },
       [&] { csrs_.Put(NamedCsr("a", "other")); }, [&] { csrs_.Remove("b"); }});
  EXPECT_THAT(told_,
              ElementsAre("replace a b", "upsert c", "upsert a", "delete b"));
  EXPECT_EQ(csrs_.calls(Verb::kList), 1);
  EXPECT_EQ(csrs_.calls(Verb::kWatch), 1);
  EXPECT_EQ(csrs_.watches(), 0);
}

TEST_F(ReflectorTest, SelectsWhatItIsToldTo) {
  options_.list.field_selector = "metadata.name!=b";
  csrs_.Put(NamedCsr("a"));
  csrs_.Put(NamedCsr("b"));
  Run({[&] { csrs_.Put(NamedCsr("b", "other")); },
       [&] { csrs_.Put(NamedCsr("a", "other")); }});
  EXPECT_THAT(told_, ElementsAre("replace a", "upsert a"));
}

TEST_F(ReflectorTest, TakesUpAWatchThatEndedWithoutTellingTwice) {
  Run({[&] { csrs_.Put(NamedCsr("a")); }, [] {},  // The watch times out.
       [&] { csrs_.Put(NamedCsr("b")); }});
  EXPECT_THAT(told_, ElementsAre("replace", "upsert a", "upsert b"));
  EXPECT_EQ(csrs_.calls(Verb::kList), 1);
  EXPECT_EQ(csrs_.calls(Verb::kWatch), 2);
}

TEST_F(ReflectorTest, TakesUpAWatchThatBrokeAndMissesNothing) {
  Run({[&] {
         csrs_.Put(NamedCsr("a"));  // On its way when the connection breaks.
         csrs_.EndWatches();
       },
       // Waiting to try again.
       [&] { csrs_.Put(NamedCsr("b")); }});
  EXPECT_THAT(told_, ElementsAre("replace", "error UNAVAILABLE", "upsert a",
                                 "upsert b"));
  EXPECT_EQ(csrs_.calls(Verb::kList), 1);
}

TEST_F(ReflectorTest, ListsAgainAfter410) {
  csrs_.Put(NamedCsr("a"));
  Run({[&] {
         csrs_.EndWatches();  // While it is away, its version is compacted.
         csrs_.Put(NamedCsr("b"));
         csrs_.Remove("a");
         csrs_.Compact();
       },
       [] {}});
  EXPECT_THAT(told_, ElementsAre("replace a", "error UNAVAILABLE",
                                 "error OUT_OF_RANGE", "replace b"));
}

TEST_F(ReflectorTest, A410WhenAWatchIsOpenedListsAgainToo) {
  csrs_.FailNext(Verb::kWatch, Http(410));
  Run({});
  EXPECT_THAT(told_, ElementsAre("replace", "error OUT_OF_RANGE", "replace"));
  EXPECT_THAT(clock_.waits, ElementsAre(absl::Minutes(5)))
      << "the first one is not waited for";
}

TEST_F(ReflectorTest, ABookmarkMovesItsVersionOn) {
  FakeResourceApi<Csr>& csrs = csrs_;
  options_.list.field_selector = "metadata.name=a";
  Run({[&] {
         csrs.Put(NamedCsr("b"));  // Not selected.
         csrs.SendBookmarks();
       },
       [&] {
         csrs.Compact();
         csrs.EndWatches();
       },
       [] {}, [&] { csrs.Put(NamedCsr("a")); }});
  EXPECT_THAT(told_, ElementsAre("replace", "error UNAVAILABLE", "upsert a"));
}

TEST_F(ReflectorTest, WaitsLongerWithEachFailureUntilSomethingGoesWell) {
  csrs_.FailNext(Verb::kList, absl::UnavailableError("refused"), 8);
  Run({[] {}, [] {}, [] {}, [] {}, [] {}, [] {}, [] {}, [] {},
       // The watch.
       [&] { csrs_.Put(NamedCsr("a")); }, [&] { csrs_.EndWatches(); }});
  // A half of each, as the fixed randomness is 0.
  EXPECT_THAT(
      clock_.waits,
      ElementsAre(absl::Milliseconds(400), absl::Milliseconds(800),
                  absl::Milliseconds(1600), absl::Milliseconds(3200),
                  absl::Milliseconds(6400), absl::Milliseconds(12800),
                  absl::Seconds(15), absl::Seconds(15), absl::Minutes(5),
                  absl::Minutes(5), absl::Milliseconds(400)));
}

TEST_F(ReflectorTest, WaitsAsLongAsTheServerAsks) {
  csrs_.FailNext(Verb::kList, Http(429, 7));
  csrs_.FailNext(Verb::kWatch, Http(429, 9));
  Run({[] {}, [] {}});
  EXPECT_THAT(clock_.waits, ElementsAre(absl::Seconds(7), absl::Seconds(9),
                                        absl::Minutes(5)));
  EXPECT_EQ(csrs_.calls(Verb::kList), 2) << "a busy server is not listed again";
}

TEST_F(ReflectorTest, AnotherErrorOfAWatchListsAgain) {
  csrs_.FailNext(Verb::kWatch, Http(500));
  Run({[] {}});
  EXPECT_THAT(told_, ElementsAre("replace", "error UNAVAILABLE", "replace"));
}

TEST_F(ReflectorTest, AWatchThatEndsAtOnceDoesNotSpin) {
  // Ends every watch as soon as it is opened, for a while.
  int left = 3;
  std::vector<std::function<void()>> steps;
  for (int i = 0; i < 2 * left; ++i) {
    steps.push_back([&] {
      if (csrs_.watches() > 0 && left-- > 0) {
        csrs_.EndWatches(absl::OutOfRangeError("the watch ended"));
      }
    });
  }
  Run(steps);
  EXPECT_THAT(told_, ElementsAre("replace", "error UNAVAILABLE",
                                 "error UNAVAILABLE", "error UNAVAILABLE"));
  EXPECT_EQ(csrs_.calls(Verb::kList), 1);
}

TEST_F(ReflectorTest, HandlersMayBeLeftOut) {
  handler_ = {};
  csrs_.FailNext(Verb::kList, absl::UnavailableError("refused"));
  Run({[] {}, [&] { csrs_.Put(NamedCsr("a")); }, [&] { csrs_.Remove("a"); }});
  EXPECT_EQ(csrs_.calls(Verb::kList), 2);
}

TEST_F(ReflectorTest, NothingIsToldAfterStop) {
  Reflector<Csr>* running = nullptr;
  on_line_ = [&](const std::string&) { running->Stop(); };
  csrs_.Put(NamedCsr("a"));
  Reflector<Csr> reflector(csrs_, clock_, rng_, options_, handler_);
  running = &reflector;
  clock_.script = [] { ADD_FAILURE() << "still waiting"; };
  reflector.Run();
  EXPECT_THAT(told_, ElementsAre("replace a"));

  told_.clear();
  Reflector<Csr> stopped(csrs_, clock_, rng_, options_, handler_);
  stopped.Stop();
  stopped.Run();
  EXPECT_THAT(told_, IsEmpty());
}

// With a clock that nobody moves, only Stop can end a wait.
TEST(ReflectorThreadTest, StopEndsEachKindOfWait) {
  for (const bool in_backoff : {true, false}) {
    absl::SimulatedClock clock(kStart);
    FakeResourceApi<Csr> csrs(clock);
    FixedRng rng(0.5);
    absl::Notification reached;
    ReflectorHandler<Csr> handler;
    if (in_backoff) {
      csrs.FailNext(Verb::kList, absl::UnavailableError("refused"));
      handler.on_error = [&](const absl::Status&) { reached.Notify(); };
    } else {
      handler.on_replace = [&](const std::vector<Csr>&) { reached.Notify(); };
    }
    Reflector<Csr> reflector(csrs, clock, rng, {}, handler);
    std::thread runner([&] { reflector.Run(); });
    reached.WaitForNotification();
    reflector.Stop();
    runner.join();
    EXPECT_EQ(csrs.watches(), 0);
  }
}

// Whatever happens, what was told comes to what there is.
TEST(ReflectorChaosTest, NeverMissesAnObject) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(seed);
    ScriptedClock clock;
    FakeResourceApi<Csr> csrs(clock);
    SeededRng rng(seed);
    const auto below = [&rng](int n) {
      return static_cast<int>(rng.Fraction() * n);
    };

    std::map<std::string, int64_t> told;  // Name to version.
    int64_t newest = 0;
    const auto version = [](const Csr& csr) {
      int64_t number = 0;
      EXPECT_TRUE(absl::SimpleAtoi(csr.metadata().resource_version(), &number));
      return number;
    };
    const auto advance = [&](const Csr& csr) {
      EXPECT_GT(version(csr), newest)
          << "something older after something newer";
      newest = version(csr);
    };
    ReflectorHandler<Csr> handler;
    handler.on_replace = [&](const std::vector<Csr>& all) {
      told.clear();
      for (const Csr& csr : all) {
        told[csr.metadata().name()] = version(csr);
        newest = std::max(newest, version(csr));
      }
    };
    handler.on_upsert = [&](const Csr& csr) {
      advance(csr);
      told[csr.metadata().name()] = version(csr);
    };
    handler.on_delete = [&](const Csr& csr) {
      advance(csr);
      EXPECT_EQ(told.erase(csr.metadata().name()), 1u);
    };

    Reflector<Csr> reflector(csrs, clock, rng, {}, handler);
    int steps = 0;
    clock.script = [&] {
      if (++steps > 100) {  // Quiet: let it catch up.
        if (steps > 120) reflector.Stop();
        return;
      }
      for (int i = below(4); i > 0; --i) {
        const std::string name = absl::StrCat("csr-", below(5));
        switch (below(10)) {
          case 0:
            csrs.EndWatches();
            break;
          case 1:
            csrs.EndWatches(absl::OutOfRangeError("the watch ended"));
            break;
          case 2:
            csrs.Compact();
            break;
          case 3:
            csrs.SendBookmarks();
            break;
          case 4:
            csrs.FailNext(below(2) == 0 ? Verb::kList : Verb::kWatch,
                          below(2) == 0 ? absl::UnavailableError("refused")
                                        : Http(below(2) == 0 ? 429 : 500, 1));
            break;
          case 5:
            csrs.Delete("", name).IgnoreError();
            break;
          default:
            csrs.Put(NamedCsr(name, absl::StrCat(steps, "-", i)));
        }
      }
    };
    reflector.Run();

    std::map<std::string, int64_t> there;
    for (const Csr& csr : csrs.objects()) {
      there[csr.metadata().name()] = version(csr);
    }
    EXPECT_EQ(told, there);
  }
}

}  // namespace
}  // namespace signet::k8s
