#ifndef SIGNET_E2E_E2E_TEST_H_
#define SIGNET_E2E_E2E_TEST_H_

#include <memory>
#include <string>

#include "e2e/cluster_provider.h"
#include "e2e/testbed.h"
#include "gtest/gtest.h"

namespace signet::e2e {

// What a test cannot do without. Where it is missing the test fails: nothing is
// skipped silently.
struct Needs {
  // Real Kubernetes: run it by `tools/e2e native`.
  bool real_kubernetes = false;
};

// E2eTest is the fixture of tests against a cluster that is started once for
// the whole program: by $SIGNET_E2E_PROVIDER "embedded" (the default) or
// "native". Each test has a testbed of its own; when it fails, the fixture
// prints what happened and where the files are.
class E2eTest : public ::testing::Test {
 protected:
  explicit E2eTest(Needs needs = {}) : needs_(needs) {}
  void SetUp() override;
  void TearDown() override;

  Testbed& testbed() { return *testbed_; }
  ClusterProvider& cluster() { return testbed_->cluster(); }

 private:
  const Needs needs_;
  std::unique_ptr<Testbed> testbed_;
};

// A folder for this test's files, made if missing: below $SIGNET_E2E_DIRECTORY
// if that is set, else below the test's temporary folder.
std::string TestDirectory();

// Prints what happened if the test has failed, and keeps the logs where Bazel
// collects a test's outputs.
void ReportFailure(Testbed& testbed);

}  // namespace signet::e2e

#endif  // SIGNET_E2E_E2E_TEST_H_
