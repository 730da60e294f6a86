#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/strings/ascii.h"
#include "absl/strings/cord.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "boost/json.hpp"
#include "core/api/codec.h"
#include "core/api/json_error.h"
#include "core/api/json_mismatch.h"
#include "core/api/json_rules.h"
#include "core/base/base64.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace signet::api {
namespace {

using boost::json::value;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// Where in the object the decoder is; a chain of steps on the stack, made into
// text only when there is something to say.
struct Path {
  const Path* parent = nullptr;
  absl::string_view key;
  int64_t index = -1;  // Of an array's element; then `key` is empty.
  // Null for what is no field: the root, an element, an entry of a map.
  const FieldDescriptor* field = nullptr;

  std::string Text() const {
    std::string text = parent == nullptr ? "" : parent->Text();
    if (index >= 0) {
      absl::StrAppend(&text, "[", index, "]");
    } else if (!key.empty()) {
      absl::StrAppend(&text, text.empty() ? "" : ".", key);
    }
    return text;
  }
  Path Field(const FieldDescriptor& of) const {
    return {this, of.json_name(), -1, &of};
  }
  Path Key(absl::string_view name) const { return {this, name}; }
  Path Element(int64_t i) const { return {this, "", i}; }

  // The fields alone, as Go names them.
  std::string Fields() const {
    std::string text = parent == nullptr ? "" : parent->Fields();
    if (field != nullptr) absl::StrAppend(&text, text.empty() ? "" : ".", key);
    return text;
  }
  // The last field on the way; null: there is none.
  const Path* LastField() const {
    return field != nullptr || parent == nullptr ? this : parent->LastField();
  }
};

absl::string_view NameOf(const value& json) {
  switch (json.kind()) {
    case boost::json::kind::null:
      return "null";
    case boost::json::kind::bool_:
      return "a boolean";
    case boost::json::kind::int64:
    case boost::json::kind::uint64:
      return "a number";
    case boost::json::kind::double_:
      return "a fractional number";
    case boost::json::kind::string:
      return "a string";
    case boost::json::kind::array:
      return "an array";
    case boost::json::kind::object:
      return "an object";
  }
  return "something else";
}

constexpr absl::string_view kGoText = "type.signet.dev/go-text";

// `go_text`: the same, as Go says it.
absl::Status Error(const Path& path, absl::string_view message,
                   absl::string_view go_text = "") {
  const std::string where = path.Text();
  absl::Status error = absl::InvalidArgumentError(
      absl::StrCat(where, where.empty() ? "" : ": ", message));
  if (!go_text.empty()) error.SetPayload(kGoText, absl::Cord(go_text));
  return error;
}

std::string GoText(const Path& path, absl::string_view found) {
  const Path* last = path.LastField();
  if (last->field == nullptr) return "";
  return GoMismatch(found, path.Fields(), *last->field, last != &path);
}

absl::Status Expected(const Path& path, absl::string_view what,
                      const value& json) {
  return Error(path, absl::StrCat("expected ", what, ", found ", NameOf(json)),
               GoText(path, GoKindOf(json)));
}

// A number that is none of the field's.
absl::Status BadNumber(const Path& path, absl::string_view message,
                       const value& json) {
  const std::string number = json.is_double() ? absl::StrCat(json.get_double())
                                              : boost::json::serialize(json);
  return Error(path, message, GoText(path, absl::StrCat("number ", number)));
}

absl::StatusOr<absl::string_view> String(const Path& path, const value& json) {
  const auto* text = json.if_string();
  if (text == nullptr) return Expected(path, "a string", json);
  return absl::string_view(text->data(), text->size());
}

absl::StatusOr<int64_t> Integer(const Path& path, const value& json,
                                int64_t least, int64_t most) {
  if (json.is_uint64()) {
    return BadNumber(path, "the number is out of range", json);
  }
  if (json.is_double()) {
    return BadNumber(path, "expected an integer, found a fractional number",
                     json);
  }
  const auto* number = json.if_int64();
  if (number == nullptr) return Expected(path, "an integer", json);
  if (*number < least || *number > most) {
    return BadNumber(
        path, absl::StrCat("the number ", *number, " is out of range"), json);
  }
  return *number;
}

// RFC 3339, as Go reads it. absl::ParseTime alone takes more: spaces,
// "infinite-future", a sixtieth second.
std::optional<absl::Time> Rfc3339(absl::string_view text) {
  constexpr absl::string_view kShape = "0000-00-00T00:00:00";
  if (text.size() <= kShape.size()) return std::nullopt;
  for (size_t i = 0; i < kShape.size(); ++i) {
    const bool fits =
        kShape[i] == '0' ? absl::ascii_isdigit(text[i]) : text[i] == kShape[i];
    if (!fits) return std::nullopt;
  }
  if (text[17] == '6') return std::nullopt;
  absl::string_view zone = text.substr(kShape.size());
  if (zone[0] == '.') {
    size_t end = 1;
    while (end < zone.size() && absl::ascii_isdigit(zone[end])) ++end;
    if (end == 1) return std::nullopt;
    zone.remove_prefix(end);
  }
  if (zone != "Z") {
    constexpr absl::string_view kOffset = "+00:00";
    if (zone.size() != kOffset.size()) return std::nullopt;
    if (zone[0] != '+' && zone[0] != '-') return std::nullopt;
    for (size_t i = 1; i < kOffset.size(); ++i) {
      const bool fits = kOffset[i] == '0' ? absl::ascii_isdigit(zone[i])
                                          : zone[i] == kOffset[i];
      if (!fits) return std::nullopt;
    }
  }
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, text, &time, &error)) {
    return std::nullopt;
  }
  const int64_t year = absl::ToCivilYear(time, absl::UTCTimeZone()).year();
  if (year < 0 || year > 9999) return std::nullopt;
  return time;
}

