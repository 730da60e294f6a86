#include "core/http/connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/http/raw_socket.h"
#include "gtest/gtest.h"

// How connections read, write and wait is seen from outside, by the tests of
// the server and the transport.
namespace signet::http {
namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;

int Option(int fd, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  EXPECT_EQ(getsockopt(fd, level, name, &value, &size), 0);
  return value;
}

TEST(ConnectionTest, APeerThatVanishedWillBeNoticed) {  // SPEC A-44.
  RawListener listener;
  asio::io_context io;
  Tcp::socket socket(io);
  socket.connect({asio::ip::address_v4::loopback(), listener.port()});
  const int fd = socket.native_handle();
  const auto connection =
      std::make_shared<Connection>(std::move(socket), "peer");
  ASSERT_FALSE(connection->closed());
  EXPECT_EQ(Option(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
  EXPECT_EQ(Option(fd, IPPROTO_TCP, TCP_KEEPIDLE), 30);
  EXPECT_EQ(Option(fd, IPPROTO_TCP, TCP_KEEPINTVL), 15);
  EXPECT_EQ(Option(fd, IPPROTO_TCP, TCP_KEEPCNT), 3);
  EXPECT_EQ(Option(fd, IPPROTO_TCP, TCP_NODELAY), 1);
  connection->Close(absl::CancelledError("done"));
}

TEST(ConnectionTest, ProbesWithoutTakingAnything) {
  RawListener listener;
  asio::io_context io;
  Tcp::socket socket(io);
  socket.connect({asio::ip::address_v4::loopback(), listener.port()});
  RawSocket peer = listener.Accept();
  const auto connection =
      std::make_shared<Connection>(std::move(socket), "peer");
  EXPECT_EQ(connection->Probe(), Connection::Liveness::kIdle);
  peer.Write("x");
  const auto wait = [&] {  // For loopback to deliver.
    bool told = false;
    connection->NotifyReadable([&] { told = true; });
    io.restart();
    while (!told) io.run_one();
  };
  wait();
  EXPECT_EQ(connection->Probe(), Connection::Liveness::kReadable);
  EXPECT_EQ(connection->Probe(), Connection::Liveness::kReadable);
  connection->Close(absl::CancelledError("done"));
  EXPECT_EQ(connection->Probe(), Connection::Liveness::kGone);
}

TEST(ConnectionTest, SeesThatThePeerHasGone) {
  RawListener listener;
  asio::io_context io;
  Tcp::socket socket(io);
  socket.connect({asio::ip::address_v4::loopback(), listener.port()});
  RawSocket peer = listener.Accept();
  const auto connection =
      std::make_shared<Connection>(std::move(socket), "peer");
  peer.Close();
  bool told = false;
  connection->NotifyReadable([&] { told = true; });
  while (!told) io.run_one();
  EXPECT_EQ(connection->Probe(), Connection::Liveness::kGone);
  connection->Close(absl::CancelledError("done"));
}

TEST(DeadlineAfterTest, StaysWithinWhatTheClockCanSay) {
  const Deadline now = std::chrono::steady_clock::now();
  EXPECT_EQ(DeadlineAfter(absl::InfiniteDuration()), kNoDeadline);
  EXPECT_EQ(DeadlineAfter(absl::Hours(24 * 365 * 1000)), kNoDeadline);
  EXPECT_GE(DeadlineAfter(-absl::InfiniteDuration()), now);
  EXPECT_LT(DeadlineAfter(-absl::Seconds(1)), now + std::chrono::minutes(1));
  EXPECT_GE(DeadlineAfter(absl::Hours(1)), now + std::chrono::hours(1));
}

TEST(EndpointTextTest, BracketsIpv6) {
  using asio::ip::make_address;
  EXPECT_EQ(EndpointText({make_address("192.0.2.1"), 80}), "192.0.2.1:80");
  EXPECT_EQ(EndpointText({make_address("2001:db8::1"), 80}),
            "[2001:db8::1]:80");
}

}  // namespace
}  // namespace signet::http
