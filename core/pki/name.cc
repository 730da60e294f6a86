#include "core/pki/name.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "core/pki/der.h"
#include "core/pki/oid.h"
#include "openssl/bytestring.h"

namespace signet::pki {
namespace {

// What becomes of an attribute whose value is not a string.
enum class NonStrings { kRefuse, kKeep };

using Values = std::vector<std::string> DistinguishedName::*;
using Value = std::string DistinguishedName::*;

// The attributes a DistinguishedName has a field for, in the order in which
// they are written (SPEC C-16).
struct Attribute {
  const Oid* oid;
  absl::string_view label;  // In text.
  Values values = nullptr;  // Either this
  Value value = nullptr;    // or this.
};

constexpr Attribute kAttributes[] = {
    {&oid::kCountry, "C", &DistinguishedName::country},
    {&oid::kProvince, "ST", &DistinguishedName::province},
    {&oid::kLocality, "L", &DistinguishedName::locality},
    {&oid::kStreetAddress, "STREET", &DistinguishedName::street_address},
    {&oid::kPostalCode, "POSTALCODE", &DistinguishedName::postal_code},
    {&oid::kOrganization, "O", &DistinguishedName::organization},
    {&oid::kOrganizationalUnit, "OU", &DistinguishedName::organizational_unit},
    {&oid::kCommonName, "CN", nullptr, &DistinguishedName::common_name},
    {&oid::kSerialNumber, "SERIALNUMBER", nullptr,
     &DistinguishedName::serial_number},
};

// PrintableString's alphabet (X.680, 41.4).
bool IsPrintable(char c) {
  return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') ||
         ('0' <= c && c <= '9') || ('\'' <= c && c <= ')') ||
         ('+' <= c && c <= '/') || c == ' ' || c == ':' || c == '=' || c == '?';
}

// What Go takes for a PrintableString: many certificates hold these two.
bool IsPrintableOrTolerated(char c) {
  return IsPrintable(c) || c == '*' || c == '&';
}

// AppendUtf8 appends a code point of the Basic Multilingual Plane.
void AppendUtf8(uint32_t rune, std::string* out) {
  if (rune < 0x80) {
    out->push_back(static_cast<char>(rune));
  } else if (rune < 0x800) {
    out->push_back(static_cast<char>(0xc0 | rune >> 6));
    out->push_back(static_cast<char>(0x80 | (rune & 0x3f)));
  } else {
    out->push_back(static_cast<char>(0xe0 | rune >> 12));
    out->push_back(static_cast<char>(0x80 | (rune >> 6 & 0x3f)));
    out->push_back(static_cast<char>(0x80 | (rune & 0x3f)));
  }
}

// FromUcs2 converts a BMPString: surrogates and non-characters are no UCS-2.
bool FromUcs2(absl::string_view in, std::string* out) {
  if (in.size() % 2 != 0) return false;
  if (in.ends_with(absl::string_view("\0\0", 2))) in.remove_suffix(2);
  for (size_t i = 0; i < in.size(); i += 2) {
    const uint32_t rune = static_cast<uint32_t>(
        static_cast<uint8_t>(in[i]) << 8 | static_cast<uint8_t>(in[i + 1]));
    if (rune == 0xfffe || rune == 0xffff ||
        (rune >= 0xfdd0 && rune <= 0xfdef) ||
        (rune >= 0xd800 && rune <= 0xdfff)) {
      return false;
    }
    AppendUtf8(rune, out);
  }
  return true;
}

absl::StatusOr<std::string> ParseString(CBS_ASN1_TAG tag,
                                        absl::string_view value) {
  const auto invalid = [](absl::string_view what) {
    return absl::InvalidArgumentError(absl::StrCat("invalid ", what));
  };
  switch (tag) {
    case CBS_ASN1_UTF8STRING:
      if (!der::IsUtf8(value)) return invalid("UTF-8 string");
      return std::string(value);
    case CBS_ASN1_PRINTABLESTRING:
      if (!std::all_of(value.begin(), value.end(), IsPrintableOrTolerated)) {
        return invalid("PrintableString");
      }
      return std::string(value);
    case CBS_ASN1_IA5STRING:
      if (!der::IsAscii(value)) return invalid("IA5String");
      return std::string(value);
    case CBS_ASN1_NUMERICSTRING:
      if (!std::all_of(value.begin(), value.end(), [](char c) {
            return ('0' <= c && c <= '9') || c == ' ';
          })) {
        return invalid("NumericString");
      }
      return std::string(value);
    case CBS_ASN1_T61STRING: {  // Latin-1 is what people write into it.
      std::string out;
      for (const char c : value) AppendUtf8(static_cast<uint8_t>(c), &out);
      return out;
    }
    case CBS_ASN1_BMPSTRING: {
      std::string out;
      if (!FromUcs2(value, &out)) return invalid("BMPString");
      return out;
    }
    default:
      return absl::InvalidArgumentError(absl::StrCat(
          "unsupported string type: ", tag & CBS_ASN1_TAG_NUMBER_MASK));
  }
}

// IsStringTag tells whether ParseString knows the type.
bool IsStringTag(CBS_ASN1_TAG tag) {
  switch (tag) {
    case CBS_ASN1_UTF8STRING:
    case CBS_ASN1_PRINTABLESTRING:
    case CBS_ASN1_IA5STRING:
    case CBS_ASN1_NUMERICSTRING:
    case CBS_ASN1_T61STRING:
    case CBS_ASN1_BMPSTRING:
      return true;
    default:
      return false;
  }
}

// IsWellFormed checks an element that is not a string as Go's encoding/asn1
// does: the types it knows must be right, anything else may be anything.
bool IsWellFormed(CBS_ASN1_TAG tag, CBS element) {
  switch (tag) {
    case CBS_ASN1_BOOLEAN: {
      bool value;
      return der::GetBool(&element, &value);
    }
    case CBS_ASN1_INTEGER: {
      int64_t value;
      return CBS_get_asn1_int64(&element, &value) == 1;
    }
    case CBS_ASN1_BITSTRING: {
      der::Bits value;
      return der::GetBits(&element, &value);
    }
    case CBS_ASN1_OBJECT: {
      absl::string_view value;
      return der::GetOid(&element, &value);
    }
    case CBS_ASN1_UTCTIME:
    case CBS_ASN1_GENERALIZEDTIME:
      return der::GetTime(&element).ok();
    default:
      return true;
  }
}

absl::Status Invalid(absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("x509: invalid RDNSequence", what));
}

void Store(absl::string_view type, std::string value, DistinguishedName* name) {
  name->names.emplace_back(OidToDotted(type), value);
  for (const Attribute& attribute : kAttributes) {
    if (attribute.oid->contents() != type) continue;
    if (attribute.value != nullptr) {
      name->*attribute.value = std::move(value);
    } else {
      (name->*attribute.values).push_back(std::move(value));
    }
    return;
  }
}

// AppendAttribute appends AttributeTypeAndValue.
absl::Status AppendAttribute(const Oid& type, absl::string_view value,
                             std::string* out) {
  CBS_ASN1_TAG tag = CBS_ASN1_PRINTABLESTRING;
  if (!std::all_of(value.begin(), value.end(), IsPrintable)) {
    if (!der::IsUtf8(value)) {
      return absl::InvalidArgumentError("asn1: string not valid UTF-8");
    }
    tag = CBS_ASN1_UTF8STRING;
  }
  der::AppendHeader(
      CBS_ASN1_SEQUENCE,
      der::ElementSize(type.contents().size()) + der::ElementSize(value.size()),
      out);
  der::AppendElement(CBS_ASN1_OBJECT, type.contents(), out);
  der::AppendElement(tag, value, out);
  return absl::OkStatus();
}

// AppendRdn appends a RelativeDistinguishedName with all of `values`.
absl::Status AppendRdn(const Oid& type, absl::Span<const std::string> values,
                       std::string* out) {
  std::string set;
  if (values.size() == 1) {
    ABSL_RETURN_IF_ERROR(AppendAttribute(type, values[0], &set));
  } else {
    std::vector<std::string> members(values.size());
    for (size_t i = 0; i < values.size(); ++i) {
      ABSL_RETURN_IF_ERROR(AppendAttribute(type, values[i], &members[i]));
    }
    std::sort(members.begin(), members.end());  // X.690, 11.6.
    for (const std::string& member : members) set += member;
  }
  der::AppendElement(CBS_ASN1_SET, set, out);
  return absl::OkStatus();
}

// Escape writes a value as RFC 2253, 2.4 does.
void Escape(absl::string_view value, std::string* out) {
  for (size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    if (absl::string_view(",+\"\\<>;").find(c) != absl::string_view::npos ||
        (c == ' ' && (i == 0 || i == value.size() - 1)) ||
        (c == '#' && i == 0)) {
      out->push_back('\\');
    }
    out->push_back(c);
  }
}

const Attribute* FindByDotted(absl::string_view dotted) {
  const auto* const it = std::find_if(
      std::begin(kAttributes), std::end(kAttributes),
      [dotted](const Attribute& a) { return a.oid->dotted() == dotted; });
  return it == std::end(kAttributes) ? nullptr : it;
}

// Name ::= CHOICE { rdnSequence RDNSequence }
// RDNSequence ::= SEQUENCE OF RelativeDistinguishedName
// RelativeDistinguishedName ::= SET SIZE (1..MAX) OF AttributeTypeAndValue
// AttributeTypeAndValue ::= SEQUENCE { type OBJECT IDENTIFIER, value ANY }
absl::StatusOr<DistinguishedName> ParseName(absl::string_view der,
                                            NonStrings non_strings) {
  CBS in = der::Cbs(der);
  CBS rdns;
  if (!CBS_get_asn1(&in, &rdns, CBS_ASN1_SEQUENCE)) return Invalid("");
  if (CBS_len(&in) != 0) return Invalid(": trailing data");
  DistinguishedName name;
  while (CBS_len(&rdns) > 0) {
    CBS rdn;
    if (!CBS_get_asn1(&rdns, &rdn, CBS_ASN1_SET)) return Invalid("");
    while (CBS_len(&rdn) > 0) {
      CBS attribute, element, contents;
      CBS_ASN1_TAG tag;
      absl::string_view type;
      if (!CBS_get_asn1(&rdn, &attribute, CBS_ASN1_SEQUENCE)) {
        return Invalid(": invalid attribute");
      }
      if (!der::GetOid(&attribute, &type)) {
        return Invalid(": invalid attribute type");
      }
      if (!CBS_get_any_asn1_element(&attribute, &element, &tag, nullptr)) {
        return Invalid(": invalid attribute value");
      }
      if (non_strings == NonStrings::kKeep && !IsStringTag(tag)) {
        if (!IsWellFormed(tag, element)) {
          return Invalid(": invalid attribute value");
        }
        name.names.emplace_back(
            OidToDotted(type),
            absl::StrCat("#", absl::BytesToHexString(der::View(element))));
        continue;
      }
      if (!CBS_get_any_asn1(&element, &contents, nullptr)) {
        return Invalid(": invalid attribute value");
      }
      absl::StatusOr<std::string> text = ParseString(tag, der::View(contents));
      if (!text.ok()) {
        return Invalid(absl::StrCat(": invalid attribute value: ",
                                    text.status().message()));
      }
      Store(type, *std::move(text), &name);
    }
  }
  return name;
}

}  // namespace

