#include "cli/explain.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "cli/contents.h"
#include "cli/context.h"
#include "cli/csr_workflow.h"
#include "cli/issue.h"
#include "cli/terminal_text.h"
#include "core/api/authorization.pb.h"
#include "core/api/certificates.pb.h"
#include "core/api/codec.h"
#include "core/api/coordination.pb.h"
#include "core/base/human_duration.h"
#include "core/k8s/resource_api.h"
#include "core/pki/certificate.h"
#include "core/pki/certificate_request.h"
#include "core/policy/kubelet_request.h"
#include "core/policy/signer_names.h"

namespace signet::cli {
namespace {

using Csr = api::CertificateSigningRequest;
using Condition = api::CertificateSigningRequestCondition;

// The cleaner's delays (SPEC C-28).
constexpr absl::Duration kPendingLife = absl::Hours(24);
constexpr absl::Duration kDecidedLife = absl::Hours(1);
// A Lease that was not renewed for so long is nobody's.
constexpr absl::Duration kAlive = absl::Minutes(1);
constexpr absl::string_view kLeaseNamespace = "kube-system";

const Condition* Find(const Csr& csr, absl::string_view type) {
  for (const Condition& condition : csr.status().conditions()) {
    if (condition.type() == type) return &condition;
  }
  return nullptr;
}

std::string Why(const Condition& condition) {
  return absl::StrCat(condition.reason(),
                      condition.message().empty() ? "" : ": ",
                      condition.message());
}

bool IsKubernetes(absl::string_view signer_name) {
  return std::find(policy::kClusterSignerNames.begin(),
                   policy::kClusterSignerNames.end(),
                   signer_name) != policy::kClusterSignerNames.end();
}

// "kube-controller-manager is running", or not.
std::string Seen(absl::string_view who, const std::optional<absl::Time>& seen,
                 absl::Time now) {
  if (!seen.has_value()) {
    return absl::StrCat(who, " has never led here (no Lease in ",
                        kLeaseNamespace, ")");
  }
  if (now - *seen > kAlive) {
    return absl::StrCat(who, " was last seen ", HumanDuration(now - *seen),
                        " ago");
  }
  return absl::StrCat(who, " is running");
}

bool IsAlive(const std::optional<absl::Time>& seen, absl::Time now) {
  return seen.has_value() && now - *seen <= kAlive;
}

// When the cleaner of Kubernetes will remove it.
std::string CleanedAt(absl::Time since, absl::Duration life, absl::Time now) {
  const absl::Time at = since + life;
  return at <= now
             ? "kube-controller-manager's cleaner removes it at its next pass"
             : absl::StrCat("kube-controller-manager's cleaner removes it in ",
                            HumanDuration(at - now));
}

class Explanation {
 public:
  Explanation(const Csr& csr, const ExplainFacts& facts, absl::Time now)
      : csr_(csr), facts_(facts), now_(now) {}

  std::vector<std::string> Lines() {
    const Condition* const denied = Find(csr_, "Denied");
    const Condition* const failed = Find(csr_, "Failed");
    const Condition* const approved = Find(csr_, "Approved");
    if (denied != nullptr) {
      Say("it was denied (", Why(*denied), "), and that is final");
      Say("make a new request under another name, or delete this one");
      SayCleaning(*denied);
    } else if (failed != nullptr) {
      Say("its signer refused it (", Why(*failed), "), and that is final");
      Say("mend what the signer names, and make a new request");
      SayCleaning(*failed);
    } else if (!csr_.status().certificate().empty()) {
      Issued(approved);
    } else if (approved != nullptr) {
      Approved(*approved);
    } else {
      Pending();
    }
    return std::move(lines_);
  }

 private:
  template <class... Parts>
  void Say(const Parts&... parts) {
    lines_.push_back(absl::StrCat(parts...));
  }
  void SayCleaning(const Condition& condition) {
    const api::Time& time = condition.last_update_time();
    if (!api::IsZero(time)) {
      Say(CleanedAt(api::ToAbslTime(time), kDecidedLife, now_));
    }
  }
  const std::string& signer() const { return csr_.spec().signer_name(); }

  void Issued(const Condition* approved) {
    const auto chain = pki::ParseCertificatesPem(csr_.status().certificate());
    if (!chain.ok()) {
      Say("a certificate was issued that cannot be read: ",
          chain.status().message());
      return;
    }
    const absl::Time end = (*chain)[0].validity().not_after;
    if (end < now_) {
      Say("its certificate has expired at ", FormatTimeUtc(end));
      return;
    }
    const auto request =
        pki::CertificateRequest::ParsePem(csr_.spec().request());
    if (request.ok()) {
      const std::vector<std::string> differences =
          Differences(csr_, *request, (*chain)[0]);
      if (!differences.empty()) {
        Say("it was issued, but not as asked for: ", differences[0]);
        Say("signet csr diff ", csr_.metadata().name(), " shows all of it");
        return;
      }
    }
    if (approved == nullptr) {
      Say("a certificate was issued although nobody approved the request");
      Say("a kubelet takes no certificate of a request without Approved");
      return;
    }
    Say("nothing is missing: it is approved and issued, until ",
        FormatTimeUtc(end));
    Say("signet csr download ", csr_.metadata().name(), " fetches it");
    SayCleaning(*approved);
  }

