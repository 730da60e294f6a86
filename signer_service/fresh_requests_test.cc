#include "signer_service/fresh_requests.h"

#include <string>

#include "core/api/certificates.pb.h"
#include "gtest/gtest.h"

namespace signet::signer {
namespace {

api::CertificateSigningRequest Csr(const std::string& name,
                                   const std::string& version, bool wanted) {
  api::CertificateSigningRequest csr;
  csr.mutable_metadata()->set_name(name);
  csr.mutable_metadata()->set_resource_version(version);
  csr.mutable_spec()->set_signer_name(wanted ? "wanted" : "other");
  return csr;
}

class FreshRequestsTest : public ::testing::Test {
 protected:
  // The version of the copy that is taken; "" if there is none.
  std::string Take(const std::string& name) {
    const auto csr = fresh_.Take(name);
    return csr ? csr->metadata().resource_version() : "";
  }

  FreshRequests fresh_{[](const api::CertificateSigningRequest& csr) {
    return csr.spec().signer_name() == "wanted";
  }};
};

TEST_F(FreshRequestsTest, ACopyServesOnce) {
  fresh_.Seen(Csr("a", "1", true));
  EXPECT_EQ(Take("a"), "1");
  EXPECT_EQ(Take("a"), "");
}

TEST_F(FreshRequestsTest, KeepsTheLatestOfWhatIsWanted) {
  fresh_.Seen(Csr("a", "1", true));
  fresh_.Seen(Csr("a", "2", true));
  fresh_.Seen(Csr("b", "3", false));
  EXPECT_EQ(Take("a"), "2");
  EXPECT_EQ(Take("b"), "");
}

TEST_F(FreshRequestsTest, ForgetsWhatIsNoLongerWantedOrGone) {
  fresh_.Seen(Csr("a", "1", true));
  fresh_.Seen(Csr("a", "2", false));
  fresh_.Seen(Csr("b", "3", true));
  fresh_.Gone(Csr("b", "4", true));
  fresh_.Seen(Csr("c", "5", true));
  fresh_.Replaced({Csr("d", "6", true), Csr("e", "7", false)});
  EXPECT_EQ(Take("a"), "");
  EXPECT_EQ(Take("b"), "");
  EXPECT_EQ(Take("c"), "");
  EXPECT_EQ(Take("d"), "6");
  EXPECT_EQ(Take("e"), "");
}

}  // namespace
}  // namespace signet::signer
