#include "core/testing/resource_api_contract.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/k8s/http_status.h"
#include "core/testing/csr_builder.h"
#include "core/testing/test_ca.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::testing {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::StatusIs;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;
using Csr = api::CertificateSigningRequest;
using Csrs = k8s::ResourceApi<Csr>;

constexpr char kSigner[] = "example.com/contract";
constexpr absl::Duration kSoon = absl::Seconds(10);

Csr NewCsr(absl::string_view name) {
  return MakeCsr({.name = std::string(name),
                  .subject = {.common_name = "contract"},
                  .signer_name = kSigner});
}

void AddCondition(absl::string_view type, Csr* csr) {
  auto* condition = csr->mutable_status()->add_conditions();
  condition->set_type(type);
  condition->set_status("True");
  condition->set_reason("Contract");
}

std::string ErrorReason(const absl::Status& status) {
  const auto api_status = k8s::ApiStatus(status);
  return api_status.has_value() ? api_status->reason() : "no API status";
}

void ExpectObjects(Csrs& csrs, const std::string& name) {
  const auto missing = csrs.Get("", name);
  EXPECT_THAT(missing, StatusIs(absl::StatusCode::kNotFound,
                                absl::StrCat("certificatesigningrequests."
                                             "certificates.k8s.io \"",
                                             name, "\" not found")));
  EXPECT_EQ(ErrorReason(missing.status()), "NotFound");
  EXPECT_THAT(csrs.Update(NewCsr(name)), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(csrs.Delete("", name), StatusIs(absl::StatusCode::kNotFound));

  const Csr asked = NewCsr(name);
  const auto created = csrs.Create(asked);
  ASSERT_THAT(created, IsOk());
  EXPECT_EQ(created->metadata().name(), name);
  EXPECT_THAT(created->metadata().uid(), Not(IsEmpty()));
  EXPECT_THAT(created->metadata().resource_version(), Not(IsEmpty()));
  EXPECT_GT(created->metadata().creation_timestamp().seconds(), 0);
  EXPECT_EQ(created->spec().request(), asked.spec().request());
  EXPECT_EQ(created->spec().signer_name(), kSigner);

  const auto again = csrs.Create(NewCsr(name));
  EXPECT_THAT(again, StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_EQ(ErrorReason(again.status()), "AlreadyExists");

  const auto got = csrs.Get("", name);
  ASSERT_THAT(got, IsOk());
  EXPECT_EQ(got->metadata().uid(), created->metadata().uid());
  EXPECT_EQ(got->metadata().resource_version(),
            created->metadata().resource_version());

  // Metadata can be changed, spec and status cannot (SPEC D-3).
  Csr changed = *got;
  (*changed.mutable_metadata()->mutable_labels())["contract"] = "yes";
  changed.mutable_spec()->set_signer_name("example.com/other");
  AddCondition("Approved", &changed);
  const auto updated = csrs.Update(changed);
  ASSERT_THAT(updated, IsOk());
  EXPECT_EQ(updated->metadata().labels().at("contract"), "yes");
  EXPECT_EQ(updated->spec().signer_name(), kSigner);
  EXPECT_THAT(updated->status().conditions(), IsEmpty());
  EXPECT_NE(updated->metadata().resource_version(),
            got->metadata().resource_version());

  // `changed` is stale now.
  (*changed.mutable_metadata()->mutable_labels())["contract"] = "no";
  const auto stale = csrs.Update(changed);
  EXPECT_THAT(stale, StatusIs(absl::StatusCode::kAborted));
  EXPECT_EQ(ErrorReason(stale.status()), "Conflict");

  // A write that changes nothing makes no new version.
  const auto same = csrs.Update(*updated);
  ASSERT_THAT(same, IsOk());
  EXPECT_EQ(same->metadata().resource_version(),
            updated->metadata().resource_version());

  // Without a resource version it wins (SPEC D-14).
  changed.mutable_metadata()->clear_resource_version();
  const auto forced = csrs.Update(changed);
  ASSERT_THAT(forced, IsOk());
  EXPECT_EQ(forced->metadata().labels().at("contract"), "no");

  const auto patched =
      csrs.Patch("", name, "application/merge-patch+json",
                 R"({"metadata":{"labels":{"contract":null,"more":"x"}}})");
  ASSERT_THAT(patched, IsOk());
  EXPECT_EQ(patched->metadata().labels().count("contract"), 0u);
  EXPECT_EQ(patched->metadata().labels().at("more"), "x");

  EXPECT_THAT(csrs.Delete("", name), IsOk());
  EXPECT_THAT(csrs.Get("", name), StatusIs(absl::StatusCode::kNotFound));
}

// SPEC D-2.
void ExpectGeneratedNames(Csrs& csrs, const std::string& prefix) {
  Csr csr = NewCsr("");
  csr.mutable_metadata()->clear_name();
  csr.mutable_metadata()->set_generate_name(prefix);
  const auto one = csrs.Create(csr);
  const auto two = csrs.Create(csr);
  ASSERT_THAT(one, IsOk());
  ASSERT_THAT(two, IsOk());
  EXPECT_THAT(one->metadata().name(), StartsWith(prefix));
  EXPECT_THAT(one->metadata().name(), SizeIs(prefix.size() + 5));
  EXPECT_NE(one->metadata().name(), two->metadata().name());
  EXPECT_THAT(csrs.Delete("", one->metadata().name()), IsOk());
  EXPECT_THAT(csrs.Delete("", two->metadata().name()), IsOk());
}

// SPEC D-10 to D-13.
void ExpectSubresources(Csrs& csrs, const std::string& name) {
  auto csr = csrs.Create(NewCsr(name));
  ASSERT_THAT(csr, IsOk());
  Csr wanted = *csr;
  AddCondition("Approved", &wanted);
  EXPECT_THAT(csrs.UpdateSubresource("status", wanted),
              StatusIs(absl::StatusCode::kInvalidArgument))
      << "approval is not for /status";
  csr = csrs.UpdateSubresource("approval", wanted);
  ASSERT_THAT(csr, IsOk());
  ASSERT_THAT(csr->status().conditions(), SizeIs(1));
  EXPECT_GT(csr->status().conditions(0).last_update_time().seconds(), 0);
  EXPECT_GT(csr->status().conditions(0).last_transition_time().seconds(), 0);
  EXPECT_THAT(csrs.UpdateSubresource("approval", wanted),
              StatusIs(absl::StatusCode::kAborted));

  wanted = *csr;
  wanted.mutable_status()->clear_conditions();
  EXPECT_THAT(csrs.UpdateSubresource("approval", wanted),
              StatusIs(absl::StatusCode::kInvalidArgument))
      << "an approval stays";
  wanted = *csr;
  AddCondition("Denied", &wanted);
  EXPECT_THAT(csrs.UpdateSubresource("approval", wanted),
              StatusIs(absl::StatusCode::kInvalidArgument))
      << "not both";

  const std::string certificate = TestCa().certificate_pem();
  wanted = *csr;
  wanted.mutable_status()->set_certificate(certificate);
  const auto kept = csrs.UpdateSubresource("approval", wanted);
  ASSERT_THAT(kept, IsOk());
  EXPECT_EQ(kept->status().certificate(), "") << "not by /approval";
  csr = csrs.UpdateSubresource("status", wanted);
  ASSERT_THAT(csr, IsOk());
  EXPECT_EQ(csr->status().certificate(), certificate);

  wanted = *csr;
  wanted.mutable_status()->clear_certificate();
  EXPECT_THAT(csrs.UpdateSubresource("status", wanted),
              StatusIs(absl::StatusCode::kInvalidArgument))
      << "a certificate is set once";
  EXPECT_THAT(csrs.Delete("", name), IsOk());
}

// The next event that is no bookmark; ends the test if none comes.
k8s::WatchEvent<Csr> NextChange(k8s::Watcher<Csr>& watcher) {
  while (true) {
    auto event = watcher.Next(kSoon);
    EXPECT_THAT(event, IsOk());
    if (!event.ok()) return {k8s::WatchEventType::kBookmark, Csr()};
    if (event->type != k8s::WatchEventType::kBookmark) {
      return *std::move(event);
    }
  }
}

// SPEC D-15, D-19.
void ExpectListsAndWatches(Csrs& csrs, const std::string& prefix) {
  const std::string one = absl::StrCat(prefix, "one");
  const std::string two = absl::StrCat(prefix, "two");
  const std::string label = absl::StrCat(prefix, "1");
  Csr labelled = NewCsr(two);
  (*labelled.mutable_metadata()->mutable_labels())["contract"] = label;
  ASSERT_THAT(csrs.Create(NewCsr(one)), IsOk());
  ASSERT_THAT(csrs.Create(labelled), IsOk());

  k8s::ListOptions by_signer;
  by_signer.field_selector = absl::StrCat("spec.signerName=", kSigner);
  by_signer.limit = 1;  // Two pages at least.
  const auto list = csrs.List(by_signer);
  ASSERT_THAT(list, IsOk());
  EXPECT_THAT(list->items, SizeIs(2));
  EXPECT_THAT(list->resource_version, Not(IsEmpty()));
  k8s::ListOptions by_label;
  by_label.label_selector = absl::StrCat("contract=", label);
  const auto labelled_list = csrs.List(by_label);
  ASSERT_THAT(labelled_list, IsOk());
  ASSERT_THAT(labelled_list->items, SizeIs(1));
  EXPECT_EQ(labelled_list->items[0].metadata().name(), two);

  k8s::WatchOptions options;
  options.field_selector = absl::StrCat("metadata.name=", one);
  options.resource_version = list->resource_version;
  auto watcher = csrs.Watch(options);
  ASSERT_THAT(watcher, IsOk());
  EXPECT_THAT((*watcher)->Next(absl::ZeroDuration()),
              StatusIs(absl::StatusCode::kDeadlineExceeded));

  auto csr = csrs.Get("", one);
  ASSERT_THAT(csr, IsOk());
  (*csr->mutable_metadata()->mutable_labels())["n"] = "1";
  const auto updated = csrs.Update(*csr);
  ASSERT_THAT(updated, IsOk());
  ASSERT_THAT(csrs.Delete("", two), IsOk());  // Not selected.
  ASSERT_THAT(csrs.Delete("", one), IsOk());
  const auto modified = NextChange(**watcher);
  EXPECT_EQ(modified.type, k8s::WatchEventType::kModified);
  EXPECT_EQ(modified.object.metadata().resource_version(),
            updated->metadata().resource_version());
  const auto deleted = NextChange(**watcher);
  EXPECT_EQ(deleted.type, k8s::WatchEventType::kDeleted);
  EXPECT_EQ(deleted.object.metadata().name(), one);
  EXPECT_EQ(deleted.object.metadata().labels().at("n"), "1");
  EXPECT_NE(deleted.object.metadata().resource_version(),
            updated->metadata().resource_version());

  (*watcher)->Stop();
  EXPECT_THAT((*watcher)->Next(kSoon), StatusIs(absl::StatusCode::kCancelled));

  // From the same version once more: the same changes.
  watcher = csrs.Watch(options);
  ASSERT_THAT(watcher, IsOk());
  EXPECT_EQ(NextChange(**watcher).type, k8s::WatchEventType::kModified);
  EXPECT_EQ(NextChange(**watcher).type, k8s::WatchEventType::kDeleted);

  // From no version: what there is comes first.
  ASSERT_THAT(csrs.Create(NewCsr(one)), IsOk());
  options.resource_version = "";
  watcher = csrs.Watch(options);
  ASSERT_THAT(watcher, IsOk());
  const auto added = NextChange(**watcher);
  EXPECT_EQ(added.type, k8s::WatchEventType::kAdded);
  EXPECT_EQ(added.object.metadata().name(), one);
  ASSERT_THAT(csrs.Delete("", one), IsOk());
  EXPECT_EQ(NextChange(**watcher).type, k8s::WatchEventType::kDeleted);
}

void ExpectLeases(k8s::ResourceApi<api::Lease>& leases, const std::string& name,
                  absl::string_view namespace_name) {
  api::Lease lease;
  lease.mutable_metadata()->set_name(name);
  lease.mutable_metadata()->set_namespace_(namespace_name);
  lease.mutable_spec()->set_holder_identity("me");
  lease.mutable_spec()->set_lease_duration_seconds(15);
  lease.mutable_spec()->mutable_renew_time()->set_seconds(1800000000);
  lease.mutable_spec()->mutable_renew_time()->set_nanos(123456000);
  const auto created = leases.Create(lease);
  ASSERT_THAT(created, IsOk());
  EXPECT_EQ(created->metadata().namespace_(), namespace_name);
  EXPECT_THAT(leases.Update(lease),
              StatusIs(absl::StatusCode::kInvalidArgument))
      << "an update needs a resource version";
  const auto got = leases.Get(namespace_name, name);
  ASSERT_THAT(got, IsOk());
  EXPECT_EQ(got->spec().renew_time().nanos(), 123456000);
  k8s::ListOptions options;
  options.namespace_name = std::string(namespace_name);
  options.field_selector = absl::StrCat("metadata.name=", name);
  const auto list = leases.List(options);
  ASSERT_THAT(list, IsOk());
  EXPECT_THAT(list->items, SizeIs(1));
  options.namespace_name = "no-such-namespace";
  const auto elsewhere = leases.List(options);
  ASSERT_THAT(elsewhere, IsOk());
  EXPECT_THAT(elsewhere->items, IsEmpty());
  EXPECT_THAT(leases.Delete(namespace_name, name), IsOk());
}

}  // namespace

void ExpectResourceApiContract(Csrs& csrs, k8s::ResourceApi<api::Lease>& leases,
                               absl::string_view prefix,
                               absl::string_view namespace_name) {
  {
    SCOPED_TRACE("objects");
    ExpectObjects(csrs, absl::StrCat(prefix, "object"));
  }
  {
    SCOPED_TRACE("generated names");
    ExpectGeneratedNames(csrs, absl::StrCat(prefix, "made-"));
  }
  {
    SCOPED_TRACE("subresources");
    ExpectSubresources(csrs, absl::StrCat(prefix, "sub"));
  }
  {
    SCOPED_TRACE("lists and watches");
    ExpectListsAndWatches(csrs, absl::StrCat(prefix, "watch-"));
  }
  {
    SCOPED_TRACE("leases");
    ExpectLeases(leases, absl::StrCat(prefix, "lease"), namespace_name);
  }
}

}  // namespace signet::testing
