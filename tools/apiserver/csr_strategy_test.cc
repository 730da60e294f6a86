#include "tools/apiserver/csr_strategy.h"

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/api/codec.h"
#include "core/pki/pem.h"
#include "core/testing/csr_builder.h"
#include "core/testing/test_ca.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tools/apiserver/field_error.h"
#include "tools/apiserver/user.h"

namespace signet::apiserver {
namespace {

using Csr = api::CertificateSigningRequest;
using Condition = api::CertificateSigningRequestCondition;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const absl::Time kNow = absl::FromUnixSeconds(1700000000);
const absl::Time kBefore = kNow - absl::Hours(1);

std::string Text(const FieldErrors& errors) {
  return errors.empty() ? "" : Aggregate(errors);
}

Csr Base() {
  testing::CsrFields fields;
  fields.name = "c";
  fields.signer_name = "example.com/s";
  return testing::MakeCsr(fields);
}

// With what the server gives a stored object.
Csr Stored(const std::vector<std::string>& conditions = {},
           absl::string_view certificate = "") {
  Csr csr = Base();
  csr.mutable_metadata()->set_uid("u");
  csr.mutable_metadata()->set_resource_version("1");
  for (const std::string& type : conditions) {
    Condition& condition = *csr.mutable_status()->add_conditions();
    condition.set_type(type);
    condition.set_status("True");
    *condition.mutable_last_update_time() = api::FromAbslTime(kBefore);
    *condition.mutable_last_transition_time() = api::FromAbslTime(kBefore);
  }
  if (!certificate.empty()) {
    csr.mutable_status()->set_certificate(std::string(certificate));
  }
  return csr;
}

void AddCondition(Csr& csr, absl::string_view type,
                  absl::string_view status = "True") {
  Condition& condition = *csr.mutable_status()->add_conditions();
  condition.set_type(std::string(type));
  condition.set_status(std::string(status));
}

std::string CertificatePem() {
  static const auto* const pem =
      new std::string(testing::TestCa().certificate_pem());
  return *pem;
}
std::string CertificateDer() {
  return pki::ParseFirstPem(CertificatePem())->der;
}

std::string RequestDer() {
  return pki::ParseFirstPem(Base().spec().request())->der;
}

std::string RequestError(absl::string_view request, absl::string_view why) {
  return absl::StrCat("spec.request: Invalid value: \"",
                      absl::Base64Escape(request), "\": ", why);
}

TEST(CsrCreateTest, JudgesWhatIsAskedFor) {
  const std::string not_pem = "hello";
  const std::string new_type =
      pki::EncodePem("NEW CERTIFICATE REQUEST", RequestDer());
  const std::string trailing =
      pki::EncodePem("CERTIFICATE REQUEST", RequestDer() + std::string(1, 0));
  const std::string spoiled = testing::SpoilSignature(Base().spec().request());
  const std::string kUsages =
      R"("any", "cert sign", "client auth", "code signing", )"
      R"("content commitment", "crl sign", "data encipherment", )"
      R"("decipher only", "digital signature", "email protection", )"
      R"("encipher only", "ipsec end system", "ipsec tunnel", "ipsec user", )"
      R"("key agreement", "key encipherment", "microsoft sgc", )"
      R"("netscape sgc", "ocsp signing", "s/mime", "server auth", "signing", )"
      R"("timestamping")";
  const struct {
    std::string name;
    std::function<void(Csr&)> change;
    std::string want;
  } kTests[] = {
      {"as it should be", [](Csr&) {}, ""},
      {"D-2: a kubelet's digest name",
       [](Csr& c) { c.mutable_metadata()->set_name("node-csr-_A-z"); }, ""},
      {"D-2: a name with a slash",
       [](Csr& c) { c.mutable_metadata()->set_name("a/b"); },
       R"(metadata.name: Invalid value: "a/b": may not contain '/')"},
      {"D-2: no name", [](Csr& c) { c.mutable_metadata()->clear_name(); },
       "metadata.name: Required value: name or generateName is required"},
      {"D-2: the name's rule is told only when nothing else is wrong",
       [](Csr& c) {
         c.mutable_metadata()->set_name("..");
         c.mutable_spec()->clear_usages();
       },
       "spec.usages: Required value"},
      {"D-4: no request", [](Csr& c) { c.mutable_spec()->clear_request(); },
       "spec.request: Invalid value: null: PEM block type must be CERTIFICATE "
       "REQUEST"},
      {"D-4: an empty request",
       [](Csr& c) { c.mutable_spec()->set_request(""); },
       RequestError("", "PEM block type must be CERTIFICATE REQUEST")},
      {"D-4: not PEM", [&](Csr& c) { c.mutable_spec()->set_request(not_pem); },
       RequestError(not_pem, "PEM block type must be CERTIFICATE REQUEST")},
      {"D-4: the other block type",
       [&](Csr& c) { c.mutable_spec()->set_request(new_type); },
       RequestError(new_type, "PEM block type must be CERTIFICATE REQUEST")},
      {"D-4: trailing bytes",
       [&](Csr& c) { c.mutable_spec()->set_request(trailing); },
       RequestError(trailing, "asn1: syntax error: trailing data")},
      {"D-4: text and more blocks around it are ignored",
       [&](Csr& c) {
         c.mutable_spec()->set_request(
             absl::StrCat("before\n", c.spec().request(), new_type, "after"));
       },
       ""},
      {"D-5: not signed by its key",
       [&](Csr& c) { c.mutable_spec()->set_request(spoiled); },
       RequestError(spoiled, "x509: ECDSA verification failure")},
      {"D-6: no usages", [](Csr& c) { c.mutable_spec()->clear_usages(); },
       "spec.usages: Required value"},
      {"D-6: an unknown usage",
       [](Csr& c) { c.mutable_spec()->add_usages("Client <Auth>"); },
       R"(spec.usages[2]: Unsupported value: "Client \u003cAuth\u003e": )"
       "supported values: " +
           kUsages},
      {"D-6: a usage twice",
       [](Csr& c) { c.mutable_spec()->add_usages("client auth"); },
       R"(spec.usages[2]: Duplicate value: "client auth")"},
      {"D-7: no signer", [](Csr& c) { c.mutable_spec()->clear_signer_name(); },
       "spec.signerName: Required value"},
      {"D-7: the signer of old",
       [](Csr& c) {
         c.mutable_spec()->set_signer_name("kubernetes.io/legacy-unknown");
       },
       R"(spec.signerName: Invalid value: "kubernetes.io/legacy-unknown": the )"
       "legacy signerName is not allowed via this API version"},
      {"D-7: an unknown one of Kubernetes'",
       [](Csr& c) { c.mutable_spec()->set_signer_name("kubernetes.io/foo"); },
       ""},
      {"D-8: ten minutes",
       [](Csr& c) { c.mutable_spec()->set_expiration_seconds(600); }, ""},
      {"D-8: a second less",
       [](Csr& c) { c.mutable_spec()->set_expiration_seconds(599); },
       "spec.expirationSeconds: Invalid value: 599: may not specify a duration "
       "less than 600 seconds (10 minutes)"},
      {"D-8b: all of it, in order",
       [&](Csr& c) {
         (*c.mutable_metadata()->mutable_labels())["/"] = "x";
         c.mutable_spec()->set_request(not_pem);
         c.mutable_spec()->clear_usages();
         c.mutable_spec()->add_usages("any");
         c.mutable_spec()->add_usages("any");
         c.mutable_spec()->set_signer_name("x");
         c.mutable_spec()->set_expiration_seconds(0);
       },
       absl::StrCat(
           R"([metadata.labels: Invalid value: "/": prefix part must be )"
           R"(non-empty, metadata.labels: Invalid value: "/": name part must )"
           R"(be non-empty, metadata.labels: Invalid value: "/": name part )"
           "must consist of alphanumeric characters, '-', '_' or '.', and must "
           "start and end with an alphanumeric character (e.g. 'MyName',  or "
           "'my.name',  or '123-abc', regex used for validation is "
           "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'), ",
           RequestError(not_pem, "PEM block type must be CERTIFICATE REQUEST"),
           R"(, spec.usages[1]: Duplicate value: "any", spec.signerName: )"
           R"(Invalid value: "x": must be a fully qualified domain and path )"
           "of the form 'example.com/signer-name', spec.expirationSeconds: "
           "Invalid value: 0: may not specify a duration less than 600 seconds "
           "(10 minutes)]")},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    Csr csr = Base();
    t.change(csr);
    EXPECT_EQ(Text(ValidateCsrCreate(csr)), t.want);
  }
}

TEST(CsrCreateTest, TheRequesterIsWhoMakesTheRequest) {
  // SPEC D-1.
  User user;
  user.name = "system:node:a";
  user.uid = "42";
  user.groups = {"system:nodes", "system:authenticated"};
  user.extra["k"] = {"v", "w"};
  Csr csr = Base();
  csr.mutable_spec()->set_username("evil");
  csr.mutable_spec()->add_groups("system:masters");
  (*csr.mutable_spec()->mutable_extra())["x"].add_items("y");
  AddCondition(csr, "Approved");
  csr.mutable_status()->set_certificate("x");
  const std::string request = csr.spec().request();

  PrepareCsrForCreate(user, csr);
  EXPECT_EQ(csr.spec().username(), "system:node:a");
  EXPECT_EQ(csr.spec().uid(), "42");
  EXPECT_THAT(csr.spec().groups(),
              ElementsAre("system:nodes", "system:authenticated"));
  ASSERT_EQ(csr.spec().extra_size(), 1);
  EXPECT_THAT(csr.spec().extra().at("k").items(), ElementsAre("v", "w"));
  EXPECT_THAT(csr.status().conditions(), IsEmpty());
  EXPECT_FALSE(csr.status().has_certificate());
  EXPECT_EQ(csr.spec().request(), request);
}

// An update as the server does it: prepared, then judged.
std::string Update(CsrPath path, const Csr& stored, Csr& csr) {
  PrepareCsrForUpdate(path, stored, kNow, csr);
  return Text(ValidateCsrUpdate(path, stored, csr));
}

TEST(CsrUpdateTest, JudgesConditions) {
  const std::string kBoth =
      R"(status.conditions: Invalid value: )"
      R"("{conditions[{\"type\": \"Approved\"}], )"
      R"(conditions[{\"type\": \"Denied\"}]}": must specify at most one of: )"
      "`conditions[{\"type\": \"Approved\"}]`, "
      "`conditions[{\"type\": \"Denied\"}]`";
  const auto clear = [](Csr& c) { c.mutable_status()->clear_conditions(); };
  const auto add = [](absl::string_view type,
                      absl::string_view status = "True") {
    return [type = std::string(type), status = std::string(status)](Csr& c) {
      AddCondition(c, type, status);
    };
  };
  const struct {
    std::string name;
    CsrPath path;
    std::vector<std::string> stored;
    std::function<void(Csr&)> change;
    std::string want;
  } kTests[] = {
      {"D-11: approve", CsrPath::kApproval, {}, add("Approved"), ""},
      {"D-11: deny", CsrPath::kApproval, {}, add("Denied"), ""},
      {"D-11: deny after approval",
       CsrPath::kApproval,
       {"Approved"},
       add("Denied"),
       kBoth},
      {"D-11: both at once",
       CsrPath::kApproval,
       {},
       [&](Csr& c) {
         AddCondition(c, "Approved");
         AddCondition(c, "Denied");
       },
       kBoth},
      {"D-11: both were there already",
       CsrPath::kStatus,
       {"Approved", "Denied"},
       add("Failed"),
       ""},
      {"D-11: approval may not be false",
       CsrPath::kApproval,
       {},
       add("Approved", "False"),
       R"(status.conditions[0].status: Unsupported value: "False": supported )"
       R"(values: "True")"},
      {"D-11: nor failure",
       CsrPath::kStatus,
       {},
       add("Failed", "Unknown"),
       R"(status.conditions[0].status: Unsupported value: "Unknown": )"
       R"(supported values: "True")"},
      {"D-11: another type may be anything",
       CsrPath::kStatus,
       {},
       add("Seen", "Unknown"),
       ""},
      {"D-11: but not everything",
       CsrPath::kStatus,
       {},
       add("Seen", "Maybe"),
       R"(status.conditions[0].status: Unsupported value: "Maybe": supported )"
       R"(values: "False", "True", "Unknown")"},
      {"D-11: no status",
       CsrPath::kApproval,
       {},
       add("Approved", ""),
       "status.conditions[0].status: Required value"},
      {"D-11: no type",
       CsrPath::kStatus,
       {},
       add(""),
       "status.conditions[0].type: Required value"},
      {"D-11: a second Failed",
       CsrPath::kStatus,
       {"Failed"},
       add("Failed"),
       R"(status.conditions[1].type: Duplicate value: "Failed")"},
      {"D-12: approval does not go away",
       CsrPath::kApproval,
       {"Approved"},
       clear,
       R"(status.conditions: Forbidden: updates may not remove a condition of )"
       R"(type "Approved")"},
      {"D-12: nor by way of status",
       CsrPath::kStatus,
       {"Denied"},
       clear,
       R"(status.conditions: Forbidden: updates may not remove a condition of )"
       R"(type "Denied")"},
      {"D-12: nor does failure",
       CsrPath::kStatus,
       {"Failed"},
       clear,
       R"(status.conditions: Forbidden: updates may not remove a condition of )"
       R"(type "Failed")"},
      {"D-12: other types do", CsrPath::kStatus, {"Seen"}, clear, ""},
      {"D-12: no approving by way of status",
       CsrPath::kStatus,
       {},
       add("Approved"),
       R"(status.conditions: Forbidden: updates may not add a condition of )"
       R"(type "Approved")"},
      {"D-12: failing by way of approval",
       CsrPath::kApproval,
       {},
       add("Failed"),
       ""},
      {"D-3: nothing by way of the object itself",
       CsrPath::kMain,
       {},
       add("Approved", "False"),
       ""},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    const Csr stored = Stored(t.stored);
    Csr csr = stored;
    t.change(csr);
    EXPECT_EQ(Update(t.path, stored, csr), t.want);
  }
}

TEST(CsrUpdateTest, JudgesTheCertificate) {
  const std::string pem = CertificatePem();
  const auto bad = [](absl::string_view why) {
    return absl::StrCat(
        R"(status.certificate: Invalid value: "<certificate data>": )", why);
  };
  const std::string kAgain =
      "status.certificate: Forbidden: updates may not modify existing "
      "certificate content";
  const struct {
    std::string name;
    std::string stored;
    std::string certificate;
    std::string want;
  } kTests[] = {
      {"D-9: one", "", pem, ""},
      {"D-9: several, with text between", "", "a\n" + pem + "b\n" + pem, ""},
      {"D-9: two in a block", "",
       pki::EncodePem("CERTIFICATE", CertificateDer() + CertificateDer()), ""},
      {"D-9: not PEM", "", "hello",
       bad("must contain at least one CERTIFICATE PEM block")},
      {"D-9: another block", "", pem + pki::EncodePem("X509 CRL", "x"),
       bad(R"(only CERTIFICATE PEM blocks are allowed, found "X509 CRL")")},
      {"D-9: a header", "",
       absl::StrReplaceAll(pem, {{"BEGIN CERTIFICATE-----\n",
                                  "BEGIN CERTIFICATE-----\nA: b\n\n"}}),
       bad("no PEM block headers are permitted")},
      {"D-9: an empty block", "",
       "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
       bad("found CERTIFICATE PEM block containing 0 certificates")},
      {"D-9: no certificate in it", "", pki::EncodePem("CERTIFICATE", "hello"),
       bad("x509: malformed certificate")},
      {"D-9: bytes behind it", "",
       pki::EncodePem("CERTIFICATE", CertificateDer() + "x"),
       bad("x509: malformed certificate")},
      {"D-10: the same again", pem, pem, ""},
      {"D-10: another", pem, pem + pem, kAgain},
      {"D-10: none any more", pem, "", kAgain},
      {"D-10: what was bad may stay", "hello", "hello", ""},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    const Csr stored = Stored({}, t.stored);
    Csr csr = stored;
    csr.mutable_status()->set_certificate(t.certificate);
    EXPECT_EQ(Update(CsrPath::kStatus, stored, csr), t.want);
  }
}

TEST(CsrUpdateTest, RevertsWhatAPathMayNotChange) {
  const Csr stored = Stored({"Approved"}, CertificatePem());
  const struct {
    std::string name;
    CsrPath path;
    bool conditions_stay;
    bool certificate_stays;
  } kTests[] = {
      {"D-3: the object itself", CsrPath::kMain, true, true},
      {"D-10: approval", CsrPath::kApproval, false, true},
      {"D-12: status", CsrPath::kStatus, true, false},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    Csr csr = stored;
    csr.mutable_spec()->set_username("evil");
    csr.mutable_spec()->add_usages("any");
    csr.mutable_status()->mutable_conditions(0)->set_reason("Other");
    csr.mutable_status()->set_certificate("other");
    (*csr.mutable_metadata()->mutable_labels())["a"] = "b";
    PrepareCsrForUpdate(t.path, stored, kNow, csr);
    EXPECT_EQ(csr.spec().SerializeAsString(),
              stored.spec().SerializeAsString());
    EXPECT_EQ(csr.status().conditions(0).reason() == "", t.conditions_stay);
    EXPECT_EQ(csr.status().certificate() == CertificatePem(),
              t.certificate_stays);
    EXPECT_EQ(csr.metadata().labels().at("a"), "b");
  }
}

TEST(CsrUpdateTest, FillsInConditionTimes) {
  // SPEC D-13. A client that writes protobuf sends a zero time where it means
  // none.
  for (const bool zero : {false, true}) {
    SCOPED_TRACE(zero ? "zero" : "absent");
    const Csr stored = Stored({"Approved", "Seen"});
    Csr csr = stored;
    csr.mutable_status()->mutable_conditions()->Clear();
    AddCondition(csr, "Approved");       // As before.
    AddCondition(csr, "Seen", "False");  // Another status.
    AddCondition(csr, "Failed");         // New.
    for (Condition& condition : *csr.mutable_status()->mutable_conditions()) {
      if (!zero) break;
      condition.mutable_last_update_time();
      condition.mutable_last_transition_time();
    }
    PrepareCsrForUpdate(CsrPath::kApproval, stored, kNow, csr);
    const auto& conditions = csr.status().conditions();
    for (const Condition& condition : conditions) {
      EXPECT_EQ(api::ToAbslTime(condition.last_update_time()), kNow);
    }
    EXPECT_EQ(api::ToAbslTime(conditions[0].last_transition_time()), kBefore);
    EXPECT_EQ(api::ToAbslTime(conditions[1].last_transition_time()), kNow);
    EXPECT_EQ(api::ToAbslTime(conditions[2].last_transition_time()), kNow);
  }
}

TEST(CsrUpdateTest, ToleratesWhatIsBadAlready) {
  Csr stored = Stored({"Seen", "Seen", ""});
  stored.mutable_spec()->set_signer_name("kubernetes.io/legacy-unknown");
  stored.mutable_spec()->add_usages("frob");
  stored.mutable_spec()->add_usages("frob");
  Csr csr = stored;
  EXPECT_EQ(Update(CsrPath::kStatus, stored, csr), "");
  EXPECT_EQ(Update(CsrPath::kMain, stored, csr), "");
}

TEST(CsrUpdateTest, IdentitiesDoNotChange) {
  const Csr stored = Stored();
  Csr csr = stored;
  csr.mutable_metadata()->set_uid("other");
  csr.mutable_metadata()->clear_resource_version();
  EXPECT_EQ(Update(CsrPath::kMain, stored, csr),
            R"([metadata.resourceVersion: Invalid value: "": must be )"
            R"(specified for an update, metadata.uid: Invalid value: "other": )"
            "field is immutable]");
}

}  // namespace
}  // namespace signet::apiserver
