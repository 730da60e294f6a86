#include "approver_service/request_history.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/api/codec.h"
#include "core/pki/certificate_request.h"
#include "core/pki/sha256.h"
#include "core/policy/approval.h"
#include "core/policy/csr_conditions.h"
#include "core/policy/signer_names.h"

namespace signet::approver {
namespace {

using api::CertificateSigningRequest;

constexpr absl::Duration kMemory = absl::Hours(1);
// How often what is too old is looked for.
constexpr absl::Duration kForgetEvery = absl::Minutes(1);

}  // namespace

void RequestHistory::Replaced(
    const std::vector<CertificateSigningRequest>& all) {
  absl::flat_hash_set<absl::string_view> there;
  for (const CertificateSigningRequest& csr : all) {
    there.insert(csr.metadata().uid());
  }
  absl::MutexLock lock(mutex_);
  listed_ = true;
  for (auto& [uid, entry] : entries_) {
    if (!there.contains(uid) && !entry.gone_at) {
      entry.gone_at = clock_.TimeNow();
    }
  }
  for (const CertificateSigningRequest& csr : all) Note(csr);
  Forget();
}

void RequestHistory::Seen(const CertificateSigningRequest& csr) {
  absl::MutexLock lock(mutex_);
  Note(csr);
  Forget();
}

void RequestHistory::Gone(const CertificateSigningRequest& csr) {
  absl::MutexLock lock(mutex_);
  Note(csr);
  entries_[csr.metadata().uid()].gone_at = clock_.TimeNow();
  Forget();
}

void RequestHistory::Note(const CertificateSigningRequest& csr) {
  const std::string& uid = csr.metadata().uid();
  auto [it, is_new] = entries_.try_emplace(uid);
  Entry& entry = it->second;
  if (is_new) {  // The spec never changes (SPEC D-3).
    entry.name = csr.metadata().name();
    entry.signer_name = csr.spec().signer_name();
    const absl::StatusOr<pki::CertificateRequest> request =
        pki::CertificateRequest::ParsePem(csr.spec().request());
    if (request.ok()) {
      entry.common_name = request->subject().common_name;
      entry.key = pki::Sha256(request->public_key().spki_der());
      holders_[entry.key].insert(uid);
    }
    entry.joins = entry.signer_name == policy::kKubeApiserverClientKubelet &&
                  csr.spec().username() != entry.common_name;
  }
  entry.undecided = policy::AwaitsApproval(csr);
  for (const auto& condition : csr.status().conditions()) {
    // What the server has not dated yet is from now.
    if (condition.type() != policy::kApproved || entry.approved_at) continue;
    entry.approved_at = api::IsZero(condition.last_update_time())
                            ? clock_.TimeNow()
                            : api::ToAbslTime(condition.last_update_time());
  }
}

void RequestHistory::Forget() {
  const absl::Time now = clock_.TimeNow();
  if (now - forgot_at_ < kForgetEvery) return;
  forgot_at_ = now;
  absl::erase_if(entries_, [&](const auto& item) {
    const auto& [uid, entry] = item;
    if (!entry.gone_at || now - *entry.gone_at < kMemory) return false;
    mutex_.AssertHeld();
    if (const auto it = holders_.find(entry.key); it != holders_.end()) {
      it->second.erase(uid);
      if (it->second.empty()) holders_.erase(it);
    }
    return true;
  });
}

bool RequestHistory::listed() const {
  absl::MutexLock lock(mutex_);
  return listed_;
}

std::vector<std::string> RequestHistory::OtherHoldersOfKey(
    absl::string_view spki_der, absl::string_view csr_uid) const {
  absl::MutexLock lock(mutex_);
  std::vector<std::string> names;
  const auto holders = holders_.find(pki::Sha256(spki_der));
  if (holders == holders_.end()) return names;
  for (const std::string& uid : holders->second) {
    if (uid == csr_uid) continue;
    if (const auto it = entries_.find(uid); it != entries_.end()) {
      names.push_back(it->second.common_name);
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

int RequestHistory::ApprovalsInLastHour(absl::string_view signer_name,
                                        absl::string_view common_name) const {
  absl::MutexLock lock(mutex_);
  const absl::Time now = clock_.TimeNow();
  int count = 0;
  for (const auto& [uid, entry] : entries_) {
    count += entry.approved_at && now - *entry.approved_at < kMemory &&
             entry.common_name == common_name &&
             entry.signer_name == signer_name;
  }
  return count;
}

int RequestHistory::PendingJoins() const {
  absl::MutexLock lock(mutex_);
  int count = 0;
  for (const auto& [uid, entry] : entries_) {
    count += entry.joins && entry.undecided && !entry.gone_at;
  }
  return count;
}

std::vector<std::string> RequestHistory::Undecided() const {
  absl::MutexLock lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [uid, entry] : entries_) {
    if (entry.undecided && !entry.gone_at) names.push_back(entry.name);
  }
  return names;
}

}  // namespace signet::approver
