#include "cli/error_text.h"

#include <string>

#include "absl/status/status.h"
#include "core/api/meta.pb.h"
#include "core/k8s/http_status.h"
#include "gtest/gtest.h"

namespace signet::cli {
namespace {

api::Status Answer(int code, const std::string& reason,
                   const std::string& message) {
  api::Status status;
  status.set_status("Failure");
  status.set_code(code);
  status.set_reason(reason);
  status.set_message(message);
  return status;
}

TEST(ErrorTextTest, SaysErrorsAsKubectlDoes) {
  EXPECT_EQ(ErrorText(k8s::StatusFromApi(Answer(404, "NotFound", "x"))),
            "Error from server (NotFound): x");
  EXPECT_EQ(ErrorText(k8s::StatusFromApi(Answer(500, "", "x"))),
            "Error from server: x");
  EXPECT_EQ(ErrorText(k8s::StatusFromApi(Answer(401, "Unauthorized", "x"))),
            "error: You must be logged in to the server (x)");
  EXPECT_EQ(ErrorText(absl::UnavailableError("refused\x1b")),
            "error: refused^[");
}

TEST(ErrorTextTest, ListsWhatIsWrongWithAnObject) {
  api::Status status = Answer(422, "Invalid", "all of it");
  EXPECT_EQ(ErrorText(k8s::StatusFromApi(status)),
            "The request is invalid: all of it");
  status.mutable_details()->set_kind("Kind");
  status.mutable_details()->set_name("n");
  EXPECT_EQ(ErrorText(k8s::StatusFromApi(status)),
            R"(The Kind "n" is invalid)");
  api::StatusCause& one = *status.mutable_details()->add_causes();
  one.set_field("a");
  one.set_message("Required value");
  EXPECT_EQ(ErrorText(k8s::StatusFromApi(status)),
            R"(The Kind "n" is invalid: a: Required value)");
  api::StatusCause& two = *status.mutable_details()->add_causes();
  two.set_field("b");
  two.set_message("Forbidden");
  *status.mutable_details()->add_causes() = two;
  EXPECT_EQ(ErrorText(k8s::StatusFromApi(status)),
            "The Kind \"n\" is invalid: \n* a: Required value\n* b: Forbidden");
}

}  // namespace
}  // namespace signet::cli