// What Go's zero time looks like when somebody writes it out.
bool IsGoZero(absl::Time time) {
  return time == absl::FromUnixSeconds(-62135596800);
}

bool IsZeroTime(const Message& message) {
  switch (JsonFormOf(*message.GetDescriptor())) {
    case JsonForm::kTime:
      return IsZero(static_cast<const Time&>(message));
    case JsonForm::kMicroTime:
      return IsZero(static_cast<const MicroTime&>(message));
    default:
      return false;
  }
}

class Decoder {
 public:
  explicit Decoder(std::vector<std::string>* unknown_fields)
      : unknown_fields_(unknown_fields) {}

  // An object that may have a kind and an apiVersion.
  absl::Status DecodeRoot(const Path& path, const value& json, Message* message,
                          TypeMeta* type) {
    const auto* object = json.if_object();
    if (object == nullptr) return Expected(path, "an object", json);
    return DecodeObject(path, *object, message, type);
  }

  absl::Status DecodeList(
      const value& json, ListMeta* metadata,
      const std::function<google::protobuf::Message*()>& add) {
    const Path root;
    const auto* list = json.if_object();
    if (list == nullptr) return Expected(root, "an object", json);
    if (const value* meta = list->if_contains("metadata");
        meta != nullptr && !meta->is_null()) {
      ABSL_RETURN_IF_ERROR(
          DecodeMessage(root.Key("metadata"), *meta, metadata));
    }
    const value* items = list->if_contains("items");
    if (items == nullptr || items->is_null()) return absl::OkStatus();
    const Path path = root.Key("items");
    const auto* array = items->if_array();
    if (array == nullptr) return Expected(path, "an array", *items);
    int64_t i = 0;
    for (const value& item : *array) {
      TypeMeta ignored;
      ABSL_RETURN_IF_ERROR(
          DecodeRoot(path.Element(i++), item, add(), &ignored));
    }
    return absl::OkStatus();
  }

 private:
  absl::Status DecodeMessage(const Path& path, const value& json,
                             Message* message) {
    switch (JsonFormOf(*message->GetDescriptor())) {
      case JsonForm::kObject: {
        const auto* object = json.if_object();
        if (object == nullptr) return Expected(path, "an object", json);
        return DecodeObject(path, *object, message, nullptr);
      }
      case JsonForm::kTime: {
        ABSL_ASSIGN_OR_RETURN(const absl::Time time,
                              DecodeTime(path, json, /*micro=*/false));
        if (!IsGoZero(time)) {
          static_cast<Time&>(*message) = FromAbslTime(time);
        }
        return absl::OkStatus();
      }
      case JsonForm::kMicroTime: {
        ABSL_ASSIGN_OR_RETURN(const absl::Time time,
                              DecodeTime(path, json, /*micro=*/true));
        if (!IsGoZero(time)) {
          static_cast<MicroTime&>(*message) = MicroTimeFromAbslTime(time);
        }
        return absl::OkStatus();
      }
      case JsonForm::kQuantity: {
        if (json.is_number()) {
          static_cast<Quantity&>(*message).set_string(
              boost::json::serialize(json));
          return absl::OkStatus();
        }
        ABSL_ASSIGN_OR_RETURN(const absl::string_view text, String(path, json));
        static_cast<Quantity&>(*message).set_string(text);
        return absl::OkStatus();
      }
      case JsonForm::kStringList: {
        const auto* array = json.if_array();
        if (array == nullptr) return Expected(path, "an array", json);
        const FieldDescriptor* items =
            message->GetDescriptor()->FindFieldByName("items");
        int64_t i = 0;
        for (const value& element : *array) {
          ABSL_RETURN_IF_ERROR(
              DecodeElement(path.Element(i++), element, *items, message));
        }
        return absl::OkStatus();
      }
      case JsonForm::kRaw: {
        const FieldDescriptor* raw =
            message->GetDescriptor()->FindFieldByName("raw");
        message->GetReflection()->SetString(message, raw,
                                            boost::json::serialize(json));
        return absl::OkStatus();
      }
    }
    return Error(path, "unknown form");
  }

