// A Protobuf message as one line of JSON, by Protobuf's own rules (64-bit numbers are strings,
// bytes are base64), with the names of the schema.
#pragma once

#include <google/protobuf/message.h>

#include <string>

namespace riffle::pb {

std::string to_json(const google::protobuf::Message& message);

}  // namespace riffle::pb