  void Approved(const Condition& approved) {
    if (!IsKubernetes(signer())) {
      Say("it is approved, but nobody has signed it: no signer in Kubernetes "
          "answers for ",
          signer());
      Say("whoever serves ", signer(), " must run; by hand: signet csr sign ",
          csr_.metadata().name(), " --ca CERT --ca-key KEY");
    } else if (signer() == policy::kKubeApiserverClientKubelet ||
               signer() == policy::kKubeletServing) {
      const absl::Status shape = Shape();
      if (!shape.ok()) {
        Say("it is approved, but its signer will refuse it: ", shape.message());
        Say("the request must have the shape of a kubelet's for ", signer());
        return;
      }
      NobodySigns();
    } else {
      NobodySigns();
    }
    const api::Time& time = approved.last_update_time();
    if (!api::IsZero(time)) {
      Say(CleanedAt(api::ToAbslTime(time), kPendingLife, now_));
    }
  }

  void NobodySigns() {
    if (!facts_.leases_error.empty()) {
      Say("it is approved, but not signed; who could sign cannot be seen: ",
          facts_.leases_error);
    } else if (IsAlive(facts_.controller_manager_seen, now_) ||
               IsAlive(facts_.signer_seen, now_)) {
      Say("it is approved, but not signed, though a signer is running: is its "
          "CA there, one certificate, not expired?");
      Say("kube-controller-manager signs only with "
          "--cluster-signing-cert-file and -key-file, and with the controller "
          "csrsigning; its log says what is wrong");
    } else {
      Say("it is approved, but no signer is running: ",
          Seen("kube-controller-manager", facts_.controller_manager_seen,
               now_));
    }
    Say(Seen("kube-controller-manager", facts_.controller_manager_seen, now_),
        "; ", Seen("signet-signer", facts_.signer_seen, now_));
  }

  absl::Status Shape() const {
    const auto request =
        pki::CertificateRequest::ParsePem(csr_.spec().request());
    if (!request.ok()) return request.status();
    const std::vector<std::string> usages(csr_.spec().usages().begin(),
                                          csr_.spec().usages().end());
    return signer() == policy::kKubeletServing
               ? policy::CheckKubeletServingRequest(*request, usages)
               : policy::CheckKubeletClientRequest(*request, usages);
  }

  void Pending() {
    const auto request =
        pki::CertificateRequest::ParsePem(csr_.spec().request());
    if (!request.ok()) {
      Say("its request cannot be read: ", request.status().message());
    } else if (const absl::Status good = request->VerifySignature();
               !good.ok()) {
      Say("its request is not signed by its own key: ", good.message());
    } else if (signer() == policy::kKubeApiserverClientKubelet) {
      PendingKubeletClient(*request);
    } else if (signer() == policy::kKubeletServing) {
      PendingKubeletServing();
    } else if (signer() == policy::kLegacyUnknown) {
      Say("nobody approves for kubernetes.io/legacy-unknown by itself, and its "
          "certificates are good for nothing in particular");
      Say("ask another signer, or approve it: signet csr approve ",
          csr_.metadata().name());
    } else {
      Say("nobody has approved it, and for ", signer(),
          " somebody has to: no controller of Kubernetes does");
      Say("signet csr describe ", csr_.metadata().name(),
          " shows what is asked for; then: signet csr approve ",
          csr_.metadata().name());
      if (!IsKubernetes(signer())) {
        Say("and then somebody must sign it: no signer in Kubernetes answers "
            "for ",
            signer());
      }
    }
    const api::Time& created = csr_.metadata().creation_timestamp();
    if (!api::IsZero(created)) {
      Say("it has been pending for ",
          HumanDuration(now_ - api::ToAbslTime(created)), "; ",
          CleanedAt(api::ToAbslTime(created), kPendingLife, now_));
    }
  }

  void PendingKubeletServing() {
    if (const absl::Status shape = Shape(); !shape.ok()) {
      Say("no approver takes it for a kubelet's serving request: ",
          shape.message());
      return;
    }
    const auto request =
        pki::CertificateRequest::ParsePem(csr_.spec().request());
    if (request.ok() &&
        request->subject().common_name != csr_.spec().username()) {
      Say("it was made by ", csr_.spec().username(), " for another node, ",
          request->subject().common_name, ": no approver should approve it");
      return;
    }
    if (IsAlive(facts_.approver_seen, now_)) {
      Say("signet-approver is running and has not approved it: the names are "
          "not those it knows of the node (its log says which)");
      return;
    }
    Say("Kubernetes approves no kubelet serving certificates by itself; "
        "somebody has to");
    Say("run signet-approver, or look and approve: signet csr approve ",
        csr_.metadata().name());
  }

