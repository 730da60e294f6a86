// Every command of signet with every kind of bad input: one clear line, an exit
// code that is not 0, and nothing written.

#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "e2e/cluster_provider.h"
#include "e2e/e2e_test.h"
#include "e2e/process.h"
#include "e2e/testbed.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "re2/re2.h"

namespace signet::e2e {
namespace {

using ::absl_testing::IsOk;
using Words = std::vector<std::string>;

// A bad file, or none at all.
struct BadFile {
  std::string name;
  std::string contents;
};

class CliInputTest : public E2eTest {
 protected:
  void SetUp() override {
    E2eTest::SetUp();
    if (HasFatalFailure()) return;
    const absl::StatusOr<std::string> signet = Runfile("cli/signet");
    ASSERT_THAT(signet.status(), IsOk());
    signet_ = *signet;
    folder_ = testbed().directory() + "/input";
    ASSERT_THAT(MakeDirectory(folder_), IsOk());
    request_ = absl::AsciiStrToLower(absl::StrCat(
        "e2e-input-",
        ::testing::UnitTest::GetInstance()->current_test_info()->name()));
    // What is good: a CA, a server's request and certificate.
    for (const Words& words : std::vector<Words>{
             {"ca", "new", "--cn", "ca", "-o", "ca"},
             {"csr", "new", "--cn", "x", "--dns", "x.example", "-o", "good"},
             {"ca", "sign", "good.csr", "--ca", "ca.pem", "--ca-key",
              "ca-key.pem", "-o", "good"},
             {"csr", "apply", "e2e-input", "--request", "good.csr", "--signer",
              "example.com/e2e"},
             {"csr", "approve", "e2e-input"}}) {
      const CommandResult made = Run(words);
      ASSERT_EQ(made.exit_code, 0) << made.err;
    }
    Write("good.json", R"({"CN":"x","hosts":["x.example"]})");
    const std::string pem = Read("good.pem");
    bad_ = {
        {"empty", ""},
        {"only spaces", "  \n\t\n"},
        {"truncated PEM", pem.substr(0, pem.size() / 2)},
        {"PEM with a broken inside",
         "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"},
        {"PEM of something else",
         "-----BEGIN NONSENSE-----\nAAAA\n-----END NONSENSE-----\n"},
        {"binary", Binary()},
        {"NUL bytes", std::string(512, '\0')},
        {"truncated DER", std::string("\x30\x82\x01\x0a\x30\x82", 6)},
        {"truncated JSON", R"({"CN":"x","hosts":["a)"},
        {"JSON that is deep", std::string(100000, '[')},
        {"JSON of a wrong shape",
         R"({"CN":[],"cert":1,"signing":3,"success":"x","names":"n"})"},
        {"YAML that is deep", std::string(20000, '-') + "\n"},
        {"terminal escapes", "\x1b[31mred\x1b]0;title\x07\r\n"},
        {"text", "hello, world\n"},
        {"too large", std::string(5 << 20, 'A')},
    };
    for (const BadFile& file : bad_) Write(file.name, file.contents);
    before_ = Files();
  }

  static std::string Binary() {
    std::string bytes;
    uint32_t state = 1;
    for (int i = 0; i < 4096; ++i) {
      state = state * 1664525 + 1013904223;
      bytes.push_back(static_cast<char>(state >> 24));
    }
    return bytes;
  }
  void Write(const std::string& name, const std::string& contents) {
    std::ofstream(folder_ + "/" + name, std::ios::binary) << contents;
  }
  std::string Read(const std::string& name) {
    return ReadFile(folder_ + "/" + name).value_or("");
  }
  std::set<std::string> Files() {
    std::set<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      files.insert(entry.path().filename());
    }
    return files;
  }

  // Runs signet in the folder.
  CommandResult Run(const Words& words, const std::string& input = "") {
    Words argv = {"/bin/sh", "-c", R"(cd "$0" && exec "$@")", folder_, signet_};
    argv.insert(argv.end(), words.begin(), words.end());
    // Each test has a request of its own.
    for (std::string& word : argv) {
      if (word == "e2e-input") word = request_;
    }
    const absl::StatusOr<CommandResult> result = RunCommand(
        argv, {{"KUBECONFIG", cluster().AdminKubeconfig()}, {"HOME", folder_}},
        input);
    EXPECT_THAT(result.status(), IsOk());
    return result.value_or(CommandResult());
  }

