// A configuration file: it has mistakes, each with a place and a message, or it is a configuration
// that, written down, is read back as itself.
#include "config/config.h"
#include "config/units.h"
#include "input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace riffle;
  const std::string_view yaml(reinterpret_cast<const char*>(data), size);
  const config::Environment environment = [](const std::string& name) -> std::optional<std::string> {
    if (name.empty() || name.front() == '_') return std::nullopt;
    return name + "7";
  };
  const config::Parsed parsed = config::parse(yaml, environment);
  for (const config::Mistake& mistake : parsed.mistakes)
    RIFFLE_CHECK(mistake.line >= 1 && mistake.column >= 1 && !mistake.message.empty());
  if (!parsed.mistakes.empty()) return 0;
  const std::string text = config::to_yaml(parsed.config);
  const config::Parsed back = config::parse(text, environment);
  RIFFLE_CHECK(back.mistakes.empty(), back.mistakes.front().text("written"), text);
  RIFFLE_CHECK(config::to_yaml(back.config) == text, text, config::to_yaml(back.config));
  return 0;
}
