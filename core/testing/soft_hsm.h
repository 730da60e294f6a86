#ifndef SIGNET_CORE_TESTING_SOFT_HSM_H_
#define SIGNET_CORE_TESTING_SOFT_HSM_H_

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/pki/private_key.h"
#include "core/sys/pkcs11_abi.h"
#include "core/sys/pkcs11_module.h"

// SoftHSM2, a PKCS#11 token in software (Debian's softhsm2), for tests. One for
// each process, as its library takes its configuration from the environment.
namespace signet::testing {

class SoftHsm {
 public:
  // Makes a token labelled "signet", in `directory`, and sets SOFTHSM2_CONF for
  // this process and its children. kNotFound if SoftHSM2 is not installed:
  // tests fail then, and are not skipped.
  static absl::StatusOr<SoftHsm> Create(const std::string& directory);

  // Makes a key pair that does not leave the token. P-256 or RSA-2048.
  absl::Status MakeKey(const std::string& label, pki::KeyAlgorithm algorithm);

  // The URI of a key, with the library and the file of the PIN.
  std::string Uri(absl::string_view label) const;

  const std::string& module_path() const { return module_path_; }
  const std::string& pin_file() const { return pin_file_; }
  const std::string& configuration_file() const { return configuration_file_; }
  const sys::Pkcs11Module& module() const { return module_; }
  // Where the token is: elsewhere after the library was ended.
  absl::StatusOr<sys::pkcs11::Slot> Slot() const;

 private:
  explicit SoftHsm(sys::Pkcs11Module module) : module_(std::move(module)) {}

  sys::Pkcs11Module module_;
  std::string module_path_, pin_file_, configuration_file_;
};

}  // namespace signet::testing

#endif  // SIGNET_CORE_TESTING_SOFT_HSM_H_