  // One clear line on standard error (the log of cfssl's commands apart), an
  // exit code of 1 or 2, nothing on standard output and no file.
  void ExpectRefusal(const Words& words, const std::string& what,
                     const std::string& input = "") {
    SCOPED_TRACE(absl::StrCat(
        "signet ", absl::StrJoin(words, " ").substr(0, 300), "   with ", what));
    const CommandResult result = Run(words, input);
    EXPECT_TRUE(result.exit_code == 1 || result.exit_code == 2)
        << result.exit_code;
    EXPECT_EQ(result.out, "");
    Words lines;
    static const RE2* const kLog =
        new RE2(R"(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[(INFO|WARNING)\].*)");
    int log_errors = 0;
    for (const absl::string_view line :
         absl::StrSplit(result.err, '\n', absl::SkipEmpty())) {
      if (RE2::FullMatch(line, *kLog)) continue;
      if (absl::StrContains(line, " [ERROR] ")) {
        ++log_errors;
        continue;
      }
      lines.emplace_back(line);
    }
    EXPECT_LE(lines.size(), 1) << result.err.substr(0, 2000);
    EXPECT_GE(lines.size() + log_errors, 1) << "nothing said";
    for (const char c : {'\x1b', '\r', '\0', '\x07'}) {
      EXPECT_EQ(result.err.find(c), std::string::npos) << static_cast<int>(c);
    }
    EXPECT_LT(result.err.size(), 4000);
    EXPECT_EQ(Files(), before_);
    ++count_;
  }

