#ifndef SIGNET_CORE_PKI_DER_H_
#define SIGNET_CORE_PKI_DER_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/pki/oid.h"
#include "openssl/bytestring.h"

// DER for this folder, on BoringSSL's CBS (read) and CBB (write).
//
// The Get functions read one element from the front of `in`, as Go's cryptobyte
// does, and return false if it is not there or malformed; the caller has the
// words for it. Go ignores what follows the last known element of most
// SEQUENCEs, so do the parsers of this folder: a request that the API server
// stored must mean the same to us. What is *issued* is always built anew.

namespace signet::pki::der {

inline CBS Cbs(absl::string_view bytes) {
  CBS cbs;
  CBS_init(&cbs, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  return cbs;
}
inline absl::string_view View(const CBS& cbs) {
  return {reinterpret_cast<const char*>(CBS_data(&cbs)), CBS_len(&cbs)};
}
inline std::string String(const CBS& cbs) { return std::string(View(cbs)); }

// GetAny reads one element of any tag below 31.
[[nodiscard]] bool GetAny(CBS* in, CBS* contents, CBS_ASN1_TAG* tag);

// GetOid reads an OBJECT IDENTIFIER: minimal, each arc below 2^31.
[[nodiscard]] bool GetOid(CBS* in, absl::string_view* contents);
// IsOid tells whether `contents` are what GetOid accepts.
[[nodiscard]] bool IsOid(absl::string_view contents);

// GetBits reads a BIT STRING. Padding bits must be zero.
struct Bits {
  absl::string_view bytes;
  int padding = 0;  // Unused bits at the end of the last byte.
  // The bits as a number, as Go's RightAlign: the padding moves to the front.
  std::string RightAligned() const;
};
[[nodiscard]] bool GetBits(CBS* in, Bits* out);

// GetBool reads a BOOLEAN: 0x00 or 0xff.
[[nodiscard]] bool GetBool(CBS* in, bool* out);

// GetTime reads a UTCTime or GeneralizedTime with Go's tolerance: seconds may
// be missing in a UTCTime and the zone may be +hhmm.
absl::StatusOr<absl::Time> GetTime(CBS* in);

// AddTime writes UTCTime for the years 1950 to 2049, else GeneralizedTime
// (SPEC C-17). Fractions of a second are dropped. kInvalidArgument outside of
// the years 0 to 9999.
absl::Status AddTime(CBB* out, absl::Time time);

// The Add functions write one element; false only when out of memory.
[[nodiscard]] bool AddBytes(CBB* out, absl::string_view bytes);
[[nodiscard]] bool AddElement(CBB* out, CBS_ASN1_TAG tag,
                              absl::string_view contents);
[[nodiscard]] bool AddOid(CBB* out, const Oid& oid);
// AddExtension writes Extension ::= SEQUENCE { OID, critical, OCTET STRING }.
[[nodiscard]] bool AddExtension(CBB* out, const Oid& oid, bool critical,
                                absl::string_view value);

// Element returns one element of a tag below 31, for values too small to be
// worth a CBB; AppendElement appends one, AppendHeader its tag and length
// alone.
std::string Element(CBS_ASN1_TAG tag, absl::string_view contents);
void AppendElement(CBS_ASN1_TAG tag, absl::string_view contents,
                   std::string* out);
void AppendHeader(CBS_ASN1_TAG tag, size_t size, std::string* out);
// ElementSize is how much an element with contents of this size takes.
size_t ElementSize(size_t contents_size);

[[nodiscard]] bool AddBitString(CBB* out, absl::string_view bytes);

// CbbView is what was written so far; flush first.
inline absl::string_view CbbView(const CBB* cbb) {
  return {reinterpret_cast<const char*>(CBB_data(cbb)), CBB_len(cbb)};
}

// Finish returns what was written, or kInternal for a CBB in error.
absl::StatusOr<std::string> Finish(CBB* cbb);

// What an element that cannot be written is: out of memory, and no more.
absl::Status BuildError();

// IsUtf8 and IsAscii say what the bytes are; NUL and control characters are
// both.
bool IsUtf8(absl::string_view bytes);
bool IsAscii(absl::string_view bytes);

}  // namespace signet::pki::der

#endif  // SIGNET_CORE_PKI_DER_H_