absl::StatusOr<DistinguishedName> DistinguishedName::Parse(
    absl::string_view der) {
  return ParseName(der, NonStrings::kRefuse);
}

absl::StatusOr<DistinguishedName> DistinguishedName::ParseOfRequest(
    absl::string_view der) {
  return ParseName(der, NonStrings::kKeep);
}

absl::StatusOr<std::string> DistinguishedName::Encode() const {
  std::string rdns;
  for (const Attribute& attribute : kAttributes) {
    absl::Span<const std::string> values;
    if (attribute.values != nullptr) {
      values = this->*attribute.values;
    } else if (!(this->*attribute.value).empty()) {
      values = absl::MakeConstSpan(&(this->*attribute.value), 1);
    }
    if (values.empty()) continue;
    ABSL_RETURN_IF_ERROR(AppendRdn(*attribute.oid, values, &rdns));
  }
  return der::Element(CBS_ASN1_SEQUENCE, rdns);
}

// Go's pkix.Name.String: the fields in the reverse of their encoded order, then
// the attributes without a field, as hexadecimal DER, last one first.
std::string DistinguishedName::ToString() const {
  std::string out;
  const auto comma = [&out] {
    if (!out.empty()) out.push_back(',');
  };
  for (size_t i = std::size(kAttributes); i-- > 0;) {
    const Attribute& attribute = kAttributes[i];
    if (attribute.value != nullptr) {
      const std::string& value = this->*attribute.value;
      if (value.empty()) continue;
      comma();
      absl::StrAppend(&out, attribute.label, "=");
      Escape(value, &out);
      continue;
    }
    absl::string_view separator;
    for (const std::string& value : this->*attribute.values) {
      if (separator.empty()) comma();
      absl::StrAppend(&out, separator, attribute.label, "=");
      Escape(value, &out);
      separator = "+";
    }
  }
  for (size_t i = names.size(); i-- > 0;) {
    const auto& [type, value] = names[i];
    if (FindByDotted(type) != nullptr) continue;
    comma();
    const bool printable = std::all_of(value.begin(), value.end(), IsPrintable);
    absl::StrAppend(
        &out, type, "=#",
        absl::BytesToHexString(der::Element(
            printable ? CBS_ASN1_PRINTABLESTRING : CBS_ASN1_UTF8STRING,
            value)));
  }
  return out;
}

bool DistinguishedName::empty() const {
  return std::all_of(std::begin(kAttributes), std::end(kAttributes),
                     [this](const Attribute& a) {
                       return a.value != nullptr ? (this->*a.value).empty()
                                                 : (this->*a.values).empty();
                     });
}

}  // namespace signet::pki
