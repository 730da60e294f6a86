// A node joins with a token and renews its certificate, by our agent, approver
// and signer: "Configure Certificate Rotation for the Kubelet", watched from
// outside.

#include <memory>
#include <utility>

#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "e2e/e2e_test.h"
#include "e2e/process.h"
#include "e2e/scenarios.h"
#include "e2e/testbed.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::e2e {
namespace {

using ::absl_testing::IsOk;

using RotationTest = E2eTest;

TEST_F(RotationTest, ANodeJoinsByTokenAndRenewsTwiceInsideItsWindow) {
  const absl::StatusOr<std::unique_ptr<Process>> approver =
      testbed().StartApprover();
  ASSERT_THAT(approver.status(), IsOk());
  const absl::StatusOr<std::unique_ptr<Process>> signer =
      testbed().StartSigner();
  ASSERT_THAT(signer.status(), IsOk());
  ExpectAgentJoinsAndRenewsTwice(testbed(), "e2e-rotation");
}

}  // namespace
}  // namespace signet::e2e
