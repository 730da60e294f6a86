#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "boost/json.hpp"
#include "core/api/codec.h"
#include "core/api/json_rules.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace signet::api {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// The length of the well-formed UTF-8 character at the start of `text`, or 0.
size_t Utf8Length(absl::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  size_t length;
  uint32_t code, least;
  if (byte(0) < 0x80) return 1;
  if ((byte(0) & 0xe0) == 0xc0) {
    length = 2, code = byte(0) & 0x1f, least = 0x80;
  } else if ((byte(0) & 0xf0) == 0xe0) {
    length = 3, code = byte(0) & 0x0f, least = 0x800;
  } else if ((byte(0) & 0xf8) == 0xf0) {
    length = 4, code = byte(0) & 0x07, least = 0x10000;
  } else {
    return 0;
  }
  if (text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
    code = code << 6 | (byte(i) & 0x3f);
  }
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  return code < least || code > 0x10ffff || surrogate ? 0 : length;
}

// Writes JSON as Go's encoding/json does: the same escapes, and for `pretty`
// MarshalIndent's layout with four spaces.
class Writer {
 public:
  explicit Writer(bool pretty) : pretty_(pretty) {}

  void Open(char bracket) {
    out_ += bracket;
    ++depth_;
    first_ = true;
  }
  void Close(char bracket) {
    --depth_;
    if (!first_) NewLine();
    out_ += bracket;
    first_ = false;
  }
  // Precedes an element of an array, or a key.
  void Next() {
    if (!first_) out_ += ',';
    first_ = false;
    NewLine();
  }
  void Key(absl::string_view key) {
    Next();
    String(key);
    out_ += pretty_ ? ": " : ":";
  }
  void Raw(absl::string_view text) { out_ += text; }
  void String(absl::string_view text) {
    out_ += '"';
    while (!text.empty()) {
      const size_t length = Utf8Length(text);
      if (length == 0) {
        out_ += "\\ufffd";
        text.remove_prefix(1);
        continue;
      }
      const absl::string_view character = text.substr(0, length);
      text.remove_prefix(length);
      if (length > 1) {
        if (character == "\u2028") {
          out_ += "\\u2028";
        } else if (character == "\u2029") {
          out_ += "\\u2029";
        } else {
          out_ += character;
        }
        continue;
      }
      const char c = character[0];
      switch (c) {
        case '"':
          out_ += "\\\"";
          break;
        case '\\':
          out_ += "\\\\";
          break;
        case '\b':
          out_ += "\\b";
          break;
        case '\f':
          out_ += "\\f";
          break;
        case '\n':
          out_ += "\\n";
          break;
        case '\r':
          out_ += "\\r";
          break;
        case '\t':
          out_ += "\\t";
          break;
        default:
          if (static_cast<uint8_t>(c) < 0x20 || c == '<' || c == '>' ||
              c == '&') {
            absl::StrAppend(
                &out_, "\\u00",
                absl::Hex(static_cast<uint8_t>(c), absl::kZeroPad2));
          } else {
            out_ += c;
          }
      }
    }
    out_ += '"';
  }
  bool pretty() const { return pretty_; }
  std::string Take() && { return std::move(out_); }

 private:
  void NewLine() {
    if (!pretty_) return;
    out_ += '\n';
    out_.append(4 * depth_, ' ');
  }

  const bool pretty_;
  std::string out_;
  size_t depth_ = 0;
  bool first_ = true;
};

// A JSON value that a message carries as it is (FieldsV1, RawExtension).
void WriteValue(const boost::json::value& value, Writer& out) {
  if (const auto* object = value.if_object()) {
    std::vector<std::pair<absl::string_view, const boost::json::value*>> fields;
    for (const auto& field : *object) {
      fields.emplace_back(absl::string_view(field.key()), &field.value());
    }
    if (out.pretty()) std::sort(fields.begin(), fields.end());
    out.Open('{');
    for (const auto& [key, element] : fields) {
      out.Key(key);
      WriteValue(*element, out);
    }
    out.Close('}');
  } else if (const auto* array = value.if_array()) {
    out.Open('[');
    for (const boost::json::value& element : *array) {
      out.Next();
      WriteValue(element, out);
    }
    out.Close(']');
  } else if (const auto* text = value.if_string()) {
    out.String(absl::string_view(text->data(), text->size()));
  } else {
    out.Raw(boost::json::serialize(value));
  }
}

