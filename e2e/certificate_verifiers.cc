#include "e2e/certificate_verifiers.h"

#include <stdlib.h>

#include <string>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/pki/certificate.h"
#include "core/pki/key_usage.h"
#include "e2e/process.h"
#include "e2e/testbed.h"
#include "openssl/base.h"
#include "openssl/bio.h"
#include "openssl/pem.h"
#include "openssl/x509.h"

namespace signet::e2e {
namespace {

bssl::UniquePtr<X509> ReadX509(const std::string& file) {
  const std::string pem = ReadFile(file).value_or("");
  const bssl::UniquePtr<BIO> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return bssl::UniquePtr<X509>(
      PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
}

// `purpose` 0: any.
bool BoringSslAccepts(X509_STORE* store, X509* certificate, int purpose) {
  const bssl::UniquePtr<X509_STORE_CTX> context(X509_STORE_CTX_new());
  if (!X509_STORE_CTX_init(context.get(), store, certificate, nullptr)) {
    return false;
  }
  if (purpose != 0 && !X509_STORE_CTX_set_purpose(context.get(), purpose)) {
    return false;
  }
  return X509_verify_cert(context.get()) == 1;
}

}  // namespace

absl::StatusOr<std::vector<Purposes>> VerifyWithOpenSsl(
    const std::string& ca_file, const std::vector<std::string>& files) {
  std::vector<Purposes> result(files.size());
  const auto run = [&](const std::string& purpose,
                       bool Purposes::* field) -> absl::Status {
    std::vector<std::string> argv = {"/usr/bin/openssl", "verify", "-CAfile",
                                     ca_file};
    if (!purpose.empty()) argv.insert(argv.end(), {"-purpose", purpose});
    argv.insert(argv.end(), files.begin(), files.end());
    ABSL_ASSIGN_OR_RETURN(const CommandResult verified, RunCommand(argv));
    const std::vector<std::string> lines = absl::StrSplit(verified.out, '\n');
    for (size_t i = 0; i < files.size(); ++i) {
      result[i].*field = absl::c_linear_search(lines, files[i] + ": OK");
    }
    return absl::OkStatus();
  };
  ABSL_RETURN_IF_ERROR(run("", &Purposes::any));
  ABSL_RETURN_IF_ERROR(run("sslclient", &Purposes::client));
  ABSL_RETURN_IF_ERROR(run("sslserver", &Purposes::server));
  return result;
}

absl::StatusOr<std::vector<Purposes>> VerifyWithBoringSsl(
    const std::string& ca_file, const std::vector<std::string>& files) {
  const bssl::UniquePtr<X509> ca = ReadX509(ca_file);
  const bssl::UniquePtr<X509_STORE> store(X509_STORE_new());
  if (ca == nullptr || !X509_STORE_add_cert(store.get(), ca.get())) {
    return absl::InvalidArgumentError(ca_file + ": no certificate");
  }
  std::vector<Purposes> result;
  for (const std::string& file : files) {
    const bssl::UniquePtr<X509> certificate = ReadX509(file);
    if (certificate == nullptr) {
      return absl::InvalidArgumentError(file + ": no certificate");
    }
    const auto accepts = [&](int purpose) {
      return BoringSslAccepts(store.get(), certificate.get(), purpose);
    };
    result.push_back({.any = accepts(0),
                      .client = accepts(X509_PURPOSE_SSL_CLIENT),
                      .server = accepts(X509_PURPOSE_SSL_SERVER)});
  }
  return result;
}

absl::StatusOr<std::vector<Purposes>> VerifyWithGo(
    const std::string& directory, const std::string& ca_file,
    const std::vector<std::string>& files) {
  ABSL_ASSIGN_OR_RETURN(const std::string source,
                        Runfile("e2e/verify_certificates/main.go"));
  const char* const go = getenv("SIGNET_GO");
  const std::string program = directory + "/verify_certificates";
  ABSL_ASSIGN_OR_RETURN(const CommandResult built,
                        RunCommand({"/usr/bin/env", go == nullptr ? "go" : go,
                                    "build", "-o", program, source},
                                   {{"GOFLAGS", ""}}, "", absl::Minutes(5)));
  if (built.exit_code != 0) {
    return absl::InternalError(absl::StrCat("go build: ", built.err));
  }
  std::vector<std::string> argv = {program, ca_file};
  argv.insert(argv.end(), files.begin(), files.end());
  ABSL_ASSIGN_OR_RETURN(const CommandResult verified, RunCommand(argv));
  if (verified.exit_code != 0) return absl::InternalError(verified.err);
  std::vector<Purposes> result;
  for (const absl::string_view line :
       absl::StrSplit(verified.out, '\n', absl::SkipEmpty())) {
    const std::vector<absl::string_view> words = absl::StrSplit(line, ' ');
    if (words.size() != 4 || result.size() >= files.size() ||
        words[0] != files[result.size()]) {
      return absl::InternalError(absl::StrCat("strange line: ", line));
    }
    result.push_back({.any = words[1] == "ok",
                      .client = words[2] == "ok",
                      .server = words[3] == "ok"});
  }
  if (result.size() != files.size()) {
    return absl::InternalError("not all certificates were looked at");
  }
  return result;
}

ExpectedPurposes Expected(const pki::Certificate& certificate) {
  const pki::Usages& usages = certificate.usages();
  const auto has = [&usages](pki::ExtendedKeyUsage usage) {
    return absl::c_linear_search(usages.extended, usage);
  };
  const bool all = usages.extended.empty();
  return {
      .purposes = {.any = true,
                   .client = all || has(pki::ExtendedKeyUsage::kClientAuth),
                   .server = all || has(pki::ExtendedKeyUsage::kServerAuth)},
      .unsure = has(pki::ExtendedKeyUsage::kAny) ||
                has(pki::ExtendedKeyUsage::kMicrosoftServerGatedCrypto) ||
                has(pki::ExtendedKeyUsage::kNetscapeServerGatedCrypto) ||
                (usages.key_usage != 0 &&
                 (usages.key_usage & pki::kDigitalSignature) == 0),
  };
}

}  // namespace signet::e2e
