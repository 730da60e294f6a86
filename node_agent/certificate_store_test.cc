#include "node_agent/certificate_store.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/log_severity.h"
#include "absl/log/globals.h"
#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/simulated_clock.h"
#include "absl/time/time.h"
#include "core/base/file_system.h"
#include "core/http/tls_identity.h"
#include "core/pki/certificate.h"
#include "core/pki/certificate_request.h"
#include "core/pki/pem.h"
#include "core/pki/private_key.h"
#include "core/testing/fake_file_system.h"
#include "core/testing/test_ca.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::node_agent {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::IsOkAndHolds;
using ::absl_testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;
using Effect = testing::FakeFileSystem::Effect;

constexpr size_t kMax = 1 << 20;
constexpr absl::string_view kDir = "/var/lib/kubelet/pki";
constexpr absl::string_view kCurrent =
    "/var/lib/kubelet/pki/kubelet-client-current.pem";
constexpr absl::string_view kUpdated =
    "/var/lib/kubelet/pki/kubelet-client-updated.pem";
constexpr absl::string_view kFirst =
    "/var/lib/kubelet/pki/kubelet-client-2026-11-24-10-00-21.pem";
constexpr absl::string_view kSecond =
    "/var/lib/kubelet/pki/kubelet-client-2026-11-24-10-01-21.pem";

const absl::Time kStart = absl::FromCivil(
    absl::CivilSecond(2026, 11, 24, 10, 0, 21), absl::UTCTimeZone());

// Keys are costly: each pair is made once for all tests.
const testing::TestIdentity& PairNumber(size_t i) {
  static const auto& pairs = *[] {
    const testing::TestCa ca;
    auto* made = new std::vector<testing::TestIdentity>;
    for (int n = 0; n < 3; ++n) {
      made->push_back(ca.Client("system:node:n1", {"system:nodes"}));
    }
    return made;
  }();
  return pairs.at(i);
}

std::string DerOf(const absl::StatusOr<CertificateStore::Pair>& pair) {
  return pair.ok() ? (*pair)->chain.front().der()
                   : absl::StrCat("no pair: ", pair.status().message());
}
std::string DerOf(const testing::TestIdentity& pair) {
  return pair.certificate().der();
}

std::string FileText(size_t i) {  // As a kubelet would write it.
  const testing::TestIdentity& pair = PairNumber(i);
  return absl::StrCat(
      pair.certificate().ToPem(),
      pair.tls->key.ToPem(pki::PrivateKey::Format::kTraditional)->Reveal());
}

// A machine: its disk and its clock.
struct World {
  World() : clock(kStart) {
    EXPECT_THAT(files.MakeDirectories(kDir, 0755), IsOk());
    Sync();
  }
  void Sync() {
    for (absl::string_view path : {"/", "/var", "/var/lib", "/var/lib/kubelet",
                                   "/var/lib/kubelet/pki"}) {
      EXPECT_THAT(files.SyncDirectory(path), IsOk());
    }
  }
  absl::StatusOr<std::unique_ptr<CertificateStore>> TryOpen(
      const CertificateStoreOptions& options = {}) {
    return CertificateStore::Open(options, files, clock, absl::UTCTimeZone());
  }
  std::unique_ptr<CertificateStore> Open(
      const CertificateStoreOptions& options = {}) {
    auto store = TryOpen(options);
    EXPECT_THAT(store, IsOk());
    return *std::move(store);
  }
  // Stores pair `i`; a minute goes by.
  void Store(CertificateStore& store, size_t i) {
    const testing::TestIdentity& pair = PairNumber(i);
    EXPECT_THAT(store.Update(pair.certificate_pem, pair.tls->key), IsOk());
    clock.AdvanceTime(absl::Minutes(1));
  }
  void Write(absl::string_view path, absl::string_view text) {
    EXPECT_THAT(files.Write(path, text, 0600), IsOk());
  }
  void Link(absl::string_view target, absl::string_view path) {
    EXPECT_THAT(files.Symlink(target, path), IsOk());
  }

