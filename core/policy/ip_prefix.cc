#include "core/policy/ip_prefix.h"

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "core/pki/ip_address.h"

namespace signet::policy {
namespace {

int BitAt(const std::string& bytes, int index) {
  const auto byte = static_cast<unsigned char>(bytes[index / 8]);
  return (byte >> (7 - index % 8)) & 1;
}

}  // namespace

absl::StatusOr<IpPrefix> IpPrefix::Parse(absl::string_view text) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(text, absl::MaxSplits('/', 1));
  ABSL_ASSIGN_OR_RETURN(pki::IpAddress address,
                        pki::IpAddress::Parse(parts.first));
  const int bits = static_cast<int>(address.bytes().size()) * 8;
  if (address.is_v4() && parts.first.find(':') != absl::string_view::npos) {
    return absl::InvalidArgumentError(
        "write a prefix of IPv4-mapped addresses as IPv4");
  }
  int length = 0;
  if (parts.second.empty() || !absl::ascii_isdigit(parts.second.front()) ||
      !absl::SimpleAtoi(parts.second, &length) || length > bits) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected an address, a slash and a length of 0 to ", bits,
                     ", as in 10.0.0.0/8"));
  }
  for (int i = length; i < bits; ++i) {
    if (BitAt(address.bytes(), i) != 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("bits are set after the first ", length));
    }
  }
  return IpPrefix(std::move(address), length);
}

bool IpPrefix::Contains(const pki::IpAddress& address) const {
  if (address.bytes().size() != address_.bytes().size()) return false;
  for (int i = 0; i < length_; ++i) {
    if (BitAt(address.bytes(), i) != BitAt(address_.bytes(), i)) return false;
  }
  return true;
}

std::string IpPrefix::ToString() const {
  return absl::StrCat(address_.ToString(), "/", length_);
}

}  // namespace signet::policy
