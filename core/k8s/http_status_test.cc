#include "core/k8s/http_status.h"

#include <string>

#include "absl/status/status_matchers.h"
#include "absl/time/time.h"
#include "core/api/codec.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::k8s {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::StatusIs;
using ::testing::HasSubstr;

http::Response Answer(int code, absl::string_view reason, bool protobuf) {
  api::Status status;
  status.set_status("Failure");
  status.set_code(code);
  status.set_reason(reason);
  status.set_message("the server's words");
  const api::TypeMeta type = {"v1", "Status"};
  http::Response response;
  response.status = code;
  response.headers.Set("Content-Type", protobuf ? api::kProtobuf : api::kJson);
  response.body = protobuf ? api::EncodeProtobuf(status, type)
                           : api::EncodeJson(status, type);
  return response;
}

// SPEC G-5.
TEST(HttpStatusTest, SaysWhatTheCallerDoesNext) {
  const struct {
    std::string name;
    int code;
    std::string reason;
    absl::StatusCode want;
  } kTests[] = {
      {"a bad request is final", 400, "BadRequest",
       absl::StatusCode::kInvalidArgument},
      {"who are you?", 401, "Unauthorized", absl::StatusCode::kUnauthenticated},
      {"you may not", 403, "Forbidden", absl::StatusCode::kPermissionDenied},
      {"not there", 404, "NotFound", absl::StatusCode::kNotFound},
      {"not that verb", 405, "MethodNotAllowed",
       absl::StatusCode::kUnimplemented},
      {"not that answer", 406, "NotAcceptable",
       absl::StatusCode::kUnimplemented},
      {"changed meanwhile", 409, "Conflict", absl::StatusCode::kAborted},
      {"there already", 409, "AlreadyExists", absl::StatusCode::kAlreadyExists},
      {"too old a version", 410, "Expired", absl::StatusCode::kOutOfRange},
      {"too large", 413, "RequestEntityTooLarge",
       absl::StatusCode::kResourceExhausted},
      {"not that encoding", 415, "UnsupportedMediaType",
       absl::StatusCode::kUnimplemented},
      {"invalid", 422, "Invalid", absl::StatusCode::kInvalidArgument},
      {"slow down", 429, "TooManyRequests", absl::StatusCode::kUnavailable},
      {"broken inside", 500, "InternalError", absl::StatusCode::kUnavailable},
      {"broken between", 502, "", absl::StatusCode::kUnavailable},
      {"starting", 503, "ServiceUnavailable", absl::StatusCode::kUnavailable},
      {"too slow", 504, "Timeout", absl::StatusCode::kUnavailable},
      {"the disk is full", 507, "InsufficientStorage",
       absl::StatusCode::kResourceExhausted},
      {"moved", 302, "", absl::StatusCode::kUnknown},
      {"a teapot", 418, "", absl::StatusCode::kUnknown},
  };
  for (const auto& t : kTests) {
    for (const bool protobuf : {false, true}) {
      SCOPED_TRACE(t.name);
      const absl::Status status =
          StatusFromResponse(Answer(t.code, t.reason, protobuf));
      EXPECT_THAT(status, StatusIs(t.want, "the server's words"));
      EXPECT_EQ(HttpCode(status), t.code);
      EXPECT_FALSE(IsUnexpectedServerError(status));
      ASSERT_TRUE(ApiStatus(status).has_value());
      EXPECT_EQ(ApiStatus(status)->reason(), t.reason);
      EXPECT_EQ(StatusFromApi(*ApiStatus(status)).code(), t.want);
    }
  }
}

TEST(HttpStatusTest, SuccessIsOk) {
  for (const int code : {200, 201, 202, 204}) {
    http::Response response;
    response.status = code;
    EXPECT_THAT(StatusFromResponse(response), IsOk());
  }
}

// SPEC A-13.
TEST(HttpStatusTest, TellsAProxysPageFromTheApi) {
  http::Response response;
  response.status = 502;
  response.headers.Set("Content-Type", "text/html");
  response.body = "<h1>Bad\nGateway</h1>" + std::string(1000, 'x');
  const absl::Status status = StatusFromResponse(response);
  EXPECT_THAT(status,
              StatusIs(absl::StatusCode::kUnavailable,
                       HasSubstr("the server answered 502, not as the API "
                                 "does: <h1>Bad\\nGateway</h1>xx")));
  EXPECT_LT(status.message().size(), 300u);
  EXPECT_TRUE(IsUnexpectedServerError(status));
  EXPECT_FALSE(ApiStatus(status).has_value());
  EXPECT_EQ(HttpCode(status), 502);
}

TEST(HttpStatusTest, AnObjectOfAnotherKindIsNoStatus) {
  http::Response response;
  response.status = 404;
  response.headers.Set("Content-Type", "application/json");
  response.body = R"({"kind":"Node","apiVersion":"v1"})";
  EXPECT_TRUE(IsUnexpectedServerError(StatusFromResponse(response)));
  response.body = "";
  EXPECT_THAT(StatusFromResponse(response),
              StatusIs(absl::StatusCode::kNotFound, "the server answered 404"));
}

TEST(HttpStatusTest, NoAnswerHasNoCode) {
  const absl::Status refused = absl::UnavailableError("connection refused");
  EXPECT_EQ(HttpCode(refused), 0);
  EXPECT_FALSE(IsUnexpectedServerError(refused));
  EXPECT_EQ(RetryAfter(refused), std::nullopt);
  EXPECT_FALSE(ApiStatus(refused).has_value());
  EXPECT_EQ(HttpCode(absl::OkStatus()), 0);
}

TEST(HttpStatusTest, CarriesRetryAfter) {
  const struct {
    std::string name;
    std::string header;
    int32_t details;
    std::optional<absl::Duration> want;
  } kTests[] = {
      {"neither", "", 0, std::nullopt},
      {"the header", "7", 0, absl::Seconds(7)},
      {"the details", "", 3, absl::Seconds(3)},
      {"the header wins", "7", 3, absl::Seconds(7)},
      {"not a number", "soon", 0, std::nullopt},
      {"in the past", "-5", 0, std::nullopt},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    api::Status body;
    body.mutable_details()->set_retry_after_seconds(t.details);
    http::Response response;
    response.status = 429;
    response.headers.Set("Content-Type", "application/json");
    if (!t.header.empty()) response.headers.Set("Retry-After", t.header);
    response.body = api::EncodeJson(body, {"v1", "Status"});
    EXPECT_EQ(RetryAfter(StatusFromResponse(response)), t.want);
  }
}

}  // namespace
}  // namespace signet::k8s
