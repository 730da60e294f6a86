#include "node_agent/delivery.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/log_severity.h"
#include "absl/log/globals.h"
#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/notification.h"
#include "absl/time/simulated_clock.h"
#include "absl/time/time.h"
#include "core/base/file_system.h"
#include "core/pki/private_key.h"
#include "core/sys/command_runner.h"
#include "core/sys/file_owners.h"
#include "core/testing/fake_file_system.h"
#include "core/testing/test_ca.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "node_agent/agent_config.h"
#include "node_agent/current_certificate.h"

namespace signet::node_agent {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::IsOkAndHolds;
using ::absl_testing::StatusIs;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

// Remembers what was run; answers as it is told.
class FakeCommands : public sys::CommandRunner {
 public:
  absl::StatusOr<sys::CommandResult> Run(const sys::Command& command) override {
    commands.push_back(command);
    if (on_run != nullptr) on_run();
    if (!error.ok()) return error;
    return result;
  }
  absl::Status Signal(int64_t pid, int signal) override {
    signals.push_back({pid, signal});
    return signal_error;
  }
  std::vector<sys::Command> commands;
  std::vector<std::pair<int64_t, int>> signals;
  absl::Status error;
  absl::Status signal_error;
  sys::CommandResult result;
  std::function<void()> on_run;
};

class FakeOwners : public sys::FileOwners {
 public:
  absl::StatusOr<sys::FileOwner> Find(absl::string_view user,
                                      absl::string_view group) override {
    if (user == "nobody-here") return absl::NotFoundError("there is no user");
    sys::FileOwner owner;
    if (!user.empty()) owner.user = 33;
    if (!group.empty()) owner.group = 44;
    return owner;
  }
  absl::StatusOr<sys::FileOwner> Of(absl::string_view path) override {
    const auto found = owners.find(path);
    return found == owners.end() ? sys::FileOwner{0, 0} : found->second;
  }
  absl::Status Change(absl::string_view path,
                      const sys::FileOwner& owner) override {
    changed.push_back({std::string(path), owner});
    // By the name that it will have.
    std::string name(path);
    name.resize(name.size() - absl::string_view(".signet-new").size());
    owners[name] = {owner.user.value_or(0), owner.group.value_or(0)};
    return absl::OkStatus();
  }
  std::map<std::string, sys::FileOwner, std::less<>> owners;
  std::vector<std::pair<std::string, sys::FileOwner>> changed;
};

class DeliveryTest : public ::testing::Test {
 protected:
  DeliveryTest()
      : clock_(ca_.validity().not_before + absl::Hours(1)), current_(clock_) {
    absl::SetMinLogLevel(absl::LogSeverityAtLeast::kInfinity);
    EXPECT_THAT(files_.MakeDirectories("/web", 0755), IsOk());
    EXPECT_THAT(files_.MakeDirectories("/store", 0755), IsOk());
    EXPECT_THAT(files_.SyncDirectory("/"), IsOk());
    options_.name = "web";
    options_.files.certificate = "/web/tls.crt";
    options_.files.key = "/web/tls.key";
    options_.files.ca = "/web/ca.crt";
    options_.current_path = "/store/web-current.pem";
    options_.marker_path = "/store/web-delivered";
  }
  // Lives as long as the test: `current_` calls it.
  Delivery* New() {
    deliveries_.push_back(std::make_unique<Delivery>(
        options_, current_, [this] { return ca_pem_; }, files_, owners_,
        commands_, clock_));
    return deliveries_.back().get();
  }
  testing::TestIdentity Rotate() {
    testing::TestIdentity identity = ca_.Client("web");
    current_.Set(identity.tls);
    return identity;
  }
  absl::StatusOr<std::string> Read(absl::string_view path) {
    return files_.Read(path, 1 << 20);
  }
  static std::string KeyPem(const testing::TestIdentity& identity) {
    return std::string(
        identity.tls->key.ToPem(pki::PrivateKey::Format::kTraditional)
            ->Reveal());
  }
  static FollowUp Command(std::string program) {
    FollowUp follow_up;
    follow_up.argv = {std::move(program), "x"};
    follow_up.timeout = absl::Seconds(7);
    return follow_up;
  }

