#include "core/pki/pem.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/secret.h"

namespace signet::pki {
namespace {

constexpr absl::string_view kBegin = "-----BEGIN ";
constexpr absl::string_view kEnd = "\n-----END ";
constexpr absl::string_view kDashes = "-----";
constexpr size_t kLineLength = 64;

constexpr absl::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// What a byte of base64 text is: a digit's value, or one of these.
constexpr uint8_t kPad = 64;
constexpr uint8_t kSkip = 65;
constexpr uint8_t kBad = 66;
constexpr std::array<uint8_t, 256> kDigits = [] {
  std::array<uint8_t, 256> digits = {};
  digits.fill(kBad);
  for (size_t i = 0; i < kAlphabet.size(); ++i) {
    digits[static_cast<uint8_t>(kAlphabet[i])] = static_cast<uint8_t>(i);
  }
  digits['='] = kPad;
  for (const char c : {' ', '\t', '\r', '\n'}) {
    digits[static_cast<uint8_t>(c)] = kSkip;
  }
  return digits;
}();

// DecodeBase64 is Go's base64.StdEncoding with spaces and tabs skipped as well:
// padding is required, bits beyond the last byte are ignored.
bool DecodeBase64(absl::string_view text, std::string* out) {
  out->resize(text.size() / 4 * 3 + 6);  // Never moved again: see PrivateKey.
  const auto* in = reinterpret_cast<const uint8_t*>(text.data());
  const auto* const end = in + text.size();
  char* to = out->data();
  const auto put = [&to](uint32_t quantum, int bytes) {
    to[0] = static_cast<char>(quantum >> 16);  // There is room for all three.
    to[1] = static_cast<char>(quantum >> 8);
    to[2] = static_cast<char>(quantum);
    to += bytes;
  };
  const auto skip = [&in, end] {
    while (in < end && kDigits[*in] == kSkip) ++in;
    return in < end;
  };
  for (;;) {
    while (end - in >= 4) {  // The common case: four digits in a row.
      const uint32_t a = kDigits[in[0]], b = kDigits[in[1]], c = kDigits[in[2]],
                     d = kDigits[in[3]];
      if ((a | b | c | d) >= kPad) break;
      put(a << 18 | b << 12 | c << 6 | d, 3);
      in += 4;
    }
    uint32_t quantum = 0;
    int digits = 0;
    while (digits < 4) {
      if (!skip()) {
        out->resize(static_cast<size_t>(to - out->data()));
        return digits == 0;
      }
      const uint8_t digit = kDigits[*in++];
      if (digit < kPad) {
        quantum |= uint32_t{digit} << (18 - 6 * digits++);
        continue;
      }
      // One '=' after three digits, two after two, and then nothing.
      if (digit != kPad || digits < 2) return false;
      if (digits == 2 && (!skip() || kDigits[*in++] != kPad)) return false;
      if (skip()) return false;
      put(quantum, digits - 1);
      out->resize(static_cast<size_t>(to - out->data()));
      return true;
    }
    put(quantum, 3);
  }
}

// Line cuts the first line off the front of `text`, without its line ending
// and trailing blanks. `consumed` counts the ending.
absl::string_view Line(absl::string_view* text, ptrdiff_t* consumed) {
  const size_t newline = text->find('\n');
  absl::string_view line = text->substr(0, newline);
  const size_t used = newline == text->npos ? text->size() : newline + 1;
  if (newline != text->npos && !line.empty() && line.back() == '\r') {
    line.remove_suffix(1);
  }
  while (!line.empty() && (line.back() == ' ' || line.back() == '\t')) {
    line.remove_suffix(1);
  }
  text->remove_prefix(used);
  if (consumed != nullptr) *consumed = static_cast<ptrdiff_t>(used);
  return line;
}

// Headers reads "Key: value" lines from the front of `rest` into `block`; the
// last of several with one key counts. False if the text ends with them.
bool Headers(absl::string_view* rest, ptrdiff_t* consumed, PemBlock* block) {
  absl::flat_hash_map<absl::string_view, size_t> index;
  *consumed = 0;
  for (;;) {
    if (rest->empty()) return false;
    absl::string_view next = *rest;
    ptrdiff_t used;
    const absl::string_view line = Line(&next, &used);
    const size_t colon = line.find(':');
    if (colon == line.npos) return true;
    const absl::string_view key =
        absl::StripAsciiWhitespace(line.substr(0, colon));
    const absl::string_view value =
        absl::StripAsciiWhitespace(line.substr(colon + 1));
    const auto [it, added] = index.try_emplace(key, block->headers.size());
    if (added) {
      block->headers.emplace_back(key, value);
    } else {
      block->headers[it->second].second = std::string(value);
    }
    *rest = next;
    *consumed += used;
  }
}

// Decode is Go's pem.Decode: it cuts the text up to the end of the next block
// off `text` and returns the block; if there is none, `text` stays as it is.
// Each pass of its loop starts after the END line that the last one looked at.
std::optional<PemBlock> Decode(absl::string_view* text) {
  absl::string_view rest = *text;
  ptrdiff_t trailer = 0;  // Where the text after "-----END " starts in `rest`.
  for (;;) {
    if (trailer < 0 || trailer > static_cast<ptrdiff_t>(rest.size())) {
      return std::nullopt;
    }
    rest.remove_prefix(static_cast<size_t>(trailer));

    // The first END line, and the last BEGIN line before it: a BEGIN line
    // without its END is skipped.
    const size_t found = rest.find(kEnd);
    if (found == rest.npos) return std::nullopt;
    ptrdiff_t end = static_cast<ptrdiff_t>(found);
    trailer = end + static_cast<ptrdiff_t>(kEnd.size());
    const size_t begin = rest.substr(0, found).rfind(kBegin);
    if (begin == rest.npos || (begin > 0 && rest[begin - 1] != '\n')) continue;
    rest.remove_prefix(begin + kBegin.size());
    end -= static_cast<ptrdiff_t>(begin + kBegin.size());
    trailer -= static_cast<ptrdiff_t>(begin + kBegin.size());

    ptrdiff_t consumed;
    absl::string_view type = Line(&rest, &consumed);
    end -= consumed;
    trailer -= consumed;
    if (!type.ends_with(kDashes)) continue;
    type.remove_suffix(kDashes.size());

    PemBlock block;
    block.type = std::string(type);
    if (!Headers(&rest, &consumed, &block)) return std::nullopt;
    end -= consumed;
    trailer -= consumed;
    // Between headers and the END line there must be a newline.
    if (!block.headers.empty() && end < 0) continue;

    // Then the same type and five dashes, and nothing else on the line.
    absl::string_view ending = rest.substr(static_cast<size_t>(trailer));
    if (!ending.starts_with(type)) continue;
    ending.remove_prefix(type.size());
    if (!ending.starts_with(kDashes)) continue;
    ending.remove_prefix(kDashes.size());
    if (!Line(&ending, nullptr).empty()) continue;

    if (end > 0 &&
        !DecodeBase64(rest.substr(0, static_cast<size_t>(end)), &block.der)) {
      Wipe(block.der);  // Of a key's, perhaps, and nobody else sees it.
      continue;
    }
    *text = ending;
    return block;
  }
}

absl::Status CheckSize(absl::string_view text, const PemLimits& limits) {
  if (text.size() <= limits.max_bytes) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat(
      "PEM text of ", text.size(), " bytes is longer than ", limits.max_bytes));
}

}  // namespace

