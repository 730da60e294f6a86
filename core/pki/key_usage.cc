#include "core/pki/key_usage.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "core/pki/der.h"
#include "core/pki/oid.h"
#include "openssl/bytestring.h"

namespace signet::pki {
namespace {

// One of the API's usage words, and what it asks for: a bit of KeyUsage, or an
// ExtendedKeyUsage. Sorted by word.
struct UsageWord {
  absl::string_view word;
  KeyUsage bit = 0;
  std::optional<ExtendedKeyUsage> extended;
};

constexpr UsageWord kWords[] = {
    {"any", 0, ExtendedKeyUsage::kAny},
    {"cert sign", kCertSign, {}},
    {"client auth", 0, ExtendedKeyUsage::kClientAuth},
    {"code signing", 0, ExtendedKeyUsage::kCodeSigning},
    {"content commitment", kContentCommitment, {}},
    {"crl sign", kCrlSign, {}},
    {"data encipherment", kDataEncipherment, {}},
    {"decipher only", kDecipherOnly, {}},
    {"digital signature", kDigitalSignature, {}},
    {"email protection", 0, ExtendedKeyUsage::kEmailProtection},
    {"encipher only", kEncipherOnly, {}},
    {"ipsec end system", 0, ExtendedKeyUsage::kIpsecEndSystem},
    {"ipsec tunnel", 0, ExtendedKeyUsage::kIpsecTunnel},
    {"ipsec user", 0, ExtendedKeyUsage::kIpsecUser},
    {"key agreement", kKeyAgreement, {}},
    {"key encipherment", kKeyEncipherment, {}},
    {"microsoft sgc", 0, ExtendedKeyUsage::kMicrosoftServerGatedCrypto},
    {"netscape sgc", 0, ExtendedKeyUsage::kNetscapeServerGatedCrypto},
    {"ocsp signing", 0, ExtendedKeyUsage::kOcspSigning},
    {"s/mime", 0, ExtendedKeyUsage::kEmailProtection},
    {"server auth", 0, ExtendedKeyUsage::kServerAuth},
    {"signing", kDigitalSignature, {}},
    {"timestamping", 0, ExtendedKeyUsage::kTimeStamping},
};

constexpr auto kSortedWords = [] {
  std::array<absl::string_view, std::size(kWords)> words;
  for (size_t i = 0; i < words.size(); ++i) words[i] = kWords[i].word;
  return words;
}();
static_assert(std::is_sorted(kSortedWords.begin(), kSortedWords.end()));

const UsageWord* FindWord(absl::string_view word) {
  const auto* const it = std::lower_bound(
      std::begin(kWords), std::end(kWords), word,
      [](const UsageWord& a, absl::string_view b) { return a.word < b; });
  return it != std::end(kWords) && it->word == word ? it : nullptr;
}

// Indexed by ExtendedKeyUsage.
constexpr const Oid* kPurposes[] = {
    &oid::kAnyExtendedKeyUsage,
    &oid::kServerAuth,
    &oid::kClientAuth,
    &oid::kCodeSigning,
    &oid::kEmailProtection,
    &oid::kIpsecEndSystem,
    &oid::kIpsecTunnel,
    &oid::kIpsecUser,
    &oid::kTimeStamping,
    &oid::kOcspSigning,
    &oid::kMicrosoftServerGatedCrypto,
    &oid::kNetscapeServerGatedCrypto,
};

void SortAndMerge(std::vector<ExtendedKeyUsage>* usages) {
  std::sort(usages->begin(), usages->end());
  usages->erase(std::unique(usages->begin(), usages->end()), usages->end());
}

}  // namespace

absl::StatusOr<Usages> UsagesFromStrings(absl::Span<const std::string> usages) {
  Usages out;
  for (const std::string& usage : usages) {
    const UsageWord* word = FindWord(usage);
    if (word == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("unrecognized usage: \"", usage, "\""));
    }
    out.key_usage |= word->bit;
    if (word->extended.has_value()) out.extended.push_back(*word->extended);
  }
  SortAndMerge(&out.extended);
  return out;
}

bool IsKnownUsage(absl::string_view usage) {
  return FindWord(usage) != nullptr;
}

absl::Span<const absl::string_view> KnownUsages() { return kSortedWords; }

// KeyUsage ::= BIT STRING, bit 0 the most significant of the first octet; DER
// drops trailing zero bits.
std::string EncodeKeyUsage(KeyUsage usage) {
  std::string out("\x03\x01\x00", 3);
  int last = -1;  // Highest bit set.
  for (int bit = 0; bit < 9; ++bit) {
    if ((usage >> bit & 1) != 0) last = bit;
  }
  if (last < 0) return out;
  out.resize(last < 8 ? 4 : 5, '\0');
  out[1] = static_cast<char>(out.size() - 2);
  out[2] = static_cast<char>(7 - last % 8);
  for (int bit = 0; bit <= last; ++bit) {
    if ((usage >> bit & 1) == 0) continue;
    char& octet = out[static_cast<size_t>(3 + bit / 8)];
    octet = static_cast<char>(octet | 0x80 >> bit % 8);
  }
  return out;
}

absl::StatusOr<KeyUsage> ParseKeyUsage(absl::string_view der) {
  CBS in = der::Cbs(der);
  der::Bits bits;
  if (!der::GetBits(&in, &bits)) {
    return absl::InvalidArgumentError("x509: invalid key usage");
  }
  KeyUsage usage = 0;
  for (size_t bit = 0; bit < 9 && bit / 8 < bits.bytes.size(); ++bit) {
    if ((bits.bytes[bit / 8] & 0x80 >> bit % 8) != 0) {
      usage |= static_cast<KeyUsage>(1 << bit);
    }
  }
  return usage;
}

// ExtKeyUsageSyntax ::= SEQUENCE SIZE (1..MAX) OF KeyPurposeId
std::string EncodeExtendedKeyUsage(absl::Span<const ExtendedKeyUsage> usages) {
  std::string purposes;
  for (const ExtendedKeyUsage usage : usages) {
    der::AppendElement(CBS_ASN1_OBJECT,
                       kPurposes[static_cast<size_t>(usage)]->contents(),
                       &purposes);
  }
  return der::Element(CBS_ASN1_SEQUENCE, purposes);
}

absl::StatusOr<std::vector<ExtendedKeyUsage>> ParseExtendedKeyUsage(
    absl::string_view der, std::vector<std::string>* unknown) {
  const absl::Status invalid =
      absl::InvalidArgumentError("x509: invalid extended key usages");
  CBS in = der::Cbs(der);
  CBS purposes;
  if (!CBS_get_asn1(&in, &purposes, CBS_ASN1_SEQUENCE)) return invalid;
  std::vector<ExtendedKeyUsage> usages;
  while (CBS_len(&purposes) > 0) {
    absl::string_view contents;
    if (!der::GetOid(&purposes, &contents)) return invalid;
    const auto* const known = std::find_if(
        std::begin(kPurposes), std::end(kPurposes),
        [contents](const Oid* oid) { return oid->contents() == contents; });
    if (known != std::end(kPurposes)) {
      usages.push_back(static_cast<ExtendedKeyUsage>(known - kPurposes));
    } else if (unknown != nullptr) {
      unknown->push_back(OidToDotted(contents));
    }
  }
  SortAndMerge(&usages);
  return usages;
}

}  // namespace signet::pki