void WriteRaw(absl::string_view json, Writer& out) {
  boost::system::error_code error;
  boost::json::parse_options options;
  options.max_depth = kMaxJsonDepth;
  const boost::json::value value =
      boost::json::parse({json.data(), json.size()}, error, {}, options);
  if (error) {
    out.Raw("null");
  } else {
    WriteValue(value, out);
  }
}

void WriteTime(absl::Time time, absl::string_view format, Writer& out) {
  const int64_t year = absl::ToCivilYear(time, absl::UTCTimeZone()).year();
  // RFC 3339 has four digits for the year.
  if (year < 0 || year > 9999) return out.Raw("null");
  out.String(absl::FormatTime(format, time, absl::UTCTimeZone()));
}

// One message of a kind that JsonFormOf tells apart.
class MessageWriter {
 public:
  explicit MessageWriter(Writer& out) : out_(out) {}

  // `type` is null for all but the outermost object.
  void Write(const Message& message, const TypeMeta* type) {
    const auto& descriptor = *message.GetDescriptor();
    const Reflection& reflection = *message.GetReflection();
    const auto text = [&](absl::string_view field) {
      return reflection.GetString(
          message, descriptor.FindFieldByName(std::string(field)));
    };
    switch (JsonFormOf(descriptor)) {
      case JsonForm::kObject:
        return WriteObject(message, type);
      case JsonForm::kTime: {
        const auto& time = static_cast<const Time&>(message);
        if (IsZero(time)) return out_.Raw("null");
        return WriteTime(ToAbslTime(time), "%E4Y-%m-%dT%H:%M:%SZ", out_);
      }
      case JsonForm::kMicroTime: {
        const auto& time = static_cast<const MicroTime&>(message);
        if (IsZero(time)) return out_.Raw("null");
        return WriteTime(ToAbslTime(time), "%E4Y-%m-%dT%H:%M:%E6SZ", out_);
      }
      case JsonForm::kQuantity: {
        const std::string quantity = text("string");
        return out_.String(quantity.empty() ? "0" : quantity);
      }
      case JsonForm::kStringList: {
        const FieldDescriptor* items = descriptor.FindFieldByName("items");
        return WriteArray(message, *items,
                          reflection.FieldSize(message, items));
      }
      case JsonForm::kRaw:
        return WriteRaw(text("raw"), out_);
    }
  }

 private:
  void WriteObject(const Message& message, const TypeMeta* type) {
    const auto& descriptor = *message.GetDescriptor();
    struct Entry {
      absl::string_view key;
      const FieldDescriptor* field;  // Null for the type's two.
      absl::string_view text;
      bool operator<(const Entry& other) const { return key < other.key; }
    };
    std::vector<Entry> entries;
    if (type != nullptr) {
      if (!type->kind.empty()) {
        entries.push_back({"kind", nullptr, type->kind});
      }
      if (!type->api_version.empty()) {
        entries.push_back({"apiVersion", nullptr, type->api_version});
      }
    }
    for (int i = 0; i < descriptor.field_count(); ++i) {
      const FieldDescriptor* field = descriptor.field(i);
      if (IsWritten(message, *field)) {
        entries.push_back({field->json_name(), field, ""});
      }
    }
    if (out_.pretty()) std::sort(entries.begin(), entries.end());
    out_.Open('{');
    for (const Entry& entry : entries) {
      out_.Key(entry.key);
      if (entry.field == nullptr) {
        out_.String(entry.text);
      } else {
        WriteField(message, *entry.field);
      }
    }
    out_.Close('}');
  }

