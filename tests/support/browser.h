// Pages in a real browser, where there is one.
#pragma once

#include <cstdio>
#include <filesystem>
#include <string>

namespace riffle::testing {

inline std::string browser() {
  for (const char* path : {"/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"})
    if (std::filesystem::exists(path)) return path;
  return {};
}

inline std::string output_of(const std::string& command) {
  std::string out;
  FILE* pipe = popen(command.c_str(), "r");
  if (!pipe) return out;
  char buffer[4096];
  while (const std::size_t count = fread(buffer, 1, sizeof buffer, pipe)) out.append(buffer, count);
  pclose(pipe);
  return out;
}

// Put behind a report's page it measures the page into its title: measured|plots|all of them have a size|their text is inside|
// nothing is wider than the window|colour of the paper|of the ink.
constexpr const char* kMeasure =
    "<script>addEventListener('load',()=>{const s=getComputedStyle(document.body);"
    "const plots=[...document.querySelectorAll('svg')].every(e=>e.getBoundingClientRect().height>100);"
    "const inside=[...document.querySelectorAll('svg text')].every(e=>{const r=e.getBoundingClientRect();"
    "const o=e.closest('svg').getBoundingClientRect();return "
    "r.left>=o.left-1&&r.right<=o.right+1&&r.bottom<=o.bottom+1});"
    "document.title=['measured',document.querySelectorAll('svg').length,plots,inside,"
    "document.documentElement.scrollWidth<=innerWidth,s.backgroundColor,s.color].join('|')})</script>";

// A window of 1100 × 900, with a profile of its own in `directory`; arguments follow.
inline std::string headless(const std::string& chromium, const std::string& directory) {
  return chromium + " --headless --no-sandbox --disable-gpu --user-data-dir='" + directory +
         "/profile' --window-size=1100,900 --virtual-time-budget=2000 ";
}

}  // namespace riffle::testing
