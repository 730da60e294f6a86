#include "core/pki/der.h"

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "core/pki/oid.h"
#include "openssl/bytestring.h"

namespace signet::pki::der {
namespace {

// Digits reads `count` decimal digits from the front of `text`.
bool Digits(absl::string_view* text, size_t count, int* out) {
  if (text->size() < count) return false;
  int value = 0;
  for (const char c : text->substr(0, count)) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return false;
    value = value * 10 + (c - '0');
  }
  text->remove_prefix(count);
  *out = value;
  return true;
}

// Zone reads the rest of a time: "Z" or a difference to UTC, which is not zero.
bool Zone(absl::string_view text, absl::Duration* offset) {
  if (text == "Z") {
    *offset = absl::ZeroDuration();
    return true;
  }
  if (text.size() != 5 || (text[0] != '+' && text[0] != '-')) return false;
  const bool negative = text[0] == '-';
  text.remove_prefix(1);
  int hours, minutes;
  if (!Digits(&text, 2, &hours) || !Digits(&text, 2, &minutes)) return false;
  // 24 hours: as Go has it.
  if (hours > 24 || minutes > 59 || (hours == 0 && minutes == 0)) return false;
  *offset = absl::Hours(hours) + absl::Minutes(minutes);
  if (negative) *offset = -*offset;
  return true;
}

// ParseTime reads YYMMDDhhmm[ss] or YYYYMMDDhhmmss, and a zone.
bool ParseTime(absl::string_view text, bool utc_time, absl::Time* out) {
  int year, month, day, hour, minute, second = 0;
  if (!Digits(&text, utc_time ? 2 : 4, &year) || !Digits(&text, 2, &month) ||
      !Digits(&text, 2, &day) || !Digits(&text, 2, &hour) ||
      !Digits(&text, 2, &minute)) {
    return false;
  }
  if (!Digits(&text, 2, &second) && !utc_time) return false;
  absl::Duration offset;
  if (!Zone(text, &offset) || hour > 23 || minute > 59 || second > 59) {
    return false;
  }
  if (utc_time) year += year < 50 ? 2000 : 1900;  // RFC 5280, 4.1.2.5.1.
  // absl::CivilDay rolls February 30 over to March: not equal means not valid.
  const absl::CivilDay date(year, month, day);
  if (date.year() != year || date.month() != month || date.day() != day) {
    return false;
  }
  *out =
      absl::FromCivil(absl::CivilSecond(year, month, day, hour, minute, second),
                      absl::UTCTimeZone()) -
      offset;
  return true;
}

}  // namespace

bool GetAny(CBS* in, CBS* contents, CBS_ASN1_TAG* tag) {
  return CBS_get_any_asn1(in, contents, tag) &&
         (*tag & CBS_ASN1_TAG_NUMBER_MASK) < 31;
}

bool IsOid(absl::string_view contents) {
  if (contents.empty()) return false;
  uint64_t arc = 0;
  bool first = true;  // Octet of an arc.
  for (const char c : contents) {
    const uint8_t octet = static_cast<uint8_t>(c);
    if (first && octet == 0x80) return false;
    arc = (arc << 7) | (octet & 0x7f);
    if (arc > 0x7fffffff) return false;
    first = (octet & 0x80) == 0;
    if (first) arc = 0;
  }
  return first;
}

bool GetOid(CBS* in, absl::string_view* contents) {
  CBS oid;
  if (!CBS_get_asn1(in, &oid, CBS_ASN1_OBJECT)) return false;
  *contents = View(oid);
  return IsOid(*contents);
}

std::string Bits::RightAligned() const {
  std::string out(bytes);
  if (padding == 0) return out;
  uint8_t carry = 0;
  for (char& c : out) {
    const uint8_t octet = static_cast<uint8_t>(c);
    c = static_cast<char>((octet >> padding) | carry);
    carry = static_cast<uint8_t>(octet << (8 - padding));
  }
  return out;
}

bool GetBits(CBS* in, Bits* out) {
  CBS contents;
  if (!CBS_get_asn1(in, &contents, CBS_ASN1_BITSTRING) ||
      !CBS_is_valid_asn1_bitstring(&contents)) {
    return false;
  }
  uint8_t padding;
  if (!CBS_get_u8(&contents, &padding)) return false;
  out->bytes = View(contents);
  out->padding = padding;
  return true;
}

bool GetBool(CBS* in, bool* out) {
  int value;
  if (!CBS_get_asn1_bool(in, &value)) return false;
  *out = value != 0;
  return true;
}

absl::StatusOr<absl::Time> GetTime(CBS* in) {
  CBS text;
  absl::Time time;
  if (CBS_peek_asn1_tag(in, CBS_ASN1_UTCTIME)) {
    if (!CBS_get_asn1(in, &text, CBS_ASN1_UTCTIME) ||
        !ParseTime(View(text), /*utc_time=*/true, &time)) {
      return absl::InvalidArgumentError("x509: malformed UTCTime");
    }
    return time;
  }
  if (CBS_peek_asn1_tag(in, CBS_ASN1_GENERALIZEDTIME)) {
    if (!CBS_get_asn1(in, &text, CBS_ASN1_GENERALIZEDTIME) ||
        !ParseTime(View(text), /*utc_time=*/false, &time)) {
      return absl::InvalidArgumentError("x509: malformed GeneralizedTime");
    }
    return time;
  }
  return absl::InvalidArgumentError("x509: unsupported time format");
}

