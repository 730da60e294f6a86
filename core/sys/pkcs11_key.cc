#include "core/sys/pkcs11_key.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/log/log.h"
#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "core/base/file_system.h"
#include "core/base/secret.h"
#include "core/pki/private_key.h"
#include "core/pki/signature_algorithm.h"
#include "core/sys/pkcs11_abi.h"
#include "core/sys/pkcs11_encoding.h"
#include "core/sys/pkcs11_module.h"
#include "core/sys/pkcs11_uri.h"

namespace signet::sys {
namespace {

using pkcs11::Object;
using pkcs11::Rv;
using pkcs11::Session;
using pkcs11::Slot;
using pkcs11::Ulong;

constexpr size_t kMaxPinBytes = 1024;
constexpr size_t kMaxSignatureBytes = 1024;  // RSA-8192.

// A text of TokenInfo without its padding.
template <size_t N>
absl::string_view Unpadded(const char (&text)[N]) {
  return absl::StripTrailingAsciiWhitespace(absl::string_view(text, N));
}

bool Fits(absl::string_view wanted, absl::string_view is) {
  return wanted.empty() || wanted == is;
}

bool IsTheToken(const Pkcs11Uri& uri, const pkcs11::TokenInfo& info) {
  return (info.flags & pkcs11::kTokenInitialized) != 0 &&
         Fits(uri.token, Unpadded(info.label)) &&
         Fits(uri.serial, Unpadded(info.serial)) &&
         Fits(uri.manufacturer, Unpadded(info.manufacturer)) &&
         Fits(uri.model, Unpadded(info.model));
}

Ulong ToUlong(absl::string_view bytes) {
  Ulong value = pkcs11::kUnavailable;
  if (bytes.size() == sizeof(value)) {
    std::memcpy(&value, bytes.data(), sizeof(value));
  }
  return value;
}

}  // namespace

absl::StatusOr<std::shared_ptr<Pkcs11Key>> Pkcs11Key::Open(Pkcs11Uri uri,
                                                           FileSystem& files) {
  ABSL_ASSIGN_OR_RETURN(Pkcs11Module module,
                        Pkcs11Module::Load(uri.module_path));
  const std::shared_ptr<Pkcs11Key> key =
      absl::WrapUnique(new Pkcs11Key(std::move(module), std::move(uri), files));
  ABSL_ASSIGN_OR_RETURN(const Use use, key->Borrow());
  const Object object = use.connection.private_key;
  absl::StatusOr<pki::PublicKey> public_key =
      key->ReadPublicKey(use.session, object);
  const absl::StatusOr<std::string> extractable =
      key->module_.Get(use.session, object, pkcs11::kExtractable);
  key->GiveBack(use);
  ABSL_RETURN_IF_ERROR(public_key.status());
  key->public_key_ = *std::move(public_key);
  key->extractable_ = !extractable.ok() || *extractable != std::string(1, '\0');
  if (key->extractable_) {
    LOG(WARNING) << "the token would give the key \"" << key->uri_.object
                 << "\" away (CKA_EXTRACTABLE)";
  }
  return key;
}

Pkcs11Key::~Pkcs11Key() {
  absl::MutexLock lock(mutex_);
  Disconnect();
}

absl::StatusOr<Slot> Pkcs11Key::FindToken() const {
  ABSL_ASSIGN_OR_RETURN(const std::vector<Slot> slots, module_.Slots());
  std::optional<Slot> found;
  for (const Slot slot : slots) {
    pkcs11::TokenInfo info;
    const Rv rv = module_.functions().get_token_info(slot, &info);
    if (rv != pkcs11::kOk || !IsTheToken(uri_, info)) continue;
    if (found.has_value()) {
      return absl::FailedPreconditionError(absl::StrCat(
          "PKCS#11: several tokens are labelled \"", uri_.token, "\""));
    }
    found = slot;
  }
  if (!found.has_value()) {
    return absl::NotFoundError(absl::StrCat("PKCS#11: no token labelled \"",
                                            uri_.token, "\" in ",
                                            uri_.module_path));
  }
  return *found;
}

absl::StatusOr<Object> Pkcs11Key::FindKey(Session session,
                                          Ulong object_class) const {
  std::vector<pkcs11::Attribute> wanted = {
      Pkcs11Attribute(pkcs11::kClass, object_class)};
  if (!uri_.object.empty()) {
    wanted.push_back(Pkcs11Attribute(pkcs11::kLabel, uri_.object));
  }
  if (!uri_.id.empty()) {
    wanted.push_back(Pkcs11Attribute(pkcs11::kId, uri_.id));
  }
  ABSL_ASSIGN_OR_RETURN(const std::vector<Object> found,
                        module_.Find(session, std::move(wanted)));
  if (found.size() == 1) return found.front();
  const absl::string_view what =
      object_class == pkcs11::kPrivateKeyObject ? "private" : "public";
  return absl::Status(
      found.empty() ? absl::StatusCode::kNotFound
                    : absl::StatusCode::kFailedPrecondition,
      absl::StrCat("PKCS#11: ", found.empty() ? "no " : "more than one ", what,
                   " key \"", uri_.object, "\" in the token \"", uri_.token,
                   "\""));
}

absl::StatusOr<pki::PublicKey> Pkcs11Key::ReadPublicKey(
    Session session, Object private_key) const {
  ABSL_ASSIGN_OR_RETURN(const std::string type,
                        module_.Get(session, private_key, pkcs11::kKeyType));
  switch (ToUlong(type)) {
    case pkcs11::kRsaKey: {
      ABSL_ASSIGN_OR_RETURN(
          const std::string modulus,
          module_.Get(session, private_key, pkcs11::kModulus));
      ABSL_ASSIGN_OR_RETURN(
          const std::string exponent,
          module_.Get(session, private_key, pkcs11::kPublicExponent));
      return RsaPublicKey(modulus, exponent);
    }
    case pkcs11::kEcKey: {
      // Its point is in the public half alone.
      ABSL_ASSIGN_OR_RETURN(const Object public_key,
                            FindKey(session, pkcs11::kPublicKeyObject));
      ABSL_ASSIGN_OR_RETURN(
          const std::string params,
          module_.Get(session, public_key, pkcs11::kEcParams));
      ABSL_ASSIGN_OR_RETURN(const std::string point,
                            module_.Get(session, public_key, pkcs11::kEcPoint));
      return EcPublicKey(params, point);
    }
    default:
      return absl::UnimplementedError(
          "PKCS#11: the key is neither RSA nor ECDSA");
  }
}

absl::Status Pkcs11Key::Login(Session session) const {
  ABSL_ASSIGN_OR_RETURN(std::string text,
                        files_.Read(uri_.pin_file, kMaxPinBytes),
                        _ << "reading the PIN");
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) {
    text.pop_back();
  }
  Secret pin = Secret::FromString(std::move(text));
  if (!refused_pin_.empty() && refused_pin_.Equals(pin.Reveal())) {
    return absl::UnauthenticatedError(
        absl::StrCat("PKCS#11: the token refused the PIN of ", uri_.pin_file));
  }
  const Rv rv = module_.functions().login(session, pkcs11::kUser,
                                          pin.Reveal().data(), pin.size());
  if (rv == pkcs11::kOk || rv == pkcs11::kUserAlreadyLoggedIn) {
    refused_pin_ = Secret();
    return absl::OkStatus();
  }
  const absl::Status error = Pkcs11Error("C_Login", rv);
  if (absl::IsUnauthenticated(error)) refused_pin_ = std::move(pin);
  return error;
}

