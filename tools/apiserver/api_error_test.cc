#include "tools/apiserver/api_error.h"

#include <string>

#include "absl/status/status.h"
#include "core/api/meta.pb.h"
#include "gtest/gtest.h"
#include "tools/apiserver/field_error.h"

namespace signet::apiserver {
namespace {

constexpr GroupResource kCsrs = {"certificates.k8s.io",
                                 "certificatesigningrequests"};
constexpr GroupResource kSecrets = {"", "secrets"};

TEST(ApiErrorTest, SaysWhatTheRealServerSays) {
  // SPEC D-16.
  const struct {
    std::string name;
    absl::Status status;
    absl::StatusCode want_status_code;
    int want_code;
    std::string want_reason;
    std::string want_message;
    std::string want_kind;
    std::string want_name;
  } kTests[] = {
      {"not found", NotFound(kCsrs, "x"), absl::StatusCode::kNotFound, 404,
       "NotFound",
       R"(certificatesigningrequests.certificates.k8s.io "x" not found)",
       "certificatesigningrequests", "x"},
      {"not found in the core group", NotFound(kSecrets, "x"),
       absl::StatusCode::kNotFound, 404, "NotFound", R"(secrets "x" not found)",
       "secrets", "x"},
      {"exists", AlreadyExists(kSecrets, "x"), absl::StatusCode::kAlreadyExists,
       409, "AlreadyExists", R"(secrets "x" already exists)", "secrets", "x"},
      {"conflict", Conflict(kSecrets, "x", "why"), absl::StatusCode::kAborted,
       409, "Conflict", R"(Operation cannot be fulfilled on secrets "x": why)",
       "secrets", "x"},
      {"forbidden by name", ForbiddenError(kSecrets, "x", "why"),
       absl::StatusCode::kPermissionDenied, 403, "Forbidden",
       R"(secrets "x" is forbidden: why)", "secrets", "x"},
      {"forbidden without name", ForbiddenError(kSecrets, "", "why"),
       absl::StatusCode::kPermissionDenied, 403, "Forbidden",
       R"(secrets is forbidden: why)", "secrets", ""},
      {"forbidden path", ForbiddenError({"", ""}, "", "why"),
       absl::StatusCode::kPermissionDenied, 403, "Forbidden", "forbidden: why",
       "", ""},
      {"method", MethodNotAllowed(), absl::StatusCode::kUnimplemented, 405,
       "MethodNotAllowed",
       "the server does not allow this method on the requested resource", "",
       ""},
      {"an error that is not the API's", absl::UnavailableError("disk"),
       absl::StatusCode::kUnavailable, 500, "InternalError",
       "Internal error occurred: disk", "", ""},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    EXPECT_EQ(t.status.code(), t.want_status_code);
    const api::Status got = ToApi(t.status);
    EXPECT_EQ(got.status(), "Failure");
    EXPECT_EQ(got.code(), t.want_code);
    EXPECT_EQ(got.reason(), t.want_reason);
    EXPECT_EQ(got.message(), t.want_message);
    EXPECT_EQ(got.details().kind(), t.want_kind);
    EXPECT_EQ(got.details().name(), t.want_name);
  }
}

TEST(ApiErrorTest, InvalidListsItsCauses) {
  const api::Status one =
      ToApi(InvalidError("certificates.k8s.io", "CertificateSigningRequest",
                         "n", {Required("spec.usages")}));
  EXPECT_EQ(one.code(), 422);
  EXPECT_EQ(one.message(),
            R"(CertificateSigningRequest.certificates.k8s.io "n" is invalid: )"
            "spec.usages: Required value");
  ASSERT_EQ(one.details().causes_size(), 1);
  EXPECT_EQ(one.details().kind(), "CertificateSigningRequest");
  EXPECT_EQ(one.details().causes(0).reason(), "FieldValueRequired");
  EXPECT_EQ(one.details().causes(0).message(), "Required value");
  EXPECT_EQ(one.details().causes(0).field(), "spec.usages");

  // Two stand in brackets; what is said twice is said once.
  const api::Status two = ToApi(
      InvalidError("", "Secret", "n",
                   {Required("a"), Required("a"), Forbidden("b", "not now")}));
  EXPECT_EQ(two.message(), R"(Secret "n" is invalid: [a: Required value, )"
                           "b: Forbidden: not now]");
  EXPECT_EQ(two.details().causes_size(), 2);
}

}  // namespace
}  // namespace signet::apiserver