  testing::TestCa ca_;
  absl::StatusOr<std::string> ca_pem_ = "CA\n";
  absl::SimulatedClock clock_;
  CurrentCertificate current_;
  testing::FakeFileSystem files_;
  FakeOwners owners_;
  FakeCommands commands_;
  DeliveryOptions options_;
  std::vector<std::unique_ptr<Delivery>> deliveries_;
};

TEST_F(DeliveryTest, WaitsForACertificate) {
  Delivery* const delivery = New();
  delivery->Pass();
  EXPECT_THAT(files_.List("/web"), IsOkAndHolds(IsEmpty()));
  EXPECT_EQ(delivery->State().delivered, 0);
}

TEST_F(DeliveryTest, WritesTheFilesWithModeAndOwner) {
  options_.files.owner = "web";
  options_.files.key_mode = 0640;
  options_.files.certificate_mode = 0444;
  Delivery* const delivery = New();
  const testing::TestIdentity identity = Rotate();
  delivery->Pass();
  EXPECT_THAT(Read("/web/tls.crt"), IsOkAndHolds(identity.certificate_pem));
  EXPECT_THAT(Read("/web/tls.key"), IsOkAndHolds(KeyPem(identity)));
  EXPECT_THAT(Read("/web/ca.crt"), IsOkAndHolds("CA\n"));
  EXPECT_EQ(files_.Stat("/web/tls.key")->mode, 0640);
  EXPECT_EQ(files_.Stat("/web/tls.crt")->mode, 0444);
  EXPECT_EQ(files_.Stat("/web/ca.crt")->mode, 0444);
  EXPECT_THAT(owners_.changed,
              Contains(Pair("/web/tls.key.signet-new",
                            sys::FileOwner{33, std::nullopt})));
  EXPECT_THAT(files_.List("/web"), IsOkAndHolds(SizeIs(3)));
  EXPECT_EQ(delivery->State().delivered, 1);
  EXPECT_EQ(delivery->State().last_error, "");
}

TEST_F(DeliveryTest, LeavesWhatIsRightAlone) {
  options_.after = {Command("/bin/a")};
  Delivery* delivery = New();
  Rotate();
  delivery->Pass();
  const auto inode = files_.Stat("/web/tls.crt")->inode;
  delivery->Pass();
  // After a restart, too.
  delivery = New();
  delivery->Pass();
  EXPECT_EQ(files_.Stat("/web/tls.crt")->inode, inode);
  EXPECT_THAT(commands_.commands, SizeIs(1));
}

TEST_F(DeliveryTest, MendsCopiesThatWereChanged) {
  options_.after = {Command("/bin/a")};
  options_.files.owner = "web";
  Delivery* const delivery = New();
  const testing::TestIdentity identity = Rotate();
  delivery->Pass();
  const struct {
    std::string name;
    std::function<void()> spoil;
  } kTests[] = {
      {"a text",
       [&] { ASSERT_THAT(files_.Write("/web/tls.crt", "x", 0644), IsOk()); }},
      {"a mode",
       [&] { ASSERT_THAT(files_.ChangeMode("/web/tls.key", 0644), IsOk()); }},
      {"an owner", [&] { owners_.owners["/web/tls.key"].user = 5; }},
      {"a file", [&] { ASSERT_THAT(files_.Remove("/web/ca.crt"), IsOk()); }},
      {"another CA", [&] { ca_pem_ = "CA 2\n"; }},
  };
  size_t runs = 1;
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    t.spoil();
    EXPECT_EQ(delivery->Pass(), clock_.TimeNow() + absl::Minutes(1));
    EXPECT_THAT(Read("/web/tls.crt"), IsOkAndHolds(identity.certificate_pem));
    EXPECT_THAT(Read("/web/ca.crt"), IsOkAndHolds(*ca_pem_));
    EXPECT_EQ(files_.Stat("/web/tls.key")->mode, 0600);
    EXPECT_EQ(owners_.owners["/web/tls.key"].user, 33);
    EXPECT_THAT(commands_.commands, SizeIs(++runs));
  }
}

