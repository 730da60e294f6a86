#include "core/sys/sd_notify.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::sys {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::StatusIs;
using ::testing::HasSubstr;

// What systemd is to the process: a socket that messages arrive at.
class Receiver {
 public:
  // `name` as in $NOTIFY_SOCKET.
  explicit Receiver(const std::string& name)
      : fd_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    const bool abstract = name[0] == '@';
    if (abstract) address.sun_path[0] = '\0';
    EXPECT_EQ(bind(fd_, reinterpret_cast<const sockaddr*>(&address),
                   static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) +
                                          name.size() + (abstract ? 0 : 1))),
              0)
        << std::strerror(errno);
  }
  ~Receiver() { close(fd_); }
  std::string Next() {
    char buffer[1000];
    const ssize_t n = recv(fd_, buffer, sizeof buffer, MSG_DONTWAIT);
    return n < 0 ? "nothing" : std::string(buffer, static_cast<size_t>(n));
  }

 private:
  const int fd_;
};

class SdNotifyTest : public ::testing::Test {
 protected:
  ~SdNotifyTest() override { unsetenv("NOTIFY_SOCKET"); }
  static void SetSocket(const std::string& name) {
    setenv("NOTIFY_SOCKET", name.c_str(), /*overwrite=*/1);
  }
};

TEST_F(SdNotifyTest, DoesNothingOutsideSystemd) {
  unsetenv("NOTIFY_SOCKET");
  EXPECT_THAT(SdNotify("READY=1"), IsOk());
}

TEST_F(SdNotifyTest, SendsTheStateToAPath) {
  // The path of a socket is short: not in TempDir.
  const std::string path = absl::StrCat("/tmp/signet-sd-notify-", getpid());
  unlink(path.c_str());
  Receiver systemd(path);
  SetSocket(path);
  EXPECT_THAT(SdNotify("READY=1\nSTATUS=leads"), IsOk());
  EXPECT_EQ(systemd.Next(), "READY=1\nSTATUS=leads");
  EXPECT_THAT(SdNotify("STOPPING=1"), IsOk());
  EXPECT_EQ(systemd.Next(), "STOPPING=1");
  unlink(path.c_str());
}

TEST_F(SdNotifyTest, SendsTheStateToAnAbstractSocket) {
  const std::string name = absl::StrCat("@signet-sd-notify-", getpid());
  Receiver systemd(name);
  SetSocket(name);
  EXPECT_THAT(SdNotify("WATCHDOG=1"), IsOk());
  EXPECT_EQ(systemd.Next(), "WATCHDOG=1");
}

TEST_F(SdNotifyTest, SaysWhichSocketIsNoGood) {
  SetSocket("/nowhere/notify");
  EXPECT_THAT(SdNotify("READY=1"), StatusIs(absl::StatusCode::kUnavailable,
                                            HasSubstr("/nowhere/notify")));
  SetSocket("relative");
  EXPECT_THAT(SdNotify("READY=1"), StatusIs(absl::StatusCode::kInvalidArgument,
                                            HasSubstr("relative")));
  SetSocket("/" + std::string(200, 'x'));
  EXPECT_THAT(SdNotify("READY=1"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("xxx")));
}

}  // namespace
}  // namespace signet::sys
