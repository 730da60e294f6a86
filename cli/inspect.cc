#include "cli/inspect.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "cli/contents.h"
#include "cli/context.h"
#include "cli/issue.h"
#include "cli/tabwriter.h"
#include "cli/terminal_text.h"
#include "core/base/file_system.h"
#include "core/base/human_duration.h"
#include "core/http/tls_probe.h"
#include "core/pki/certificate.h"
#include "core/pki/certificate_request.h"
#include "core/pki/ip_address.h"
#include "core/pki/key_usage.h"
#include "core/pki/private_key.h"
#include "core/pki/trust_bundle.h"

namespace signet::cli {
namespace {

// Part of the lifetime after which a kubelet rotates (SPEC A-1).
constexpr double kWindowStart = 0.7, kWindowEnd = 0.9;
constexpr int kMaxFolderDepth = 4;
constexpr absl::Duration kProbeTimeout = absl::Seconds(10);

std::string LeftText(absl::Time end, absl::Time now) {
  return end < now ? absl::StrCat("EXPIRED ", HumanDuration(now - end), " ago")
                   : absl::StrCat(HumanDuration(end - now), " left");
}

std::string OrNone(std::string text) { return text.empty() ? "<none>" : text; }

void Line(absl::string_view name, absl::string_view value, TabWriter* out) {
  out->Write(absl::StrCat("  ", name, ":\t", TableCell(value), "\n"));
}

void InspectCertificate(const pki::Certificate& certificate, absl::Time now,
                        TabWriter* out) {
  const pki::Validity& validity = certificate.validity();
  Line("Subject", OrNone(certificate.subject().ToString()), out);
  Line("Issuer",
       certificate.raw_issuer() == certificate.raw_subject()
           ? absl::StrCat(OrNone(certificate.issuer().ToString()), " (its own)")
           : OrNone(certificate.issuer().ToString()),
       out);
  Line("Serial", pki::SerialToHex(certificate.serial_number()), out);
  Line("Not before", FormatTimeUtc(validity.not_before), out);
  Line("Not after",
       absl::StrCat(FormatTimeUtc(validity.not_after), " (",
                    validity.not_before > now
                        ? "NOT YET VALID"
                        : LeftText(validity.not_after, now),
                    ")"),
       out);
  if (!certificate.is_ca()) {
    const absl::Duration life = validity.lifetime();
    Line("Rotates",
         absl::StrCat(FormatTimeUtc(validity.not_before + life * kWindowStart),
                      " to ",
                      FormatTimeUtc(validity.not_before + life * kWindowEnd)),
         out);
  }
  Line("Key", KeyText(certificate.public_key()), out);
  Line("Signature",
       pki::SignatureAlgorithmName(certificate.signature_algorithm()), out);
  std::vector<std::string> usages = UsageWords(certificate.usages());
  usages.insert(usages.end(), certificate.unknown_extended_key_usages().begin(),
                certificate.unknown_extended_key_usages().end());
  Line("Usages", OrNone(absl::StrJoin(usages, ", ")), out);
  Line("Names", NamesText(certificate.subject_alt_names()), out);
  if (certificate.is_ca()) {
    Line("CA",
         certificate.max_path_len().has_value()
             ? absl::StrCat("yes, path length ", *certificate.max_path_len())
             : "yes",
         out);
  }
  const std::array<uint8_t, 32> hash = certificate.Sha256();
  Line("SHA-256",
       absl::BytesToHexString(absl::string_view(
           reinterpret_cast<const char*>(hash.data()), hash.size())),
       out);
}

void InspectRequest(const pki::CertificateRequest& request, TabWriter* out) {
  Line("Subject", OrNone(request.subject().ToString()), out);
  Line("Key", KeyText(request.public_key()), out);
  Line("Signature",
       absl::StrCat(pki::SignatureAlgorithmName(request.signature_algorithm()),
                    request.VerifySignature().ok() ? ", good" : ", WRONG"),
       out);
  Line("Names", NamesText(request.subject_alt_names()), out);
}

// "the key of server-key.pem is that of the certificate in server.pem"
void InspectPairs(const std::vector<Item>& items, std::string* text) {
  for (const Item& key : items) {
    if (!key.private_key.has_value()) continue;
    for (const Item& other : items) {
      const pki::PublicKey* public_key =
          other.certificate.has_value() && !other.certificate->is_ca()
              ? &other.certificate->public_key()
          : other.request.has_value() ? &other.request->public_key()
                                      : nullptr;
      if (public_key == nullptr) continue;
      absl::StrAppend(text, "The key of ", EscapeForTerminal(key.where),
                      *public_key == *key.private_key ? " belongs to "
                                                      : " DOES NOT belong to ",
                      other.certificate.has_value() ? "the certificate of "
                                                    : "the request of ",
                      EscapeForTerminal(other.where), ".\n");
    }
  }
}

// Appends what is in a file, or in the files of a folder and its folders.
absl::Status Collect(const Context& context, const std::string& path, int depth,
                     bool named, std::vector<Item>* items) {
  const absl::StatusOr<FileInfo> info =
      context.files.Stat(path == "-" ? kStandardInput : path);
  if (!info.ok() && named) {
    ABSL_ASSIGN_OR_RETURN(std::vector<Item> found, ReadSource(context, path));
    items->insert(items->end(), std::make_move_iterator(found.begin()),
                  std::make_move_iterator(found.end()));
  }
  if (!info.ok()) return absl::OkStatus();
  if (info->type == FileType::kDirectory) {
    if (depth == 0) return absl::OkStatus();
    ABSL_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                          context.files.List(path));
    for (const std::string& name : names) {
      ABSL_RETURN_IF_ERROR(Collect(
          context, absl::StrCat(absl::StripSuffix(path, "/"), "/", name),
          depth - 1, /*named=*/false, items));
    }
    return absl::OkStatus();
  }
  if (!named && info->type != FileType::kRegular) return absl::OkStatus();
  absl::StatusOr<std::vector<Item>> found = ReadSource(context, path);
  if (!found.ok()) return named ? found.status() : absl::OkStatus();
  items->insert(items->end(), std::make_move_iterator(found->begin()),
                std::make_move_iterator(found->end()));
  return absl::OkStatus();
}

// "10.0.0.1:6443" taken apart; unset if it is none.
struct Endpoint {
  pki::IpAddress address;
  uint16_t port;
};
std::optional<Endpoint> ParseEndpoint(absl::string_view text) {
  const size_t colon = text.rfind(':');
  int port;
  if (colon == text.npos || !absl::SimpleAtoi(text.substr(colon + 1), &port) ||
      port <= 0 || port > 65535) {
    return std::nullopt;
  }
  absl::string_view host = text.substr(0, colon);
  if (absl::ConsumePrefix(&host, "[") && !absl::ConsumeSuffix(&host, "]")) {
    return std::nullopt;
  }
  absl::StatusOr<pki::IpAddress> address =
      pki::IpAddress::Parse(host == "localhost" ? "127.0.0.1" : host);
  if (!address.ok()) return std::nullopt;
  return Endpoint{*std::move(address), static_cast<uint16_t>(port)};
}

}  // namespace

