#ifndef SIGNET_NODE_AGENT_DELIVERY_H_
#define SIGNET_NODE_AGENT_DELIVERY_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/base/file_system.h"
#include "core/sys/command_runner.h"
#include "core/sys/file_owners.h"
#include "node_agent/agent_config.h"
#include "node_agent/certificate_files.h"
#include "node_agent/current_certificate.h"

namespace signet::node_agent {

struct DeliveryOptions {
  std::string name;  // The certificate's.
  OutputFiles files;
  std::vector<FollowUp> after;
  // The store's pair, for commands; and where to note what was delivered.
  std::string current_path;
  std::string marker_path;
};

struct DeliveryState {
  int64_t delivered = 0;   // Times that all was done, since the start.
  int64_t failures = 0;    // Times that something failed.
  std::string last_error;  // Of what isn't done yet; empty: nothing is due.
  absl::Time next_attempt = absl::InfinitePast();  // While last_error.
};

// Delivery brings a certificate to the programs that use it: it writes copies,
// then does what is to be done after, in order. What fails is tried again, by
// itself, after 5 s and then ever more slowly, at most every 5 minutes, until
// it works or a newer certificate comes. A note in a file tells what is done,
// so that a crash leaves nothing undone, though perhaps something done twice.
// Copies that were changed or lost are mended within a minute.
class Delivery {
 public:
  // Returns the CA that `files.ca` is to hold, as PEM.
  using CaSource = std::function<absl::StatusOr<std::string>()>;

  // References must outlive the object, and it `current`'s changes.
  Delivery(DeliveryOptions options, CurrentCertificate& current, CaSource ca,
           FileSystem& files, sys::FileOwners& owners,
           sys::CommandRunner& commands, absl::Clock& clock);

  // Pass does what is due and returns when to call it again. For one thread.
  absl::Time Pass();

  void Run();                   // Makes passes until Stop. Call once.
  void Stop();                  // Thread-safe; ends a command under way.
  DeliveryState State() const;  // Thread-safe.

 private:
  absl::Status Deliver();
  absl::Status Do(const FollowUp& follow_up);
  absl::Status RunCommand(std::vector<std::string> argv,
                          absl::Duration timeout);
  bool stopped() const;

  const DeliveryOptions options_;
  CurrentCertificate& current_;
  const CaSource ca_;
  FileSystem& file_system_;
  sys::CommandRunner& commands_;
  absl::Clock& clock_;
  CertificateFiles files_;

  // Of the delivery under way. The thread's own.
  std::string fingerprint_;
  std::vector<bool> done_;  // For each of `after`.
  int attempts_ = 0;
  absl::Time retry_at_ = absl::InfinitePast();

  mutable absl::Mutex mutex_;
  DeliveryState state_ ABSL_GUARDED_BY(mutex_);
  bool changed_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace signet::node_agent

#endif  // SIGNET_NODE_AGENT_DELIVERY_H_
