#include "core/sys/pkcs11_key.h"

#include <chrono>
#include <cstdint>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/pki/private_key.h"
#include "core/pki/signature_algorithm.h"
#include "core/sys/pkcs11_abi.h"
#include "core/sys/pkcs11_module.h"
#include "core/sys/pkcs11_uri.h"
#include "core/sys/posix_file_system.h"
#include "core/testing/soft_hsm.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::sys {
namespace {

using ::absl_testing::StatusIs;
using pki::KeyAlgorithm;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr absl::string_view kMessage = "to be signed";

// One token for all tests, with a key of each kind.
struct World {
  testing::SoftHsm hsm;
  static const World& Get() {
    static const World* const world = [] {
      absl::StatusOr<testing::SoftHsm> hsm =
          testing::SoftHsm::Create(::testing::TempDir() + "hsm");
      // A missing SoftHSM2 is a failure: nothing is skipped.
      EXPECT_EQ(hsm.status(), absl::OkStatus());
      if (!hsm.ok()) std::abort();
      EXPECT_EQ(hsm->MakeKey("p256", KeyAlgorithm::kEcdsaP256),
                absl::OkStatus());
      EXPECT_EQ(hsm->MakeKey("rsa2048", KeyAlgorithm::kRsa2048),
                absl::OkStatus());
      EXPECT_EQ(hsm->MakeKey("twin", KeyAlgorithm::kEcdsaP256),
                absl::OkStatus());
      EXPECT_EQ(hsm->MakeKey("twin", KeyAlgorithm::kEcdsaP256),
                absl::OkStatus());
      return new World{*std::move(hsm)};
    }();
    return *world;
  }
};

class Pkcs11KeyTest : public ::testing::Test {
 protected:
  static const testing::SoftHsm& hsm() { return World::Get().hsm; }
  std::shared_ptr<Pkcs11Key> Open(absl::string_view label) {
    absl::StatusOr<Pkcs11Uri> uri = ParsePkcs11Uri(hsm().Uri(label));
    EXPECT_EQ(uri.status(), absl::OkStatus());
    absl::StatusOr<std::shared_ptr<Pkcs11Key>> key =
        Pkcs11Key::Open(*std::move(uri), files_);
    EXPECT_EQ(key.status(), absl::OkStatus());
    return *key;
  }
  // Signs, and proves the signature with the public key alone.
  static absl::Status SignAndVerify(const pki::SigningKey& key) {
    const pki::SignatureAlgorithm algorithm =
        pki::IssuerSignatureAlgorithm(key.public_key());
    const absl::StatusOr<std::string> signature = key.Sign(algorithm, kMessage);
    if (!signature.ok()) return signature.status();
    return key.public_key().Verify(algorithm, kMessage, *signature);
  }

  PosixFileSystem files_;
};

TEST_F(Pkcs11KeyTest, SignsWithEachKindOfKey) {
  const struct {
    const char* label;
    pki::KeyType type;
    int bits;
  } kTests[] = {{"p256", pki::KeyType::kEcdsa, 256},
                {"rsa2048", pki::KeyType::kRsa, 2048}};
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.label);
    const std::shared_ptr<Pkcs11Key> key = Open(t.label);
    EXPECT_EQ(key->public_key().type(), t.type);
    EXPECT_EQ(key->public_key().bits(), t.bits);
    EXPECT_EQ(SignAndVerify(*key), absl::OkStatus());
    EXPECT_EQ(SignAndVerify(*key), absl::OkStatus());
  }
  EXPECT_THAT(Open("p256")->Sign(pki::SignatureAlgorithm::kRsaSha256, kMessage),
              StatusIs(absl::StatusCode::kUnimplemented));
}

// Issue's "must show": the key never leaves the token.
TEST_F(Pkcs11KeyTest, TheKeyDoesNotLeaveTheToken) {
  for (const char* label : {"p256", "rsa2048"}) {
    SCOPED_TRACE(label);
    const std::shared_ptr<Pkcs11Key> key = Open(label);
    EXPECT_FALSE(key->extractable());

    const Pkcs11Module& module = hsm().module();
    pkcs11::Session session = 0;
    ASSERT_EQ(
        module.functions().open_session(*hsm().Slot(), pkcs11::kSerialSession,
                                        nullptr, nullptr, &session),
        pkcs11::kOk);  // It is logged in, as the key is.
    const pkcs11::Ulong object_class = pkcs11::kPrivateKeyObject;
    const absl::StatusOr<std::vector<pkcs11::Object>> found =
        module.Find(session, {Pkcs11Attribute(pkcs11::kClass, object_class),
                              Pkcs11Attribute(pkcs11::kLabel, label)});
    ASSERT_EQ(found.status(), absl::OkStatus());
    ASSERT_EQ(found->size(), 1u);
    const auto get = [&](pkcs11::Ulong attribute) {
      return module.Get(session, found->front(), attribute);
    };
    EXPECT_EQ(*get(pkcs11::kExtractable), std::string(1, '\0'));
    EXPECT_EQ(*get(pkcs11::kSensitive), std::string(1, '\1'));
    // The private number of an ECDSA key, and that of an RSA key.
    EXPECT_THAT(get(key->public_key().type() == pki::KeyType::kRsa
                        ? pkcs11::kPrivateExponent
                        : pkcs11::kValue)
                    .status(),
                StatusIs(absl::StatusCode::kPermissionDenied));
    module.functions().close_session(session);
  }
}