  absl::StatusOr<absl::Time> DecodeTime(const Path& path, const value& json,
                                        bool micro) {
    ABSL_ASSIGN_OR_RETURN(const absl::string_view text, String(path, json));
    const std::optional<absl::Time> time = Rfc3339(text);
    if (!time.has_value()) {
      return Error(path,
                   absl::StrCat("\"", absl::Utf8SafeCHexEscape(text),
                                "\" is not an RFC 3339 time"),
                   GoTimeError(text, micro));
    }
    return *time;
  }

  absl::Status DecodeObject(const Path& path, const boost::json::object& object,
                            Message* message, TypeMeta* type) {
    const Descriptor& descriptor = *message->GetDescriptor();
    for (const auto& entry : object) {
      const absl::string_view key(entry.key());
      const Path here = path.Key(key);
      if (const FieldDescriptor* field = FindField(descriptor, key)) {
        if (entry.value().is_null()) continue;
        ABSL_RETURN_IF_ERROR(
            DecodeField(path.Field(*field), entry.value(), *field, message));
      } else if (type != nullptr && (key == "kind" || key == "apiVersion")) {
        if (entry.value().is_null()) continue;
        ABSL_ASSIGN_OR_RETURN(const absl::string_view text,
                              String(here, entry.value()));
        (key == "kind" ? type->kind : type->api_version) = std::string(text);
      } else if (unknown_fields_ != nullptr) {
        unknown_fields_->push_back(here.Text());
      }
    }
    return absl::OkStatus();
  }

  static const FieldDescriptor* FindField(const Descriptor& descriptor,
                                          absl::string_view json_name) {
    for (int i = 0; i < descriptor.field_count(); ++i) {
      if (descriptor.field(i)->json_name() == json_name) {
        return descriptor.field(i);
      }
    }
    return nullptr;
  }

