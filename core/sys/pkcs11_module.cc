#include "core/sys/pkcs11_module.h"

#include <dlfcn.h>

#include <cstddef>
#include <string>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/sys/pkcs11_abi.h"

namespace signet::sys {
namespace {

using pkcs11::Attribute;
using pkcs11::Object;
using pkcs11::Rv;
using pkcs11::Session;
using pkcs11::Slot;
using pkcs11::Ulong;

// No key or label is longer.
constexpr Ulong kMaxAttributeBytes = 1 << 16;
constexpr Ulong kMaxSlots = 1024;
constexpr Ulong kMaxObjects = 16;

// What a return value means to the caller.
struct Meaning {
  Rv rv;
  absl::StatusCode code;
  absl::string_view text;
};
constexpr Meaning kMeanings[] = {
    {pkcs11::kSlotIdInvalid, absl::StatusCode::kUnavailable, "no such slot"},
    {pkcs11::kGeneralError, absl::StatusCode::kUnavailable, "general error"},
    {pkcs11::kFunctionFailed, absl::StatusCode::kUnavailable,
     "function failed"},
    {pkcs11::kDeviceError, absl::StatusCode::kUnavailable, "device error"},
    {pkcs11::kDeviceRemoved, absl::StatusCode::kUnavailable,
     "the token was removed"},
    {pkcs11::kTokenNotPresent, absl::StatusCode::kUnavailable,
     "no token in the slot"},
    {pkcs11::kKeyHandleInvalid, absl::StatusCode::kUnavailable,
     "the key is gone"},
    {pkcs11::kObjectHandleInvalid, absl::StatusCode::kUnavailable,
     "the object is gone"},
    {pkcs11::kSessionClosed, absl::StatusCode::kUnavailable,
     "the session was closed"},
    {pkcs11::kSessionHandleInvalid, absl::StatusCode::kUnavailable,
     "the session is gone"},
    {pkcs11::kUserNotLoggedIn, absl::StatusCode::kUnavailable,
     "the user is not logged in"},
    {pkcs11::kCryptokiNotInitialized, absl::StatusCode::kUnavailable,
     "the library is not initialised"},
    {pkcs11::kPinIncorrect, absl::StatusCode::kUnauthenticated,
     "the PIN is wrong"},
    {pkcs11::kPinInvalid, absl::StatusCode::kUnauthenticated,
     "the PIN has characters that it cannot have"},
    {pkcs11::kPinLenRange, absl::StatusCode::kUnauthenticated,
     "the PIN is too short or too long"},
    {pkcs11::kPinExpired, absl::StatusCode::kUnauthenticated,
     "the PIN has expired"},
    {pkcs11::kPinLocked, absl::StatusCode::kUnauthenticated,
     "the PIN is locked"},
    {pkcs11::kAttributeSensitive, absl::StatusCode::kPermissionDenied,
     "the attribute does not leave the token"},
};

}  // namespace

absl::Status Pkcs11Error(absl::string_view what, Rv rv) {
  for (const Meaning& meaning : kMeanings) {
    if (meaning.rv == rv) {
      return absl::Status(meaning.code,
                          absl::StrCat("PKCS#11: ", what, ": ", meaning.text));
    }
  }
  return absl::InternalError(
      absl::StrCat("PKCS#11: ", what, ": error 0x", absl::Hex(rv)));
}

Attribute Pkcs11Attribute(Ulong type, absl::string_view value) {
  return {type, const_cast<char*>(value.data()), value.size()};
}

Attribute Pkcs11Attribute(Ulong type, const Ulong& value) {
  return {type, const_cast<Ulong*>(&value), sizeof(value)};
}

absl::StatusOr<Pkcs11Module> Pkcs11Module::Load(const std::string& path) {
  // A library that is loaded already is only counted once more.
  void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* const why = dlerror();
    return absl::FailedPreconditionError(absl::StrCat(
        "PKCS#11: cannot load ", path, ": ", why == nullptr ? "" : why));
  }
  const auto get = reinterpret_cast<pkcs11::GetFunctionList>(
      dlsym(library, pkcs11::kGetFunctionList));
  pkcs11::FunctionList* functions = nullptr;
  if (get == nullptr || get(&functions) != pkcs11::kOk ||
      functions == nullptr || functions->version.major != 2) {
    return absl::FailedPreconditionError(
        absl::StrCat("PKCS#11: ", path, " is not a library of PKCS#11 v2"));
  }
  const Pkcs11Module module(functions);
  ABSL_RETURN_IF_ERROR(module.Initialize()) << path;
  return module;
}

absl::Status Pkcs11Module::Initialize() const {
  pkcs11::InitializeArgs args;
  args.flags = pkcs11::kOsLockingOk;
  const Rv rv = functions_->initialize(&args);
  if (rv != pkcs11::kOk && rv != pkcs11::kCryptokiAlreadyInitialized) {
    return Pkcs11Error("C_Initialize", rv);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Slot>> Pkcs11Module::Slots() const {
  std::vector<Slot> slots(kMaxSlots);
  Ulong count = slots.size();
  const Rv rv =
      functions_->get_slot_list(/*token_present=*/1, slots.data(), &count);
  if (rv != pkcs11::kOk) return Pkcs11Error("C_GetSlotList", rv);
  slots.resize(count);
  return slots;
}

absl::StatusOr<std::string> Pkcs11Module::Get(Session session, Object object,
                                              Ulong attribute) const {
  Attribute asked = {attribute, nullptr, 0};
  Rv rv = functions_->get_attribute_value(session, object, &asked, 1);
  if (rv != pkcs11::kOk) return Pkcs11Error("C_GetAttributeValue", rv);
  if (asked.length == pkcs11::kUnavailable ||
      asked.length > kMaxAttributeBytes) {
    return absl::NotFoundError(absl::StrCat(
        "PKCS#11: the object has no attribute 0x", absl::Hex(attribute)));
  }
  std::string value(asked.length, '\0');
  asked.value = value.data();
  rv = functions_->get_attribute_value(session, object, &asked, 1);
  if (rv != pkcs11::kOk) return Pkcs11Error("C_GetAttributeValue", rv);
  value.resize(asked.length);
  return value;
}

absl::StatusOr<std::vector<Object>> Pkcs11Module::Find(
    Session session, std::vector<Attribute> attributes) const {
  Rv rv = functions_->find_objects_init(session, attributes.data(),
                                        attributes.size());
  if (rv != pkcs11::kOk) return Pkcs11Error("C_FindObjectsInit", rv);
  const absl::Cleanup end = [&] { functions_->find_objects_final(session); };
  std::vector<Object> objects(kMaxObjects);
  Ulong count = 0;
  rv =
      functions_->find_objects(session, objects.data(), objects.size(), &count);
  if (rv != pkcs11::kOk) return Pkcs11Error("C_FindObjects", rv);
  objects.resize(count);
  return objects;
}

}  // namespace signet::sys