TEST_F(DeliveryTest, DoesWhatIsToBeDoneAfterInOrder) {
  FollowUp signal;
  signal.kind = FollowUp::Kind::kSignal;
  signal.pid_file = "/web/pid";
  signal.signal = 1;
  FollowUp reload;
  reload.kind = FollowUp::Kind::kReloadUnit;
  reload.unit = "web.service";
  options_.after = {Command("/bin/a"), signal, reload};
  ASSERT_THAT(files_.Write("/web/pid", " 4321\n", 0644), IsOk());
  Delivery* const delivery = New();
  Rotate();
  delivery->Pass();
  ASSERT_THAT(commands_.commands, SizeIs(2));
  EXPECT_THAT(commands_.commands[0].argv, ElementsAre("/bin/a", "x"));
  EXPECT_EQ(commands_.commands[0].timeout, absl::Seconds(7));
  EXPECT_THAT(commands_.commands[0].environment,
              ElementsAre(Pair("SIGNET_NAME", "web"),
                          Pair("SIGNET_CERTIFICATE_FILE", "/web/tls.crt"),
                          Pair("SIGNET_KEY_FILE", "/web/tls.key"),
                          Pair("SIGNET_CA_FILE", "/web/ca.crt")));
  EXPECT_THAT(commands_.commands[1].argv,
              ElementsAre("/usr/bin/systemctl", "reload", "--", "web.service"));
  EXPECT_THAT(commands_.signals, ElementsAre(Pair(4321, 1)));
}

TEST_F(DeliveryTest, NamesTheStoresPairToCommandsWithoutFiles) {
  options_.files = {};
  options_.after = {Command("/bin/a")};
  Delivery* const delivery = New();
  Rotate();
  delivery->Pass();
  ASSERT_THAT(commands_.commands, SizeIs(1));
  EXPECT_THAT(
      commands_.commands[0].environment,
      Contains(Pair("SIGNET_CERTIFICATE_FILE", "/store/web-current.pem")));
}

TEST_F(DeliveryTest, RepeatsOnlyWhatFailedEverMoreSlowly) {
  FollowUp signal;
  signal.kind = FollowUp::Kind::kSignal;
  signal.pid_file = "/web/pid";
  options_.after = {signal, Command("/bin/a")};
  Delivery* const delivery = New();
  Rotate();
  const absl::Duration kPauses[] = {absl::Seconds(5),  absl::Seconds(10),
                                    absl::Seconds(20), absl::Seconds(40),
                                    absl::Seconds(80), absl::Seconds(160),
                                    absl::Minutes(5),  absl::Minutes(5)};
  for (const absl::Duration pause : kPauses) {
    const absl::Time next = delivery->Pass();
    EXPECT_EQ(next, clock_.TimeNow() + pause);
    EXPECT_THAT(delivery->State().last_error,
                HasSubstr("signal  to /web/pid: "));
    EXPECT_EQ(delivery->Pass(), next);  // Not before its time.
    clock_.SetTime(next);
  }
  EXPECT_THAT(commands_.commands, SizeIs(1));  // It worked the first time.
  EXPECT_EQ(delivery->State().failures, 8);
  EXPECT_EQ(delivery->State().delivered, 0);
  ASSERT_THAT(files_.Write("/web/pid", "77", 0644), IsOk());
  delivery->Pass();
  EXPECT_THAT(commands_.signals, ElementsAre(Pair(77, 0)));
  EXPECT_EQ(delivery->State().last_error, "");
  EXPECT_EQ(delivery->State().delivered, 1);
}