  absl::Status DecodeField(const Path& path, const value& json,
                           const FieldDescriptor& field, Message* message) {
    const Reflection& reflection = *message->GetReflection();
    if (field.is_map()) {
      const auto* object = json.if_object();
      if (object == nullptr) return Expected(path, "an object", json);
      const Descriptor& entry_type = *field.message_type();
      for (const auto& element : *object) {
        Message* entry = reflection.AddMessage(message, &field);
        const absl::string_view key(element.key());
        entry->GetReflection()->SetString(entry, entry_type.map_key(),
                                          std::string(key));
        ABSL_RETURN_IF_ERROR(DecodeMapValue(path.Key(key), element.value(),
                                            *entry_type.map_value(), entry));
      }
      return absl::OkStatus();
    }
    if (field.is_repeated()) {
      const auto* array = json.if_array();
      if (array == nullptr) return Expected(path, "an array", json);
      int64_t i = 0;
      for (const value& element : *array) {
        ABSL_RETURN_IF_ERROR(
            DecodeElement(path.Element(i++), element, field, message));
      }
      return absl::OkStatus();
    }
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      Message* inner = reflection.MutableMessage(message, &field);
      ABSL_RETURN_IF_ERROR(DecodeMessage(path, json, inner));
      // The zero time is no time.
      if (IsZeroTime(*inner)) reflection.ClearField(message, &field);
      return absl::OkStatus();
    }
    return DecodeScalar(path, json, field, message);
  }

  // null means the zero value.
  absl::Status DecodeMapValue(const Path& path, const value& json,
                              const FieldDescriptor& field, Message* entry) {
    const Reflection& reflection = *entry->GetReflection();
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      Message* inner = reflection.MutableMessage(entry, &field);
      return json.is_null() ? absl::OkStatus()
                            : DecodeMessage(path, json, inner);
    }
    if (json.is_null()) {
      reflection.SetString(entry, &field, "");
      return absl::OkStatus();
    }
    return DecodeScalar(path, json, field, entry);
  }

  absl::Status DecodeElement(const Path& path, const value& json,
                             const FieldDescriptor& field, Message* message) {
    const Reflection& reflection = *message->GetReflection();
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      Message* element = reflection.AddMessage(message, &field);
      return json.is_null() ? absl::OkStatus()
                            : DecodeMessage(path, json, element);
    }
    if (json.is_null()) {
      reflection.AddString(message, &field, "");
      return absl::OkStatus();
    }
    ABSL_ASSIGN_OR_RETURN(const absl::string_view text, String(path, json));
    reflection.AddString(message, &field, std::string(text));
    return absl::OkStatus();
  }

  absl::Status DecodeScalar(const Path& path, const value& json,
                            const FieldDescriptor& field, Message* message) {
    const Reflection& reflection = *message->GetReflection();
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING: {
        ABSL_ASSIGN_OR_RETURN(const absl::string_view text, String(path, json));
        if (field.type() != FieldDescriptor::TYPE_BYTES) {
          reflection.SetString(message, &field, std::string(text));
          return absl::OkStatus();
        }
        std::optional<std::string> bytes = DecodeBase64(text);
        if (!bytes.has_value()) {
          return Error(path, "expected base64, found something else",
                       GoBase64Error(text));
        }
        reflection.SetString(message, &field, *std::move(bytes));
        return absl::OkStatus();
      }
      case FieldDescriptor::CPPTYPE_BOOL: {
        const bool* truth = json.if_bool();
        if (truth == nullptr) return Expected(path, "a boolean", json);
        reflection.SetBool(message, &field, *truth);
        return absl::OkStatus();
      }
      case FieldDescriptor::CPPTYPE_INT32: {
        ABSL_ASSIGN_OR_RETURN(
            const int64_t number,
            Integer(path, json, std::numeric_limits<int32_t>::min(),
                    std::numeric_limits<int32_t>::max()));
        reflection.SetInt32(message, &field, static_cast<int32_t>(number));
        return absl::OkStatus();
      }
      case FieldDescriptor::CPPTYPE_INT64: {
        ABSL_ASSIGN_OR_RETURN(
            const int64_t number,
            Integer(path, json, std::numeric_limits<int64_t>::min(),
                    std::numeric_limits<int64_t>::max()));
        reflection.SetInt64(message, &field, number);
        return absl::OkStatus();
      }
      default:
        return Error(path, "the field's type has no JSON form");
    }
  }

  std::vector<std::string>* const unknown_fields_;
};

absl::StatusOr<value> Parse(absl::string_view json, size_t limit,
                            boost::json::storage_ptr storage) {
  if (json.size() > limit) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the JSON has ", json.size(), " bytes; at most ", limit, " are taken"));
  }
  boost::json::parse_options options;
  options.max_depth = kMaxJsonDepth;
  boost::json::parser parser(storage, options);
  boost::system::error_code error;
  const size_t read = parser.write_some(json.data(), json.size(), error);
  if (!error && read < json.size()) error = boost::json::error::extra_data;
  if (error) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the JSON is broken at byte ", read, ": ", error.message()));
  }
  return parser.release();
}

}  // namespace

absl::Status DecodeJson(absl::string_view json, Message* object, TypeMeta* type,
                        std::vector<std::string>* unknown_fields) {
  object->Clear();
  boost::json::monotonic_resource memory;
  ABSL_ASSIGN_OR_RETURN(const value root,
                        Parse(json, kMaxObjectBytes, &memory));
  TypeMeta ignored;
  if (type == nullptr) type = &ignored;
  *type = {};
  return Decoder(unknown_fields).DecodeRoot(Path(), root, object, type);
}

absl::string_view GoKindOf(const value& json) {
  switch (json.kind()) {
    case boost::json::kind::null:
      return "null";
    case boost::json::kind::bool_:
      return "bool";
    case boost::json::kind::int64:
    case boost::json::kind::uint64:
    case boost::json::kind::double_:
      return "number";
    case boost::json::kind::string:
      return "string";
    case boost::json::kind::array:
      return "array";
    case boost::json::kind::object:
      return "object";
  }
  return "value";
}

std::string GoErrorText(const absl::Status& error) {
  const auto text = error.GetPayload(kGoText);
  return text.has_value() ? std::string(*text) : std::string(error.message());
}

absl::Status DecodeListJson(absl::string_view json, ListMeta* metadata,
                            const std::function<Message*()>& add) {
  metadata->Clear();
  boost::json::monotonic_resource memory;
  ABSL_ASSIGN_OR_RETURN(const value root, Parse(json, kMaxListBytes, &memory));
  return Decoder(nullptr).DecodeList(root, metadata, add);
}

}  // namespace signet::api
