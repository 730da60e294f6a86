#include "tools/apiserver/authenticator.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock_interface.h"
#include "absl/time/simulated_clock.h"
#include "absl/time/time.h"
#include "core/api/core.pb.h"
#include "core/base/secret.h"
#include "core/http/message.h"
#include "core/http/server.h"
#include "core/pki/certificate.h"
#include "core/testing/test_ca.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tools/apiserver/api_error.h"
#include "tools/apiserver/store.h"
#include "tools/apiserver/user.h"

namespace signet::apiserver {
namespace {

using absl_testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr absl::string_view kToken = "abcdef.0123456789abcdef";
constexpr absl::string_view kCredentialId =
    "authentication.kubernetes.io/credential-id";
const absl::Time kNow = absl::FromUnixSeconds(1700000000);

// ---- token files

TEST(ParseTokenFileTest, ReadsWhatTheRealServerReads) {
  const absl::StatusOr<std::vector<StaticToken>> tokens = ParseTokenFile(
      "# a comment\n"
      "t1,alice,u1\n"
      "\n"
      "t2,bob,,\"g1,g2\"\r\n"
      "\"a \"\"quoted\"\" one\",\"carol, jr.\",u3,g3\n");
  ASSERT_TRUE(tokens.ok()) << tokens.status();
  ASSERT_EQ(tokens->size(), 3u);
  EXPECT_TRUE((*tokens)[0].token.Equals("t1"));
  EXPECT_EQ((*tokens)[0].user.name, "alice");
  EXPECT_EQ((*tokens)[0].user.uid, "u1");
  EXPECT_THAT((*tokens)[0].user.groups, IsEmpty());
  EXPECT_EQ((*tokens)[1].user.uid, "");
  EXPECT_THAT((*tokens)[1].user.groups, ElementsAre("g1", "g2"));
  EXPECT_TRUE((*tokens)[2].token.Equals("a \"quoted\" one"));
  EXPECT_EQ((*tokens)[2].user.name, "carol, jr.");
}

TEST(ParseTokenFileTest, SaysWhichLineIsBad) {
  const struct {
    const char* name;
    const char* text;
    const char* error;
  } kCases[] = {
      {"too few columns", "t,alice,u\nt,bob\n",
       "token file, line 2: want at least 3 columns (token, user name, user "
       "uid), found 2"},
      {"an empty token", "#\n,alice,u\n", "line 2: the token is empty"},
      {"an open quote", "t,alice,u,\"g\n", "line 1"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.name);
    EXPECT_THAT(
        ParseTokenFile(c.text).status(),
        StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(c.error)));
  }
}

// ---- bootstrap tokens

api::Secret TokenSecret() {
  api::Secret secret;
  secret.mutable_metadata()->set_namespace_("kube-system");
  secret.mutable_metadata()->set_name("bootstrap-token-abcdef");
  secret.set_type("bootstrap.kubernetes.io/token");
  auto& data = *secret.mutable_data();
  data["token-id"] = "abcdef";
  data["token-secret"] = "0123456789abcdef";
  data["usage-bootstrap-authentication"] = "true";
  return secret;
}

TEST(BootstrapTokenTest, StandsForItsId) {
  // SPEC B-12.
  const absl::StatusOr<User> user =
      JudgeBootstrapToken(kToken, TokenSecret(), kNow);
  ASSERT_TRUE(user.ok()) << user.status();
  EXPECT_EQ(user->name, "system:bootstrap:abcdef");
  EXPECT_THAT(user->groups, ElementsAre("system:bootstrappers"));
}

TEST(BootstrapTokenTest, BringsItsGroups) {
  // SPEC B-12.
  api::Secret secret = TokenSecret();
  (*secret.mutable_data())["auth-extra-groups"] =
      "system:bootstrappers:kubeadm:default-node-token,"
      "system:bootstrappers:a";
  const absl::StatusOr<User> user = JudgeBootstrapToken(kToken, secret, kNow);
  ASSERT_TRUE(user.ok()) << user.status();
  EXPECT_THAT(user->groups,
              ElementsAre("system:bootstrappers", "system:bootstrappers:a",
                          "system:bootstrappers:kubeadm:default-node-token"));
}

TEST(BootstrapTokenTest, ExpiresAfterItsLastSecond) {
  api::Secret secret = TokenSecret();
  (*secret.mutable_data())["expiration"] =
      absl::FormatTime(absl::RFC3339_sec, kNow, absl::UTCTimeZone());
  EXPECT_TRUE(JudgeBootstrapToken(kToken, secret, kNow).ok());
  EXPECT_THAT(JudgeBootstrapToken(kToken, secret, kNow + absl::Seconds(1)),
              StatusIs(absl::StatusCode::kUnauthenticated));
}

TEST(BootstrapTokenTest, IsRefused) {
  // Each with one thing changed of what is good above.
  const struct {
    const char* name;
    const char* token;
    const char* key;
    const char* value;
  } kCases[] = {
      {"another secret", "abcdef.0123456789abcdeg", "token-id", "abcdef"},
      {"another id", "abcdeg.0123456789abcdef", "token-id", "abcdef"},
      {"no point", "abcdef-0123456789abcdef", "token-id", "abcdef"},
      {"upper case", "ABCDEF.0123456789abcdef", "token-id", "ABCDEF"},
      {"too short", "abcdef.0123456789abcde", "token-secret",
       "0123456789abcde"},
      {"a Secret of another id", kToken.data(), "token-id", "abcdeg"},
      {"not for authentication", kToken.data(),
       "usage-bootstrap-authentication", "TRUE"},
      {"an expiration that is no time", kToken.data(), "expiration",
       "tomorrow"},
      {"a group of others", kToken.data(), "auth-extra-groups",
       "system:masters"},
      {"a group that ends badly", kToken.data(), "auth-extra-groups",
       "system:bootstrappers:a-"},
      {"an empty group", kToken.data(), "auth-extra-groups",
       "system:bootstrappers:a,"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.name);
    api::Secret secret = TokenSecret();
    (*secret.mutable_data())[c.key] = c.value;
    EXPECT_THAT(JudgeBootstrapToken(c.token, secret, kNow),
                StatusIs(absl::StatusCode::kUnauthenticated));
  }
  api::Secret other_type = TokenSecret();
  other_type.set_type("Opaque");
  EXPECT_FALSE(JudgeBootstrapToken(kToken, other_type, kNow).ok());
  api::Secret going = TokenSecret();
  going.mutable_metadata()->mutable_deletion_timestamp();
  EXPECT_FALSE(JudgeBootstrapToken(kToken, going, kNow).ok());
}

// ---- requests

class AuthenticatorTest : public ::testing::Test {
 protected:
  AuthenticatorTest()
      : clock_(absl::Clock::GetRealClock().TimeNow()),
        store_(nullptr),
        authenticator_(ca_.trust(), Tokens(), store_, clock_) {}

