#include "core/pki/trust_bundle.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "core/pki/boringssl_error.h"
#include "core/pki/certificate.h"
#include "core/pki/ip_address.h"
#include "core/pki/key_usage.h"
#include "core/pki/signature_algorithm.h"
#include "core/pki/subject_alt_name.h"
#include "openssl/base.h"
#include "openssl/pool.h"
#include "openssl/stack.h"
#include "openssl/x509.h"

namespace signet::pki {
namespace {

// How many steps, and how many complete chains, a search may take: more than
// any honest chain needs, and an end to a malicious one. The second is Go's.
constexpr int kMaxSteps = 1000;
constexpr int kMaxChains = 100;

constexpr absl::string_view kUnknownAuthority =
    "certificate signed by unknown authority";

absl::StatusOr<bssl::UniquePtr<X509>> ToX509(const Certificate& certificate) {
  bssl::UniquePtr<CRYPTO_BUFFER> buffer(CRYPTO_BUFFER_new(
      reinterpret_cast<const uint8_t*>(certificate.der().data()),
      certificate.der().size(), nullptr));
  bssl::UniquePtr<X509> x509(buffer ? X509_parse_from_buffer(buffer.get())
                                    : nullptr);
  if (!x509) {
    return BoringSslError(
        absl::StatusCode::kInvalidArgument,
        absl::StrCat("certificate ", certificate.subject().ToString(),
                     " cannot be used in a chain"));
  }
  return x509;
}

// One certificate of a chain, in both forms. Not owned.
struct Link {
  const Certificate* certificate;
  X509* x509;
};

absl::Status Fail(size_t index, const Certificate& certificate,
                  absl::string_view why) {
  return absl::UnauthenticatedError(
      absl::StrCat("certificate ", index, " (",
                   certificate.subject().ToString(), "): x509: ", why));
}

absl::Status CheckTime(size_t index, const Certificate& certificate,
                       absl::Time now) {
  const Validity& validity = certificate.validity();
  if (validity.Contains(now)) return absl::OkStatus();
  const auto format = [](absl::Time time) {
    return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
  };
  const bool early = now < validity.not_before;
  return Fail(
      index, certificate,
      absl::StrCat("certificate has expired or is not yet valid: "
                   "current time ",
                   format(now), early ? " is before " : " is after ",
                   format(early ? validity.not_before : validity.not_after)));
}

absl::Status CheckName(const Link& leaf, absl::string_view name) {
  if (name.empty()) return absl::OkStatus();
  absl::string_view address = name;
  if (address.starts_with('[') && address.ends_with(']')) {
    address = address.substr(1, address.size() - 2);
  }
  const SubjectAltNames& sans = leaf.certificate->subject_alt_names();
  std::string valid_for;
  int match;
  if (const absl::StatusOr<IpAddress> ip = IpAddress::Parse(address); ip.ok()) {
    match = X509_check_ip(leaf.x509,
                          reinterpret_cast<const uint8_t*>(ip->bytes().data()),
                          ip->bytes().size(), 0);
    valid_for = absl::StrJoin(sans.ip_addresses, ", ",
                              [](std::string* out, const IpAddress& san) {
                                out->append(san.ToString());
                              });
  } else {
    match = X509_check_host(leaf.x509, name.data(), name.size(),
                            X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, nullptr);
    valid_for = absl::StrJoin(sans.dns_names, ", ");
  }
  if (match == 1) return absl::OkStatus();
  ClearBoringSslErrors();
  return Fail(
      0, *leaf.certificate,
      valid_for.empty()
          ? absl::StrCat("certificate is not valid for any names, but wanted "
                         "to match ",
                         name)
          : absl::StrCat("certificate is valid for ", valid_for, ", not ",
                         name));
}

// CheckUsages is Go's: one of the wanted usages must be allowed by each
// certificate; one without ExtKeyUsage allows all.
absl::Status CheckUsages(absl::Span<const Link> path,
                         absl::Span<const ExtendedKeyUsage> wanted) {
  if (wanted.empty() || absl::c_linear_search(wanted, ExtendedKeyUsage::kAny)) {
    return absl::OkStatus();
  }
  std::vector<ExtendedKeyUsage> left(wanted.begin(), wanted.end());
  for (size_t i = path.size(); i-- > 0;) {
    const Certificate& certificate = *path[i].certificate;
    const std::vector<ExtendedKeyUsage>& allowed =
        certificate.usages().extended;
    if ((allowed.empty() &&
         certificate.unknown_extended_key_usages().empty()) ||
        absl::c_linear_search(allowed, ExtendedKeyUsage::kAny)) {
      continue;
    }
    std::erase_if(left, [&allowed](ExtendedKeyUsage usage) {
      return !absl::c_linear_search(allowed, usage);
    });
    if (left.empty()) {
      return Fail(i, certificate,
                  "certificate specifies an incompatible key usage");
    }
  }
  return absl::OkStatus();
}

// CheckPath has BoringSSL judge a complete path: signatures, constraints, path
// lengths, unknown critical extensions. Times are ours to check: for BoringSSL
// a certificate has expired in its last second.
absl::Status CheckPath(absl::Span<const Link> path) {
  for (size_t i = 0; i + 1 < path.size(); ++i) {
    const SignatureAlgorithm algorithm =
        path[i].certificate->signature_algorithm();
    if (algorithm == SignatureAlgorithm::kRsaSha1 ||
        algorithm == SignatureAlgorithm::kEcdsaSha1) {
      return Fail(i, *path[i].certificate,
                  absl::StrCat("cannot verify signature: insecure algorithm ",
                               SignatureAlgorithmName(algorithm)));
    }
  }
  bssl::UniquePtr<X509_STORE> store(X509_STORE_new());
  bssl::UniquePtr<STACK_OF(X509)> anchors(sk_X509_new_null());
  bssl::UniquePtr<STACK_OF(X509)> intermediates(sk_X509_new_null());
  bssl::UniquePtr<X509_STORE_CTX> ctx(X509_STORE_CTX_new());
  bool ok = store && anchors && intermediates && ctx;
  for (size_t i = 1; ok && i < path.size(); ++i) {
    ok =
        bssl::PushToStack((i + 1 < path.size() ? intermediates : anchors).get(),
                          bssl::UpRef(path[i].x509));
  }
  if (!ok || !X509_STORE_CTX_init(ctx.get(), store.get(), path[0].x509,
                                  intermediates.get())) {
    return BoringSslError(absl::StatusCode::kInternal, "verifying a chain");
  }
  X509_STORE_CTX_set0_trusted_stack(ctx.get(), anchors.get());
  X509_VERIFY_PARAM_set_flags(
      X509_STORE_CTX_get0_param(ctx.get()),
      X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME);
  if (X509_verify_cert(ctx.get()) == 1) return absl::OkStatus();
  ClearBoringSslErrors();
  const int error = X509_STORE_CTX_get_error(ctx.get());
  const X509* const at = X509_STORE_CTX_get_current_cert(ctx.get());
  size_t index = 0;
  for (size_t i = 0; i < path.size(); ++i) {
    if (path[i].x509 == at) index = i;
  }
  switch (error) {
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      return Fail(index, *path[index].certificate, kUnknownAuthority);
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
      return Fail(index, *path[index].certificate,
                  absl::StrCat(kUnknownAuthority,
                               ": the signature is not by the key of the "
                               "certificate with the issuer's name"));
    default:
      return Fail(index, *path[index].certificate,
                  X509_verify_cert_error_string(error));
  }
}

// Search looks for a path from the leaf to one of the roots.
class Search {
 public:
  Search(absl::Span<const Link> roots, absl::Span<const Link> intermediates,
         const TrustBundle::Options& options)
      : roots_(roots), intermediates_(intermediates), options_(options) {}

