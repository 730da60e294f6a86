#ifndef SIGNET_NODE_AGENT_KEEPER_OPTIONS_H_
#define SIGNET_NODE_AGENT_KEEPER_OPTIONS_H_

#include "core/base/file_system.h"
#include "core/k8s/kubeconfig.h"
#include "node_agent/agent_config.h"
#include "node_agent/certificate_keeper.h"
#include "node_agent/current_certificate.h"
#include "node_agent/delivery.h"
#include "node_agent/node_agent_flags.h"
#include "node_agent/node_names.h"
#include "node_agent/start_up.h"

// What each kind of certificate asks of its keeper. References must outlive
// what is returned. `client` is the node's client certificate: as long as there
// is none nothing else is asked for, as nobody could ask (SPEC A-6).
namespace signet::node_agent {

// The node's client certificate (SPEC A-30).
KeeperOptions ClientKeeper(const NodeAgentFlags& flags,
                           const StartUp& start_up);

// The node's serving certificate (SPEC A-38), for the names of the flags if
// they have any, else for those of the node's object.
KeeperOptions ServingKeeper(const NodeAgentFlags& flags,
                            CurrentCertificate& client,
                            const NodeNames& node_names);

// One of the configuration file.
KeeperOptions FurtherKeeper(const NodeAgentFlags& flags,
                            const CertificateConfig& config,
                            CurrentCertificate& client,
                            const NodeNames& node_names);

// The certificate authority of the kubeconfig, read anew each time.
Delivery::CaSource CaOf(const k8s::ClientConfig& client, FileSystem& files);

}  // namespace signet::node_agent

#endif  // SIGNET_NODE_AGENT_KEEPER_OPTIONS_H_