TEST_F(DeliveryTest, SaysWhyACommandFailed) {
  options_.after = {Command("/bin/a")};
  Delivery* const delivery = New();
  Rotate();
  commands_.result = {3, "no such vhost\n"};
  delivery->Pass();
  EXPECT_EQ(delivery->State().last_error,
            "command /bin/a x: exit code 3: no such vhost");
  clock_.AdvanceTime(absl::Seconds(5));
  commands_.error = absl::DeadlineExceededError("too slow");
  delivery->Pass();
  EXPECT_EQ(delivery->State().last_error, "command /bin/a x: too slow");
}

TEST_F(DeliveryTest, BeginsAnewWithANewerCertificate) {
  options_.after = {Command("/bin/a")};
  Delivery* const delivery = New();
  Rotate();
  commands_.result.exit_code = 1;
  delivery->Pass();
  commands_.result.exit_code = 0;
  const testing::TestIdentity identity = Rotate();
  delivery->Pass();  // At once, though the retry isn't due.
  EXPECT_THAT(Read("/web/tls.crt"), IsOkAndHolds(identity.certificate_pem));
  EXPECT_THAT(commands_.commands, SizeIs(2));
  EXPECT_EQ(delivery->State().last_error, "");
}

TEST_F(DeliveryTest, NamesAUserThatThereIsNotAndWritesNothing) {
  options_.files.owner = "nobody-here";
  Delivery* const delivery = New();
  Rotate();
  delivery->Pass();
  EXPECT_EQ(delivery->State().last_error, "there is no user");
  EXPECT_THAT(files_.List("/web"), IsOkAndHolds(IsEmpty()));
}

// A crash at any operation: afterwards the files are the old ones or the new
// ones, whole, and all that is to be done after is done at least once.
TEST_F(DeliveryTest, SurvivesACrashAtEveryOperation) {
  options_.after = {Command("/bin/a")};
  using Effect = testing::FakeFileSystem::Effect;
  int points = 0;
  for (int point = 1;; ++point) {
    bool killed = false;
    for (const Effect effect :
         {Effect::kNothing, Effect::kHalf, Effect::kEverything}) {
      SCOPED_TRACE(absl::StrCat("operation ", point));
      const testing::TestIdentity old_pair = Rotate();
      New()->Pass();
      const testing::TestIdentity new_pair = Rotate();
      commands_.commands.clear();
      files_.KillAt(point, effect);
      New()->Pass();
      killed = files_.killed();
      if (!killed) {
        files_.Restart();
        break;
      }
      ++points;
      files_.Crash();
      const absl::StatusOr<std::string> certificate = Read("/web/tls.crt");
      EXPECT_TRUE(*certificate == old_pair.certificate_pem ||
                  *certificate == new_pair.certificate_pem);
      New()->Pass();
      EXPECT_THAT(Read("/web/tls.crt"), IsOkAndHolds(new_pair.certificate_pem));
      EXPECT_THAT(Read("/web/tls.key"), IsOkAndHolds(KeyPem(new_pair)));
      EXPECT_THAT(files_.List("/web"), IsOkAndHolds(SizeIs(3)));
      EXPECT_FALSE(commands_.commands.empty());
    }
    if (!killed) break;
  }
  EXPECT_GT(points, 30);
  RecordProperty("kill_points", points);
}

TEST_F(DeliveryTest, StopsAlsoWhileACommandRuns) {
  options_.after = {Command("/bin/a")};
  Delivery* const delivery = New();
  Rotate();
  absl::Notification running;
  commands_.on_run = [&] {
    running.Notify();
    while (!commands_.commands.back().cancelled()) std::this_thread::yield();
  };
  std::thread thread([&] { delivery->Run(); });
  running.WaitForNotification();
  delivery->Stop();
  thread.join();
  EXPECT_EQ(delivery->State().failures, 0);
}

}  // namespace
}  // namespace signet::node_agent
