#include "core/testing/soft_hsm.h"

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/pki/private_key.h"
#include "core/sys/pkcs11_abi.h"
#include "core/sys/pkcs11_module.h"
#include "core/sys/posix_file_system.h"

namespace signet::testing {
namespace {

namespace pkcs11 = sys::pkcs11;
using sys::Pkcs11Attribute;

constexpr char kLibrary[] = "/usr/lib/softhsm/libsofthsm2.so";
constexpr absl::string_view kPin = "1234";
constexpr absl::string_view kOfficersPin = "12345678";
// 32 bytes, padded with blanks.
constexpr char kLabel[] = "signet                          ";
// OBJECT IDENTIFIER 1.2.840.10045.3.1.7 in DER.
constexpr absl::string_view kP256("\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07",
                                  10);
constexpr absl::string_view kTrue("\x01", 1), kFalse("\x00", 1);
constexpr absl::string_view kF4("\x01\x00\x01", 3);

absl::StatusOr<pkcs11::Session> OpenSession(const sys::Pkcs11Module& module,
                                            pkcs11::Slot slot) {
  pkcs11::Session session = 0;
  const pkcs11::Rv rv = module.functions().open_session(
      slot, pkcs11::kSerialSession | pkcs11::kRwSession, nullptr, nullptr,
      &session);
  if (rv != pkcs11::kOk) return sys::Pkcs11Error("C_OpenSession", rv);
  return session;
}

absl::StatusOr<pkcs11::Slot> FindToken(const sys::Pkcs11Module& module) {
  ABSL_ASSIGN_OR_RETURN(const std::vector<pkcs11::Slot> slots, module.Slots());
  for (const pkcs11::Slot slot : slots) {
    pkcs11::TokenInfo info;
    if (module.functions().get_token_info(slot, &info) == pkcs11::kOk &&
        (info.flags & pkcs11::kTokenInitialized) != 0) {
      return slot;
    }
  }
  return absl::NotFoundError("SoftHSM2 has no token");
}

// SoftHSM shows a slot with a token that is not initialised; once it is, it
// shows another.
absl::Status InitToken(const sys::Pkcs11Module& module) {
  ABSL_ASSIGN_OR_RETURN(const std::vector<pkcs11::Slot> slots, module.Slots());
  if (slots.empty()) return absl::InternalError("SoftHSM2 has no slot");
  const pkcs11::FunctionList& functions = module.functions();
  pkcs11::Rv rv = functions.init_token(slots.back(), kOfficersPin.data(),
                                       kOfficersPin.size(), kLabel);
  if (rv != pkcs11::kOk) return sys::Pkcs11Error("C_InitToken", rv);
  ABSL_ASSIGN_OR_RETURN(const pkcs11::Slot slot, FindToken(module));
  ABSL_ASSIGN_OR_RETURN(const pkcs11::Session session,
                        OpenSession(module, slot));
  const absl::Cleanup close = [&] { functions.close_session(session); };
  rv = functions.login(session, pkcs11::kSecurityOfficer, kOfficersPin.data(),
                       kOfficersPin.size());
  if (rv != pkcs11::kOk) return sys::Pkcs11Error("C_Login", rv);
  rv = functions.init_pin(session, kPin.data(), kPin.size());
  if (rv != pkcs11::kOk) return sys::Pkcs11Error("C_InitPIN", rv);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<SoftHsm> SoftHsm::Create(const std::string& directory) {
  sys::PosixFileSystem files;
  ABSL_RETURN_IF_ERROR(files.Stat(kLibrary).status())
      << "SoftHSM2 is not installed; tools/setup does it";
  const std::string tokens = absl::StrCat(directory, "/tokens");
  const std::string configuration = absl::StrCat(directory, "/softhsm2.conf");
  const std::string pin_file = absl::StrCat(directory, "/pin");
  ABSL_RETURN_IF_ERROR(files.MakeDirectories(tokens, 0700));
  ABSL_RETURN_IF_ERROR(files.Write(
      configuration,
      absl::StrCat("directories.tokendir = ", tokens,
                   "\nobjectstore.backend = file\nlog.level = ERROR\n"),
      0600));
  ABSL_RETURN_IF_ERROR(files.Write(pin_file, absl::StrCat(kPin, "\n"), 0600));
  if (setenv("SOFTHSM2_CONF", configuration.c_str(), /*overwrite=*/1) != 0) {
    return absl::InternalError("cannot set SOFTHSM2_CONF");
  }
  ABSL_ASSIGN_OR_RETURN(sys::Pkcs11Module module,
                        sys::Pkcs11Module::Load(kLibrary));
  SoftHsm hsm(std::move(module));
  hsm.module_path_ = kLibrary;
  hsm.pin_file_ = pin_file;
  hsm.configuration_file_ = configuration;
  ABSL_RETURN_IF_ERROR(InitToken(hsm.module_));
  return hsm;
}

absl::StatusOr<pkcs11::Slot> SoftHsm::Slot() const {
  return FindToken(module_);
}

absl::Status SoftHsm::MakeKey(const std::string& label,
                              pki::KeyAlgorithm algorithm) {
  const pkcs11::FunctionList& functions = module_.functions();
  ABSL_ASSIGN_OR_RETURN(const pkcs11::Slot slot, Slot());
  ABSL_ASSIGN_OR_RETURN(const pkcs11::Session session,
                        OpenSession(module_, slot));
  const absl::Cleanup close = [&] { functions.close_session(session); };
  pkcs11::Rv rv =
      functions.login(session, pkcs11::kUser, kPin.data(), kPin.size());
  if (rv != pkcs11::kOk && rv != pkcs11::kUserAlreadyLoggedIn) {
    return sys::Pkcs11Error("C_Login", rv);
  }
  const bool rsa = algorithm == pki::KeyAlgorithm::kRsa2048;
  if (!rsa && algorithm != pki::KeyAlgorithm::kEcdsaP256) {
    return absl::UnimplementedError("SoftHsm makes P-256 and RSA-2048 keys");
  }
  const pkcs11::Ulong bits = 2048;
  std::vector<pkcs11::Attribute> public_key = {
      Pkcs11Attribute(pkcs11::kToken, kTrue),
      Pkcs11Attribute(pkcs11::kVerify, kTrue),
      Pkcs11Attribute(pkcs11::kLabel, label),
      Pkcs11Attribute(pkcs11::kId, label)};
  if (rsa) {
    public_key.push_back(Pkcs11Attribute(pkcs11::kModulusBits, bits));
    public_key.push_back(Pkcs11Attribute(pkcs11::kPublicExponent, kF4));
  } else {
    public_key.push_back(Pkcs11Attribute(pkcs11::kEcParams, kP256));
  }
  std::vector<pkcs11::Attribute> private_key = {
      Pkcs11Attribute(pkcs11::kToken, kTrue),
      Pkcs11Attribute(pkcs11::kPrivate, kTrue),
      Pkcs11Attribute(pkcs11::kSensitive, kTrue),
      Pkcs11Attribute(pkcs11::kExtractable, kFalse),
      Pkcs11Attribute(pkcs11::kSign, kTrue),
      Pkcs11Attribute(pkcs11::kLabel, label),
      Pkcs11Attribute(pkcs11::kId, label)};
  pkcs11::Mechanism mechanism = {
      rsa ? pkcs11::kRsaPkcsKeyPairGen : pkcs11::kEcKeyPairGen, nullptr, 0};
  pkcs11::Object made[2];
  rv = functions.generate_key_pair(session, &mechanism, public_key.data(),
                                   public_key.size(), private_key.data(),
                                   private_key.size(), &made[0], &made[1]);
  if (rv != pkcs11::kOk) return sys::Pkcs11Error("C_GenerateKeyPair", rv);
  return absl::OkStatus();
}

std::string SoftHsm::Uri(absl::string_view label) const {
  return absl::StrCat("pkcs11:token=signet;object=", label,
                      "?module-path=", module_path_,
                      "&pin-source=file:", pin_file_);
}

}  // namespace signet::testing