  testing::FakeFileSystem files;
  absl::SimulatedClock clock;
};

class CertificateStoreTest : public ::testing::Test, protected World {};

// ---- Reading.

TEST_F(CertificateStoreTest, A22LooksInThreePlacesInOrder) {
  CertificateStoreOptions options;
  options.certificate_file = "/etc/client.crt";
  options.key_file = "/etc/client.key";
  options.key_directory = "/keys";
  ASSERT_THAT(files.MakeDirectories("/etc", 0755), IsOk());
  ASSERT_THAT(files.MakeDirectories("/keys", 0755), IsOk());
  const auto store = Open(options);
  EXPECT_THAT(store->Current(),
              StatusIs(absl::StatusCode::kNotFound,
                       "no cert/key files read at "
                       "\"/var/lib/kubelet/pki/kubelet-client-current.pem\", "
                       "(\"/etc/client.crt\", \"/etc/client.key\") or "
                       "(\"/var/lib/kubelet/pki\", \"/keys\")"));

  Write("/var/lib/kubelet/pki/kubelet-client.crt",
        PairNumber(2).certificate_pem);
  EXPECT_THAT(store->Current(), StatusIs(absl::StatusCode::kNotFound));
  Write("/keys/kubelet-client.key", PairNumber(2).key_pem);
  EXPECT_EQ(DerOf(store->Current()), DerOf(PairNumber(2)));

  Write("/etc/client.crt", PairNumber(1).certificate_pem);
  EXPECT_EQ(DerOf(store->Current()), DerOf(PairNumber(2)));
  Write("/etc/client.key", PairNumber(1).key_pem);
  EXPECT_EQ(DerOf(store->Current()), DerOf(PairNumber(1)));

  Link(kFirst, kCurrent);  // Dangling: counts as absent.
  EXPECT_EQ(DerOf(store->Current()), DerOf(PairNumber(1)));
  Write(kFirst, FileText(0));
  EXPECT_EQ(DerOf(store->Current()), DerOf(PairNumber(0)));
}

TEST_F(CertificateStoreTest, A22ReadsAPlainFileAsCurrent) {
  Write(kCurrent, FileText(0));
  EXPECT_EQ(DerOf(Open()->Current()), DerOf(PairNumber(0)));
}

TEST_F(CertificateStoreTest, A23RefusesWhatIsThereButNoPair) {
  const struct {
    std::string name;
    std::string text;
    std::string want;
  } kTests[] = {
      {"empty", "", "data does not contain any valid"},
      {"no PEM", "hello", "data does not contain any valid"},
      {"without a key", PairNumber(0).certificate_pem, "key"},
      {"another pair's key",
       PairNumber(0).certificate_pem + PairNumber(1).key_pem,
       "the private key does not belong to the first certificate"},
      {"a broken certificate",
       "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" +
           PairNumber(0).key_pem,
       ""},
  };
  Link(kFirst, kCurrent);
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    Write(kFirst, t.text);
    EXPECT_THAT(Open()->Current(),
                StatusIs(Not(absl::StatusCode::kNotFound),
                         AllOf(HasSubstr("could not convert data from "
                                         "\"/var/lib/kubelet/pki/"
                                         "kubelet-client-current.pem\""),
                               HasSubstr(t.want))));
  }
}

TEST_F(CertificateStoreTest, A23RefusesWhatItMayNotRead) {
  files.FailPath(kCurrent, absl::PermissionDeniedError("permission denied"));
  EXPECT_THAT(TryOpen(), StatusIs(absl::StatusCode::kPermissionDenied,
                                  HasSubstr("kubelet-client-current.pem")));
}

TEST_F(CertificateStoreTest, A28ReadsEachFormOfKey) {
  const auto sec1 =
      PairNumber(0).tls->key.ToPem(pki::PrivateKey::Format::kTraditional);
  const std::string kParameters =
      "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n"
      "-----END EC PARAMETERS-----\n";
  const struct {
    std::string name;
    std::string key_pem;
  } kTests[] = {
      {"SEC 1", std::string(sec1->Reveal())},
      {"PKCS #8", PairNumber(0).key_pem},
      {"after EC PARAMETERS", absl::StrCat(kParameters, sec1->Reveal())},
  };
  Link(kFirst, kCurrent);
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    Write(kFirst, PairNumber(0).certificate_pem + t.key_pem);
    EXPECT_EQ(DerOf(Open()->Current()), DerOf(PairNumber(0)));
  }
}

