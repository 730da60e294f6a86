#include "core/policy/testimony.h"

#include <string>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/api/core.pb.h"
#include "core/pki/certificate.h"
#include "core/pki/ip_address.h"
#include "core/pki/key_usage.h"
#include "core/policy/decision.h"
#include "core/policy/request_form.h"
#include "core/policy/serving_policy.h"

namespace signet::policy {

Testimony TestimonyOfNode(const api::Node& node) {
  Testimony testimony;
  testimony.known = true;
  testimony.detail =
      absl::StrCat("Node ", node.metadata().name(), ", resourceVersion ",
                   node.metadata().resource_version());
  for (const api::NodeAddress& address : node.status().addresses()) {
    const std::string& type = address.type();
    absl::StatusOr<pki::IpAddress> ip =
        pki::IpAddress::Parse(address.address());
    if (type == "InternalDNS" || type == "ExternalDNS" ||
        (type == "Hostname" && !ip.ok())) {
      testimony.dns_names.push_back(address.address());
    } else if (ip.ok() && (type == "InternalIP" || type == "ExternalIP" ||
                           type == "Hostname")) {
      // A kubelet asks for a host name that is an address as an address.
      testimony.ip_addresses.push_back(*std::move(ip));
    }
  }
  return testimony;
}

Testimony TestimonyOfServedCertificate(const pki::Certificate& certificate,
                                       const absl::Status& chain,
                                       absl::string_view node_name,
                                       absl::Time now) {
  Testimony testimony;
  testimony.known = true;
  const auto worthless = [&testimony](absl::string_view why) {
    testimony.detail = absl::StrCat("the certificate served ", why);
    return testimony;
  };
  if (!chain.ok()) {
    return worthless(absl::StrCat("is not trusted: ", chain.message()));
  }
  if (now < certificate.validity().not_before ||
      now > certificate.validity().not_after) {
    return worthless("is not valid now");
  }
  const pki::DistinguishedName& subject = certificate.subject();
  if (subject.common_name != absl::StrCat(kNodeUserPrefix, node_name) ||
      subject.organization.size() != 1 ||
      subject.organization.front() != "system:nodes") {
    return worthless(absl::StrCat("is of ", Quoted(subject.ToString())));
  }
  if (!absl::c_linear_search(certificate.usages().extended,
                             pki::ExtendedKeyUsage::kServerAuth)) {
    return worthless("is not for server authentication");
  }
  testimony.detail =
      absl::StrCat("certificate served, serial ",
                   pki::SerialToHex(certificate.serial_number()));
  testimony.dns_names = certificate.subject_alt_names().dns_names;
  testimony.ip_addresses = certificate.subject_alt_names().ip_addresses;
  return testimony;
}

bool IsReady(const api::Node& node) {
  return absl::c_any_of(
      node.status().conditions(), [](const api::NodeCondition& condition) {
        return condition.type() == "Ready" && condition.status() == "True";
      });
}

}  // namespace signet::policy
