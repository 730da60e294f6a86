// The commands that write to a cluster, in the table of commands.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "cli/command_line.h"
#include "cli/connection.h"
#include "cli/csr_workflow.h"
#include "cli/explain.h"
#include "cli/local_commands.h"
#include "cli/object_commands.h"
#include "cli/request_command.h"
#include "core/api/resource.h"
#include "core/k8s/resource_api.h"

namespace signet::cli {
namespace {

using Csr = api::CertificateSigningRequest;

// Connects, and does `run` with the requests' API.
template <class Run>
absl::Status WithCsrs(Invocation& call, Run run) {
  ABSL_ASSIGN_OR_RETURN(Connection* const connection, call.Connect());
  const auto csrs = connection->client().Api<Csr>();
  return run(*csrs);
}

void AddApply(CLI::App& csr, Invocation& call) {
  CLI::App* apply = csr.add_subcommand(
      "apply", "Ask the cluster for a certificate, with a request in a file");
  apply->footer(R"(Examples:
  signet csr apply my-svc.my-namespace --request server.csr \
    --signer example.com/serving
  signet csr apply me --request me.csr --usage "client auth" \
    --signer kubernetes.io/kube-apiserver-client --expiration 24h)");
  auto& flags = call.Keep<ApplyFlags>();
  apply->add_option("NAME", flags.name, "Name of the new request")->required();
  apply
      ->add_option("--request", flags.request, "The request; -: standard input")
      ->type_name("FILE")
      ->required();
  apply->add_option("--signer", flags.signer_name, "Who is to sign it")
      ->type_name("NAME")
      ->required();
  apply
      ->add_option("--usage", flags.usages,
                   "Usage; may be repeated (default: digital signature, key "
                   "encipherment, server auth)")
      ->type_name("USAGE")
      ->expected(1)
      ->take_all();
  apply
      ->add_option("--expiration", flags.expiration,
                   "How long it is to be (default: the signer decides)")
      ->type_name("DURATION");
  apply->callback([&call, &flags] {
    call.run = [&call, &flags] {
      return WithCsrs(call, [&](CsrApi& csrs) {
        return CsrApply(call.context, csrs, flags);
      });
    };
  });
}

void AddWait(CLI::App& csr, Invocation& call) {
  CLI::App* wait =
      csr.add_subcommand("wait", "Wait until a request is decided or issued");
  wait->footer(R"(Examples:
  signet csr wait my-svc.my-namespace                  for the certificate
  signet csr wait my-svc.my-namespace --for approved --timeout 30s)");
  auto& flags = call.Keep<WaitFlags>();
  wait->add_option("NAME", flags.name, "The request")->required();
  wait->add_option("--for", flags.wanted,
                   "approved, issued, denied or decided (default: issued)")
      ->type_name("STATE")
      ->check(CLI::IsMember({"approved", "issued", "denied", "decided"})
                  .description(""));
  wait->add_option("--timeout", flags.timeout, "How long (default: 5m)")
      ->type_name("DURATION");
  wait->callback([&call, &flags] {
    call.run = [&call, &flags] {
      return WithCsrs(call, [&](CsrApi& csrs) {
        return CsrWait(call.context, csrs, flags);
      });
    };
  });
}

void AddSign(CLI::App& csr, Invocation& call) {
  CLI::App* sign = csr.add_subcommand(
      "sign", "Sign an approved request with a CA in files, and upload it");
  sign->footer(R"(Examples:
  signet csr sign my-svc.my-namespace --ca ca.pem --ca-key ca-key.pem)");
  auto& flags = call.Keep<SignFlags>();
  sign->add_option("NAME", flags.name, "The request")->required();
  sign->add_option("--ca", flags.ca, "The CA's certificate")
      ->type_name("FILE")
      ->required();
  sign->add_option("--ca-key", flags.ca_key, "The CA's key")
      ->type_name("FILE")
      ->required();
  sign->add_option("--lifetime", flags.lifetime,
                   "How long at most (default: 8760h)")
      ->type_name("DURATION");
  sign->callback([&call, &flags] {
    call.run = [&call, &flags] {
      return WithCsrs(call, [&](CsrApi& csrs) {
        return CsrSign(call.context, csrs, flags);
      });
    };
  });

  CLI::App* upload = csr.add_subcommand(
      "upload", "Put a certificate that was signed elsewhere into a request");
  upload->footer(R"(Examples:
  signet csr upload my-svc.my-namespace ca-signed-server.pem)");
  auto& uploaded = call.Keep<UploadFlags>();
  upload->add_option("NAME", uploaded.name, "The request")->required();
  upload->add_option("CERTIFICATE", uploaded.certificate, "A PEM file")
      ->required();
  upload->callback([&call, &uploaded] {
    call.run = [&call, &uploaded] {
      return WithCsrs(call, [&](CsrApi& csrs) {
        return CsrUpload(call.context, csrs, uploaded);
      });
    };
  });

  CLI::App* diff = csr.add_subcommand(
      "diff", "Compare what was asked for with what was issued");
  diff->footer(R"(Examples:
  signet csr diff my-svc.my-namespace      exit code 1 if something differs)");
  auto& name = call.Keep<std::string>();
  diff->add_option("NAME", name, "The request")->required();
  diff->callback([&call, &name] {
    call.run = [&call, &name] {
      return WithCsrs(call, [&](CsrApi& csrs) {
        return CsrDiff(call.context, csrs, name);
      });
    };
  });
}

void AddCreate(CLI::App& app, CreateFlags& flags, bool namespaced) {
  app.add_option("NAME", flags.name, "Name of the new object")->required();
  if (namespaced) {
    app.add_option("-n,--namespace", flags.namespace_name,
                   "Namespace (default: the kubeconfig's)")
        ->type_name("NAME");
    app.add_flag("--append-hash", flags.append_hash,
                 "Append a hash of the contents to the name");
  }
  app.add_option(
         "--dry-run",
         [&flags](const CLI::results_t& values) {
           flags.dry_run = values[0] == "client";
           return values[0] == "client" || values[0] == "none";
         },
         "client: print the object, make nothing")
      ->type_name("client|none");
  app.add_option("-o,--output", flags.output, "Form of the output")
      ->type_name("json|yaml|name")
      ->check(CLI::IsMember({"json", "yaml", "name"}).description(""));
}

// Makes an object: in the kubeconfig's namespace if none is given; without a
// connection if it is a dry run.
template <class T, class Flags>
absl::Status Create(Invocation& call, Flags& flags, bool namespaced,
                    absl::Status (*create)(const Context&, k8s::ResourceApi<T>*,
                                           const Flags&)) {
  if (flags.create.dry_run) return create(call.context, nullptr, flags);
  ABSL_ASSIGN_OR_RETURN(Connection* const connection, call.Connect());
  if (namespaced && flags.create.namespace_name.empty()) {
    flags.create.namespace_name = connection->namespace_name();
  }
  const auto api = connection->client().Api<T>();
  return create(call.context, api.get(), flags);
}

void AddObjects(CLI::App& app, Invocation& call) {
  CLI::App* secret = app.add_subcommand("secret", "Make Secrets");
  secret->require_subcommand(1);
  CLI::App* tls = secret->add_subcommand(
      "tls", "Make a Secret of a certificate and its key");
  tls->footer(R"(Examples:
  signet secret tls server --cert server.crt --key server-key.pem
  signet secret tls server --cert server.crt --key server-key.pem \
    --dry-run=client -o yaml)");
  auto& pair = call.Keep<SecretTlsFlags>();
  AddCreate(*tls, pair.create, /*namespaced=*/true);
  tls->add_option("--cert", pair.certificate, "The certificate, or chain")
      ->type_name("FILE")
      ->required();
  tls->add_option("--key", pair.key, "The private key")
      ->type_name("FILE")
      ->required();
  tls->callback([&call, &pair] {
    call.run = [&call, &pair] {
      return Create<api::Secret>(call, pair, true, CreateSecretTls);
    };
  });

  CLI::App* map = app.add_subcommand("configmap", "Make a ConfigMap of files");
  map->footer(R"(Examples:
  signet configmap example-serving-ca --from-file ca.crt=ca.pem)");
  auto& files = call.Keep<ConfigMapFlags>();
  AddCreate(*map, files.create, /*namespaced=*/true);
  map->add_option("--from-file", files.from_file,
                  "A file, or a folder's files; may be repeated")
      ->type_name("[KEY=]PATH")
      ->expected(1)
      ->take_all()
      ->required();
  map->callback([&call, &files] {
    call.run = [&call, &files] {
      return Create<api::ConfigMap>(call, files, true, CreateConfigMap);
    };
  });

  CLI::App* bundle = app.add_subcommand(
      "trustbundle", "Make a ClusterTrustBundle of CA certificates");
  bundle->footer(R"(Examples:
  signet trustbundle example-roots --from-file ca.pem
  signet trustbundle example.com:serving:roots --signer example.com/serving \
    --from-file ca.pem)");
  auto& roots = call.Keep<TrustBundleFlags>();
  AddCreate(*bundle, roots.create, /*namespaced=*/false);
  bundle->add_option("--from-file", roots.bundle, "The CAs")
      ->type_name("FILE")
      ->required();
  bundle->add_option("--signer", roots.signer_name, "Whose bundle it is")
      ->type_name("NAME");
  bundle->callback([&call, &roots] {
    call.run = [&call, &roots] {
      return Create<api::ClusterTrustBundle>(call, roots, false,
                                             CreateTrustBundle);
    };
  });
}

void AddRequest(CLI::App& app, bool client, Invocation& call) {
  CLI::App* request = app.add_subcommand(
      client ? "client" : "server",
      client ? "For a client: client auth" : "For a server: server auth");
  request->footer(client ? R"(Examples:
  signet request client --cn jane --org dev \
    --signer kubernetes.io/kube-apiserver-client --expiration 24h -o jane)"
                         : R"(Examples:
  signet request server --dns my-svc.my-namespace.svc.cluster.local \
    --signer example.com/serving --secret my-namespace/server)");
  auto& flags = call.Keep<RequestFlags>();
  flags.client = client;
  SubjectFlags& subject = flags.subject;
  for (const auto& [option, values, what] :
       {std::tuple{"--dns", &subject.dns_names, "DNS name; may be repeated"},
        std::tuple{"--ip", &subject.ip_addresses,
                   "IP address; may be repeated"},
        std::tuple{"--email", &subject.email_addresses,
                   "Email address; may be repeated"},
        std::tuple{"--uri", &subject.uris, "URI; may be repeated"},
        std::tuple{"--org", &subject.organizations,
                   "Organization; may be repeated"}}) {
    request->add_option(option, *values, what)
        ->type_name("TEXT")
        ->expected(1)
        ->take_all();
  }
  request->add_option("--cn", subject.common_name, "Common name")
      ->type_name("TEXT");
  request->add_option("--signer", flags.signer_name, "Who is to sign it")
      ->type_name("NAME")
      ->required();
  request
      ->add_option("--name", flags.name,
                   "Name of the request (default: made from the names)")
      ->type_name("NAME");
  request->add_option("--usage", flags.usages, "Usage; may be repeated")
      ->type_name("USAGE")
      ->expected(1)
      ->take_all();
  request
      ->add_option("--algorithm", flags.algorithm,
                   "Of the new key (default: ecdsa-256)")
      ->type_name("NAME")
      ->check(CLI::IsMember(KeyAlgorithmNames()).description(""));
  request
      ->add_option("--expiration", flags.expiration,
                   "How long it is to be (default: the signer decides)")
      ->type_name("DURATION");
  request
      ->add_option("--timeout", flags.timeout, "How long to wait (default: 5m)")
      ->type_name("DURATION");
  request->add_option("--ca", flags.ca, "Roots to verify the certificate by")
      ->type_name("FILE");
  request->add_option("--secret", flags.secret, "Put it into this Secret")
      ->type_name("[NAMESPACE/]NAME");
  request
      ->add_option("-o,--output", flags.output,
                   "Write OUTPUT.pem and OUTPUT-key.pem")
      ->type_name("OUTPUT");
  request->add_flag("--force", flags.force, "Replace the Secret, the files");
  request->callback([&call, &flags] {
    call.run = [&call, &flags]() -> absl::Status {
      ABSL_ASSIGN_OR_RETURN(Connection* const connection, call.Connect());
      const auto csrs = connection->client().Api<Csr>();
      const auto secrets = connection->client().Api<api::Secret>();
      return RequestCertificate(call.context, *csrs, *secrets,
                                connection->namespace_name(), flags);
    };
  });
}

// Under two names: `csr explain NAME` and `explain csr NAME`.
void AddExplain(CLI::App& group, const char* word, Invocation& call) {
  CLI::App* explain = group.add_subcommand(
      word, "Say why a request is where it is, and what to do");
  explain->footer(absl::StrCat("Examples:\n  signet ", group.get_name(), " ",
                               word, " csr-4x2lq"));
  auto& name = call.Keep<std::string>();
  explain->add_option("NAME", name, "The request")->required();
  explain->callback([&call, &name] {
    call.run = [&call, &name]() -> absl::Status {
      ABSL_ASSIGN_OR_RETURN(Connection* const connection, call.Connect());
      const auto csrs = connection->client().Api<Csr>();
      const auto reviews = connection->client().Api<api::SubjectAccessReview>();
      const auto leases = connection->client().Api<api::Lease>();
      return CsrExplain(call.context, {*csrs, *reviews, *leases}, name);
    };
  });
}

}  // namespace

void AddClusterCommands(CLI::App& app, CLI::App& csr, Invocation& call) {
  AddApply(csr, call);
  AddWait(csr, call);
  AddSign(csr, call);
  AddExplain(csr, "explain", call);
  CLI::App* explain =
      app.add_subcommand("explain", "Say why something is as it is");
  explain->require_subcommand(1);
  AddExplain(*explain, "csr", call);
  CLI::App* request = app.add_subcommand(
      "request",
      "Get a certificate: key, request, wait, check, Secret or files");
  request->require_subcommand(1);
  AddRequest(*request, /*client=*/false, call);
  AddRequest(*request, /*client=*/true, call);
  AddObjects(app, call);
}

}  // namespace signet::cli
