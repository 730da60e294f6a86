#include "signer_service/operation_flags.h"

#include <algorithm>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "gtest/gtest.h"
#include "signer_service/signer_flags.h"

namespace signet::signer {
namespace {

// What is wrong with a command line; "" if nothing is.
std::string Fault(std::vector<std::string> arguments, OperationFlags& flags) {
  CLI::App app;
  AddOperationFlags(app, flags);
  // CLI11 takes them from the back.
  std::reverse(arguments.begin(), arguments.end());
  try {
    app.parse(arguments);
  } catch (const CLI::ParseError& e) {
    return e.what();
  }
  return "";
}

TEST(OperationFlagsTest, DefaultsAreOneReplicaWithoutLimitAndFiles) {
  OperationFlags flags;
  EXPECT_EQ(Fault({}, flags), "");
  EXPECT_EQ(flags.audit_log_file, "");
  EXPECT_FALSE(flags.csr_cleaner);
  EXPECT_EQ(flags.shards, 1);
  EXPECT_EQ(flags.kube_api_qps, 0);
  EXPECT_EQ(ShardLeaseName("signet-signer", flags), "signet-signer");
}

TEST(OperationFlagsTest, EachShardHasALeaseOfItsOwn) {
  OperationFlags flags;
  EXPECT_EQ(Fault({"--shards=3", "--shard-index=2"}, flags), "");
  EXPECT_EQ(ShardLeaseName("signet-signer", flags), "signet-signer-2-of-3");
}

TEST(OperationFlagsTest, RefusesWhatMakesNoSense) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"--shards=3", "--shard-index=3"},
                                             {"--shard-index=1"},
                                             {"--shards=0"},
                                             {"--kube-api-qps=-1"},
                                             {"--kube-api-burst=0"},
                                             {"--csr-cleaner-export-file=x"}}) {
    OperationFlags flags;
    EXPECT_NE(Fault(arguments, flags), "") << arguments[0];
  }
}

// CLI11 keeps one callback of a kind: each check must be there all the same.
TEST(OperationFlagsTest, TakesTheirChecksFromNoOtherFlags) {
  const struct {
    std::vector<std::string> arguments;
    std::string want;
  } kTests[] = {
      {{"--leader-elect-lease-duration=5s", "--leader-elect-renew-deadline=10s",
        "--config=x"},
       "--leader-elect-*"},
      {{"--shards=2", "--shard-index=2", "--config=x"}, "--shard-index"},
      {{"--shards=2"}, "nothing to sign with"},
  };
  for (const auto& t : kTests) {
    SignerFlags signer_flags;
    OperationFlags flags;
    CLI::App app("", "signet-signer");
    AddSignerFlags(app, signer_flags);
    AddOperationFlags(app, flags);
    std::vector<std::string> arguments = t.arguments;
    std::reverse(arguments.begin(), arguments.end());
    std::string fault;
    try {
      app.parse(arguments);
    } catch (const CLI::ParseError& e) {
      fault = e.what();
    }
    EXPECT_NE(fault.find(t.want), std::string::npos) << fault;
  }
}

}  // namespace
}  // namespace signet::signer