absl::Status Pkcs11Key::Connect() const {
  ABSL_RETURN_IF_ERROR(module_.Initialize());
  Connection connection;
  ABSL_ASSIGN_OR_RETURN(connection.slot, FindToken());
  Session session = 0;
  const Rv rv = module_.functions().open_session(
      connection.slot, pkcs11::kSerialSession, nullptr, nullptr, &session);
  if (rv != pkcs11::kOk) return Pkcs11Error("C_OpenSession", rv);
  absl::Status status = Login(session);
  if (status.ok()) {
    absl::StatusOr<Object> key = FindKey(session, pkcs11::kPrivateKeyObject);
    if (key.ok()) connection.private_key = *key;
    status = key.status();
  }
  if (!status.ok()) {
    module_.functions().close_session(session);
    return status;
  }
  connection.generation = ++generation_;
  connection_ = connection;
  idle_ = {session};
  return absl::OkStatus();
}

absl::StatusOr<Pkcs11Key::Use> Pkcs11Key::Borrow() const {
  absl::MutexLock lock(mutex_);
  while (true) {
    if (!connection_.has_value()) ABSL_RETURN_IF_ERROR(Connect());
    Use use = {.session = 0, .connection = *connection_};
    Rv rv = pkcs11::kOk;
    if (!idle_.empty()) {
      use.session = idle_.back();
      idle_.pop_back();
    } else {
      // Sessions of one program share their login.
      rv = module_.functions().open_session(use.connection.slot,
                                            pkcs11::kSerialSession, nullptr,
                                            nullptr, &use.session);
    }
    if (rv == pkcs11::kOk) {
      ++borrowed_;
      return use;
    }
    if (rv != pkcs11::kSessionCount || borrowed_ == 0) {
      Disconnect();
      return Pkcs11Error("C_OpenSession", rv);
    }
    // All that the token has are in use.
    mutex_.Await(absl::Condition(this, &Pkcs11Key::CanBorrow));
  }
}