  static bool IsWritten(const Message& message, const FieldDescriptor& field) {
    const Reflection& reflection = *message.GetReflection();
    switch (JsonRuleOf(field)) {
      case JsonRule::kAlways:
        return true;
      case JsonRule::kIfSet:
        return reflection.HasField(message, &field);
      case JsonRule::kIfNotEmpty:
        break;
    }
    if (field.is_repeated()) return reflection.FieldSize(message, &field) > 0;
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        return !reflection.GetString(message, &field).empty();
      case FieldDescriptor::CPPTYPE_BOOL:
        return reflection.GetBool(message, &field);
      case FieldDescriptor::CPPTYPE_INT32:
        return reflection.GetInt32(message, &field) != 0;
      case FieldDescriptor::CPPTYPE_INT64:
        return reflection.GetInt64(message, &field) != 0;
      case FieldDescriptor::CPPTYPE_MESSAGE: {
        const Message& inner = reflection.GetMessage(message, &field);
        return JsonFormOf(*inner.GetDescriptor()) != JsonForm::kTime ||
               !IsZero(static_cast<const Time&>(inner));
      }
      default:
        return reflection.HasField(message, &field);
    }
  }

  void WriteField(const Message& message, const FieldDescriptor& field) {
    const Reflection& reflection = *message.GetReflection();
    if (field.is_map()) return WriteMap(message, field);
    if (field.is_repeated()) {
      const int size = reflection.FieldSize(message, &field);
      if (size == 0) return out_.Raw("null");
      return WriteArray(message, field, size);
    }
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      return Write(reflection.GetMessage(message, &field), nullptr);
    }
    if (field.type() == FieldDescriptor::TYPE_BYTES &&
        !reflection.HasField(message, &field)) {
      return out_.Raw("null");
    }
    WriteScalar(message, field);
  }

  // A field that is neither repeated nor a message.
  void WriteScalar(const Message& message, const FieldDescriptor& field) {
    const Reflection& reflection = *message.GetReflection();
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING: {
        const std::string text = reflection.GetString(message, &field);
        return out_.String(field.type() == FieldDescriptor::TYPE_BYTES
                               ? absl::Base64Escape(text)
                               : text);
      }
      case FieldDescriptor::CPPTYPE_BOOL:
        return out_.Raw(reflection.GetBool(message, &field) ? "true" : "false");
      case FieldDescriptor::CPPTYPE_INT32:
        return out_.Raw(absl::StrCat(reflection.GetInt32(message, &field)));
      case FieldDescriptor::CPPTYPE_INT64:
        return out_.Raw(absl::StrCat(reflection.GetInt64(message, &field)));
      default:
        return out_.Raw("null");  // The API has no other types.
    }
  }

  void WriteArray(const Message& message, const FieldDescriptor& field,
                  int size) {
    const Reflection& reflection = *message.GetReflection();
    out_.Open('[');
    for (int i = 0; i < size; ++i) {
      out_.Next();
      if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        Write(reflection.GetRepeatedMessage(message, &field, i), nullptr);
      } else {  // The API has lists of strings and of messages.
        out_.String(reflection.GetRepeatedString(message, &field, i));
      }
    }
    out_.Close(']');
  }

  void WriteMap(const Message& message, const FieldDescriptor& field) {
    const Reflection& reflection = *message.GetReflection();
    std::vector<std::pair<std::string, const Message*>> entries;
    const int size = reflection.FieldSize(message, &field);
    for (int i = 0; i < size; ++i) {
      const Message& entry = reflection.GetRepeatedMessage(message, &field, i);
      entries.emplace_back(entry.GetReflection()->GetString(
                               entry, field.message_type()->map_key()),
                           &entry);
    }
    std::sort(entries.begin(), entries.end());
    const FieldDescriptor& value = *field.message_type()->map_value();
    out_.Open('{');
    for (const auto& [key, entry] : entries) {
      out_.Key(key);
      if (value.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        Write(entry->GetReflection()->GetMessage(*entry, &value), nullptr);
      } else {
        WriteScalar(*entry, value);
      }
    }
    out_.Close('}');
  }

  Writer& out_;
};

}  // namespace

std::string EncodeJson(const Message& object, const TypeMeta& type,
                       const JsonOptions& options) {
  Writer out(options.pretty);
  MessageWriter(out).Write(object, &type);
  return std::move(out).Take();
}

std::string EncodeListJson(const std::vector<const Message*>& items,
                           const TypeMeta& list_type, const TypeMeta& item_type,
                           const ListMeta& metadata,
                           const JsonOptions& options) {
  Writer out(options.pretty);
  MessageWriter writer(out);
  const auto write_kind = [&] {
    out.Key("kind");
    out.String(list_type.kind);
  };
  const auto write_api_version = [&] {
    out.Key("apiVersion");
    out.String(list_type.api_version);
  };
  const auto write_metadata = [&] {
    out.Key("metadata");
    writer.Write(metadata, nullptr);
  };
  const auto write_items = [&] {
    out.Key("items");
    out.Open('[');
    for (const Message* item : items) {
      out.Next();
      writer.Write(*item, &item_type);
    }
    out.Close(']');
  };
  out.Open('{');
  if (options.pretty) {
    write_api_version();
    write_items();
    write_kind();
    write_metadata();
  } else {
    write_kind();
    write_api_version();
    write_metadata();
    write_items();
  }
  out.Close('}');
  return std::move(out).Take();
}

}  // namespace signet::api
