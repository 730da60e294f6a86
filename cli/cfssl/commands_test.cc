#include "cli/cfssl/commands.h"

#include <string>
#include <vector>

#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "cli/command_test_context.h"
#include "cli/context.h"
#include "core/pki/certificate.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::cli::cfssl {
namespace {

using ::absl_testing::IsOk;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class CommandsTest : public ::testing::Test {
 protected:
  CommandsTest() {
    Write("/ca.json", R"({"CN":"ca","ca":{"expiry":"24h"}})");
    Write("/x.json", R"({"CN":"x","hosts":["x.example"]})");
    Write("/config.json",
          R"({"signing":{"default":{"expiry":"1h","usages":["signing"]},)"
          R"("profiles":{"half":{"expiry":"1h","usages":["signing","none"]},)"
          R"("long":{"expiry":"8760h","usages":["server auth"]}}}})");
    EXPECT_EQ(Call({"gencert", "-initca", "/ca.json"}), 0);
    Split("/ca");
    EXPECT_EQ(Call({"genkey", "/x.json"}), 0);
    Split("/x");
  }

  void Write(absl::string_view path, absl::string_view text) {
    EXPECT_THAT(world_.files.Create(path, text, 0644), IsOk());
  }
  // What it printed is in out_ and err_.
  int Call(const std::vector<std::string>& words) {
    world_.out.str("");
    world_.err.str("");
    const int code = cfssl::Run(world_.context, words);
    out_ = world_.out.str();
    err_ = world_.err.str();
    return code;
  }
  // signet json -bare of what was printed.
  void Split(const std::string& base) {
    EXPECT_THAT(world_.files.Write("/in", out_, 0600), IsOk());
    EXPECT_EQ(Call({"json", "-bare", "-f", "/in", base}), 0) << err_;
  }
  std::vector<std::string> SignWords(std::vector<std::string> more) {
    std::vector<std::string> words = {"sign",        "-ca",         "/ca.pem",
                                      "-ca-key",     "/ca-key.pem", "-config",
                                      "/config.json"};
    words.insert(words.end(), more.begin(), more.end());
    words.push_back("/x.csr");
    return words;
  }
  absl::Time EndOf(const std::string& path) {
    const auto chain = pki::ParseCertificatesPem(world_.File(path));
    EXPECT_THAT(chain, IsOk());
    return chain.ok() ? (*chain)[0].validity().not_after : absl::Time();
  }

  CommandTestContext world_;
  std::string out_, err_;
};

// SPEC E-17, E-25.
TEST_F(CommandsTest, E17PrintsSortedJsonAndLogs) {
  EXPECT_EQ(Call({"genkey", "/x.json"}), 0);
  EXPECT_THAT(out_,
              StartsWith(R"({"csr":"-----BEGIN CERTIFICATE REQUEST-----\n)"));
  EXPECT_THAT(out_,
              HasSubstr(R"(\n","key":"-----BEGIN EC PRIVATE KEY-----\n)"));
  EXPECT_EQ(err_,
            "2023/11/14 22:13:20 [INFO] generate received request\n"
            "2023/11/14 22:13:20 [INFO] received CSR\n"
            "2023/11/14 22:13:20 [INFO] generating key: ecdsa-256\n"
            "2023/11/14 22:13:20 [INFO] encoded CSR\n");
  EXPECT_EQ(world_.files.Stat("/x-key.pem")->mode, 0600);
  EXPECT_EQ(world_.files.Stat("/ca.pem")->mode, 0644);  // 0664 less 022.
}

// SPEC E-23: nothing is made without a CA, and only cfssl calls that good.
TEST_F(CommandsTest, E23WithoutACaItFails) {
  EXPECT_EQ(Call({"gencert", "/x.json"}), 1);
  EXPECT_THAT(err_, HasSubstr("[ERROR] need a CA certificate"));
  EXPECT_EQ(Call({"sign", "/x.csr"}), 1);
  EXPECT_EQ(Call({"sign", "--compat=cfssl", "/x.csr"}), 0);
  EXPECT_EQ(out_, "");
}

TEST_F(CommandsTest, E23AnUnknownProfileIsRefused) {
  EXPECT_EQ(Call(SignWords({"-profile", "nonsense"})), 1);
  EXPECT_EQ(err_,
            "{\"code\":5400,\"message\":\"Unknown policy profile: "
            "nonsense\"}\n");
  EXPECT_EQ(Call(SignWords({"-profile", "nonsense", "-compat", "cfssl"})), 0);
}

TEST_F(CommandsTest, E22UnknownUsagesAreWarnedOf) {
  EXPECT_EQ(Call(SignWords({"-profile", "half"})), 0);
  EXPECT_THAT(err_, HasSubstr("[WARNING] unknown usages in the profile: none"));
  EXPECT_EQ(Call(SignWords({"-profile", "half", "-strict"})), 1);
  EXPECT_EQ(Call(SignWords({"-profile", "half", "-compat=cfssl"})), 0);
  EXPECT_THAT(err_, Not(HasSubstr("WARNING")));
}

TEST_F(CommandsTest, E24ACertificateThatOutlivesItsCaIsWarnedOf) {
  const absl::Time ca = EndOf("/ca.pem");
  EXPECT_EQ(Call(SignWords({"-profile", "long"})), 0);
  EXPECT_THAT(err_, HasSubstr("[WARNING] the certificate outlives its CA"));
  Split("/long");
  EXPECT_GT(EndOf("/long.pem"), ca);
  EXPECT_EQ(Call(SignWords({"-profile", "long", "-strict"})), 0);
  EXPECT_THAT(err_, HasSubstr("notAfter is lowered"));
  Split("/strict");
  EXPECT_EQ(EndOf("/strict.pem"), ca);
  EXPECT_EQ(Call(SignWords({"-profile", "long", "-compat=cfssl"})), 0);
  EXPECT_THAT(err_, Not(HasSubstr("WARNING")));
}

TEST_F(CommandsTest, E25NothingIsWrittenOfWhatIsHalfGood) {
  Write("/bad", R"({"cert":"C","key":1})");
  EXPECT_EQ(Call({"json", "-bare", "-f", "/bad", "/out"}), 1);
  EXPECT_EQ(world_.File("/out.pem"), "");
}

TEST_F(CommandsTest, EveryCommandHasHelp) {
  for (const Command& command : Commands()) {
    EXPECT_EQ(Call({std::string(command.name), "-help"}), 0);
    EXPECT_THAT(out_, AllOf(HasSubstr(std::string(command.summary)),
                            HasSubstr("Examples:")));
    EXPECT_EQ(Call({std::string(command.name), "-nonsense"}), 2);
  }
}

}  // namespace
}  // namespace signet::cli::cfssl
