#include "core/pki/trust_bundle.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "core/pki/certificate.h"
#include "core/pki/certificate_authority.h"
#include "core/pki/ip_address.h"
#include "core/pki/key_usage.h"
#include "core/pki/pem.h"
#include "core/pki/private_key.h"
#include "core/pki/test_data.h"
#include "core/pki/validity.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::pki {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::StatusIs;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using E = ExtendedKeyUsage;

const absl::Time kStart = absl::FromCivil(
    absl::CivilSecond(2026, 1, 2, 3, 4, 5), absl::UTCTimeZone());
const absl::Time kNow = kStart + absl::Hours(1);

PrivateKey NewKey() { return *PrivateKey::Generate(KeyAlgorithm::kEcdsaP256); }

TbsCertificate Tbs(absl::string_view common_name, const PublicKey& key,
                   absl::Duration lifetime = absl::Hours(24)) {
  TbsCertificate tbs;
  tbs.serial_number = "\x01";
  tbs.subject.common_name = std::string(common_name);
  tbs.validity = {kStart, kStart + lifetime};
  tbs.spki_der = key.spki_der();
  return tbs;
}

// A CA that a test makes. Without `key_ids` nothing but the names connects it
// to what it issues.
class Ca {
 public:
  explicit Ca(absl::string_view name, bool key_ids = true,
              absl::Duration lifetime = absl::Hours(24))
      : key_(NewKey()) {
    const auto der =
        CertificateAuthority::SelfSign(CaTbs(name, key_ids, lifetime), key_);
    authority_ = Authority(*der);
  }
  // An intermediate.
  Ca(const Ca& parent, TbsCertificate (*change)(TbsCertificate),
     absl::string_view name = "intermediate")
      : key_(NewKey()) {
    const auto der =
        parent.authority_->Issue(change(CaTbs(name, true, absl::Hours(24))));
    authority_ = Authority(*der);
  }
  explicit Ca(const Ca& parent, absl::string_view name)
      : Ca(parent, [](TbsCertificate tbs) { return tbs; }, name) {}

  Certificate Issue(const TbsCertificate& tbs) const {
    return *Certificate::Parse(*authority_->Issue(tbs));
  }
  const Certificate& certificate() const { return authority_->certificate(); }
  const PrivateKey& key() const { return key_; }

 private:
  TbsCertificate CaTbs(absl::string_view name, bool key_ids,
                       absl::Duration lifetime) {
    TbsCertificate tbs = Tbs(name, key_.public_key(), lifetime);
    tbs.is_ca = true;
    tbs.usages.key_usage = kCertSign;
    if (key_ids) tbs.subject_key_id = KeyId(key_.public_key());
    return tbs;
  }
  std::shared_ptr<CertificateAuthority> Authority(const std::string& der) {
    return std::make_shared<CertificateAuthority>(*CertificateAuthority::Create(
        *Certificate::Parse(der), std::make_shared<PrivateKey>(key_)));
  }

  PrivateKey key_;
  std::shared_ptr<CertificateAuthority> authority_;
};

TrustBundle Trust(const std::vector<Certificate>& roots) {
  std::string pem;
  for (const Certificate& root : roots) pem += root.ToPem();
  return *TrustBundle::FromPem(pem);
}

const PrivateKey& LeafKey() {
  static const PrivateKey* const key = new PrivateKey(NewKey());
  return *key;
}

TbsCertificate Leaf() {
  TbsCertificate tbs = Tbs("leaf", LeafKey().public_key());
  tbs.usages = {kDigitalSignature, {E::kServerAuth}};
  tbs.subject_alt_names.dns_names = {"n1.example", "*.wild.example"};
  tbs.subject_alt_names.ip_addresses = {*IpAddress::Parse("10.0.0.1"),
                                        *IpAddress::Parse("fd00::1")};
  return tbs;
}

auto Fails(absl::string_view message) {
  return StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr(message));
}

