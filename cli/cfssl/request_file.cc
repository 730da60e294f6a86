#include "cli/cfssl/request_file.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "boost/json.hpp"
#include "cli/cfssl/diagnostics.h"
#include "cli/cfssl/go_json.h"
#include "core/base/base64.h"
#include "core/pki/certificate.h"
#include "core/pki/certificate_request.h"
#include "core/pki/certificate_template.h"
#include "core/pki/ip_address.h"
#include "core/pki/private_key.h"
#include "core/pki/subject_alt_name.h"
#include "core/pki/uri.h"
#include "re2/re2.h"

namespace signet::cli::cfssl {
namespace {

using boost::json::value;

constexpr absl::string_view kEmailOid = "1.2.840.113549.1.9.1";
constexpr absl::string_view kDelegationOid = "1.3.6.1.4.1.44363.44";
constexpr absl::string_view kDerNull("\x05\x00", 2);

absl::StatusOr<Name> ReadName(const value& json) {
  Name name;
  ObjectReader reader("Name");
  reader.String("C", &name.country)
      .String("ST", &name.province)
      .String("L", &name.locality)
      .String("O", &name.organization)
      .String("OU", &name.organizational_unit)
      .String("E", &name.email)
      .String("SerialNumber", &name.serial_number)
      .Map("OID",
           [&name](absl::string_view key, const value& text) -> absl::Status {
             if (!text.is_string()) {
               return absl::InvalidArgumentError(
                   "json: cannot unmarshal into Go struct field Name.OID of "
                   "type string");
             }
             name.oids.emplace_back(key, std::string(text.get_string().data(),
                                                     text.get_string().size()));
             return absl::OkStatus();
           });
  ABSL_RETURN_IF_ERROR(reader.ReadFrom(json));
  return name;
}

absl::StatusOr<CaSection> ReadCa(const value& json) {
  CaSection ca;
  ObjectReader reader("CAConfig");
  reader.Int("pathlen", &ca.path_len)
      .Bool("pathlenzero", &ca.path_len_zero)
      .String("expiry", &ca.expiry)
      .String("backdate", &ca.backdate);
  ABSL_RETURN_IF_ERROR(reader.ReadFrom(json));
  return ca;
}

// A pkix.Extension: {"Id": [1,2,3], "Critical": true, "Value": base64}.
absl::StatusOr<pki::RequestedExtension> ReadExtension(const value& json) {
  pki::RequestedExtension extension;
  std::vector<int64_t> arcs;
  std::string base64;
  ObjectReader reader("Extension");
  reader
      .Array(
          "Id", [] {},
          [&arcs](const value& arc) -> absl::Status {
            const int64_t* const number = arc.if_int64();
            if (number == nullptr) {
              return absl::InvalidArgumentError(
                  "json: cannot unmarshal into Go struct field Extension.Id of "
                  "type int");
            }
            arcs.push_back(*number);
            return absl::OkStatus();
          })
      .Bool("Critical", &extension.critical)
      .String("Value", &base64);
  ABSL_RETURN_IF_ERROR(reader.ReadFrom(json));
  extension.oid = absl::StrJoin(arcs, ".");
  std::optional<std::string> bytes = DecodeBase64(base64);
  if (!bytes.has_value()) {
    return absl::InvalidArgumentError(
        "illegal base64 data in an extension's Value");
  }
  extension.value_der = *std::move(bytes);
  return extension;
}

absl::Status ReadNames(const value& json, std::vector<Name>* names) {
  ABSL_ASSIGN_OR_RETURN(Name name, ReadName(json));
  names->push_back(std::move(name));
  return absl::OkStatus();
}

void AppendIf(const std::string& text, std::vector<std::string>* list) {
  if (!text.empty()) list->push_back(text);
}

// An address as Go's mail.ParseAddress takes it, or "" if it does not: with or
// without a name before it.
std::string EmailOf(absl::string_view host) {
  static const RE2* const kAddress = new RE2(
      R"re((?:(?:[^<>@,;:\\".\[\]()]|"[^"]*")*<\s*)?)re"
      R"re(([\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*)re"
      R"re(@[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*)(\s*>)?\s*)re");
  std::string address, end;
  if (!RE2::FullMatch(absl::StripLeadingAsciiWhitespace(host), *kAddress,
                      &address, &end)) {
    return "";
  }
  // Both of the angle brackets, or none.
  return absl::StrContains(host, '<') == absl::StrContains(host, '>') ? address
                                                                      : "";
}

