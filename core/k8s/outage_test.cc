#include "core/k8s/outage.h"

#include "absl/status/status.h"
#include "core/http/message.h"
#include "core/k8s/http_status.h"
#include "gtest/gtest.h"

namespace signet::k8s {
namespace {

TEST(IsOutageTest, GoesByTheAnswersCode) {
  const struct {
    int code;
    bool want;
  } kTests
      [] =
          {
              {200, false}, {400, false}, {403, false}, {404, false},
              {409, false}, {410, false}, {422, false}, {429, true},
              {500, false},  // May be of one object: an etcd error, a webhook.
              {502, true},  {503, true},  {504, true},
          };
  for (const auto& t : kTests) {
    http::Response response;
    response.status = t.code;
    EXPECT_EQ(IsOutage(StatusFromResponse(response)), t.want) << t.code;
  }
}

TEST(IsOutageTest, WithoutAnAnswerGoesByWhoseErrorItIs) {
  const absl::Status refused = absl::UnavailableError("connection refused");
  EXPECT_TRUE(IsOutage(NoAnswer(refused)));
  EXPECT_TRUE(IsOutage(NoAnswer(absl::DeadlineExceededError("timed out"))));
  EXPECT_FALSE(IsOutage(refused));  // A node's, say.
  EXPECT_FALSE(IsOutage(NoAnswer(absl::CancelledError("shut down"))));
  EXPECT_FALSE(IsOutage(NoAnswer(absl::InvalidArgumentError("no HTTP"))));
  EXPECT_FALSE(IsOutage(absl::OkStatus()));
}

}  // namespace
}  // namespace signet::k8s
