#include "core/sys/pkcs11_uri.h"

#include <string>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::sys {
namespace {

using ::absl_testing::StatusIs;
using ::testing::HasSubstr;

TEST(ParsePkcs11UriTest, ReadsEveryAttribute) {
  const absl::StatusOr<Pkcs11Uri> uri = ParsePkcs11Uri(
      "pkcs11:token=My%20token;serial=1a2b;manufacturer=Maker;model=M;"
      "object=ca;id=%01%ff;type=private?module-path=/usr/lib/p11.so&"
      "pin-source=file:///etc/signet/pin");
  ASSERT_EQ(uri.status(), absl::OkStatus());
  EXPECT_EQ(uri->token, "My token");
  EXPECT_EQ(uri->serial, "1a2b");
  EXPECT_EQ(uri->manufacturer, "Maker");
  EXPECT_EQ(uri->model, "M");
  EXPECT_EQ(uri->object, "ca");
  EXPECT_EQ(uri->id, "\x01\xff");
  EXPECT_EQ(uri->module_path, "/usr/lib/p11.so");
  EXPECT_EQ(uri->pin_file, "/etc/signet/pin");
}

TEST(ParsePkcs11UriTest, TakesThreeFormsOfAPinsFile) {
  for (const char* source : {"/pin", "file:/pin", "file:///pin"}) {
    const absl::StatusOr<Pkcs11Uri> uri = ParsePkcs11Uri(
        std::string("pkcs11:object=a?module-path=/m&pin-source=") + source);
    ASSERT_EQ(uri.status(), absl::OkStatus()) << source;
    EXPECT_EQ(uri->pin_file, "/pin");
  }
}

TEST(ParsePkcs11UriTest, NamesWhatIsWrong) {
  const std::string query = "?module-path=/m&pin-source=/p";
  const struct {
    std::string uri;
    std::string want;
  } kTests[] = {
      {"/etc/ca.key", "does not begin with \"pkcs11:\""},
      {"pkcs11:token=t" + query, "neither object nor id"},
      {"pkcs11:object=a?pin-source=/p", "no module-path"},
      {"pkcs11:object=a?module-path=/m", "no pin-source"},
      {"pkcs11:object=a" + query + "&pin-value=1234", "not for all to see"},
      {"pkcs11:object=a;pin-value=1234" + query, "not for all to see"},
      {"pkcs11:object=a;objct=b" + query, "unknown attribute \"objct\""},
      {"pkcs11:object=a;module-path=/m" + query, "unknown attribute"},
      {"pkcs11:object=a;object=b" + query, "\"object\" is there twice"},
      {"pkcs11:object=" + query, "\"object\" is empty"},
      {"pkcs11:object" + query, "\"object\" has no value"},
      {"pkcs11:object=%4" + query, "malformed escape"},
      {"pkcs11:object=%zz" + query, "malformed escape"},
      {"pkcs11:object=a;type=public" + query, "type is not \"private\""},
      {"pkcs11:object=a?module-path=/m&pin-source=pin", "not the path"},
      {"pkcs11:object=a?module-path=/m&pin-source=|cat", "not the path"},
      {"pkcs11:object=" + std::string(5000, 'a') + query, "too long"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.uri.substr(0, 100));
    const absl::Status status = ParsePkcs11Uri(t.uri).status();
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument,
                                 HasSubstr(t.want)));
    EXPECT_THAT(std::string(status.message()),
                ::testing::Not(HasSubstr("1234")));
  }
}

}  // namespace
}  // namespace signet::sys
