// What the reports' pages have in common: one look, light and dark and in print, in a file that needs no other.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace riffle::evaluation {

// Up to and with <body>. The style has the colours that plots need (evaluation/prequential/plots.h), and the classes `warn`,
// `scroll`, `best`, `dot`, `left`.
std::string page_head(std::string_view title);
constexpr const char* kPageEnd = "</body></html>\n";

// Names are escaped here.
void begin_table(std::string_view first, const std::vector<std::string>& columns, std::string& out);
void end_table(std::string& out);

}  // namespace riffle::evaluation
