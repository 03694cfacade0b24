#include "records/message_json.h"

#include <google/protobuf/util/json_util.h>

#include "base/check.h"

namespace riffle::pb {

std::string to_json(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(message, &json, options);
  RIFFLE_CHECK(status.ok(), message.GetTypeName(), status.ToString());
  return json;
}

}  // namespace riffle::pb
