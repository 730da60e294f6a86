// The commands that need no cluster, in the table of commands.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "cli/cluster_items.h"
#include "cli/command_line.h"
#include "cli/connection.h"
#include "cli/contents.h"
#include "cli/inspect.h"
#include "cli/local_commands.h"
#include "core/api/resource.h"

namespace signet::cli {
namespace {

void AddSubject(CLI::App& app, SubjectFlags& flags, bool names) {
  app.add_option("--cn", flags.common_name, "Common name")->type_name("TEXT");
  app.add_option("--org", flags.organizations, "Organization; may be repeated")
      ->type_name("TEXT")
      ->expected(1)
      ->take_all();
  app.add_option("--ou", flags.organizational_units,
                 "Organizational unit; may be repeated")
      ->type_name("TEXT")
      ->expected(1)
      ->take_all();
  if (!names) return;
  app.add_option("--dns", flags.dns_names, "DNS name; may be repeated")
      ->type_name("NAME")
      ->expected(1)
      ->take_all();
  app.add_option("--ip", flags.ip_addresses, "IP address; may be repeated")
      ->type_name("ADDRESS")
      ->expected(1)
      ->take_all();
  app.add_option("--email", flags.email_addresses,
                 "Email address; may be repeated")
      ->type_name("ADDRESS")
      ->expected(1)
      ->take_all();
  app.add_option("--uri", flags.uris, "URI; may be repeated")
      ->type_name("URI")
      ->expected(1)
      ->take_all();
}

void AddAlgorithm(CLI::App& app, std::string& algorithm) {
  app.add_option("--algorithm", algorithm,
                 "Of the new key (default: ecdsa-256)")
      ->type_name("NAME")
      ->check(CLI::IsMember(KeyAlgorithmNames()).description(""));
}

void AddKey(CLI::App& app, Invocation& call) {
  CLI::App* key = app.add_subcommand("key", "Make keys");
  key->require_subcommand(1);
  CLI::App* make = key->add_subcommand("new", "Make a private key");
  make->footer(R"(Examples:
  signet key new -o server-key.pem
  signet key new -o ca-key.pem --algorithm rsa-4096)");
  auto& flags = call.Keep<KeyNewFlags>();
  AddAlgorithm(*make, flags.algorithm);
  make->add_option("-o,--output", flags.output, "The file, of mode 0600")
      ->type_name("FILE")
      ->required();
  make->add_flag("--force", flags.force, "Overwrite the file");
  make->callback([&call, &flags] {
    call.run = [&call, &flags] { return KeyNew(call.context, flags); };
  });
}

void AddCa(CLI::App& app, Invocation& call) {
  CLI::App* ca =
      app.add_subcommand("ca", "Make and use certificate authorities");
  ca->require_subcommand(1);
  CLI::App* make =
      ca->add_subcommand("new", "Make a CA: a key and its own certificate");
  make->footer(R"(Examples:
  signet ca new --cn "My Example Signer" -o ca
                           writes ca.pem and ca-key.pem)");
  auto& made = call.Keep<CaNewFlags>();
  AddSubject(*make, made.subject, /*names=*/false);
  AddAlgorithm(*make, made.algorithm);
  make->add_option("--lifetime", made.lifetime, "How long (default: 43800h)")
      ->type_name("DURATION");
  make->add_option("--path-len", made.path_len,
                   "How many CAs may be below this one (default: any)")
      ->type_name("NUMBER");
  make->add_option("-o,--output", made.output,
                   "Writes OUTPUT.pem and OUTPUT-key.pem")
      ->type_name("OUTPUT")
      ->required();
  make->add_flag("--force", made.force, "Overwrite the files");
  make->callback([&call, &made] {
    call.run = [&call, &made] { return CaNew(call.context, made); };
  });

  CLI::App* sign = ca->add_subcommand(
      "sign", "Issue a certificate for a request, not longer than the CA's");
  sign->footer(R"(Examples:
  signet ca sign server.csr --ca ca.pem --ca-key ca-key.pem -o server
  signet ca sign user.csr --ca ca.pem --ca-key ca-key.pem --lifetime 90d \
    --usage "digital signature" --usage "client auth" -o user)");
  auto& signed_flags = call.Keep<CaSignFlags>();
  sign->add_option("REQUEST", signed_flags.request, "A file; -: standard input")
      ->required();
  sign->add_option("--ca", signed_flags.ca, "The CA's certificate")
      ->type_name("FILE")
      ->required();
  sign->add_option("--ca-key", signed_flags.ca_key, "The CA's key")
      ->type_name("FILE")
      ->required();
  sign->add_option("--usage", signed_flags.usages,
                   "Usage, in the API's words; may be repeated (default: "
                   "digital signature, key encipherment, server auth)")
      ->type_name("USAGE")
      ->expected(1)
      ->take_all();
  sign->add_option("--lifetime", signed_flags.lifetime,
                   "How long (default: 8760h)")
      ->type_name("DURATION");
  sign->add_option("-o,--output", signed_flags.output,
                   "Writes OUTPUT.pem (default: standard output)")
      ->type_name("OUTPUT");
  sign->add_flag("--force", signed_flags.force, "Overwrite the file");
  sign->callback([&call, &signed_flags] {
    call.run = [&call, &signed_flags] {
      return CaSign(call.context, signed_flags);
    };
  });
}

void AddInspect(CLI::App& app, Invocation& call) {
  CLI::App* inspect = app.add_subcommand(
      "inspect",
      "Show what is in files: certificates, requests, keys, kubeconfigs, "
      "Secrets");
  inspect->footer(R"(Examples:
  signet inspect server.pem server-key.pem   also tells whether they match
  signet inspect ~/.kube/config
  signet inspect 10.0.0.1:6443               what a TLS server presents
  signet inspect --secret my-namespace/web)");
  auto& inspected = call.Keep<InspectFlags>();
  inspect->add_option("FILE", inspected.sources,
                      "PEM, DER, a kubeconfig, a Secret as JSON (-: standard "
                      "input), or ADDRESS:PORT of a TLS server");
  auto& secret = call.Keep<std::string>();
  inspect->add_option("--secret", secret, "A Secret of the cluster")
      ->type_name("[NAMESPACE/]NAME");
  inspect->callback([&call, &inspected, &secret] {
    call.run = [&call, &inspected, &secret]() -> absl::Status {
      if (secret.empty()) return Inspect(call.context, inspected);
      ABSL_ASSIGN_OR_RETURN(Connection* const connection, call.Connect());
      return InspectSecret(call.context,
                           *connection->client().Api<api::Secret>(), secret,
                           connection->namespace_name());
    };
  });

  CLI::App* verify = app.add_subcommand(
      "verify", "Check a certificate: time, chain, name, purpose, key");
  verify->footer(R"(Examples:
  signet verify server.pem --ca ca.pem --key server-key.pem \
    --name my-svc.my-namespace.svc.cluster.local --usage server)");
  auto& verified = call.Keep<VerifyFlags>();
  verify
      ->add_option("CERTIFICATE", verified.certificate,
                   "A file; intermediates may follow in it")
      ->required();
  verify->add_option("--ca", verified.ca, "The roots")->type_name("FILE");
  verify->add_option("--key", verified.key, "The private key")
      ->type_name("FILE");
  verify->add_option("--name", verified.name, "DNS name or IP address")
      ->type_name("NAME");
  verify->add_option("--usage", verified.usage, "server or client")
      ->type_name("PURPOSE")
      ->check(CLI::IsMember({"server", "client"}).description(""));
  verify->callback([&call, &verified] {
    call.run = [&call, &verified] { return Verify(call.context, verified); };
  });

  CLI::App* expiry = app.add_subcommand(
      "expiry", "List certificates by the time they have left");
  expiry->footer(R"(Examples:
  signet expiry /etc/kubernetes /var/lib/kubelet/pki
  signet expiry server.pem --fail-within 30d     for cron: exit code 1
  signet expiry 10.0.0.1:6443 --secrets --nodes)");
  auto& expiring = call.Keep<ExpiryFlags>();
  expiry->add_option("PATH", expiring.paths,
                     "Files and folders with certificates and kubeconfigs, or "
                     "ADDRESS:PORT of TLS servers");
  auto& cluster = call.Keep<ClusterExpiryFlags>();
  expiry->add_flag("--secrets", cluster.secrets, "The cluster's Secrets, too");
  expiry
      ->add_option("-n,--namespace", cluster.namespace_name,
                   "Of the Secrets (default: all)")
      ->type_name("NAME");
  expiry->add_flag("--nodes", cluster.nodes,
                   "What the cluster's kubelets serve, too");
  expiry
      ->add_option("--fail-within", expiring.fail_within,
                   "Fail if one has less left than this, such as 30d")
      ->type_name("DURATION");
  expiry->add_flag("!--no-headers", expiring.headers, "Leave the header out");
  expiry->callback([&call, &expiring, &cluster] {
    call.run = [&call, &expiring, &cluster]() -> absl::Status {
      if (!cluster.secrets && !cluster.nodes) {
        return Expiry(call.context, expiring);
      }
      ABSL_ASSIGN_OR_RETURN(Connection* const connection, call.Connect());
      ABSL_ASSIGN_OR_RETURN(
          std::vector<Item> items,
          ClusterItems(call.context, *connection->client().Api<api::Secret>(),
                       *connection->client().Api<api::Node>(), cluster));
      return ExpiryWith(call.context, expiring, std::move(items));
    };
  });
}

}  // namespace

void AddLocalCommands(CLI::App& app, Invocation& call) {
  AddKey(app, call);
  AddCa(app, call);
  AddInspect(app, call);
  CLI::App* csr = app.get_subcommand("csr");
  CLI::App* make = csr->add_subcommand(
      "new", "Make a key and a certificate request, in files");
  make->footer(R"(Examples:
  signet csr new --cn my-pod.my-namespace.pod.cluster.local \
    --dns my-svc.my-namespace.svc.cluster.local --ip 192.0.2.24 -o server
                           writes server.csr and server-key.pem)");
  auto& flags = call.Keep<CsrNewFlags>();
  AddSubject(*make, flags.subject, /*names=*/true);
  AddAlgorithm(*make, flags.algorithm);
  make->add_option("--key", flags.key, "A key that is there, not a new one")
      ->type_name("FILE");
  make->add_option("-o,--output", flags.output,
                   "Writes OUTPUT.csr and OUTPUT-key.pem")
      ->type_name("OUTPUT")
      ->required();
  make->add_flag("--force", flags.force, "Overwrite the files");
  make->callback([&call, &flags] {
    call.run = [&call, &flags] { return CsrNew(call.context, flags); };
  });
}

}  // namespace signet::cli
