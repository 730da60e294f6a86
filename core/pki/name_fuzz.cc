#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/log/check.h"
#include "absl/strings/string_view.h"
#include "core/pki/name.h"

namespace {

using signet::pki::DistinguishedName;

std::vector<std::string> Sorted(std::vector<std::string> values) {
  std::sort(values.begin(), values.end());
  return values;
}

// Encode and Parse keep every field; only the order of repeated values is
// DER's.
void CheckRoundTrip(const DistinguishedName& name) {
  const auto der = name.Encode();
  CHECK_OK(der);
  const auto again = DistinguishedName::Parse(*der);
  CHECK_OK(again);
  CHECK(again->Encode() == der);
  CHECK_EQ(again->common_name, name.common_name);
  CHECK_EQ(again->serial_number, name.serial_number);
  CHECK(Sorted(again->organization) == Sorted(name.organization));
  CHECK(Sorted(again->organizational_unit) == Sorted(name.organizational_unit));
  CHECK(Sorted(again->country) == Sorted(name.country));
  CHECK(Sorted(again->province) == Sorted(name.province));
  CHECK(Sorted(again->locality) == Sorted(name.locality));
  CHECK(Sorted(again->street_address) == Sorted(name.street_address));
  CHECK(Sorted(again->postal_code) == Sorted(name.postal_code));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace signet::pki;  // NOLINT
  const absl::string_view der(reinterpret_cast<const char*>(data), size);
  const auto name = DistinguishedName::Parse(der);
  const auto lenient = DistinguishedName::ParseOfRequest(der);
  if (name.ok()) {
    // What a certificate may hold, a request may hold, and it means the same.
    CHECK_OK(lenient);
    CHECK(lenient->names == name->names);
    CHECK_EQ(lenient->ToString(), name->ToString());
    CheckRoundTrip(*name);
  }
  if (lenient.ok()) CheckRoundTrip(*lenient);
  return 0;
}
