#include "e2e/e2e_test.h"

#include <stdlib.h>

#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "e2e/cluster_provider.h"
#include "e2e/embedded_provider.h"
#include "e2e/native_provider.h"
#include "e2e/testbed.h"
#include "gtest/gtest.h"

namespace signet::e2e {
namespace {

std::string Variable(const char* name) {
  const char* const value = getenv(name);
  return value == nullptr ? "" : value;
}

std::string RootDirectory() {
  std::string root = Variable("SIGNET_E2E_DIRECTORY");
  return root.empty() ? ::testing::TempDir() : root;
}

// `path`, made if missing.
std::string Made(std::string path) {
  const absl::Status status = MakeDirectory(path);
  if (!status.ok()) ADD_FAILURE() << status;
  return path;
}

// The cluster that all tests of the program use: started by the first, stopped
// at the end of the program.
class SharedCluster : public ::testing::Environment {
 public:
  absl::StatusOr<ClusterProvider*> Get() {
    if (provider_ == nullptr && status_.ok()) status_ = Start();
    if (!status_.ok()) return status_;
    return provider_.get();
  }
  void TearDown() override { provider_.reset(); }

 private:
  absl::Status Start() {
    const std::string wanted = Variable("SIGNET_E2E_PROVIDER");
    if (wanted.empty() || wanted == "embedded") {
      provider_ = std::make_unique<EmbeddedProvider>();
    } else if (wanted == "native") {
      provider_ = std::make_unique<NativeProvider>();
    } else {
      return absl::InvalidArgumentError(
          absl::StrCat("$SIGNET_E2E_PROVIDER is '", wanted,
                       "', but neither 'embedded' nor 'native'"));
    }
    return provider_->Start(Made(absl::StrCat(RootDirectory(), "/cluster")));
  }

  absl::Status status_;
  std::unique_ptr<ClusterProvider> provider_;
};

SharedCluster& TheCluster() {
  // GoogleTest owns it.
  static auto* const cluster = static_cast<SharedCluster*>(
      ::testing::AddGlobalTestEnvironment(new SharedCluster));
  return *cluster;
}

// Environments are to be registered before the tests run.
[[maybe_unused]] const SharedCluster& kRegistered = TheCluster();

}  // namespace

std::string TestDirectory() {
  const ::testing::TestInfo& test =
      *::testing::UnitTest::GetInstance()->current_test_info();
  return Made(absl::StrCat(RootDirectory(), "/", test.test_suite_name(), ".",
                           absl::StrReplaceAll(test.name(), {{"/", "_"}})));
}

void ReportFailure(Testbed& testbed) {
  if (!::testing::Test::HasFailure()) return;
  std::ostringstream report;
  testbed.Describe(report);
  std::cerr << report.str() << "---- files: " << testbed.directory() << "\n";
  const std::string outputs = Variable("TEST_UNDECLARED_OUTPUTS_DIR");
  if (outputs.empty()) return;
  const std::string& directory = testbed.directory();
  std::ofstream(
      absl::StrCat(outputs, directory.substr(directory.rfind('/')), ".txt"))
      << report.str();
}

void E2eTest::SetUp() {
  const absl::StatusOr<ClusterProvider*> cluster = TheCluster().Get();
  ASSERT_TRUE(cluster.ok())
      << "the cluster does not start: " << cluster.status();
  if (needs_.real_kubernetes) {
    ASSERT_EQ((*cluster)->name(), "native")
        << "this test needs real Kubernetes; run tools/e2e native";
  }
  absl::StatusOr<std::unique_ptr<Testbed>> testbed =
      Testbed::Create(**cluster, TestDirectory());
  ASSERT_TRUE(testbed.ok()) << testbed.status();
  testbed_ = *std::move(testbed);
}

void E2eTest::TearDown() {
  if (testbed_ != nullptr) ReportFailure(*testbed_);
}

}  // namespace signet::e2e