// A URI as Go's url.ParseRequestURI takes it, or "": it has a scheme, or is an
// absolute path.
std::string UriOf(absl::string_view host) {
  static const RE2* const kAbsolute =
      new RE2(R"re([A-Za-z][A-Za-z0-9+.-]*:.*|/.*|\*)re");
  if (!RE2::FullMatch(host, *kAbsolute)) return "";
  const absl::StatusOr<std::string> uri = pki::NormalizeUri(host);
  return uri.ok() ? *uri : "";
}

}  // namespace

std::optional<int> CaSection::PathLen() const {
  if (path_len == 0 && !path_len_zero) return std::nullopt;
  return path_len < 0 ? std::nullopt : std::optional<int>(path_len);
}

absl::StatusOr<RequestFile> ParseRequestFile(absl::string_view json) {
  ABSL_ASSIGN_OR_RETURN(const value parsed, ParseGoJson(json));
  RequestFile request;
  ObjectReader key("KeyRequest");
  key.String("algo", &request.key.algorithm).Int("size", &request.key.size);
  ObjectReader reader("CertificateRequest");
  reader.String("CN", &request.common_name)
      .Array(
          "names", [&request] { request.names.clear(); },
          [&request](const value& name) {
            return ReadNames(name, &request.names);
          })
      .Strings("hosts", &request.hosts)
      .Value("key", [&key](const value& v) { return key.ReadFrom(v); })
      .Value("ca",
             [&request](const value& v) -> absl::Status {
               ABSL_ASSIGN_OR_RETURN(request.ca, ReadCa(v));
               return absl::OkStatus();
             })
      .String("serialnumber", &request.serial_number)
      .Bool("delegation_enabled", &request.delegation)
      .Array(
          "extensions", [&request] { request.extensions.clear(); },
          [&request](const value& v) -> absl::Status {
            ABSL_ASSIGN_OR_RETURN(pki::RequestedExtension extension,
                                  ReadExtension(v));
            request.extensions.push_back(std::move(extension));
            return absl::OkStatus();
          })
      .String("crl_url", &request.crl_url);
  ABSL_RETURN_IF_ERROR(reader.ReadFrom(parsed));
  return request;
}

absl::StatusOr<RequestFile> ParseSubjectFile(absl::string_view json) {
  ABSL_ASSIGN_OR_RETURN(const value parsed, ParseGoJson(json));
  RequestFile subject;
  ObjectReader reader("Subject");
  reader.String("CN", &subject.common_name)
      .Array(
          "names", [&subject] { subject.names.clear(); },
          [&subject](const value& name) {
            return ReadNames(name, &subject.names);
          })
      .String("SerialNumber", &subject.serial_number);
  ABSL_RETURN_IF_ERROR(reader.ReadFrom(parsed));
  return subject;
}

absl::StatusOr<Subject> SubjectOf(const RequestFile& request) {
  Subject subject;
  subject.name.common_name = request.common_name;
  for (const Name& name : request.names) {
    AppendIf(name.country, &subject.name.country);
    AppendIf(name.province, &subject.name.province);
    AppendIf(name.locality, &subject.name.locality);
    AppendIf(name.organization, &subject.name.organization);
    AppendIf(name.organizational_unit, &subject.name.organizational_unit);
    subject.more.insert(subject.more.end(), name.oids.begin(), name.oids.end());
    if (!name.email.empty()) subject.more.emplace_back(kEmailOid, name.email);
  }
  subject.name.serial_number = request.serial_number;
  // So that an OID that is none is found before anything is made.
  ABSL_RETURN_IF_ERROR(pki::EncodeName(subject.name, subject.more).status());
  return subject;
}

RequestFile RequestOf(const pki::Certificate& certificate) {
  RequestFile request;
  const pki::DistinguishedName& subject = certificate.subject();
  request.common_name = subject.common_name;
  request.serial_number = subject.serial_number;
  for (const auto& [values, field] :
       {std::pair{&subject.country, &Name::country},
        std::pair{&subject.province, &Name::province},
        std::pair{&subject.locality, &Name::locality},
        std::pair{&subject.organization, &Name::organization},
        std::pair{&subject.organizational_unit, &Name::organizational_unit}}) {
    if (request.names.size() < values->size()) {
      request.names.resize(values->size());
    }
    for (size_t i = 0; i < values->size(); ++i) {
      request.names[i].*field = (*values)[i];
    }
  }
  const pki::SubjectAltNames& sans = certificate.subject_alt_names();
  std::vector<std::string> hosts;
  for (const pki::IpAddress& ip : sans.ip_addresses) {
    hosts.push_back(ip.ToString());
  }
  for (const auto* names :
       {&sans.dns_names, &sans.email_addresses, &sans.uris}) {
    hosts.insert(hosts.end(), names->begin(), names->end());
  }
  request.hosts = hosts;
  if (certificate.is_ca()) {
    CaSection& ca = request.ca.emplace();
    ca.path_len = certificate.max_path_len().value_or(-1);
    ca.path_len_zero = certificate.max_path_len() == 0;
  }
  return request;
}