TEST(TrustBundleTest, IsReadFromPem) {
  const Ca one("one"), two("two");
  const std::string key = ReadTestData("test-p256.key.pem");
  const auto bundle = TrustBundle::FromPem(absl::StrCat(
      "text\n", one.certificate().ToPem(), key, two.certificate().ToPem()));
  ASSERT_THAT(bundle, IsOk());
  ASSERT_THAT(bundle->roots(), SizeIs(2));
  EXPECT_EQ(bundle->roots()[1].subject().common_name, "two");
  EXPECT_THAT(TrustBundle::FromPem(key),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("data does not contain any valid")));
}

TEST(TrustBundleTest, TrustsWhatLeadsToARoot) {
  const Ca root("root"), other("other");
  const Ca intermediate(root, "intermediate");
  const Ca second(intermediate, "second");
  const Certificate direct = root.Issue(Leaf());
  const Certificate deep = second.Issue(Leaf());
  const TrustBundle bundle = Trust({other.certificate(), root.certificate()});
  const TrustBundle::Options options{.now = kNow};
  EXPECT_THAT(bundle.Verify({direct}, options), IsOk());
  EXPECT_THAT(bundle.Verify({direct, root.certificate()}, options), IsOk());
  EXPECT_THAT(
      bundle.Verify({deep, second.certificate(), intermediate.certificate()},
                    options),
      IsOk());
  // In any order, with others among them.
  EXPECT_THAT(
      bundle.Verify({deep, intermediate.certificate(), other.certificate(),
                     root.certificate(), second.certificate()},
                    options),
      IsOk());
  // An intermediate may be trusted by itself, and so may a leaf.
  EXPECT_THAT(Trust({second.certificate()}).Verify({deep}, options), IsOk());
  EXPECT_THAT(Trust({deep}).Verify({deep}, options), IsOk());

  EXPECT_THAT(bundle.Verify({deep, second.certificate()}, options),
              Fails("certificate 0 (CN=leaf): x509: certificate signed by "
                    "unknown authority"));
  EXPECT_THAT(Trust({other.certificate()}).Verify({direct}, options),
              Fails("certificate signed by unknown authority"));
  EXPECT_THAT(bundle.Verify({}, options),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "certificate chain is empty"));
}

// Both ends are included, and it is the caller's clock that counts.
TEST(TrustBundleTest, ChecksTheTimesOfAllCertificates) {
  const Ca root("root", true, absl::Hours(2));
  TbsCertificate tbs = Leaf();
  tbs.validity = {kStart + absl::Hours(1), kStart + absl::Hours(3)};
  const Certificate leaf = root.Issue(tbs);
  const TrustBundle bundle = Trust({root.certificate()});
  const auto at = [&](absl::Duration after) {
    return bundle.Verify({leaf}, {.now = kStart + after});
  };
  EXPECT_THAT(at(absl::Hours(1) - absl::Nanoseconds(1)),
              Fails("certificate 0 (CN=leaf): x509: certificate has expired or "
                    "is not yet valid: current time 2026-01-02T04:04:04Z is "
                    "before 2026-01-02T04:04:05Z"));
  EXPECT_THAT(at(absl::Hours(1)), IsOk());
  EXPECT_THAT(at(absl::Hours(2)), IsOk());
  EXPECT_THAT(at(absl::Hours(2) + absl::Nanoseconds(1)),
              Fails("certificate 1 (CN=root): x509: certificate has expired"));
  EXPECT_THAT(at(absl::Hours(3) + absl::Seconds(1)),
              Fails("certificate 0 (CN=leaf): x509: certificate has expired or "
                    "is not yet valid: current time 2026-01-02T06:04:06Z is "
                    "after 2026-01-02T06:04:05Z"));
}

