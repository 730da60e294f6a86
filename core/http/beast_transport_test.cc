#include "core/http/beast_transport.h"

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/http/server.h"
#include "core/testing/test_ca.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::http {
namespace {

using ::absl_testing::IsOk;

constexpr absl::Duration kLong = absl::Seconds(60);

TEST(BeastTransportTest, RoundTrip) {
  testing::TestCa ca;
  ServerOptions options;
  options.identity = std::make_shared<FixedIdentity>(ca.Server().tls);
  auto server = StartServer(options, [](const Request& request, const Peer&,
                                        std::shared_ptr<Responder> responder) {
    Response response;
    response.body = absl::StrCat(request.method, " ", request.target, " ",
                                 request.body);
    responder->Send(response);
  });
  ASSERT_THAT(server, IsOk());
  TransportOptions client;
  client.server = absl::StrCat("https://127.0.0.1:", (*server)->port());
  client.trust = ca.trust();
  auto transport = NewBeastTransport(client);
  ASSERT_THAT(transport, IsOk());
  for (int i = 0; i < 3; ++i) {
    Request request;
    request.method = "POST";
    request.target = "/x?y=z";
    request.body = "body";
    auto response = (*transport)->Send(request, kLong);
    ASSERT_THAT(response, IsOk());
    EXPECT_EQ(response->body, "POST /x?y=z body");
  }
}

}  // namespace
}  // namespace signet::http