  static std::vector<StaticToken> Tokens() {
    std::vector<StaticToken> tokens(1);
    tokens[0].token = Secret("letmein");
    tokens[0].user = {"alice", "u1", {"friends"}, {}};
    return tokens;
  }
  absl::StatusOr<User> WithCertificate(const pki::Certificate& certificate) {
    return authenticator_.Authenticate({}, {"", {certificate}});
  }
  absl::StatusOr<User> WithHeader(absl::string_view authorization) {
    http::Request request;
    request.headers.Set("Authorization", authorization);
    return authenticator_.Authenticate(request, {});
  }

  const testing::TestCa ca_;
  absl::SimulatedClock clock_;
  Store store_;
  const Authenticator authenticator_;
};

TEST_F(AuthenticatorTest, ACertificateSpeaksForItsSubject) {
  // SPEC D-1.
  const testing::TestIdentity identity =
      ca_.Client("system:node:a", {"system:nodes", "others"});
  const absl::StatusOr<User> user = WithCertificate(identity.certificate());
  ASSERT_TRUE(user.ok()) << user.status();
  EXPECT_EQ(user->name, "system:node:a");
  EXPECT_EQ(user->uid, "");
  // DER sorts the values of a set.
  EXPECT_THAT(user->groups,
              ElementsAre("others", "system:nodes", "system:authenticated"));
  const auto digest = identity.certificate().Sha256();
  EXPECT_THAT(
      user->extra,
      ElementsAre(
          Pair(std::string(kCredentialId),
               ElementsAre(absl::StrCat(
                   "X509SHA256=",
                   absl::BytesToHexString(absl::string_view(
                       reinterpret_cast<const char*>(digest.data()), 32)))))));
}

TEST_F(AuthenticatorTest, ACertificateThatDoesNotVerifyIsRefused) {
  // SPEC B-21.
  EXPECT_THAT(
      WithCertificate(testing::TestCa("evil").Client("a").certificate()),
      StatusIs(absl::StatusCode::kUnauthenticated));
  EXPECT_FALSE(WithCertificate(ca_.Server().certificate()).ok());
  testing::TestSubject expired;
  expired.common_name = "a";
  expired.validity = testing::Expired();
  EXPECT_FALSE(WithCertificate(ca_.Client(expired).certificate()).ok());
}

TEST_F(AuthenticatorTest, ACertificateExpiresOnAnOpenConnection) {
  const testing::TestIdentity identity = ca_.Client("a");
  ASSERT_TRUE(WithCertificate(identity.certificate()).ok());
  clock_.AdvanceTime(absl::Hours(48));
  EXPECT_FALSE(WithCertificate(identity.certificate()).ok());
}

TEST_F(AuthenticatorTest, ACertificateOfNobodyIsNoCertificate) {
  // SPEC B-21.
  const absl::StatusOr<User> user =
      WithCertificate(ca_.Client("", {"system:masters"}).certificate());
  ASSERT_TRUE(user.ok()) << user.status();
  EXPECT_EQ(user->name, "system:anonymous");
  EXPECT_THAT(user->groups, ElementsAre("system:unauthenticated"));
}

TEST_F(AuthenticatorTest, WithoutAClientCaCertificatesDoNotCount) {
  const Authenticator none(nullptr, {}, store_, clock_);
  const absl::StatusOr<User> user =
      none.Authenticate({}, {"", {ca_.Client("a").certificate()}});
  ASSERT_TRUE(user.ok());
  EXPECT_EQ(user->name, "system:anonymous");
}

TEST_F(AuthenticatorTest, NoCredentialIsAnonymous) {
  for (const char* header : {"", "Basic bGV0bWVpbg==", "Bearer "}) {
    SCOPED_TRACE(header);
    const absl::StatusOr<User> user = WithHeader(header);
    ASSERT_TRUE(user.ok()) << user.status();
    EXPECT_EQ(user->name, "system:anonymous");
  }
}

TEST_F(AuthenticatorTest, AStaticToken) {
  for (const char* header : {"Bearer letmein", "bearer  letmein "}) {
    SCOPED_TRACE(header);
    const absl::StatusOr<User> user = WithHeader(header);
    ASSERT_TRUE(user.ok()) << user.status();
    EXPECT_EQ(user->name, "alice");
    EXPECT_EQ(user->uid, "u1");
    EXPECT_THAT(user->groups, ElementsAre("friends", "system:authenticated"));
  }
}

TEST_F(AuthenticatorTest, ATokenThatNobodyKnowsIs401) {
  for (const char* header :
       {"Bearer letmeout", "Bearer abcdef.0123456789abcdef"}) {
    SCOPED_TRACE(header);
    const absl::StatusOr<User> user = WithHeader(header);
    ASSERT_FALSE(user.ok());
    const api::Status status = ToApi(user.status());
    EXPECT_EQ(status.code(), 401);
    EXPECT_EQ(status.reason(), "Unauthorized");
    EXPECT_EQ(status.message(), "Unauthorized");
  }
}

TEST_F(AuthenticatorTest, ABootstrapTokenCountsWhileItsSecretIsThere) {
  // SPEC B-12.
  const std::string header = absl::StrCat("Bearer ", kToken);
  const ObjectKey key = {"secrets", "kube-system", "bootstrap-token-abcdef"};
  const absl::StatusOr<ObjectPtr> stored =
      store_.Create(key, std::make_unique<api::Secret>(TokenSecret()));
  ASSERT_TRUE(stored.ok());
  const absl::StatusOr<User> user = WithHeader(header);
  ASSERT_TRUE(user.ok()) << user.status();
  EXPECT_EQ(user->name, "system:bootstrap:abcdef");
  EXPECT_THAT(user->groups,
              ElementsAre("system:bootstrappers", "system:authenticated"));

  ASSERT_TRUE(store_.Delete(key, *stored).ok());
  EXPECT_FALSE(WithHeader(header).ok());
}

TEST_F(AuthenticatorTest, ACertificateGoesBeforeAToken) {
  http::Request request;
  request.headers.Set("authorization", "Bearer letmein");
  const absl::StatusOr<User> user = authenticator_.Authenticate(
      request, {"", {ca_.Client("system:node:a").certificate()}});
  ASSERT_TRUE(user.ok());
  EXPECT_EQ(user->name, "system:node:a");
}

}  // namespace
}  // namespace signet::apiserver
