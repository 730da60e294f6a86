#include "core/http/system_trust.h"

#include <string>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/strings/str_cat.h"
#include "core/testing/fake_file_system.h"
#include "core/testing/test_ca.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::http {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::StatusIs;
using ::signet::testing::FakeFileSystem;
using ::signet::testing::TestCa;
using ::testing::SizeIs;

TEST(LoadSystemTrustTest, TakesTheFirstFileThereIs) {
  FakeFileSystem files;
  const TestCa debian("debian"), alpine("alpine");
  ASSERT_THAT(files.MakeDirectories("/etc/ssl/certs", 0755), IsOk());
  ASSERT_THAT(files.Write("/etc/ssl/cert.pem", alpine.certificate_pem(), 0644),
              IsOk());
  auto trust = LoadSystemTrust(files);
  ASSERT_THAT(trust, IsOk());
  ASSERT_THAT((*trust)->Current()->roots(), SizeIs(1));
  EXPECT_EQ((*trust)->Current()->roots()[0].subject().common_name, "alpine");

  ASSERT_THAT(files.Write("/etc/ssl/certs/ca-certificates.crt",
                          debian.certificate_pem(), 0644),
              IsOk());
  trust = LoadSystemTrust(files);
  ASSERT_THAT(trust, IsOk());
  EXPECT_EQ((*trust)->Current()->roots()[0].subject().common_name, "debian");
}

TEST(LoadSystemTrustTest, LeavesOutWhatDoesNotParse) {
  FakeFileSystem files;
  const TestCa one("one"), two("two");
  ASSERT_THAT(files.MakeDirectories("/etc/ssl", 0755), IsOk());
  ASSERT_THAT(files.Write("/etc/ssl/cert.pem",
                          absl::StrCat("# One\n", one.certificate_pem(),
                                       "-----BEGIN CERTIFICATE-----\nAAAA\n"
                                       "-----END CERTIFICATE-----\n",
                                       one.key_pem(), two.certificate_pem()),
                          0644),
              IsOk());
  const auto trust = LoadSystemTrust(files);
  ASSERT_THAT(trust, IsOk());
  EXPECT_THAT((*trust)->Current()->roots(), SizeIs(2));
}

TEST(LoadSystemTrustTest, NoneIsNotFound) {
  FakeFileSystem files;
  EXPECT_THAT(LoadSystemTrust(files).status(),
              StatusIs(absl::StatusCode::kNotFound));
  ASSERT_THAT(files.MakeDirectories("/etc/ssl", 0755), IsOk());
  ASSERT_THAT(files.Write("/etc/ssl/cert.pem", "# empty\n", 0644), IsOk());
  EXPECT_THAT(LoadSystemTrust(files).status(),
              StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace signet::http
