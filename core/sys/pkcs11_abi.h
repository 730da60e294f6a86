#ifndef SIGNET_CORE_SYS_PKCS11_ABI_H_
#define SIGNET_CORE_SYS_PKCS11_ABI_H_

#include <cstdint>

// What we need of the binary interface of PKCS#11 v2.40 ("Cryptoki"), which a
// token's library offers: OASIS, PKCS #11 Cryptographic Token Interface Base
// Specification, section 3 and appendix A. Names are the standard's, without
// CK_. Values are as on Unix: a long is what the library's compiler says it is,
// and nothing is packed.
namespace signet::sys::pkcs11 {

using Ulong = unsigned long;  // NOLINT(google-runtime-int): the standard's.
using Rv = Ulong;
using Slot = Ulong;
using Session = Ulong;
using Object = Ulong;
using Bool = uint8_t;

// CKR_: what calls return.
inline constexpr Rv kOk = 0x0;
inline constexpr Rv kGeneralError = 0x5;
inline constexpr Rv kFunctionFailed = 0x6;
inline constexpr Rv kAttributeSensitive = 0x11;
inline constexpr Rv kDeviceError = 0x30;
inline constexpr Rv kDeviceRemoved = 0x32;
inline constexpr Rv kKeyHandleInvalid = 0x60;
inline constexpr Rv kObjectHandleInvalid = 0x82;
inline constexpr Rv kPinIncorrect = 0xa0;
inline constexpr Rv kPinInvalid = 0xa1;
inline constexpr Rv kPinLenRange = 0xa2;
inline constexpr Rv kPinExpired = 0xa3;
inline constexpr Rv kPinLocked = 0xa4;
inline constexpr Rv kSessionClosed = 0xb0;
inline constexpr Rv kSessionCount = 0xb1;
inline constexpr Rv kSessionHandleInvalid = 0xb3;
inline constexpr Rv kSlotIdInvalid = 0x3;
inline constexpr Rv kTokenNotPresent = 0xe0;
inline constexpr Rv kUserAlreadyLoggedIn = 0x100;
inline constexpr Rv kUserNotLoggedIn = 0x101;
inline constexpr Rv kCryptokiNotInitialized = 0x190;
inline constexpr Rv kCryptokiAlreadyInitialized = 0x191;

// CKF_
inline constexpr Ulong kOsLockingOk = 0x2;
inline constexpr Ulong kTokenInitialized = 0x400;
inline constexpr Ulong kRwSession = 0x2;
inline constexpr Ulong kSerialSession = 0x4;
// CKU_
inline constexpr Ulong kSecurityOfficer = 0;
inline constexpr Ulong kUser = 1;
// CKO_
inline constexpr Ulong kPublicKeyObject = 2;
inline constexpr Ulong kPrivateKeyObject = 3;
// CKK_
inline constexpr Ulong kRsaKey = 0;
inline constexpr Ulong kEcKey = 3;
// CKM_
inline constexpr Ulong kRsaPkcsKeyPairGen = 0x0;
inline constexpr Ulong kRsaPkcs = 0x1;
inline constexpr Ulong kEcKeyPairGen = 0x1040;
inline constexpr Ulong kEcdsa = 0x1041;
// CKA_
inline constexpr Ulong kClass = 0x0;
inline constexpr Ulong kToken = 0x1;
inline constexpr Ulong kPrivate = 0x2;
inline constexpr Ulong kLabel = 0x3;
inline constexpr Ulong kValue = 0x11;
inline constexpr Ulong kKeyType = 0x100;
inline constexpr Ulong kId = 0x102;
inline constexpr Ulong kSensitive = 0x103;
inline constexpr Ulong kSign = 0x108;
inline constexpr Ulong kVerify = 0x10a;
inline constexpr Ulong kModulus = 0x120;
inline constexpr Ulong kModulusBits = 0x121;
inline constexpr Ulong kPublicExponent = 0x122;
inline constexpr Ulong kPrivateExponent = 0x123;
inline constexpr Ulong kExtractable = 0x162;
inline constexpr Ulong kEcParams = 0x180;
inline constexpr Ulong kEcPoint = 0x181;
// The length of an attribute that cannot be had.
inline constexpr Ulong kUnavailable = ~Ulong{0};

struct Version {
  uint8_t major;
  uint8_t minor;
};

struct InitializeArgs {
  void* create_mutex = nullptr;
  void* destroy_mutex = nullptr;
  void* lock_mutex = nullptr;
  void* unlock_mutex = nullptr;
  Ulong flags = 0;
  void* reserved = nullptr;
};

struct TokenInfo {  // Texts are padded with blanks.
  char label[32];
  char manufacturer[32];
  char model[16];
  char serial[16];
  Ulong flags;
  Ulong counts[10];
  Version hardware;
  Version firmware;
  char utc_time[16];
};

struct Attribute {
  Ulong type;
  void* value;
  Ulong length;  // Bytes.
};

struct Mechanism {
  Ulong type;
  void* parameter;
  Ulong parameter_length;
};

// CK_FUNCTION_LIST, up to what we need. What we do not call has no type.
struct FunctionList {
  using Unused = void (*)();

  Version version;
  Rv (*initialize)(InitializeArgs*);
  Rv (*finalize)(void*);
  Unused get_info;
  Unused get_function_list;
  Rv (*get_slot_list)(Bool token_present, Slot*, Ulong* count);
  Unused get_slot_info;
  Rv (*get_token_info)(Slot, TokenInfo*);
  Unused get_mechanism_list;
  Unused get_mechanism_info;
  Rv (*init_token)(Slot, const char* pin, Ulong pin_length, const char* label);
  Rv (*init_pin)(Session, const char* pin, Ulong length);
  Unused set_pin;
  Rv (*open_session)(Slot, Ulong flags, void* application, void* notify,
                     Session*);
  Rv (*close_session)(Session);
  Rv (*close_all_sessions)(Slot);
  Unused get_session_info;
  Unused get_operation_state;
  Unused set_operation_state;
  Rv (*login)(Session, Ulong user, const char* pin, Ulong length);
  Rv (*logout)(Session);
  Unused create_object;
  Unused copy_object;
  Unused destroy_object;
  Unused get_object_size;
  Rv (*get_attribute_value)(Session, Object, Attribute*, Ulong count);
  Unused set_attribute_value;
  Rv (*find_objects_init)(Session, Attribute*, Ulong count);
  Rv (*find_objects)(Session, Object*, Ulong max, Ulong* count);
  Rv (*find_objects_final)(Session);
  Unused encrypt[4];  // Init, one call, update, final.
  Unused decrypt[4];
  Unused digest[5];
  Rv (*sign_init)(Session, Mechanism*, Object key);
  Rv (*sign)(Session, const uint8_t* data, Ulong length, uint8_t* signature,
             Ulong* signature_length);
  Unused sign_update;
  Unused sign_final;
  Unused sign_recover[2];
  Unused verify[4];
  Unused verify_recover[2];
  Unused dual[4];  // digest_encrypt_update and the like.
  Unused generate_key;
  Rv (*generate_key_pair)(Session, Mechanism*, Attribute* public_template,
                          Ulong public_count, Attribute* private_template,
                          Ulong private_count, Object* public_key,
                          Object* private_key);
};

// The one symbol of the library.
using GetFunctionList = Rv (*)(FunctionList**);
inline constexpr char kGetFunctionList[] = "C_GetFunctionList";

}  // namespace signet::sys::pkcs11

#endif  // SIGNET_CORE_SYS_PKCS11_ABI_H_
