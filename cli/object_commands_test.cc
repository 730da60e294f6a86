#include "cli/object_commands.h"

#include <sstream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "cli/command_test_context.h"
#include "cli/context.h"
#include "cli/local_commands.h"
#include "core/api/core.pb.h"
#include "core/testing/fake_file_system.h"
#include "core/testing/fake_resource_api.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::cli {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::StatusIs;
using ::testing::HasSubstr;

// The vectors of kubectl's pkg/util/hash/hash_test.go.
TEST(HashOfTest, E8IsKubectls) {
  api::ConfigMap map;
  EXPECT_EQ(HashOf(map), "42745tchd9");
  (*map.mutable_data())["one"] = "";
  EXPECT_EQ(HashOf(map), "9g67k2htb6");
  (*map.mutable_binary_data())["two"] = "";
  EXPECT_EQ(HashOf(map), "698h7c7t9m");
  map.clear_binary_data();
  (*map.mutable_data())["two"] = "2";
  (*map.mutable_data())["three"] = "3";
  EXPECT_EQ(HashOf(map), "f5h7t85m9b");
  api::Secret secret;
  secret.set_type("my-type");
  EXPECT_EQ(HashOf(secret), "t75bgf6ctb");
  (*secret.mutable_data())["one"] = "";
  EXPECT_EQ(HashOf(secret), "74bd68bm66");
  (*secret.mutable_data())["two"] = "2";
  (*secret.mutable_data())["three"] = "3";
  EXPECT_EQ(HashOf(secret), "dgcb6h9tmk");
}

CreateFlags Create(const std::string& name, const std::string& ns = "") {
  CreateFlags flags;
  flags.name = name;
  flags.namespace_name = ns;
  return flags;
}

class ObjectCommandsTest : public ::testing::Test {
 protected:
  ObjectCommandsTest() {
    CaNewFlags ca;
    ca.subject.common_name = "ca";
    ca.output = "/ca";
    EXPECT_THAT(CaNew(context_, ca), IsOk());
    EXPECT_THAT(KeyNew(context_, {.output = "/other-key.pem"}), IsOk());
  }

  CommandTestContext world_;
  testing::FakeFileSystem& files_ = world_.files;
  const Context& context_ = world_.context;
  std::ostringstream& out_ = world_.out;
  testing::FakeResourceApi<api::Secret> secrets_{world_.clock};
  testing::FakeResourceApi<api::ConfigMap> maps_{world_.clock};
};

TEST_F(ObjectCommandsTest, E8ASecretHoldsThePairVerbatim) {
  const SecretTlsFlags flags{Create("s", "ns"), "/ca.pem", "/ca-key.pem"};
  ASSERT_THAT(CreateSecretTls(context_, &secrets_, flags), IsOk());
  EXPECT_EQ(out_.str(), "secret/s created\n");
  const auto secret = secrets_.Get("ns", "s");
  ASSERT_THAT(secret, IsOk());
  EXPECT_EQ(secret->type(), "kubernetes.io/tls");
  EXPECT_EQ(secret->data().at("tls.crt"), *files_.Read("/ca.pem", 9999));
  EXPECT_EQ(secret->data().at("tls.key"), *files_.Read("/ca-key.pem", 9999));
  EXPECT_THAT(CreateSecretTls(context_, &secrets_, flags),
              StatusIs(absl::StatusCode::kAlreadyExists,
                       HasSubstr("failed to create secret ")));
}

TEST_F(ObjectCommandsTest, E8APairThatDoesNotMatchIsRefused) {
  EXPECT_THAT(CreateSecretTls(context_, &secrets_,
                              {Create("s"), "/ca.pem", "/other-key.pem"}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("private key does not match public key")));
  EXPECT_TRUE(secrets_.objects().empty());
}

TEST_F(ObjectCommandsTest, ADryRunPrintsAndMakesNothing) {
  CreateFlags create = Create("s");
  create.dry_run = true;
  create.output = "yaml";
  ASSERT_THAT(
      CreateSecretTls(context_, nullptr, {create, "/ca.pem", "/ca-key.pem"}),
      IsOk());
  EXPECT_THAT(out_.str(), HasSubstr("type: kubernetes.io/tls"));
}

TEST_F(ObjectCommandsTest, E9FilesBecomeTextOrBinaryData) {
  ASSERT_THAT(files_.Create("/bin", "\xff\x01", 0644), IsOk());
  ASSERT_THAT(CreateConfigMap(context_, &maps_,
                              {Create("m", "ns"), {"/ca.pem", "b.bin=/bin"}}),
              IsOk());
  const auto map = maps_.Get("ns", "m");
  ASSERT_THAT(map, IsOk());
  EXPECT_EQ(map->data().count("ca.pem"), 1);
  EXPECT_EQ(map->binary_data().at("b.bin"), "\xff\x01");
}

TEST_F(ObjectCommandsTest, E9WrongKeysAreRefused) {
  for (const char* argument :
       {"a b=/ca.pem", "=/ca.pem", "..=/ca.pem", "x=/", "/none"}) {
    EXPECT_FALSE(
        CreateConfigMap(context_, &maps_, {Create("m"), {argument}}).ok())
        << argument;
  }
  EXPECT_THAT(CreateConfigMap(context_, &maps_,
                              {Create("m"), {"a=/ca.pem", "a=/ca.pem"}}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("another key by that name")));
}

}  // namespace
}  // namespace signet::cli
