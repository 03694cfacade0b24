#include "evaluation/html_parts.h"

#include "absl/strings/str_cat.h"
#include "evaluation/prequential/plots.h"

namespace riffle::evaluation {
namespace {

constexpr const char* kBeforeTitle = R"(<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>)";
constexpr const char* kStyle = R"(</title><style>
:root{color-scheme:light dark;--paper:#fff;--ink:#1c2128;--quiet:#5c6773;--line:#dde2e8;--row:#f4f6f8;--warn:#a33b00;
--series-0:#0b62c4;--series-1:#c2410c;--series-2:#15803d;--series-3:#9333ea;--series-4:#be123c;--series-5:#0e7490;--series-6:#a16207;--series-7:#4b5563}
@media (prefers-color-scheme:dark){:root{--paper:#14181d;--ink:#e6e9ed;--quiet:#9aa5b1;--line:#2d343c;--row:#1b2127;--warn:#ffab70;
--series-0:#6cb0ff;--series-1:#ff9d5c;--series-2:#5fd38a;--series-3:#c9a0ff;--series-4:#ff8aa0;--series-5:#5fd0e0;--series-6:#e6c15a;--series-7:#b3bcc7}}
@media print{:root{color-scheme:light;--paper:#fff;--ink:#000;--quiet:#333;--line:#bbb;--row:#f3f3f3;--warn:#8a2c00;
--series-0:#0b62c4;--series-1:#c2410c;--series-2:#15803d;--series-3:#9333ea;--series-4:#be123c;--series-5:#0e7490;--series-6:#a16207;--series-7:#4b5563}
section{break-inside:avoid}.scroll{overflow:visible!important}table{font-size:8.5px}}
body{margin:0 auto;padding:24px 20px 60px;max-width:1080px;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
h1{font-size:24px;margin:0 0 4px}h2{font-size:17px;margin:34px 0 8px}p{margin:4px 0;color:var(--quiet)}
.warn{color:var(--warn);font-weight:600}svg{width:100%;height:auto;display:block}svg text{fill:var(--ink);font:12px system-ui,sans-serif}
.grid{stroke:var(--line);stroke-width:1;fill:none}.scroll{overflow-x:auto}
table{border-collapse:collapse;font-size:13px;font-variant-numeric:tabular-nums;white-space:nowrap;width:100%}
th,td{padding:4px 9px;text-align:right;border-bottom:1px solid var(--line)}th:first-child,td:first-child{text-align:left}
tbody tr:nth-child(even){background:var(--row)}th{font-weight:600;color:var(--quiet)}td.best{font-weight:700}
td.left,th.left{text-align:left;white-space:normal}
.dot{display:inline-block;width:9px;height:9px;border-radius:50%;margin-right:7px}
</style></head><body>
)";

}  // namespace

std::string page_head(std::string_view title) { return absl::StrCat(kBeforeTitle, html_escaped(title), kStyle); }

void begin_table(std::string_view first, const std::vector<std::string>& columns, std::string& out) {
  absl::StrAppend(&out, "<div class=\"scroll\"><table><thead><tr><th>", html_escaped(first), "</th>");
  for (const std::string& column : columns) absl::StrAppend(&out, "<th>", html_escaped(column), "</th>");
  absl::StrAppend(&out, "</tr></thead><tbody>\n");
}

void end_table(std::string& out) { absl::StrAppend(&out, "</tbody></table></div>\n"); }

}  // namespace riffle::evaluation