absl::StatusOr<std::vector<PemBlock>> ParsePem(absl::string_view text,
                                               const PemLimits& limits) {
  if (absl::Status size = CheckSize(text, limits); !size.ok()) return size;
  std::vector<PemBlock> blocks;
  while (std::optional<PemBlock> block = Decode(&text)) {
    if (blocks.size() == limits.max_blocks) {
      return absl::ResourceExhaustedError(absl::StrCat(
          "PEM text has more than ", limits.max_blocks, " blocks"));
    }
    blocks.push_back(*std::move(block));
  }
  return blocks;
}

absl::StatusOr<PemBlock> ParseFirstPem(absl::string_view text,
                                       const PemLimits& limits) {
  if (absl::Status size = CheckSize(text, limits); !size.ok()) return size;
  std::optional<PemBlock> block = Decode(&text);
  if (!block.has_value()) return absl::NotFoundError("no PEM block found");
  return *std::move(block);
}

std::string EncodePem(absl::string_view type, absl::string_view der) {
  const size_t digits = (der.size() + 2) / 3 * 4;
  const size_t newlines = (digits + kLineLength - 1) / kLineLength;
  const absl::string_view end = kEnd.substr(1);
  // One allocation of the right size: what it holds may be a key.
  std::string out;
  out.reserve(kBegin.size() + end.size() + 2 * type.size() +
              2 * kDashes.size() + 2 + digits + newlines);
  absl::StrAppend(&out, kBegin, type, kDashes, "\n");
  const size_t start = out.size();
  out.resize(start + digits + newlines);
  char* to = out.data() + start;
  const auto* from = reinterpret_cast<const uint8_t*>(der.data());
  const auto put = [&to](uint32_t quantum) {
    *to++ = kAlphabet[quantum >> 18];
    *to++ = kAlphabet[quantum >> 12 & 63];
    *to++ = kAlphabet[quantum >> 6 & 63];
    *to++ = kAlphabet[quantum & 63];
  };
  size_t left = der.size();
  while (left > 0) {
    const size_t line = std::min(left, kLineLength / 4 * 3);
    left -= line;
    const uint8_t* const line_end = from + line;
    for (; line_end - from >= 3; from += 3) {
      put(uint32_t{from[0]} << 16 | uint32_t{from[1]} << 8 | from[2]);
    }
    if (from < line_end) {  // One or two bytes are left, of the last line.
      const bool two = line_end - from == 2;
      put(uint32_t{from[0]} << 16 | (two ? uint32_t{from[1]} << 8 : 0));
      to[-1] = '=';
      if (!two) to[-2] = '=';
      from = line_end;
    }
    *to++ = '\n';
  }
  absl::StrAppend(&out, end, type, kDashes, "\n");
  return out;
}

}  // namespace signet::pki