bool HasNoSubject(const RequestFile& request) {
  if (!request.common_name.empty()) return false;
  if (request.names.empty()) return true;
  for (const Name& name : request.names) {
    const std::string all =
        absl::StrCat(name.country, name.province, name.locality,
                     name.organization, name.organizational_unit);
    if (absl::StripAsciiWhitespace(all).empty()) return true;
  }
  return false;
}

pki::SubjectAltNames SortHosts(absl::Span<const std::string> hosts) {
  pki::SubjectAltNames sans;
  for (const std::string& host : hosts) {
    if (absl::StatusOr<pki::IpAddress> ip = pki::IpAddress::Parse(host);
        ip.ok()) {
      sans.ip_addresses.push_back(*std::move(ip));
    } else if (std::string email = EmailOf(host); !email.empty()) {
      sans.email_addresses.push_back(std::move(email));
    } else if (std::string uri = UriOf(host); !uri.empty()) {
      sans.uris.push_back(std::move(uri));
    } else {
      sans.dns_names.push_back(host);
    }
  }
  return sans;
}

absl::StatusOr<std::string> BuildRequest(const RequestFile& request,
                                         const pki::SigningKey& key) {
  const auto bad = [](const absl::Status& status) {
    return Error(ErrorCode::kCsrBadRequest, status.message());
  };
  const absl::StatusOr<Subject> subject = SubjectOf(request);
  if (!subject.ok()) return bad(subject.status());
  pki::RequestTemplate tbs;
  tbs.subject = subject->name;
  tbs.subject_more = subject->more;
  if (request.hosts.has_value()) {
    tbs.subject_alt_names = SortHosts(*request.hosts);
  }
  if (request.ca.has_value()) {
    tbs.extensions.push_back(pki::CaRequestExtension(request.ca->PathLen()));
  }
  if (request.delegation) {
    tbs.extensions = {
        {std::string(kDelegationOid), false, std::string(kDerNull)}};
  }
  tbs.extensions.insert(tbs.extensions.end(), request.extensions.begin(),
                        request.extensions.end());
  absl::StatusOr<std::string> der = pki::SignRequestTemplate(tbs, key);
  if (!der.ok()) return bad(der.status());
  return der;
}

absl::StatusOr<pki::PrivateKey> NewKey(const KeyRequest& request,
                                       pki::KeyGenerator& keys) {
  const auto failed = [](absl::string_view why) {
    return Error(ErrorCode::kKeyGenerationFailed, why);
  };
  pki::KeyAlgorithm algorithm;
  if (request.algorithm == "rsa") {
    if (request.size < 2048) return failed("RSA key is too weak");
    if (request.size > 8192) return failed("RSA key size too large");
    switch (request.size) {
      case 2048:
        algorithm = pki::KeyAlgorithm::kRsa2048;
        break;
      case 3072:
        algorithm = pki::KeyAlgorithm::kRsa3072;
        break;
      case 4096:
        algorithm = pki::KeyAlgorithm::kRsa4096;
        break;
      default:
        return failed("RSA key size must be 2048, 3072 or 4096");
    }
  } else if (request.algorithm == "ecdsa") {
    switch (request.size) {
      case 256:
        algorithm = pki::KeyAlgorithm::kEcdsaP256;
        break;
      case 384:
        algorithm = pki::KeyAlgorithm::kEcdsaP384;
        break;
      case 521:
        algorithm = pki::KeyAlgorithm::kEcdsaP521;
        break;
      default:
        return failed("invalid curve");
    }
  } else if (request.algorithm == "ed25519") {
    algorithm = pki::KeyAlgorithm::kEd25519;
  } else {
    return failed("invalid algorithm");
  }
  return keys.Generate(algorithm);
}

}  // namespace signet::cli::cfssl