void Pkcs11Key::GiveBack(const Use& use) const {
  absl::MutexLock lock(mutex_);
  --borrowed_;
  if (connection_.has_value() &&
      connection_->generation == use.connection.generation) {
    idle_.push_back(use.session);
  } else {
    module_.functions().close_session(use.session);
  }
}

void Pkcs11Key::Drop(const Use& use) const {
  absl::MutexLock lock(mutex_);
  --borrowed_;
  module_.functions().close_session(use.session);
  // Otherwise another thread has connected anew already.
  if (connection_.has_value() &&
      connection_->generation == use.connection.generation) {
    Disconnect();
  }
}

void Pkcs11Key::Disconnect() const {
  for (const Session session : idle_) {
    module_.functions().close_session(session);
  }
  idle_.clear();
  connection_.reset();
}

absl::StatusOr<std::string> Pkcs11Key::SignOnce(
    absl::string_view to_sign) const {
  ABSL_ASSIGN_OR_RETURN(const Use use, Borrow());
  const bool rsa = public_key_->type() == pki::KeyType::kRsa;
  pkcs11::Mechanism mechanism = {rsa ? pkcs11::kRsaPkcs : pkcs11::kEcdsa,
                                 nullptr, 0};
  std::string signature(kMaxSignatureBytes, '\0');
  Ulong length = signature.size();
  Rv rv = module_.functions().sign_init(use.session, &mechanism,
                                        use.connection.private_key);
  if (rv == pkcs11::kOk) {
    rv = module_.functions().sign(
        use.session, reinterpret_cast<const uint8_t*>(to_sign.data()),
        to_sign.size(), reinterpret_cast<uint8_t*>(signature.data()), &length);
  }
  if (rv != pkcs11::kOk) {
    Drop(use);
    return Pkcs11Error("C_Sign", rv);
  }
  GiveBack(use);
  signature.resize(length);
  return rsa ? signature : EcdsaSignature(signature);
}

absl::StatusOr<std::string> Pkcs11Key::Sign(pki::SignatureAlgorithm algorithm,
                                            absl::string_view message) const {
  ABSL_ASSIGN_OR_RETURN(const std::string to_sign,
                        DigestToSign(public_key_->type(), algorithm, message));
  absl::StatusOr<std::string> signature = SignOnce(to_sign);
  if (absl::IsUnavailable(signature.status())) {
    LOG(WARNING) << signature.status().message()
                 << "; connecting to the token anew";
    signature = SignOnce(to_sign);
  }
  ABSL_RETURN_IF_ERROR(signature.status());
  // A token that errs would give its key away, or a certificate that nobody
  // takes.
  const absl::Status right =
      public_key_->Verify(algorithm, message, *signature);
  if (!right.ok()) {
    return absl::InternalError(absl::StrCat(
        "PKCS#11: the token's signature is wrong: ", right.message()));
  }
  return signature;
}

}  // namespace signet::sys
