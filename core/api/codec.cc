#include "core/api/codec.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/status_macros.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/wire_format_lite.h"

namespace signet::api {
namespace {

using google::protobuf::Message;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;
using google::protobuf::io::CodedOutputStream;
using google::protobuf::io::StringOutputStream;

constexpr absl::string_view kMagic("k8s\0", 4);

// With the entries of maps sorted, as Kubernetes writes them.
void AppendTo(const Message& message, std::string* out) {
  StringOutputStream stream(out);
  CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  // False only for more than 2 GiB.
  CHECK(message.SerializePartialToCodedStream(&coded));
}

std::string Wrap(std::string raw, const TypeMeta& type) {
  Unknown envelope;
  envelope.mutable_type_meta()->set_api_version(type.api_version);
  envelope.mutable_type_meta()->set_kind(type.kind);
  envelope.set_raw(std::move(raw));
  envelope.set_content_encoding("");
  envelope.set_content_type("");
  std::string bytes(kMagic);
  AppendTo(envelope, &bytes);
  return bytes;
}

absl::Status CheckSize(absl::string_view bytes, size_t limit) {
  if (bytes.size() <= limit) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the protobuf has ", bytes.size(), " bytes; at most ", limit,
                   " are taken"));
}

absl::StatusOr<Unknown> Unwrap(absl::string_view bytes, size_t limit) {
  ABSL_RETURN_IF_ERROR(CheckSize(bytes, limit));
  if (!absl::ConsumePrefix(&bytes, kMagic)) {
    return absl::InvalidArgumentError(
        "the protobuf does not begin with Kubernetes' magic k8s\\0");
  }
  Unknown envelope;
  if (!envelope.ParseFromString(bytes)) {
    return absl::InvalidArgumentError("the protobuf's envelope is broken");
  }
  if (!envelope.content_encoding().empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the protobuf's content encoding \"",
                     envelope.content_encoding(), "\" is not supported"));
  }
  if (!envelope.content_type().empty() &&
      envelope.content_type() != kProtobuf) {
    return absl::InvalidArgumentError(
        absl::StrCat("the protobuf's content type \"", envelope.content_type(),
                     "\" is not supported"));
  }
  return envelope;
}

absl::Status Broken(const Unknown& envelope) {
  return absl::InvalidArgumentError(
      absl::StrCat("the protobuf of ", envelope.type_meta().api_version(), " ",
                   envelope.type_meta().kind(), " is broken"));
}

// "application/json" of "Application/JSON; charset=utf-8".
std::string MediaType(absl::string_view content_type) {
  return absl::AsciiStrToLower(absl::StripAsciiWhitespace(
      content_type.substr(0, content_type.find(';'))));
}

absl::Status UnsupportedType(absl::string_view content_type) {
  return absl::UnimplementedError(
      absl::StrCat("content type \"", content_type, "\" is not supported"));
}

// Reads {1 metadata, 2 items}; false if broken.
bool ParseList(absl::string_view raw, ListMeta* metadata,
               const std::function<Message*()>& add) {
  CodedInputStream in(reinterpret_cast<const uint8_t*>(raw.data()),
                      static_cast<int>(raw.size()));
  while (const uint32_t tag = in.ReadTag()) {
    const int field = WireFormatLite::GetTagFieldNumber(tag);
    if (field != 1 && field != 2) {
      if (!WireFormatLite::SkipField(&in, tag)) return false;
      continue;
    }
    uint32_t size;
    if (WireFormatLite::GetTagWireType(tag) !=
            WireFormatLite::WIRETYPE_LENGTH_DELIMITED ||
        !in.ReadVarint32(&size)) {
      return false;
    }
    const int start = in.CurrentPosition();
    if (size > raw.size() - start || !in.Skip(static_cast<int>(size))) {
      return false;
    }
    const absl::string_view part = raw.substr(start, size);
    // A message may come in pieces, which merge.
    if (field == 1 ? !metadata->MergeFromString(part)
                   : !add()->ParseFromString(part)) {
      return false;
    }
  }
  return in.ConsumedEntireMessage();
}

