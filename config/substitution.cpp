#include "config/substitution.h"

#include <cstdlib>

#include "absl/strings/str_cat.h"

namespace riffle::config {
namespace {

bool is_name(std::string_view text) {
  if (text.empty() || (text[0] >= '0' && text[0] <= '9')) return false;
  for (const char c : text)
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_')) return false;
  return true;
}

}  // namespace

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return std::string(value);
  };
}

bool substitute(std::string_view text, const Environment& environment, std::string& out, std::string& error) {
  out.clear();
  while (true) {
    const std::size_t start = text.find("${");
    if (start == std::string_view::npos) break;
    if (start > 0 && text[start - 1] == '$') {  // $${ stands for ${
      out += text.substr(0, start - 1);
      out += "${";
      text.remove_prefix(start + 2);
      continue;
    }
    out += text.substr(0, start);
    const std::size_t end = text.find('}', start);
    if (end == std::string_view::npos) {
      error = "`${` without its `}`; write `$${` for a literal `${`";
      return false;
    }
    const std::string_view inside = text.substr(start + 2, end - start - 2);
    text.remove_prefix(end + 1);
    const std::size_t mark = inside.find(":-");
    const std::string name(inside.substr(0, mark));
    if (!is_name(name)) {
      error = absl::StrCat("`${", std::string(inside), "}` does not name an environment variable");
      return false;
    }
    const auto value = environment(name);
    if (mark != std::string_view::npos) {  // as in a shell: empty counts as missing
      out += value && !value->empty() ? *value : std::string(inside.substr(mark + 2));
    } else if (value) {
      out += *value;
    } else {
      error = absl::StrCat("the environment variable ", name, " is not set; set it, or write ${", name, ":-default}");
      return false;
    }
  }
  out += text;
  return true;
}

}  // namespace riffle::config