std::string InspectText(const std::vector<Item>& items, absl::Time now) {
  std::string text;
  for (const Item& item : items) {
    TabWriter out;
    if (!text.empty()) text += "\n";
    absl::StrAppend(&text, EscapeForTerminal(item.where), ": ");
    if (item.certificate.has_value()) {
      absl::StrAppend(&text, "certificate\n");
      InspectCertificate(*item.certificate, now, &out);
    } else if (item.request.has_value()) {
      absl::StrAppend(&text, "certificate request\n");
      InspectRequest(*item.request, &out);
    } else if (item.private_key.has_value()) {
      absl::StrAppend(&text, "private key, ", KeyText(*item.private_key), "\n");
    } else {
      absl::StrAppend(&text, EscapeForTerminal(item.note), "\n");
    }
    text += out.Flush();
  }
  std::string pairs;
  InspectPairs(items, &pairs);
  if (!pairs.empty()) absl::StrAppend(&text, "\n", pairs);
  return text;
}

absl::StatusOr<std::vector<Item>> ReadSource(const Context& context,
                                             const std::string& source) {
  absl::StatusOr<std::string> text = ReadInput(context, source);
  if (text.ok()) {
    return ReadContents(*text, source == "-" ? "standard input" : source);
  }
  const std::optional<Endpoint> endpoint = ParseEndpoint(source);
  if (!absl::IsNotFound(text.status()) || !endpoint.has_value()) {
    return text.status();
  }
  ABSL_ASSIGN_OR_RETURN(const std::vector<pki::Certificate> chain,
                        http::ReadServerChain(endpoint->address, endpoint->port,
                                              kProbeTimeout, context.clock));
  std::vector<Item> items;
  for (const pki::Certificate& certificate : chain) {
    Item item;
    item.where = source;
    item.certificate = certificate;
    items.push_back(std::move(item));
  }
  return items;
}

absl::Status Inspect(const Context& context, const InspectFlags& flags) {
  if (flags.sources.empty()) {
    return absl::InvalidArgumentError(
        "what is to be shown? Give a file, ADDRESS:PORT or --secret");
  }
  std::vector<Item> items;
  for (const std::string& source : flags.sources) {
    ABSL_ASSIGN_OR_RETURN(std::vector<Item> found, ReadSource(context, source));
    items.insert(items.end(), std::make_move_iterator(found.begin()),
                 std::make_move_iterator(found.end()));
  }
  context.out << InspectText(items, context.clock.TimeNow());
  return absl::OkStatus();
}