// ---- Writing.

TEST_F(CertificateStoreTest, A24WritesTheKubeletsFile) {
  const auto store = Open();
  const testing::TestIdentity& pair = PairNumber(0);
  EXPECT_EQ(DerOf(store->Update(pair.certificate_pem, pair.tls->key)),
            DerOf(pair));
  EXPECT_THAT(files.List(kDir),
              IsOkAndHolds(ElementsAre("kubelet-client-2026-11-24-10-00-21.pem",
                                       "kubelet-client-current.pem")));
  EXPECT_EQ(files.LinkStat(kFirst)->mode, 0600);
  EXPECT_THAT(files.Read(kFirst, kMax), IsOkAndHolds(FileText(0)));
  EXPECT_THAT(FileText(0),
              MatchesRegex("-----BEGIN CERTIFICATE-----\n(.|\n)*"
                           "-----END CERTIFICATE-----\n"
                           "-----BEGIN EC PRIVATE KEY-----\n(.|\n)*"
                           "-----END EC PRIVATE KEY-----\n"));
  EXPECT_EQ(DerOf(store->Current()), DerOf(pair));
}

TEST_F(CertificateStoreTest, A24NamesTheFileInLocalTime) {
  const auto store = CertificateStore::Open({}, files, clock,
                                            absl::FixedTimeZone(-5 * 60 * 60));
  ASSERT_THAT(store, IsOk());
  Store(**store, 0);
  EXPECT_THAT(
      files.ReadLink(kCurrent),
      IsOkAndHolds(EndsWith("/kubelet-client-2026-11-24-05-00-21.pem")));
}

TEST_F(CertificateStoreTest, A24KeepsCertificatesOnlyAndInOrder) {
  const testing::TestIdentity& pair = PairNumber(0);
  const std::string text = absl::StrCat(
      "a note\n-----BEGIN OTHER-----\nAAAA\n-----END OTHER-----\n",
      "-----BEGIN CERTIFICATE-----\nA: b\n\nAAAA\n-----END CERTIFICATE-----\n",
      pair.certificate_pem, PairNumber(1).certificate_pem);
  ASSERT_THAT(Open()->Update(text, pair.tls->key), IsOk());
  EXPECT_THAT(
      files.Read(kFirst, kMax),
      IsOkAndHolds(absl::StrCat(
          pair.certificate().ToPem(), PairNumber(1).certificate().ToPem(),
          pair.tls->key.ToPem(pki::PrivateKey::Format::kTraditional)
              ->Reveal())));
}

TEST_F(CertificateStoreTest, A24MakesTheDirectory) {
  CertificateStoreOptions options;
  options.directory = "/new/pki/";
  const auto store = Open(options);
  EXPECT_EQ(store->current_path(), "/new/pki/kubelet-client-current.pem");
  Store(*store, 0);
  EXPECT_EQ(files.Stat("/new/pki")->mode, 0755);
  files.Crash();
  EXPECT_EQ(DerOf(Open(options)->Current()), DerOf(PairNumber(0)));
}