// A CA whose key changes keeps its name: for a while both are trusted.
TEST(TrustBundleTest, TriesAllRootsOfOneName) {
  for (const bool key_ids : {true, false}) {
    SCOPED_TRACE(key_ids);
    const Ca old("kubernetes", key_ids),
        expired("kubernetes", key_ids, absl::Minutes(1)),
        fresh("kubernetes", key_ids);
    const TrustBundle bundle =
        Trust({old.certificate(), expired.certificate(), fresh.certificate()});
    const TrustBundle::Options options{.now = kNow};
    EXPECT_THAT(bundle.Verify({old.Issue(Leaf())}, options), IsOk());
    EXPECT_THAT(bundle.Verify({fresh.Issue(Leaf())}, options), IsOk());
    EXPECT_FALSE(bundle.Verify({expired.Issue(Leaf())}, options).ok());
    const Ca stranger("kubernetes", key_ids);
    EXPECT_THAT(bundle.Verify({stranger.Issue(Leaf())}, options),
                Fails("certificate signed by unknown authority"));
  }
}

TEST(TrustBundleTest, ChecksUsagesOfAllCertificates) {
  const Ca root("root");
  const Ca servers_only(root, [](TbsCertificate tbs) {
    tbs.usages.extended = {E::kServerAuth};
    return tbs;
  });
  const TrustBundle bundle = Trust({root.certificate()});
  TbsCertificate tbs = Leaf();
  const Certificate server = root.Issue(tbs);
  tbs.usages.extended = {E::kServerAuth, E::kClientAuth};
  const Certificate both = servers_only.Issue(tbs);
  tbs.usages.extended = {E::kAny};
  const Certificate any = root.Issue(tbs);
  tbs.usages.extended = {};
  const Certificate silent = root.Issue(tbs);
  const struct {
    std::string name;
    std::vector<Certificate> chain;
    std::vector<E> usages;
    absl::string_view want;  // Empty: trusted.
  } kTests[] = {
      {"server for server", {server}, {E::kServerAuth}, ""},
      {"server for client",
       {server},
       {E::kClientAuth},
       "certificate 0 (CN=leaf): x509: certificate specifies an incompatible "
       "key usage"},
      {"one of two is enough", {server}, {E::kClientAuth, E::kServerAuth}, ""},
      {"no usage is asked for", {server}, {}, ""},
      {"any usage is asked for", {server}, {E::kAny}, ""},
      {"a leaf for any", {any}, {E::kClientAuth}, ""},
      {"a leaf without usages", {silent}, {E::kClientAuth}, ""},
      {"the intermediate allows it",
       {both, servers_only.certificate()},
       {E::kServerAuth},
       ""},
      {"the intermediate does not",
       {both, servers_only.certificate()},
       {E::kClientAuth},
       "certificate 1 (CN=intermediate): x509: certificate specifies an "
       "incompatible key usage"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    const absl::Status got =
        bundle.Verify(t.chain, {.now = kNow, .usages = t.usages});
    if (t.want.empty()) {
      EXPECT_THAT(got, IsOk());
    } else {
      EXPECT_THAT(got, Fails(t.want));
    }
  }
}

TEST(TrustBundleTest, ChecksTheName) {
  const Ca root("root");
  const TrustBundle bundle = Trust({root.certificate()});
  const Certificate leaf = root.Issue(Leaf());
  const struct {
    std::string name;
    bool want;
  } kTests[] = {
      {"", true},
      {"n1.example", true},
      {"N1.Example", true},
      {"a.wild.example", true},
      {"10.0.0.1", true},
      {"fd00::1", true},
      {"FD00:0::1", true},
      {"[fd00::1]", true},
      {"n2.example", false},
      {"wild.example", false},
      {"a.b.wild.example", false},
      {"leaf", false},  // The common name is no name to be called by.
      {"10.0.0.2", false},
      {"fd00::2", false},
      {std::string("n1.example\0.evil", 16), false},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    const absl::Status got =
        bundle.Verify({leaf}, {.now = kNow, .dns_name = t.name});
    if (t.want) {
      EXPECT_THAT(got, IsOk());
    } else {
      EXPECT_THAT(got, Fails("certificate is valid for "));
    }
  }
  TbsCertificate nameless = Leaf();
  nameless.subject_alt_names = {};
  EXPECT_THAT(
      bundle.Verify({root.Issue(nameless)}, {.now = kNow, .dns_name = "leaf"}),
      Fails("certificate is not valid for any names, but wanted to "
            "match leaf"));
}

TEST(TrustBundleTest, LetsOnlyCasIssue) {
  const Ca root("root");
  // A leaf's certificate, used as if it were a CA's.
  const Certificate leaf = root.Issue(Leaf());
  const CertificateAuthority impostor = *CertificateAuthority::Create(
      leaf, std::make_shared<PrivateKey>(LeafKey()));
  TbsCertificate tbs = Tbs("victim", NewKey().public_key());
  const Certificate victim = *Certificate::Parse(*impostor.Issue(tbs));
  EXPECT_FALSE(
      Trust({root.certificate()}).Verify({victim, leaf}, {.now = kNow}).ok());
  const Ca unlimited(root, "unlimited");
  const Ca limited(root, [](TbsCertificate t) {
    t.max_path_len = 0;
    return t;
  });
  const Ca below(limited, "below");
  const Certificate deep = below.Issue(Leaf());
  EXPECT_THAT(Trust({root.certificate()})
                  .Verify({limited.Issue(Leaf()), limited.certificate()},
                          {.now = kNow}),
              IsOk());
  EXPECT_THAT(Trust({root.certificate()})
                  .Verify({deep, below.certificate(), limited.certificate()},
                          {.now = kNow}),
              Fails("path length"));
}

TEST(TrustBundleTest, KeepsToNameConstraints) {
  // Two leaves, and the root that may issue for .example only.
  const std::vector<Certificate> chain =
      *ParseCertificatesPem(ReadTestData("test-constrained.cert.pem"));
  ASSERT_THAT(chain, SizeIs(3));
  const TrustBundle bundle = Trust({chain[2]});
  EXPECT_THAT(bundle.Verify({chain[0]}, {.now = kNow}), IsOk());
  EXPECT_THAT(bundle.Verify({chain[1]}, {.now = kNow}),
              Fails("certificate 0 (CN=n1.test): x509: permitted subtree "
                    "violation"));
}

TEST(TrustBundleTest, TakesEveryKindOfCa) {
  for (const absl::string_view name :
       {"p256", "p384", "p521", "rsa2048", "ed25519"}) {
    SCOPED_TRACE(name);
    const PrivateKey key = *PrivateKey::FromPem(
        ReadTestData(absl::StrCat("test-", name, ".key.pem")));
    const Certificate root =
        ParseCertificatesPem(
            ReadTestData(absl::StrCat("test-", name, "-ca.cert.pem")))
            ->front();
    const CertificateAuthority authority =
        *CertificateAuthority::Create(root, std::make_shared<PrivateKey>(key));
    const Certificate leaf = *Certificate::Parse(*authority.Issue(Leaf()));
    EXPECT_THAT(Trust({root}).Verify({leaf}, {.now = kNow}), IsOk());
  }
}

// Many intermediates of one name could make the search take for ever.
TEST(TrustBundleTest, GivesUpOnAMaze) {
  const Ca root("root");
  std::vector<Certificate> chain;
  std::vector<Ca> layer;
  for (int i = 0; i < 12; ++i) layer.emplace_back("maze");
  TbsCertificate tbs = Leaf();
  chain.push_back(layer[0].Issue(tbs));
  for (const Ca& ca : layer) {
    for (const Ca& issuer : layer) {
      TbsCertificate cross = Tbs("maze", ca.key().public_key());
      cross.is_ca = true;
      chain.push_back(issuer.Issue(cross));
    }
  }
  EXPECT_THAT(Trust({root.certificate()}).Verify(chain, {.now = kNow}),
              Fails("certificate signed by unknown authority"));
}

TEST(TrustBundleTest, IsCopied) {
  const Ca root("root");
  auto bundle = std::make_unique<TrustBundle>(Trust({root.certificate()}));
  const TrustBundle copy = *bundle;
  bundle.reset();
  EXPECT_THAT(copy.Verify({root.Issue(Leaf())}, {.now = kNow}), IsOk());
}

}  // namespace
}  // namespace signet::pki