absl::Status AddTime(CBB* out, absl::Time time) {
  const absl::CivilSecond civil =
      absl::ToCivilSecond(time, absl::UTCTimeZone());
  if (civil.year() < 0 || civil.year() > 9999) {
    return absl::InvalidArgumentError(
        "cannot represent time as GeneralizedTime");
  }
  const bool utc_time = civil.year() >= 1950 && civil.year() <= 2049;
  const int year = static_cast<int>(civil.year());
  char text[16];
  char* p = text;
  const auto put = [&p](int value) {
    *p++ = static_cast<char>('0' + value / 10);
    *p++ = static_cast<char>('0' + value % 10);
  };
  if (!utc_time) put(year / 100);
  put(year % 100);
  put(civil.month());
  put(civil.day());
  put(civil.hour());
  put(civil.minute());
  put(civil.second());
  *p++ = 'Z';
  if (!AddElement(out, utc_time ? CBS_ASN1_UTCTIME : CBS_ASN1_GENERALIZEDTIME,
                  absl::string_view(text, static_cast<size_t>(p - text)))) {
    return BuildError();
  }
  return absl::OkStatus();
}

bool AddBytes(CBB* out, absl::string_view bytes) {
  return CBB_add_bytes(out, reinterpret_cast<const uint8_t*>(bytes.data()),
                       bytes.size()) == 1;
}

bool AddElement(CBB* out, CBS_ASN1_TAG tag, absl::string_view contents) {
  CBB child;
  return CBB_add_asn1(out, &child, tag) && AddBytes(&child, contents) &&
         CBB_flush(out);
}

bool AddOid(CBB* out, const Oid& oid) {
  return AddElement(out, CBS_ASN1_OBJECT, oid.contents());
}

bool AddExtension(CBB* out, const Oid& oid, bool critical,
                  absl::string_view value) {
  CBB extension;
  return CBB_add_asn1(out, &extension, CBS_ASN1_SEQUENCE) &&
         AddOid(&extension, oid) &&
         (!critical || CBB_add_asn1_bool(&extension, 1)) &&
         AddElement(&extension, CBS_ASN1_OCTETSTRING, value) && CBB_flush(out);
}

bool AddBitString(CBB* out, absl::string_view bytes) {
  CBB child;
  return CBB_add_asn1(out, &child, CBS_ASN1_BITSTRING) &&
         CBB_add_u8(&child, 0) && AddBytes(&child, bytes) && CBB_flush(out);
}

size_t ElementSize(size_t contents_size) {
  size_t size = 2 + contents_size;
  if (contents_size >= 0x80) {
    for (size_t rest = contents_size; rest != 0; rest >>= 8) ++size;
  }
  return size;
}

void AppendHeader(CBS_ASN1_TAG tag, size_t size, std::string* out) {
  out->push_back(
      static_cast<char>((tag >> CBS_ASN1_TAG_SHIFT & 0xe0) | (tag & 0x1f)));
  if (size < 0x80) {
    out->push_back(static_cast<char>(size));
    return;
  }
  int octets = 1;
  while (size >> (8 * octets) != 0) ++octets;
  out->push_back(static_cast<char>(0x80 | octets));
  while (octets-- > 0) {
    out->push_back(static_cast<char>(size >> (8 * octets)));
  }
}

void AppendElement(CBS_ASN1_TAG tag, absl::string_view contents,
                   std::string* out) {
  AppendHeader(tag, contents.size(), out);
  out->append(contents.data(), contents.size());
}

std::string Element(CBS_ASN1_TAG tag, absl::string_view contents) {
  std::string out;
  out.reserve(ElementSize(contents.size()));
  AppendElement(tag, contents, &out);
  return out;
}

absl::StatusOr<std::string> Finish(CBB* cbb) {
  if (!CBB_flush(cbb)) return BuildError();
  return std::string(CbbView(cbb));
}

absl::Status BuildError() { return absl::InternalError("building DER failed"); }

bool IsAscii(absl::string_view bytes) {
  for (const char c : bytes) {
    if ((c & 0x80) != 0) return false;
  }
  return true;
}

bool IsUtf8(absl::string_view bytes) {
  for (size_t i = 0; i < bytes.size();) {
    const uint8_t lead = static_cast<uint8_t>(bytes[i]);
    if (lead < 0x80) {
      ++i;
      continue;
    }
    size_t more;
    uint32_t min;
    uint32_t rune;
    if (lead >= 0xc2 && lead <= 0xdf) {
      more = 1, min = 0x80, rune = lead & 0x1f;
    } else if (lead >= 0xe0 && lead <= 0xef) {
      more = 2, min = 0x800, rune = lead & 0x0f;
    } else if (lead >= 0xf0 && lead <= 0xf4) {
      more = 3, min = 0x10000, rune = lead & 0x07;
    } else {
      return false;
    }
    if (bytes.size() - i <= more) return false;
    for (size_t k = 1; k <= more; ++k) {
      const uint8_t octet = static_cast<uint8_t>(bytes[i + k]);
      if ((octet & 0xc0) != 0x80) return false;
      rune = (rune << 6) | (octet & 0x3f);
    }
    if (rune < min || rune > 0x10ffff || (rune >= 0xd800 && rune <= 0xdfff)) {
      return false;
    }
    i += more + 1;
  }
  return true;
}

}  // namespace signet::pki::der
