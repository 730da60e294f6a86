#include <vector>

#include "absl/log/log.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "cli/cfssl/commands.h"
#include "cli/cfssl/go_flags.h"

namespace signet::cli::cfssl {
namespace {

constexpr auto kText = GoFlag::Kind::kText;
constexpr auto kBool = GoFlag::Kind::kBool;
constexpr auto kInt = GoFlag::Kind::kInt;

// The help is cfssl's where it is cfssl's flag.
constexpr GoFlag kFlags[] = {
    {"aki", kText, "", "certificate issuer (authority) key identifier"},
    {"bare", kBool, "false",
     "the response from CFSSL is not wrapped in the API standard response"},
    {"ca", kText, "",
     "CA used to sign the new certificate -- accepts '[file:]fname' or "
     "'env:varname'"},
    {"ca-key", kText, "",
     "CA private key -- accepts '[file:]fname' or 'env:varname'"},
    {"cert", kText, "", "Client certificate that contains the public key"},
    {"cn", kText, "", "certificate common name (CN)"},
    {"compat", kText, "",
     "cfssl: do as cfssl 1.6.5 does also where that is dangerous"},
    {"config", kText, "", "path to configuration file"},
    {"crl", kText, "", "CRL URL Override"},
    {"csr", kText, "", "Certificate signature request file for new public key"},
    {"db-config", kText, "", "certificate db configuration file"},
    {"domain", kText, "", "remote server domain name"},
    {"f", kText, "-", "JSON input"},
    {"hostname", kText, "",
     "Hostname for the cert, could be a comma-separated hostname list"},
    {"initca", kBool, "false", "initialise new CA"},
    {"key", kText, "", "private key for the certificate"},
    {"label", kText, "", "key label to use in remote CFSSL server"},
    {"loglevel", kInt, "1", "Log level (0 = DEBUG, 5 = FATAL)"},
    {"mutual-tls-ca", kText, "",
     "Mutual TLS - require clients be signed by this CA"},
    {"mutual-tls-client-cert", kText, "",
     "Mutual TLS - client certificate to call remote instance requiring client "
     "certs"},
    {"mutual-tls-client-key", kText, "",
     "Mutual TLS - client key to call remote instance requiring client certs"},
    {"profile", kText, "", "signing profile to use"},
    {"remote", kText, "", "remote CFSSL server"},
    {"renewca", kBool, "false",
     "re-generate a CA certificate from existing CA certificate/key"},
    {"serial", kText, "", "certificate serial number"},
    {"stdout", kBool, "false",
     "output the response instead of saving to a file"},
    {"strict", kBool, "false",
     "lower notAfter to the CA's end, refuse unknown usages"},
    {"tls-remote-ca", kText, "", "CAs to trust for remote TLS requests"},
    {"version", kBool, "false", "print version and exit"},
};

const std::vector<Command>& Table() {
  static const auto* const table = new std::vector<Command>{
      {"genkey",
       "Make a key and a certificate request, as cfssl genkey",
       "[-initca] CSRJSON",
       "  signet genkey csr.json | signet json -bare server\n"
       "  echo '{\"CN\":\"x\",\"hosts\":[\"x.example\"]}' | signet genkey -",
       {"initca", "config", "loglevel", "compat"}},
      {"gencert",
       "Make a key and a certificate, as cfssl gencert",
       "-initca CSRJSON | -ca CERT -ca-key KEY [-config FILE] CSRJSON",
       "  signet gencert -initca ca-csr.json | signet json -bare ca\n"
       "  signet gencert -ca ca.pem -ca-key ca-key.pem -config config.json \\\n"
       "    -profile www csr.json | signet json -bare server",
       {"initca", "renewca", "ca", "ca-key", "config", "cn", "hostname",
        "profile", "label", "crl", "loglevel", "compat", "strict"}},
      {"gencsr",
       "Make a certificate request with a key that is there, as cfssl gencsr",
       "-key KEY CSRJSON | -key KEY -cert CERT",
       "  signet gencsr -key server-key.pem csr.json | signet json -bare "
       "server",
       {"key", "cert", "hostname", "loglevel", "compat"}},
      {"sign",
       "Sign a certificate request, as cfssl sign",
       "-ca CERT -ca-key KEY [-config FILE] [-profile NAME] CSR [SUBJECT]",
       "  signet sign -ca ca.pem -ca-key ca-key.pem -config config.json \\\n"
       "    server.csr | signet json -bare server",
       {"ca", "ca-key", "config", "profile", "hostname", "csr", "label", "crl",
        "loglevel", "compat", "strict"}},
      {"certinfo",
       "Show a certificate as JSON, as cfssl certinfo",
       "-cert FILE | -csr FILE",
       "  signet certinfo -cert server.pem",
       {"cert", "csr", "loglevel"}},
      {"print-defaults",
       "Print a template of a configuration, as cfssl print-defaults",
       "config|csr|list",
       "  signet print-defaults config > config.json",
       {"loglevel"}},
      {"json",
       "Write what the commands above print to files, as cfssljson",
       "[-bare] [-f FILE] [-stdout] [BASENAME]",
       "  signet genkey csr.json | signet json -bare server\n"
       "                           writes server-key.pem and server.csr",
       {"bare", "f", "stdout", "version"}},
  };
  return *table;
}

}  // namespace

absl::Span<const Command> Commands() { return Table(); }

absl::Span<const GoFlag> Flags() { return kFlags; }

const Command* FindCommand(absl::string_view name) {
  for (const Command& command : Table()) {
    if (command.name == name) return &command;
  }
  return nullptr;
}

const GoFlag& FlagOf(absl::string_view name) {
  for (const GoFlag& flag : kFlags) {
    if (flag.name == name) return flag;
  }
  LOG(FATAL) << "no flag " << name;
}

}  // namespace signet::cli::cfssl
