#ifndef SIGNET_CORE_SYS_PKCS11_MODULE_H_
#define SIGNET_CORE_SYS_PKCS11_MODULE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/sys/pkcs11_abi.h"

namespace signet::sys {

// Pkcs11Module is the library of a token's maker, loaded for as long as the
// process lives: such libraries do not bear being unloaded. Cheaply copied;
// thread-safe, as the library is told to be.
class Pkcs11Module {
 public:
  // Loads and initialises the library at `path`. kFailedPrecondition if there
  // is none that can be loaded.
  static absl::StatusOr<Pkcs11Module> Load(const std::string& path);

  // Initialises it anew, if another user of it has ended it.
  absl::Status Initialize() const;

  // The slots that hold a token.
  absl::StatusOr<std::vector<pkcs11::Slot>> Slots() const;
  // Attributes of an object: their raw bytes. kNotFound if it does not have
  // one, kPermissionDenied for one that stays in the token.
  absl::StatusOr<std::string> Get(pkcs11::Session session,
                                  pkcs11::Object object,
                                  pkcs11::Ulong attribute) const;
  // The objects, at most 16, that have all of `attributes`.
  absl::StatusOr<std::vector<pkcs11::Object>> Find(
      pkcs11::Session session, std::vector<pkcs11::Attribute> attributes) const;

  const pkcs11::FunctionList& functions() const { return *functions_; }

 private:
  explicit Pkcs11Module(const pkcs11::FunctionList* functions)
      : functions_(functions) {}

  const pkcs11::FunctionList* functions_;
};

// What the call `what` of a token's library returned. kUnavailable for what may
// be otherwise later: a token that is gone, a session that ended.
// kUnauthenticated for a PIN that does not do.
absl::Status Pkcs11Error(absl::string_view what, pkcs11::Rv rv);

// An attribute to search for or to make an object with. The value must outlive
// it; it is not changed.
pkcs11::Attribute Pkcs11Attribute(pkcs11::Ulong type, absl::string_view value);
pkcs11::Attribute Pkcs11Attribute(pkcs11::Ulong type,
                                  const pkcs11::Ulong& value);

}  // namespace signet::sys

#endif  // SIGNET_CORE_SYS_PKCS11_MODULE_H_