absl::Status Verify(const Context& context, const VerifyFlags& flags) {
  if (flags.ca.empty() && !(flags.name.empty() && flags.usage.empty())) {
    return absl::InvalidArgumentError("--name and --usage need --ca");
  }
  ABSL_ASSIGN_OR_RETURN(const std::vector<pki::Certificate> chain,
                        ReadCertificateFile(context, flags.certificate));
  const pki::Certificate& leaf = chain[0];
  const absl::Time now = context.clock.TimeNow();
  std::optional<pki::TrustBundle> roots;
  if (!flags.ca.empty()) {
    ABSL_ASSIGN_OR_RETURN(const std::string pem, ReadInput(context, flags.ca));
    ABSL_ASSIGN_OR_RETURN(roots, pki::TrustBundle::FromPem(pem), _ << flags.ca);
  }
  std::optional<pki::PrivateKey> key;
  if (!flags.key.empty()) {
    ABSL_ASSIGN_OR_RETURN(key, ReadKeyFile(context, flags.key));
  }
  int failed = 0;
  const auto check = [&](absl::string_view what, const absl::Status& status) {
    if (status.ok()) {
      context.out << "ok      " << what << "\n";
    } else {
      context.out << "FAILED  " << what << ": "
                  << EscapeForTerminal(status.message()) << "\n";
      ++failed;
    }
  };
  const pki::Validity& validity = leaf.validity();
  check(absl::StrCat("time, ", FormatTimeUtc(validity.not_before), " to ",
                     FormatTimeUtc(validity.not_after)),
        validity.Contains(now) ? absl::OkStatus()
                               : absl::FailedPreconditionError(absl::StrCat(
                                     "it is ", FormatTimeUtc(now), " now")));
  if (roots.has_value()) {
    pki::TrustBundle::Options options;
    options.now = now;
    check("chain to a root", roots->Verify(chain, options));
    if (flags.usage == "server") {
      options.usages = {pki::ExtendedKeyUsage::kServerAuth};
    } else if (flags.usage == "client") {
      options.usages = {pki::ExtendedKeyUsage::kClientAuth};
    }
    if (!options.usages.empty()) {
      check(absl::StrCat("purpose ", flags.usage),
            roots->Verify(chain, options));
      options.usages.clear();
    }
    if (!flags.name.empty()) {
      options.dns_name = flags.name;
      check(absl::StrCat("name ", flags.name), roots->Verify(chain, options));
    }
  }
  if (key.has_value()) {
    check("key",
          key->public_key() == leaf.public_key()
              ? absl::OkStatus()
              : absl::InvalidArgumentError("it is not the certificate's"));
  }
  if (failed == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(flags.certificate, ": ", failed, " of the checks failed"));
}

absl::Status ExpiryWith(const Context& context, const ExpiryFlags& flags,
                        std::vector<Item> more) {
  std::vector<Item> items = std::move(more);
  for (const std::string& path : flags.paths) {
    ABSL_RETURN_IF_ERROR(Collect(context, path, kMaxFolderDepth,
                                 /*named=*/true, &items));
  }
  std::optional<absl::Duration> within;
  if (flags.fail_within.has_value()) {
    ABSL_ASSIGN_OR_RETURN(within, ParseLifetime(*flags.fail_within),
                          _ << "--fail-within");
  }
  std::vector<const Item*> certificates;
  for (const Item& item : items) {
    if (item.certificate.has_value()) certificates.push_back(&item);
  }
  if (certificates.empty()) {
    return absl::NotFoundError("no certificate found");
  }
  const auto end = [](const Item* item) {
    return item->certificate->validity().not_after;
  };
  std::sort(certificates.begin(), certificates.end(),
            [&](const Item* a, const Item* b) {
              return std::pair(end(a), a->where) < std::pair(end(b), b->where);
            });
  const absl::Time now = context.clock.TimeNow();
  TabWriter out({.min_width = 6, .padding = 3});
  if (flags.headers) out.Write("EXPIRES\tLEFT\tSUBJECT\tWHERE\n");
  int soon = 0;
  for (const Item* item : certificates) {
    const absl::Duration left = end(item) - now;
    if (within.has_value() && left < *within) ++soon;
    out.Write(absl::StrCat(
        FormatTimeUtc(end(item)), "\t",
        left < absl::ZeroDuration() ? "EXPIRED" : HumanDuration(left), "\t",
        TableCell(OrNone(item->certificate->subject().ToString())), "\t",
        TableCell(item->where), "\n"));
  }
  context.out << out.Flush();
  if (soon == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(soon, soon == 1 ? " certificate has" : " certificates have",
                   " less than ", *flags.fail_within, " left"));
}

absl::Status Expiry(const Context& context, const ExpiryFlags& flags) {
  return ExpiryWith(context, flags, {});
}

}  // namespace signet::cli
