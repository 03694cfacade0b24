// Pages in a real browser, where there is one.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <string>

#include "tests/support/scratch.h"

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

// The report `html` with so many `plots`: all of them drawn, inside the window, in the colours of a light and of a dark
// paper; and it prints.
inline void expect_readable(const std::string& chromium, const Scratch& scratch, const std::string& html,
                            const std::string& plots) {
  using ::testing::HasSubstr;
  const std::string page = scratch.write("measured.html", html + kMeasure);
  const std::string command = headless(chromium, scratch.path());
  const std::string light = output_of(command + "--dump-dom 'file://" + page + "' 2>/dev/null");
  EXPECT_THAT(light, HasSubstr("<title>measured|" + plots + "|true|true|true|rgb(255, 255, 255)|rgb(28, 33, 40)</title>"));
  const std::string dark =
      output_of(command + "--blink-settings=preferredColorScheme=0 --dump-dom 'file://" + page + "' 2>/dev/null");
  EXPECT_THAT(dark, HasSubstr("<title>measured|" + plots + "|true|true|true|rgb(20, 24, 29)|rgb(230, 233, 237)</title>"));
  output_of(command + "--no-pdf-header-footer --print-to-pdf='" + (scratch / "page.pdf") + "' 'file://" + page +
            "' 2>/dev/null");
  EXPECT_GT(std::filesystem::file_size(scratch / "page.pdf"), 10'000U);
}

}  // namespace riffle::testing