TEST_F(CertificateStoreTest, A24RefusesAPairThatDoesNotMatch) {
  const auto store = Open();
  Store(*store, 0);
  const int before = files.operations();
  EXPECT_THAT(
      store->Update(PairNumber(1).certificate_pem, PairNumber(2).tls->key),
      StatusIs(absl::StatusCode::kInvalidArgument,
               "the certificate does not belong to the private key"));
  EXPECT_THAT(store->Update("", PairNumber(2).tls->key),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(files.operations(), before);
  EXPECT_EQ(DerOf(store->Current()), DerOf(PairNumber(0)));
}

// Unlike the kubelet, which overwrites the pair in use.
TEST_F(CertificateStoreTest, A24TakesTheNextNameInTheSameSecond) {
  const auto store = Open();
  for (size_t i : {0, 1, 2}) {
    const testing::TestIdentity& pair = PairNumber(i);
    ASSERT_THAT(store->Update(pair.certificate_pem, pair.tls->key), IsOk());
  }
  EXPECT_THAT(files.List(kDir),
              IsOkAndHolds(ElementsAre("kubelet-client-2026-11-24-10-00-21.pem",
                                       "kubelet-client-2026-11-24-10-00-22.pem",
                                       "kubelet-client-2026-11-24-10-00-23.pem",
                                       "kubelet-client-current.pem")));
  EXPECT_THAT(files.Read(kFirst, kMax), IsOkAndHolds(FileText(0)));
  EXPECT_EQ(DerOf(store->Current()), DerOf(PairNumber(2)));
}

TEST_F(CertificateStoreTest, A25PointsToTheNewPairByAnAbsoluteLink) {
  const auto store = Open();
  Store(*store, 0);
  EXPECT_THAT(files.ReadLink(kCurrent), IsOkAndHolds(kFirst));
  Store(*store, 1);
  EXPECT_THAT(files.ReadLink(kCurrent), IsOkAndHolds(kSecond));
  EXPECT_THAT(files.LinkStat(kUpdated), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(CertificateStoreTest, A25RefusesAFileWhereALinkShouldBe) {
  const testing::TestIdentity& pair = PairNumber(1);
  for (absl::string_view path : {kCurrent, kUpdated}) {
    SCOPED_TRACE(path);
    World world;
    const auto store = world.Open();
    world.Write(path, FileText(0));
    EXPECT_THAT(store->Update(pair.certificate_pem, pair.tls->key),
                StatusIs(absl::StatusCode::kFailedPrecondition,
                         absl::StrCat("expected \"", path,
                                      "\" to be a symlink but it is a file")));
    EXPECT_THAT(world.files.Read(path, kMax), IsOkAndHolds(FileText(0)));
  }
}

TEST_F(CertificateStoreTest, A25RemovesALinkLeftOver) {
  const auto store = Open();
  Link("/nowhere", kUpdated);
  Store(*store, 0);
  EXPECT_EQ(DerOf(store->Current()), DerOf(PairNumber(0)));
  EXPECT_THAT(files.LinkStat(kUpdated), StatusIs(absl::StatusCode::kNotFound));
}

// ---- Recovery.

TEST_F(CertificateStoreTest, A26FinishesAnInterruptedUpdate) {
  Write(kFirst, FileText(0));
  Link(kFirst, kUpdated);
  EXPECT_EQ(DerOf(Open()->Current()), DerOf(PairNumber(0)));
  EXPECT_THAT(files.ReadLink(kCurrent), IsOkAndHolds(kFirst));
  EXPECT_THAT(files.LinkStat(kUpdated), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(CertificateStoreTest, A26FinishesAnUpdateOverADanglingLink) {
  Write(kSecond, FileText(1));
  Link(kFirst, kCurrent);
  Link(kSecond, kUpdated);
  EXPECT_EQ(DerOf(Open()->Current()), DerOf(PairNumber(1)));
}

TEST_F(CertificateStoreTest, A26LeavesAValidLinkAlone) {
  Write(kFirst, FileText(0));
  Write(kSecond, FileText(1));
  Link(kFirst, kCurrent);
  Link(kSecond, kUpdated);
  EXPECT_EQ(DerOf(Open()->Current()), DerOf(PairNumber(0)));
}

TEST_F(CertificateStoreTest, A26RefusesAFileAsUpdated) {
  Write(kUpdated, FileText(0));
  EXPECT_THAT(TryOpen(),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       "expected \"/var/lib/kubelet/pki/"
                       "kubelet-client-updated.pem\" to be a symlink but it is "
                       "a file"));
}

TEST_F(CertificateStoreTest, A26DoesNothingWithoutADirectory) {
  CertificateStoreOptions options;
  options.directory = "/none";
  EXPECT_THAT(Open(options)->Current(), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(files.Stat("/none"), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(CertificateStoreTest, MendsALinkWhoseDirectoryWasMoved) {
  Write(kFirst, FileText(0));
  Link("/old/place/kubelet-client-2026-11-24-10-00-21.pem", kCurrent);
  EXPECT_EQ(DerOf(Open()->Current()), DerOf(PairNumber(0)));
  EXPECT_THAT(files.ReadLink(kCurrent), IsOkAndHolds(kFirst));
}

TEST_F(CertificateStoreTest, A26PointsADanglingLinkAtTheNewestPair) {
  constexpr absl::string_view kOlder =
      "/var/lib/kubelet/pki/kubelet-client-2026-11-24-09-00-00.pem";
  Write(kOlder, FileText(0));
  Write(kSecond, FileText(1));
  Link(kFirst, kCurrent);
  EXPECT_EQ(DerOf(Open()->Current()), DerOf(PairNumber(1)));
  EXPECT_THAT(files.ReadLink(kCurrent), IsOkAndHolds(kSecond));
}

// A half-written file, say, of somebody who does not fsync.
TEST_F(CertificateStoreTest, A26FallsBackFromAFileThatIsNoPair) {
  const struct {
    std::string name;
    std::string text;
  } kTests[] = {
      {"empty", ""},
      {"cut off", FileText(1).substr(0, 300)},
      {"no key", PairNumber(1).certificate_pem},
      {"another pair's key",
       PairNumber(1).certificate_pem + PairNumber(2).key_pem},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    World world;
    world.Store(*world.Open(), 0);
    world.Write(kSecond, t.text);
    ASSERT_THAT(world.files.Remove(kCurrent), IsOk());
    world.Link(kSecond, kCurrent);
    EXPECT_EQ(DerOf(world.Open()->Current()), DerOf(PairNumber(0)));
    EXPECT_THAT(world.files.ReadLink(kCurrent), IsOkAndHolds(kFirst));
    // Nothing is lost: somebody may want to know what it was.
    EXPECT_THAT(world.files.Read(kSecond, kMax), IsOkAndHolds(t.text));
  }
}

TEST_F(CertificateStoreTest, A26FallsBackToNoPairThatHasExpired) {
  const testing::TestCa ca;
  const testing::TestIdentity old = ca.Client(
      {.common_name = "system:node:n1",
       .organizations = {"system:nodes"},
       .dns_names = {},
       .ip_addresses = {},
       .validity = {kStart - absl::Hours(2), kStart - absl::Hours(1)}});
  Write(kFirst, old.certificate_pem + old.key_pem);
  Link(kSecond, kCurrent);
  EXPECT_THAT(Open()->Current(), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(files.ReadLink(kCurrent), IsOkAndHolds(kSecond));
}

// What may not be read may be good: an administrator has to look.
TEST_F(CertificateStoreTest, A26LeavesWhatItMayNotRead) {
  Write(kFirst, FileText(0));
  Write(kSecond, FileText(1));
  Link(kSecond, kCurrent);
  const auto store = Open();
  files.FailPath(kCurrent, absl::PermissionDeniedError("permission denied"));
  EXPECT_THAT(TryOpen(), StatusIs(absl::StatusCode::kPermissionDenied));
  files.FailPath(kCurrent, absl::OkStatus());
  EXPECT_THAT(files.ReadLink(kCurrent), IsOkAndHolds(kSecond));
}

TEST_F(CertificateStoreTest, LeavesARemovedLinkRemoved) {
  Write(kFirst, FileText(0));
  EXPECT_THAT(Open()->Current(), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(CertificateStoreTest, WantsAnAbsoluteDirectory) {
  CertificateStoreOptions options;
  options.directory = "pki";
  EXPECT_THAT(TryOpen(options), StatusIs(absl::StatusCode::kInvalidArgument,
                                         HasSubstr("\"pki\"")));
}

// ---- Retention.

TEST_F(CertificateStoreTest, A27KeepsThreePairsUnlessTold) {
  const auto store = Open();
  for (size_t i : {0, 1, 2, 0, 1}) Store(*store, i);
  EXPECT_EQ(files.List(kDir)->size(), 4);
}

TEST_F(CertificateStoreTest, A27KeepsAllPairsIfTold) {
  CertificateStoreOptions options;
  options.keep = 0;
  const auto store = Open(options);
  for (size_t i : {0, 1, 2, 0, 1}) Store(*store, i);
  EXPECT_EQ(files.List(kDir)->size(), 6);
}

// ---- Keys whose requests are under way.

TEST_F(CertificateStoreTest, F2KeepsTheRequestUnderWay) {
  constexpr absl::string_view kPath =
      "/var/lib/kubelet/pki/kubelet-client-pending.pem";
  const auto store = Open();
  auto pending = store->Pending();
  ASSERT_THAT(pending, IsOk());
  EXPECT_FALSE(pending->has_value());

  const pki::PrivateKey& key = PairNumber(0).tls->key;
  const auto der = pki::CertificateRequest::Build({}, {}, key);
  ASSERT_THAT(der, IsOk());
  const std::string pem = pki::EncodePem("CERTIFICATE REQUEST", *der);
  for (const auto& [name, uid] :
       {std::pair<std::string, std::string>{"", ""}, {"csr-x", "u-1"}}) {
    ASSERT_THAT(store->KeepPending({key, pem, name, uid}), IsOk());
    files.Crash();
    pending = Open()->Pending();
    ASSERT_THAT(pending, IsOk());
    ASSERT_TRUE(pending->has_value());
    EXPECT_EQ((*pending)->key.public_key(), key.public_key());
    EXPECT_EQ((*pending)->request_pem, pem);
    EXPECT_EQ((*pending)->name, name);
    EXPECT_EQ((*pending)->uid, uid);
    EXPECT_EQ(files.LinkStat(kPath)->mode, 0600);
  }
  ASSERT_THAT(store->ForgetPending(), IsOk());
  files.Crash();
  EXPECT_FALSE((*Open()->Pending()).has_value());

  for (absl::string_view text :
       {absl::string_view("csr: x\n"), absl::string_view("hello"),
        absl::string_view(pem)}) {
    Write(kPath, text);
    EXPECT_THAT(store->Pending(),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(kPath)));
  }
  Write(kPath, absl::StrCat(pem, PairNumber(1).key_pem));
  EXPECT_THAT(store->Pending(),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("its key is not the request's")));
}

TEST_F(CertificateStoreTest, A33KeepsAKeyWhereAKubeletDoes) {
  constexpr absl::string_view kPath =
      "/var/lib/kubelet/pki/kubelet-client.key.tmp";
  const auto store = Open();
  EXPECT_THAT(store->TemporaryKey(), StatusIs(absl::StatusCode::kNotFound));
  ASSERT_THAT(store->KeepTemporaryKey(PairNumber(0).tls->key), IsOk());
  EXPECT_EQ(files.LinkStat(kPath)->mode, 0600);
  EXPECT_THAT(
      files.Read(kPath, kMax),
      IsOkAndHolds(::testing::StartsWith("-----BEGIN EC PRIVATE KEY-----\n")));
  files.Crash();
  const auto kept = Open()->TemporaryKey();
  ASSERT_THAT(kept, IsOk());
  EXPECT_EQ(kept->public_key(), PairNumber(0).tls->key.public_key());
  // What is no key is made anew.
  Write(kPath, "hello");
  EXPECT_THAT(store->TemporaryKey(), StatusIs(absl::StatusCode::kNotFound));
  ASSERT_THAT(store->ForgetTemporaryKey(), IsOk());
  EXPECT_THAT(files.Stat(kPath), StatusIs(absl::StatusCode::kNotFound));
}

// ---- Retention, further.

TEST_F(CertificateStoreTest, A27KeepsTheNewestPairsAndTheCurrentOne) {
  CertificateStoreOptions options;
  options.keep = 2;
  Write("/var/lib/kubelet/pki/kubelet-client-2020-01-01-00-00-00.pem.bak", "");
  Write("/var/lib/kubelet/pki/kubelet-server-2020-01-01-00-00-00.pem", "");
  // A pair from a clock that was ahead: newer by name, but not current.
  Write("/var/lib/kubelet/pki/kubelet-client-2030-01-01-00-00-00.pem", "");
  const auto store = Open(options);
  for (size_t i : {0, 1, 2}) Store(*store, i);
  EXPECT_THAT(
      files.List(kDir),
      IsOkAndHolds(ElementsAre("kubelet-client-2020-01-01-00-00-00.pem.bak",
                               "kubelet-client-2026-11-24-10-02-21.pem",
                               "kubelet-client-2030-01-01-00-00-00.pem",
                               "kubelet-client-current.pem",
                               "kubelet-server-2020-01-01-00-00-00.pem")));
  EXPECT_EQ(DerOf(store->Current()), DerOf(PairNumber(2)));
}

// ---- Interruptions. Pair 0 is the old one, if there is one, pair 1 the new.

struct Beginning {
  std::string name;
  bool has_old;
  std::function<void(World&)> prepare;
};

const std::vector<Beginning>& Beginnings() {
  static const auto& beginnings = *new std::vector<Beginning>{
      {"an empty directory", false, [](World&) {}},
      {"a pair", true, [](World& w) { w.Store(*w.Open(), 0); }},
      {"a kubelet killed between unlink and rename", true,
       [](World& w) {
         w.Write(kFirst, FileText(0));
         w.Link(kFirst, kUpdated);
         w.Sync();
       }},
      {"a kubelet killed before unlink", true,
       [](World& w) {
         w.Store(*w.Open(), 0);
         w.Write(kSecond, FileText(2));
         w.Link(kSecond, kUpdated);
         w.Sync();
       }},
      {"a moved directory", true,
       [](World& w) {
         w.Write(kFirst, FileText(0));
         w.Link("/old/kubelet-client-2026-11-24-10-00-21.pem", kCurrent);
         w.Sync();
       }},
      {"a link to a half-written file", true,
       [](World& w) {
         w.Store(*w.Open(), 0);
         w.Write(kSecond, "-----BEGIN");
         EXPECT_THAT(w.files.Remove(kCurrent), IsOk());
         w.Link(kSecond, kCurrent);
         w.Sync();
       }},
      {"more pairs than are kept", true,
       [](World& w) {
         w.Store(*w.Open(), 2);
         w.Store(*w.Open(), 1);
         w.Store(*w.Open(), 0);
       }},
      {"the name taken by a half-written file", true,
       [](World& w) {
         w.Store(*w.Open(), 0);
         w.Write(kSecond, "-----BEGIN");
         w.Sync();
       }},
  };
  return beginnings;
}

// Opens the store and stores pair 1, as a process does that has just started.
absl::Status OpenAndUpdate(World& world) {
  auto store = world.TryOpen();
  if (!store.ok()) return store.status();
  const testing::TestIdentity& pair = PairNumber(1);
  return (*store)->Update(pair.certificate_pem, pair.tls->key).status();
}

// The store opens, holds the old or the new pair, and can be updated.
void ExpectSound(World& world, const Beginning& beginning) {
  auto store = world.TryOpen();
  ASSERT_THAT(store, IsOk());
  const auto current = (*store)->Current();
  if (absl::IsNotFound(current.status())) {
    EXPECT_FALSE(beginning.has_old) << "the old pair is lost";
  } else {
    EXPECT_THAT(DerOf(current),
                ::testing::AnyOf(DerOf(PairNumber(0)), DerOf(PairNumber(1))));
  }
  world.clock.AdvanceTime(absl::Minutes(5));
  const testing::TestIdentity& next = PairNumber(2);
  ASSERT_THAT((*store)->Update(next.certificate_pem, next.tls->key), IsOk());
  world.files.Crash();
  EXPECT_EQ(DerOf(world.Open()->Current()), DerOf(next));
}

// Thousands of recoveries: their log lines are of no interest.
class CertificateStoreKillTest : public ::testing::Test {
 protected:
  CertificateStoreKillTest() {
    absl::SetMinLogLevel(absl::LogSeverityAtLeast::kError);
  }
};

TEST_F(CertificateStoreKillTest, HasTheOldOrTheNewPairWhereverItIsKilled) {
  int kills = 0;
  for (const Beginning& beginning : Beginnings()) {
    SCOPED_TRACE(beginning.name);
    for (Effect effect :
         {Effect::kNothing, Effect::kHalf, Effect::kEverything}) {
      for (int operation = 1;; ++operation) {
        SCOPED_TRACE(absl::StrCat("killed at operation ", operation,
                                  " with effect ", static_cast<int>(effect)));
        const auto killed = [&]() -> std::unique_ptr<World> {
          auto world = std::make_unique<World>();
          beginning.prepare(*world);
          world->files.KillAt(operation, effect);
          OpenAndUpdate(*world).IgnoreError();
          if (!world->files.killed()) return nullptr;
          return world;
        };
        std::unique_ptr<World> world = killed();
        if (world == nullptr) break;  // There are no more operations.
        const int changes = world->files.unsynced_changes();
        ASSERT_LE(changes, 6);
        world->files.Restart();
        ExpectSound(*world, beginning);
        for (uint64_t survivors = 0; survivors < (1u << changes); ++survivors) {
          for (bool data_survives : {false, true}) {
            SCOPED_TRACE(
                absl::StrCat("survivors ", survivors, " data ", data_survives));
            world = killed();
            world->files.Crash(survivors, data_survives);
            ExpectSound(*world, beginning);
            ++kills;
          }
        }
        if (::testing::Test::HasFailure()) return;
      }
    }
  }
  EXPECT_GT(kills, 500);
}

TEST_F(CertificateStoreKillTest, HasTheNewPairAfterUpdateWhateverIsLost) {
  for (const Beginning& beginning : Beginnings()) {
    SCOPED_TRACE(beginning.name);
    World world;
    beginning.prepare(world);
    ASSERT_THAT(OpenAndUpdate(world), IsOk());
    world.files.Crash();
    EXPECT_EQ(DerOf(world.Open()->Current()), DerOf(PairNumber(1)));
  }
}

TEST_F(CertificateStoreKillTest, GoesOnAfterAFailureOfAnyOperation) {
  for (const Beginning& beginning : Beginnings()) {
    SCOPED_TRACE(beginning.name);
    for (Effect effect :
         {Effect::kNothing, Effect::kHalf, Effect::kEverything}) {
      for (int operation = 1;; ++operation) {
        SCOPED_TRACE(absl::StrCat("failed at operation ", operation,
                                  " with effect ", static_cast<int>(effect)));
        World world;
        beginning.prepare(world);
        const int before = world.files.operations();
        world.files.FailAt(
            operation, absl::ResourceExhaustedError("no space left"), effect);
        const absl::Status status = OpenAndUpdate(world);
        if (world.files.operations() - before < operation) {
          EXPECT_THAT(status, IsOk());
          break;
        }
        ExpectSound(world, beginning);
        if (::testing::Test::HasFailure()) return;
      }
    }
  }
}

// A reader that opens `current` at any moment finds a pair: the kubelet's own
// update has a moment without.
TEST_F(CertificateStoreKillTest, A25LeavesNoMomentWithoutCurrent) {
  for (int operation = 1;; ++operation) {
    SCOPED_TRACE(operation);
    World world;
    const auto store = world.Open();
    world.Store(*store, 0);
    world.files.KillAt(operation, Effect::kEverything);
    const testing::TestIdentity& pair = PairNumber(1);
    store->Update(pair.certificate_pem, pair.tls->key).IgnoreError();
    const bool killed = world.files.killed();
    world.files.Restart();
    EXPECT_THAT(world.files.Read(kCurrent, kMax),
                IsOkAndHolds(::testing::AnyOf(FileText(0), FileText(1))));
    if (!killed) break;
  }
}

}  // namespace
}  // namespace signet::node_agent