  absl::Status Run(const Link& leaf) {
    path_.push_back(leaf);
    if (absl::c_any_of(roots_, [&leaf](const Link& root) {
          return root.certificate->der() == leaf.certificate->der();
        })) {
      return CheckUsages(path_, options_.usages);
    }
    if (Extend()) return absl::OkStatus();
    if (!failure_.ok()) return failure_;
    return Fail(0, *leaf.certificate, kUnknownAuthority);
  }

 private:
  // Extend tries every issuer of the path's last certificate.
  bool Extend() {
    const absl::string_view issuer = path_.back().certificate->raw_issuer();
    for (const Link& root : roots_) {
      if (root.certificate->raw_subject() != issuer) continue;
      path_.push_back(root);
      const absl::Status status = Check();
      path_.pop_back();
      if (status.ok()) return true;
      if (failure_.ok()) failure_ = status;
    }
    for (const Link& link : intermediates_) {
      if (link.certificate->raw_subject() != issuer ||
          absl::c_any_of(path_, [&link](const Link& other) {
            return other.certificate->der() == link.certificate->der();
          })) {
        continue;
      }
      if (++steps_ > kMaxSteps) return false;
      path_.push_back(link);
      if (Extend()) return true;
      path_.pop_back();
    }
    return false;
  }

