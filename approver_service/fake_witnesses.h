#ifndef SIGNET_APPROVER_SERVICE_FAKE_WITNESSES_H_
#define SIGNET_APPROVER_SERVICE_FAKE_WITNESSES_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "approver_service/kubelet_dialer.h"
#include "core/pki/certificate.h"
#include "core/pki/ip_address.h"
#include "core/sys/resolver.h"

// Witnesses for tests of this folder. Thread-safe once set up.
namespace signet::approver {

// A name server that knows what it is told. It can be made to hang.
class FakeResolver : public sys::Resolver {
 public:
  ~FakeResolver() override { Hang(false); }

  std::map<std::string, std::vector<std::string>> addresses;  // By name.
  std::map<std::string, std::vector<std::string>> names;      // By address.
  absl::Status error;  // Of every look-up, unless OK.

  void Hang(bool hangs) {
    absl::MutexLock lock(mutex_);
    hangs_ = hangs;
  }

  absl::StatusOr<std::vector<pki::IpAddress>> Addresses(
      absl::string_view name, absl::Duration) override {
    AwaitAnswer();
    if (!error.ok()) return error;
    const auto found = addresses.find(std::string(name));
    if (found == addresses.end()) {
      return absl::NotFoundError(absl::StrCat("no such name: ", name));
    }
    std::vector<pki::IpAddress> result;
    for (const std::string& text : found->second) {
      result.push_back(*pki::IpAddress::Parse(text));
    }
    return result;
  }
  absl::StatusOr<std::vector<std::string>> Names(const pki::IpAddress& address,
                                                 absl::Duration) override {
    AwaitAnswer();
    if (!error.ok()) return error;
    const auto found = names.find(address.ToString());
    if (found == names.end()) {
      return absl::NotFoundError("no name of " + address.ToString());
    }
    return found->second;
  }

 private:
  void AwaitAnswer() {
    absl::MutexLock lock(mutex_);
    const auto answers = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return !hangs_;
    };
    mutex_.Await(absl::Condition(&answers));
  }

  absl::Mutex mutex_;
  bool hangs_ ABSL_GUARDED_BY(mutex_) = false;
};

// Kubelets by address.
class FakeKubelets : public KubeletDialer {
 public:
  std::map<std::string, std::vector<pki::Certificate>> chains;

  absl::StatusOr<std::vector<pki::Certificate>> Dial(
      const pki::IpAddress& address, uint16_t port, absl::Duration) override {
    {
      absl::MutexLock lock(mutex_);
      dialed_.push_back(absl::StrCat(address.ToString(), " ", port));
    }
    const auto found = chains.find(address.ToString());
    if (found == chains.end()) {
      return absl::UnavailableError("dial: Connection refused");
    }
    return found->second;
  }
  std::vector<std::string> dialed() {
    absl::MutexLock lock(mutex_);
    return dialed_;
  }

 private:
  absl::Mutex mutex_;
  std::vector<std::string> dialed_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace signet::approver

#endif  // SIGNET_APPROVER_SERVICE_FAKE_WITNESSES_H_