TEST_F(Pkcs11KeyTest, ComesBackAfterItsSessionsOrTheLibraryEnded) {
  const std::shared_ptr<Pkcs11Key> key = Open("p256");
  const std::shared_ptr<Pkcs11Key> other = Open("rsa2048");
  ASSERT_EQ(SignAndVerify(*key), absl::OkStatus());
  const pkcs11::FunctionList& functions = hsm().module().functions();
  const struct {
    const char* name;
    pkcs11::Rv (*harm)(const pkcs11::FunctionList&, pkcs11::Slot);
  } kTests[] = {
      {"all sessions closed, and with them the login",
       [](const pkcs11::FunctionList& f, pkcs11::Slot slot) {
         return f.close_all_sessions(slot);
       }},
      {"logged out",
       [](const pkcs11::FunctionList& f, pkcs11::Slot slot) {
         pkcs11::Session session = 0;
         f.open_session(slot, pkcs11::kSerialSession, nullptr, nullptr,
                        &session);
         return f.logout(session);
       }},
      {"the library ended", [](const pkcs11::FunctionList& f,
                               pkcs11::Slot) { return f.finalize(nullptr); }},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    ASSERT_EQ(t.harm(functions, *hsm().Slot()), pkcs11::kOk);
    EXPECT_EQ(SignAndVerify(*key), absl::OkStatus());
    EXPECT_EQ(SignAndVerify(*other), absl::OkStatus());
  }
}

TEST_F(Pkcs11KeyTest, ManyThreadsSignAtOnce) {
  const std::shared_ptr<Pkcs11Key> key = Open("p256");
  std::vector<absl::Status> results(8);
  std::vector<std::thread> threads;
  for (absl::Status& result : results) {
    threads.emplace_back([&result, &key] {
      for (int i = 0; i < 50 && result.ok(); ++i) result = SignAndVerify(*key);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const absl::Status& result : results) {
    EXPECT_EQ(result, absl::OkStatus());
  }
}

TEST_F(Pkcs11KeyTest, SaysWhatIsMissing) {
  const auto open = [this](absl::string_view uri) {
    return Pkcs11Key::Open(*ParsePkcs11Uri(uri), files_).status();
  };
  const std::string query = absl::StrCat("?module-path=", hsm().module_path(),
                                         "&pin-source=", hsm().pin_file());
  EXPECT_EQ(open("pkcs11:token=signet;object=p256" + query), absl::OkStatus());
  EXPECT_EQ(open("pkcs11:id=p256" + query), absl::OkStatus());
  EXPECT_THAT(open("pkcs11:token=signet;object=none" + query),
              StatusIs(absl::StatusCode::kNotFound,
                       HasSubstr("no private key \"none\"")));
  EXPECT_THAT(open("pkcs11:token=none;object=p256" + query),
              StatusIs(absl::StatusCode::kNotFound,
                       HasSubstr("no token labelled \"none\"")));
  EXPECT_THAT(open("pkcs11:token=signet;object=twin" + query),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("more than one private key \"twin\"")));
  EXPECT_THAT(open("pkcs11:object=p256?module-path=/none.so&pin-source=/pin"),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("cannot load /none.so")));
  EXPECT_THAT(open("pkcs11:object=p256?module-path=" + hsm().module_path() +
                   "&pin-source=/none/pin"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/none/pin")));
}

TEST_F(Pkcs11KeyTest, ARefusedPinIsNotTriedAgain) {
  const std::shared_ptr<Pkcs11Key> key = Open("p256");
  const std::string right = *files_.Read(hsm().pin_file(), 100);
  ASSERT_EQ(files_.Write(hsm().pin_file(), "9999\n", 0600), absl::OkStatus());
  const pkcs11::FunctionList& functions = hsm().module().functions();
  EXPECT_EQ(functions.close_all_sessions(*hsm().Slot()), pkcs11::kOk);
  EXPECT_THAT(SignAndVerify(*key), StatusIs(absl::StatusCode::kUnauthenticated,
                                            AllOf(HasSubstr("the PIN is wrong"),
                                                  Not(HasSubstr("9999")))));
  EXPECT_THAT(SignAndVerify(*key),
              StatusIs(absl::StatusCode::kUnauthenticated,
                       HasSubstr("the token refused the PIN of")));
  ASSERT_EQ(files_.Write(hsm().pin_file(), right, 0600), absl::OkStatus());
  EXPECT_EQ(SignAndVerify(*key), absl::OkStatus());
}

// Signatures a second, printed for the token and for a key of a file.
TEST_F(Pkcs11KeyTest, PrintsItsThroughputBesideAFileKeys) {
  const auto rate = [](const pki::SigningKey& key) {
    constexpr int kSignatures = 200;
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < kSignatures; ++i) {
      EXPECT_TRUE(
          key.Sign(pki::IssuerSignatureAlgorithm(key.public_key()), kMessage)
              .ok());
    }
    const std::chrono::duration<double> took =
        std::chrono::steady_clock::now() - start;
    return static_cast<int>(kSignatures / took.count());
  };
  for (const auto& [label, algorithm] :
       {std::pair("p256", KeyAlgorithm::kEcdsaP256),
        std::pair("rsa2048", KeyAlgorithm::kRsa2048)}) {
    const absl::StatusOr<pki::PrivateKey> file =
        pki::PrivateKey::Generate(algorithm);
    ASSERT_EQ(file.status(), absl::OkStatus());
    std::cout << label << ": " << rate(*Open(label))
              << " signatures/s in SoftHSM2, " << rate(*file)
              << " with a key from a file\n";
  }
}

}  // namespace
}  // namespace signet::sys