template <class T>
absl::Time Read(const T& time) {
  return absl::FromUnixSeconds(time.seconds()) +
         absl::Nanoseconds(time.nanos());
}

}  // namespace

std::string EncodeProtobuf(const Message& object, const TypeMeta& type) {
  std::string raw;
  AppendTo(object, &raw);
  return Wrap(std::move(raw), type);
}

absl::StatusOr<Unknown> DecodeEnvelope(absl::string_view bytes) {
  return Unwrap(bytes, kMaxObjectBytes);
}

absl::Status DecodeProtobuf(absl::string_view bytes, Message* object,
                            TypeMeta* type) {
  object->Clear();
  ABSL_ASSIGN_OR_RETURN(const Unknown envelope, Unwrap(bytes, kMaxObjectBytes));
  if (type != nullptr) {
    type->api_version = envelope.type_meta().api_version();
    type->kind = envelope.type_meta().kind();
  }
  if (!object->ParseFromString(envelope.raw())) return Broken(envelope);
  return absl::OkStatus();
}

absl::Status Decode(absl::string_view content_type, absl::string_view bytes,
                    Message* object, TypeMeta* type) {
  const std::string media_type = MediaType(content_type);
  if (media_type == kProtobuf) return DecodeProtobuf(bytes, object, type);
  if (media_type == kJson || media_type.empty()) {
    return DecodeJson(bytes, object, type);
  }
  return UnsupportedType(content_type);
}

// In json_decoder.cc.
absl::Status DecodeListJson(absl::string_view json, ListMeta* metadata,
                            const std::function<Message*()>& add);

absl::Status DecodeListInto(absl::string_view content_type,
                            absl::string_view bytes, ListMeta* metadata,
                            const std::function<Message*()>& add) {
  const std::string media_type = MediaType(content_type);
  if (media_type == kJson || media_type.empty()) {
    return DecodeListJson(bytes, metadata, add);
  }
  if (media_type != kProtobuf) return UnsupportedType(content_type);
  metadata->Clear();
  ABSL_ASSIGN_OR_RETURN(const Unknown envelope, Unwrap(bytes, kMaxListBytes));
  if (!ParseList(envelope.raw(), metadata, add)) return Broken(envelope);
  return absl::OkStatus();
}

std::string EncodeListProtobuf(const std::vector<const Message*>& items,
                               const TypeMeta& list_type,
                               const ListMeta& metadata) {
  std::string raw;
  const auto append = [&raw](int field, const Message& message) {
    std::string part;
    AppendTo(message, &part);
    StringOutputStream stream(&raw);
    CodedOutputStream coded(&stream);
    WireFormatLite::WriteBytes(field, part, &coded);
  };
  append(1, metadata);
  for (const Message* item : items) append(2, *item);
  return Wrap(std::move(raw), list_type);
}

bool IsZero(const Time& time) {
  return time.seconds() == 0 && time.nanos() == 0;
}
bool IsZero(const MicroTime& time) {
  return time.seconds() == 0 && time.nanos() == 0;
}

absl::Time ToAbslTime(const Time& time) { return Read(time); }
absl::Time ToAbslTime(const MicroTime& time) { return Read(time); }

Time FromAbslTime(absl::Time time) {
  Time out;
  out.set_seconds(absl::ToUnixSeconds(time));
  out.set_nanos(0);
  return out;
}

MicroTime MicroTimeFromAbslTime(absl::Time time) {
  const int64_t seconds = absl::ToUnixSeconds(time);
  MicroTime out;
  out.set_seconds(seconds);
  out.set_nanos(static_cast<int32_t>(absl::ToInt64Microseconds(
                    time - absl::FromUnixSeconds(seconds))) *
                1000);
  return out;
}

}  // namespace signet::api