  void PendingKubeletClient(const pki::CertificateRequest& request) {
    if (const absl::Status shape = Shape(); !shape.ok()) {
      Say("no approver takes it for a kubelet's client request: ",
          shape.message());
      Say("mend the request, or approve it by hand: signet csr approve ",
          csr_.metadata().name());
      return;
    }
    const std::string& user = csr_.spec().username();
    const bool is_self = request.subject().common_name == user;
    const std::optional<bool> may =
        is_self && facts_.may_self_node_client == true
            ? facts_.may_self_node_client
            : facts_.may_node_client;
    if (!may.has_value()) {
      Say("it waits for approval; whether ", user,
          " may have it cannot be found out: ", facts_.review_error);
      return;
    }
    if (!*may) {
      const absl::string_view role = is_self ? "selfnodeclient" : "nodeclient";
      Say(user, " may not create certificatesigningrequests/", role,
          ", so that no approver approves it");
      Say("bind the ClusterRole "
          "system:certificates.k8s.io:certificatesigningrequests:",
          role, " to ",
          is_self ? "the group system:nodes"
                  : "a group of the requester, such as "
                    "system:bootstrappers:kubeadm:default-node-token");
      return;
    }
    if (!facts_.leases_error.empty()) {
      Say("it could be approved, but is not; who could do so cannot be seen: ",
          facts_.leases_error);
      return;
    }
    if (IsAlive(facts_.controller_manager_seen, now_) ||
        IsAlive(facts_.approver_seen, now_)) {
      Say("it can be approved and soon should be; if not, the controller "
          "csrapproving is off: see kube-controller-manager's --controllers");
    } else {
      Say("it could be approved, but no approver is running: ",
          Seen("kube-controller-manager", facts_.controller_manager_seen,
               now_));
    }
    Say(Seen("kube-controller-manager", facts_.controller_manager_seen, now_),
        "; ", Seen("signet-approver", facts_.approver_seen, now_));
  }

  const Csr& csr_;
  const ExplainFacts& facts_;
  const absl::Time now_;
  std::vector<std::string> lines_;
};

std::optional<bool> Review(const Csr& csr, absl::string_view subresource,
                           k8s::ResourceApi<api::SubjectAccessReview>& reviews,
                           std::string* error) {
  api::SubjectAccessReview review;
  api::SubjectAccessReviewSpec& spec = *review.mutable_spec();
  spec.set_user(csr.spec().username());
  spec.set_uid(csr.spec().uid());
  *spec.mutable_groups() = csr.spec().groups();
  *spec.mutable_extra() = csr.spec().extra();
  api::ResourceAttributes& resource = *spec.mutable_resource_attributes();
  resource.set_group("certificates.k8s.io");
  resource.set_resource("certificatesigningrequests");
  resource.set_subresource(subresource);
  resource.set_verb("create");
  resource.set_version("*");
  const absl::StatusOr<api::SubjectAccessReview> answer =
      reviews.Create(review);
  if (!answer.ok()) {
    *error = std::string(answer.status().message());
    return std::nullopt;
  }
  return answer->status().allowed();
}

std::optional<absl::Time> LastSeen(k8s::ResourceApi<api::Lease>& leases,
                                   absl::string_view name, std::string* error) {
  const absl::StatusOr<api::Lease> lease = leases.Get(kLeaseNamespace, name);
  if (!lease.ok()) {
    if (!absl::IsNotFound(lease.status())) {
      *error = std::string(lease.status().message());
    }
    return std::nullopt;
  }
  // Somebody who stopped in order has given it up.
  if (lease->spec().holder_identity().empty() ||
      api::IsZero(lease->spec().renew_time())) {
    return std::nullopt;
  }
  return api::ToAbslTime(lease->spec().renew_time());
}

}  // namespace

std::vector<std::string> ExplainCsr(const Csr& csr, const ExplainFacts& facts,
                                    absl::Time now) {
  return Explanation(csr, facts, now).Lines();
}

absl::Status CsrExplain(const Context& context, const ExplainApis& apis,
                        const std::string& name) {
  const absl::StatusOr<Csr> csr = apis.csrs.Get("", name);
  if (absl::IsNotFound(csr.status())) {
    return absl::NotFoundError(absl::StrCat(
        "there is no certificate signing request \"", name,
        "\": it was never made, or removed: issued and denied ones are after "
        "an hour, pending ones after a day"));
  }
  ABSL_RETURN_IF_ERROR(csr.status());
  ExplainFacts facts;
  if (csr->spec().signer_name() == policy::kKubeApiserverClientKubelet) {
    facts.may_self_node_client =
        Review(*csr, "selfnodeclient", apis.reviews, &facts.review_error);
    facts.may_node_client =
        Review(*csr, "nodeclient", apis.reviews, &facts.review_error);
  }
  facts.controller_manager_seen =
      LastSeen(apis.leases, "kube-controller-manager", &facts.leases_error);
  facts.approver_seen =
      LastSeen(apis.leases, "signet-approver", &facts.leases_error);
  facts.signer_seen =
      LastSeen(apis.leases, "signet-signer", &facts.leases_error);
  for (const std::string& line :
       ExplainCsr(*csr, facts, context.clock.TimeNow())) {
    context.out << EscapeForTerminal(line) << "\n";
  }
  return absl::OkStatus();
}

}  // namespace signet::cli
