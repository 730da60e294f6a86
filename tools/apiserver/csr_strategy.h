#ifndef SIGNET_TOOLS_APISERVER_CSR_STRATEGY_H_
#define SIGNET_TOOLS_APISERVER_CSR_STRATEGY_H_

#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "tools/apiserver/field_error.h"
#include "tools/apiserver/user.h"

// What an API server does to CertificateSigningRequests beyond storing them:
// which fields a writer may set and what must be true of them (SPEC D-1 to
// D-14). Pure: time is an argument.
namespace signet::apiserver {

// The path by which an update comes: it decides what may change.
enum class CsrPath { kMain, kStatus, kApproval };

// PrepareCsrForCreate overwrites what the caller may not choose: spec.username,
// uid, groups and extra come from `user`, status is emptied (SPEC D-1).
void PrepareCsrForCreate(const User& user, api::CertificateSigningRequest& csr);

// ValidateCsrCreate returns what is wrong with a new CSR (SPEC D-2, D-4 to D-8)
// in the order of SPEC D-8b. Metadata is part of it.
FieldErrors ValidateCsrCreate(const api::CertificateSigningRequest& csr);

// PrepareCsrForUpdate reverts silently what `path` may not change (SPEC D-3,
// D-10, D-12) and fills in condition times (SPEC D-13).
void PrepareCsrForUpdate(CsrPath path,
                         const api::CertificateSigningRequest& stored,
                         absl::Time now, api::CertificateSigningRequest& csr);

// ValidateCsrUpdate returns what is wrong with a prepared update (SPEC D-8b to
// D-12).
FieldErrors ValidateCsrUpdate(CsrPath path,
                              const api::CertificateSigningRequest& stored,
                              const api::CertificateSigningRequest& csr);

}  // namespace signet::apiserver

#endif  // SIGNET_TOOLS_APISERVER_CSR_STRATEGY_H_