  absl::Status Check() {
    if (++chains_ > kMaxChains) {
      return absl::UnauthenticatedError(
          "x509: signature check attempts limit "
          "reached while verifying certificate "
          "chain");
    }
    for (size_t i = 0; i < path_.size(); ++i) {
      ABSL_RETURN_IF_ERROR(CheckTime(i, *path_[i].certificate, options_.now));
    }
    ABSL_RETURN_IF_ERROR(CheckPath(path_));
    return CheckUsages(path_, options_.usages);
  }

  const absl::Span<const Link> roots_;
  const absl::Span<const Link> intermediates_;
  const TrustBundle::Options& options_;
  std::vector<Link> path_;
  absl::Status failure_;  // The first.
  int steps_ = 0;
  int chains_ = 0;
};

}  // namespace

struct TrustBundle::Anchors {
  std::vector<bssl::UniquePtr<X509>> x509s;  // One for each root, in order.
};

absl::StatusOr<TrustBundle> TrustBundle::FromPem(absl::string_view pem) {
  TrustBundle bundle;
  ABSL_ASSIGN_OR_RETURN(bundle.roots_, ParseCertificatesPem(pem));
  auto anchors = std::make_shared<Anchors>();
  for (const Certificate& root : bundle.roots_) {
    ABSL_ASSIGN_OR_RETURN(anchors->x509s.emplace_back(), ToX509(root));
  }
  bundle.anchors_ = std::move(anchors);
  return bundle;
}

absl::Status TrustBundle::Verify(absl::Span<const Certificate> chain,
                                 const Options& options) const {
  if (chain.empty()) {
    return absl::InvalidArgumentError("certificate chain is empty");
  }
  std::vector<bssl::UniquePtr<X509>> x509s;
  std::vector<Link> links;
  for (const Certificate& certificate : chain) {
    ABSL_ASSIGN_OR_RETURN(x509s.emplace_back(), ToX509(certificate));
    links.push_back({&certificate, x509s.back().get()});
  }
  std::vector<Link> roots;
  for (size_t i = 0; i < roots_.size(); ++i) {
    roots.push_back({&roots_[i], anchors_->x509s[i].get()});
  }
  ABSL_RETURN_IF_ERROR(CheckTime(0, chain[0], options.now));
  ABSL_RETURN_IF_ERROR(CheckName(links[0], options.dns_name));
  return Search(roots, absl::MakeConstSpan(links).subspan(1), options)
      .Run(links[0]);
}

}  // namespace signet::pki