  std::string signet_, folder_, request_;
  std::vector<BadFile> bad_;
  std::set<std::string> before_;
  int count_ = 0;
};

// Each takes a file, "@", which is bad.
const std::vector<Words>& FileCommands() {
  static const auto* const commands = new std::vector<Words>{
      {"genkey", "@"},
      {"genkey", "-initca", "@"},
      {"gencert", "-initca", "@"},
      {"gencert", "-initca", "-ca-key", "@", "good.json"},
      {"gencert", "-renewca", "-ca", "@", "-ca-key", "ca-key.pem"},
      {"gencert", "-renewca", "-ca", "ca.pem", "-ca-key", "@"},
      {"gencert", "-ca", "ca.pem", "-ca-key", "ca-key.pem", "@"},
      {"gencert", "-ca", "@", "-ca-key", "ca-key.pem", "good.json"},
      {"gencert", "-ca", "ca.pem", "-ca-key", "@", "good.json"},
      {"gencert", "-ca", "ca.pem", "-ca-key", "ca-key.pem", "-config", "@",
       "good.json"},
      {"gencsr", "-key", "@", "good.json"},
      {"gencsr", "-key", "ca-key.pem", "@"},
      {"gencsr", "-key", "ca-key.pem", "-cert", "@"},
      {"sign", "-ca", "ca.pem", "-ca-key", "ca-key.pem", "@"},
      {"sign", "-ca", "@", "-ca-key", "ca-key.pem", "good.csr"},
      {"sign", "-ca", "ca.pem", "-ca-key", "@", "good.csr"},
      {"sign", "-ca", "ca.pem", "-ca-key", "ca-key.pem", "-config", "@",
       "good.csr"},
      {"sign", "-ca", "ca.pem", "-ca-key", "ca-key.pem", "-csr", "@"},
      {"certinfo", "-cert", "@"},
      {"certinfo", "-csr", "@"},
      {"json", "-bare", "-f", "@", "out"},
      {"json", "-f", "@", "out"},
      {"csr", "new", "--cn", "x", "--key", "@", "-o", "out"},
      {"ca", "sign", "@", "--ca", "ca.pem", "--ca-key", "ca-key.pem", "-o",
       "out"},
      {"ca", "sign", "good.csr", "--ca", "@", "--ca-key", "ca-key.pem", "-o",
       "out"},
      {"ca", "sign", "good.csr", "--ca", "ca.pem", "--ca-key", "@", "-o",
       "out"},
      {"verify", "@"},
      {"verify", "good.pem", "--ca", "@"},
      {"verify", "good.pem", "--key", "@"},
      {"expiry", "@"},
      {"csr", "apply", "e2e-bad", "--request", "@", "--signer",
       "example.com/e2e"},
      {"csr", "sign", "e2e-input", "--ca", "@", "--ca-key", "ca-key.pem"},
      {"csr", "sign", "e2e-input", "--ca", "ca.pem", "--ca-key", "@"},
      {"csr", "upload", "e2e-input", "@"},
      {"secret", "tls", "e2e-bad", "--cert", "@", "--key", "good-key.pem"},
      {"secret", "tls", "e2e-bad", "--cert", "good.pem", "--key", "@"},
      {"secret", "tls", "e2e-bad", "--cert", "@", "--key", "good-key.pem",
       "--dry-run=client", "-o", "yaml"},
      {"trustbundle", "e2e-bad", "--from-file", "@"},
      {"csr", "get", "--kubeconfig", "@"},
      {"csr", "describe", "--kubeconfig", "@"},
      {"csr", "approve", "e2e-input", "--kubeconfig", "@"},
      {"csr", "deny", "e2e-input", "--kubeconfig", "@"},
      {"csr", "download", "e2e-input", "--kubeconfig", "@"},
      {"csr", "watch", "--kubeconfig", "@"},
      {"csr", "wait", "e2e-input", "--kubeconfig", "@"},
      {"csr", "diff", "e2e-input", "--kubeconfig", "@"},
      {"request", "server", "--cn", "x", "--signer", "a.b/c", "-o", "out",
       "--kubeconfig", "@"},
      {"configmap", "e2e-bad", "--from-file", "good.pem", "--kubeconfig", "@"},
  };
  return *commands;
}

TEST_F(CliInputTest, EveryCommandRefusesBadFiles) {
  for (const Words& command : FileCommands()) {
    for (const BadFile& file : bad_) {
      Words words = command;
      for (std::string& word : words) {
        if (word == "@") word = file.name;
      }
      ExpectRefusal(words, file.name);
      if (HasFailure()) break;  // One of each command is enough to read.
    }
    for (const char* path : {"none", "none/none", "."}) {
      Words words = command;
      for (std::string& word : words) {
        if (word == "@") word = path;
      }
      // A folder is what expiry takes; there is a good certificate in it.
      if (words[0] == "expiry" && words[1] == ".") continue;
      ExpectRefusal(words, path);
    }
  }
  std::cout << "signet refused " << count_ << " bad files of "
            << FileCommands().size() << " commands\n";
}

TEST_F(CliInputTest, EveryCommandThatReadsStandardInputRefusesBadInput) {
  const int before = count_;
  for (const Words& command : std::vector<Words>{
           {"genkey", "-"},
           {"gencert", "-initca", "-"},
           {"gencert", "-ca", "ca.pem", "-ca-key", "ca-key.pem", "-"},
           {"sign", "-ca", "ca.pem", "-ca-key", "ca-key.pem", "-"},
           {"certinfo", "-cert", "-"},
           {"json", "-bare", "out"},
           {"json", "out"},
           {"inspect", "-"},
           {"verify", "-"},
           {"ca", "sign", "-", "--ca", "ca.pem", "--ca-key", "ca-key.pem"},
           {"csr", "apply", "e2e-bad", "--request", "-", "--signer",
            "example.com/e2e"}}) {
    for (const BadFile& file : bad_) {
      // inspect says what it is, and that is all right.
      if (command[0] == "inspect" && file.name == "PEM of something else") {
        continue;
      }
      ExpectRefusal(command, file.name, file.contents);
    }
  }
  std::cout << "signet refused " << count_ - before
            << " bad texts on standard input\n";
}

TEST_F(CliInputTest, BadNamesAndFlagsAreRefused) {
  const std::string kLong(20000, 'x');
  std::vector<Words> commands;
  for (const std::string& name :
       {std::string("no-such-request"), std::string("../../namespaces"),
        std::string("a b"), std::string("\x1b[31mred"), std::string("a/b"),
        std::string("%2e%2e"), std::string("?watch=1"), std::string("\xff\xfe"),
        kLong}) {
    for (const Words& verb : std::vector<Words>{{"csr", "get"},
                                                {"csr", "describe"},
                                                {"csr", "approve"},
                                                {"csr", "deny"},
                                                {"csr", "download"},
                                                {"csr", "wait"},
                                                {"csr", "diff"}}) {
      Words words = verb;
      words.push_back(name);
      commands.push_back(words);
    }
    commands.push_back(
        {"csr", "sign", name, "--ca", "ca.pem", "--ca-key", "ca-key.pem"});
    commands.push_back({"csr", "upload", name, "good.pem"});
  }
  for (const std::string& lifetime : {"-1h", "0", "1", "1x", "9999999999h", "",
                                      "1e9h", "NaN", "101y", "\x1b[31m"}) {
    commands.push_back(
        {"ca", "new", "--cn", "x", "-o", "out", "--lifetime", lifetime});
    commands.push_back({"ca", "sign", "good.csr", "--ca", "ca.pem", "--ca-key",
                        "ca-key.pem", "-o", "out", "--lifetime", lifetime});
    commands.push_back({"expiry", "good.pem", "--fail-within", lifetime});
    commands.push_back({"csr", "wait", "e2e-input", "--timeout", lifetime});
    if (!std::string(lifetime).empty()) {
      commands.push_back({"csr", "apply", "e2e-bad", "--request", "good.csr",
                          "--signer", "example.com/e2e", "--expiration",
                          lifetime});
    }
  }
  // expiry prints its table before it says that time is short; these do not.
  for (const Words& words : std::vector<Words>{
           {"nonsense"},
           {"csr"},
           {"csr", "nonsense"},
           {"csr", "get", "--nonsense"},
           {"csr", "get", "-o", "nonsense"},
           {"csr", "get", "-o", "jsonpath={"},
           {"csr", "get", "-o", "jsonpath={range .items[*]}"},
           {"csr", "get", "-o", "jsonpath={.items[99]}"},
           {"csr", "get", "-o", "jsonpath={..name}"},
           {"csr", "get", "--field-selector", "spec.nonsense=x"},
           {"csr", "get", "-l", "a=b=c"},
           {"csr", "get", "--context", "nonsense"},
           {"csr", "approve"},
           {"csr", "approve", "e2e-input", "--all-pending"},
           {"csr", "wait", "e2e-input", "--for", "nonsense"},
           {"csr", "download", "e2e-input"},
           {"csr", "download"},
           {"csr", "new", "-o", "out"},
           {"csr", "new", "--cn", "x"},
           {"csr", "new", "--ip", "999.1.1.1", "-o", "out"},
           {"csr", "new", "--dns", "a b", "-o", "out"},
           {"csr", "new", "--dns", "a..b", "-o", "out"},
           {"csr", "new", "--email", "nobody", "-o", "out"},
           {"csr", "new", "--uri", "::::", "-o", "out"},
           {"csr", "new", "--cn", "\xff", "-o", "out"},
           {"csr", "new", "--cn", "x", "-o", "none/out"},
           {"csr", "new", "--cn", "x", "--algorithm", "dsa", "-o", "out"},
           {"csr", "new", "--cn", "x", "-o", "good"},  // It exists.
           {"key", "new", "-o", "good-key.pem"},
           {"key", "new", "-o", "."},
           {"key", "new", "-o", ""},
           {"key", "new"},
           {"ca", "new", "-o", "out"},
           {"ca", "new", "--cn", "x", "--path-len", "-1", "-o", "out"},
           {"ca", "new", "--cn", "x", "--path-len", "x", "-o", "out"},
           {"ca", "new", "--cn", "x", "-o", "ca"},
           {"ca", "sign", "good.csr", "--ca", "ca.pem", "--ca-key",
            "good-key.pem", "-o", "out"},
           {"ca", "sign", "good.csr", "--ca", "good.pem", "--ca-key",
            "good-key.pem", "-o", "out"},
           {"ca", "sign", "good.csr", "--ca", "ca.pem", "--ca-key",
            "ca-key.pem", "--usage", "nonsense", "-o", "out"},
           {"verify", "good.pem", "--name", "x"},
           {"verify", "good.pem", "--usage", "nonsense"},
           {"secret", "tls", "x", "--cert", "good.pem", "--key", "ca-key.pem"},
           {"secret", "tls", "../x", "--cert", "good.pem", "--key",
            "good-key.pem"},
           {"secret", "tls", "X_Y", "--cert", "good.pem", "--key",
            "good-key.pem"},
           {"configmap", "x", "--from-file", "none"},
           {"configmap", "x", "--from-file", "a b=good.pem"},
           {"configmap", "x", "--from-file", "=good.pem"},
           {"configmap", "x", "--from-file", "too large"},
           {"configmap", "x"},
           {"trustbundle", "x", "--from-file", "good.pem"},
           {"trustbundle", "x", "--signer", "a.b/c", "--from-file", "ca.pem"},
           {"request", "server", "--signer", "a.b/c", "-o", "out"},
           {"request", "server", "--cn", "x", "--signer", "a.b/c"},
           {"request", "server", "--cn", "x", "-o", "out"},
           {"request", "server", "--cn", "x", "--signer", "a.b/c", "--usage",
            "nonsense", "-o", "out"},
           {"request", "server", "--cn", "x", "--signer", "nonsense", "-o",
            "out"},
           {"request", "server", "--cn", "x", "--signer", "a.b/c", "--secret",
            "a/b/c"},
           {"inspect"},
           {"inspect", "127.0.0.1:1"},
           {"inspect", "127.0.0.1:99999"},
           {"inspect", "--secret", "none/none"},
           {"inspect", "--secret", "a/b/c"},
           {"expiry"},
           {"expiry", "127.0.0.1:1"},
           {"expiry", "--secrets", "-n", "no-such-namespace"},
           {"csr", "explain", "no-such-request"},
           {"explain", "csr", "\x1b[31m"},
           {"explain"},
           {"completion", "tcsh"},
           {"genkey"},
           {"genkey", "-nonsense"},
           {"genkey", "good.json", "good.json"},
           {"gencert", "good.json"},
           {"gencert", "-remote", "x:1", "good.json"},
           {"gencert", "-compat", "x", "good.json"},
           {"sign", "good.csr"},
           {"sign", "-ca", "ca.pem", "-ca-key", "good-key.pem", "good.csr"},
           {"sign", "-ca", "nonsense:x", "-ca-key", "ca-key.pem", "good.csr"},
           {"sign", "-ca", "ca.pem", "-ca-key", "env:NONE", "good.csr"},
           {"sign", "-ca", "ca.pem", "-ca-key", "ca-key.pem", "-profile",
            "none", "good.csr"},
           {"certinfo"},
           {"certinfo", "-domain", "x"}}) {
    commands.push_back(words);
  }
  for (const Words& words : commands) ExpectRefusal(words, "a bad word");
  std::cout << "signet refused " << count_ << " command lines\n";
}

TEST_F(CliInputTest, EveryCommandHasHelpWithExamples) {
  for (const Words& command : std::vector<Words>{{},
                                                 {"csr", "get"},
                                                 {"csr", "watch"},
                                                 {"csr", "describe"},
                                                 {"csr", "approve"},
                                                 {"csr", "deny"},
                                                 {"csr", "download"},
                                                 {"csr", "new"},
                                                 {"csr", "apply"},
                                                 {"csr", "wait"},
                                                 {"csr", "sign"},
                                                 {"csr", "upload"},
                                                 {"csr", "diff"},
                                                 {"key", "new"},
                                                 {"ca", "new"},
                                                 {"ca", "sign"},
                                                 {"inspect"},
                                                 {"verify"},
                                                 {"expiry"},
                                                 {"request", "server"},
                                                 {"request", "client"},
                                                 {"secret", "tls"},
                                                 {"configmap"},
                                                 {"trustbundle"},
                                                 {"completion"},
                                                 {"man"},
                                                 {"genkey"},
                                                 {"gencert"},
                                                 {"gencsr"},
                                                 {"sign"},
                                                 {"certinfo"},
                                                 {"print-defaults"},
                                                 {"json"}}) {
    Words words = command;
    words.push_back("--help");
    const CommandResult result = Run(words);
    SCOPED_TRACE(absl::StrJoin(words, " "));
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_THAT(result.out, ::testing::HasSubstr("Examples:"));
    EXPECT_EQ(result.err, "");
  }
}

// All shells read what is generated for them, and so does man.
TEST_F(CliInputTest, CompletionAndManualAreWellFormed) {
  const CommandResult bash = Run({"completion", "bash"});
  EXPECT_EQ(bash.exit_code, 0);
  Write("completion.bash", bash.out);
  const absl::StatusOr<CommandResult> completed = RunCommand(
      {"/bin/bash", "-c",
       absl::StrCat("source '", folder_,
                    "/completion.bash'; COMP_WORDS=(signet csr ap); "
                    "COMP_CWORD=2; _signet; echo \"${COMPREPLY[*]}\"; "
                    "COMP_WORDS=(signet csr get --no); COMP_CWORD=3; _signet; "
                    "echo \"${COMPREPLY[*]}\"")});
  ASSERT_THAT(completed.status(), IsOk());
  EXPECT_EQ(completed->out, "approve apply\n--no-headers\n") << completed->err;
  for (const char* shell : {"zsh", "fish"}) {
    const CommandResult script = Run({"completion", shell});
    EXPECT_EQ(script.exit_code, 0);
    EXPECT_THAT(script.out, ::testing::HasSubstr("approve"));
  }
  const CommandResult man = Run({"man"});
  EXPECT_EQ(man.exit_code, 0);
  EXPECT_THAT(man.out, ::testing::StartsWith(".TH SIGNET 1"));
  EXPECT_THAT(man.out, ::testing::HasSubstr(".SS signet csr approve"));
}

}  // namespace
}  // namespace signet::e2e
