#include "ingest/adapters/online_retail.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/errors.h"
#include "records/json_codec.h"
#include "records/json_text.h"
#include "records/json_writer.h"
#include "records/time_text.h"

namespace riffle::ingest {
namespace {

constexpr std::array<std::string_view, 8> kColumnNames = {
    "InvoiceNo",   "StockCode", "Description", "Quantity",
    "InvoiceDate", "UnitPrice", "CustomerID",  "Country"};

bool read_number(std::string_view text, double& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() && std::isfinite(out);
}

// "17850.0" → "17850": the file was once written by a tool that took ids for numbers.
std::string_view customer_id(std::string_view text) {
  if (text.ends_with(".0")) text.remove_suffix(2);
  return text;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Adapter>> OnlineRetail::open(const std::string& path, Give give) {
  RIFFLE_ASSIGN_OR_RETURN(auto source, ByteSource::open(path));
  std::unique_ptr<OnlineRetail> adapter(new OnlineRetail(std::move(source), give));
  RIFFLE_RETURN_IF_ERROR(adapter->read_header());
  return adapter;
}

absl::Status OnlineRetail::read_header() {
  RIFFLE_ASSIGN_OR_RETURN(const bool any, rows_.next(fields_));
  std::vector<std::string> missing;
  for (std::size_t column = 0; column < kColumns; ++column) {
    const auto found = std::ranges::find(fields_, kColumnNames[column]);
    if (!any || found == fields_.end())
      missing.emplace_back(kColumnNames[column]);
    else
      place_[column] = static_cast<std::size_t>(found - fields_.begin());
  }
  if (missing.empty()) {
    columns_ = fields_.size();
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat(rows_.path(), ":1: no Online Retail file: its first row names no column ",
                   absl::StrJoin(missing, ", "), "; give a CSV file with its header"));
}

absl::StatusOr<bool> OnlineRetail::next(ImportRecord& out) {
  while (waiting_.empty()) {
    RIFFLE_ASSIGN_OR_RETURN(const bool more, rows_.next(fields_));
    if (!more) return false;
    Line line;
    const Fate fate = judge(line);
    ++fates_[fate];
    if (fate == kPurchase) give_purchase(line);
    if (fate == kPurchase || fate == kNoCustomer) give_item(line);
  }
  out = std::move(waiting_.back());
  waiting_.pop_back();
  return true;
}

OnlineRetail::Fate OnlineRetail::judge(Line& line) {
  if (fields_.size() != columns_)
    return malformed(
        absl::StrCat("has ", fields_.size(), " fields where the header has ", columns_));
  if (!std::ranges::all_of(fields_, records::is_utf8)) return malformed("is not UTF-8");
  if (field(kInvoice).empty() || field(kStockCode).empty())
    return malformed("has no InvoiceNo or no StockCode");
  line.number = ++invoice_lines_[field(kInvoice)];
  if (!read_number(field(kQuantity), line.quantity)) return malformed("has no number as Quantity");
  if (!read_number(field(kPrice), line.price)) return malformed("has no number as UnitPrice");
  const auto time = records::parse_time(field(kDate) + "Z");
  if (!time) return malformed("has an InvoiceDate that is not like 2010-12-01 08:26:00");
  line.time = *time;
  if (field(kInvoice).starts_with('C')) return kCancellation;
  if (line.quantity <= 0) return kQuantityNotPositive;
  if (line.price <= 0) return kPriceNotPositive;
  return customer_id(field(kCustomer)).empty() ? kNoCustomer : kPurchase;
}

OnlineRetail::Fate OnlineRetail::malformed(const std::string& what) {
  if (problems_.size() < kMostProblems)
    problems_.push_back(
        absl::StrCat(rows_.path(), ":", rows_.line(), ": malformed: the row ", what));
  return kMalformed;
}

template <class Record>
void OnlineRetail::give(ImportInput input, const std::string& key, const Record& record,
                        TimePoint time) {
  waiting_.push_back(
      {input, key, give_ == Give::kJson ? records::encode_json(record) : std::string(), time});
}

void OnlineRetail::give_item(const Line& line) {
  const absl::string_view title = absl::StripAsciiWhitespace(field(kDescription));
  const auto [known, first] = titled_.try_emplace(field(kStockCode), false);
  if (!first && (known->second || title.empty())) return;
  known->second = !title.empty();
  item_.title = std::string(title);
  item_.item_id.assign(field(kStockCode));
  item_.price = line.price;
  give(ImportInput::kItems, field(kStockCode), item_, line.time);
}

void OnlineRetail::give_purchase(const Line& line) {
  event_.type = records::InteractionType::kPurchase;
  event_.user_id.assign(customer_id(field(kCustomer)));
  event_.item_id.assign(field(kStockCode));
  event_.session_id.assign(field(kInvoice));
  event_.event_id.assign(absl::StrCat(field(kInvoice), ":", line.number));
  event_.timestamp = line.time;
  event_.value = line.quantity;
  if (give_ == Give::kJson) {
    records::JsonWriter more;
    more.begin_object()
        .member("price", line.price)
        .member("invoice", field(kInvoice))
        .member("country", field(kCountry));
    event_.fields = more.end_object().take();
  }
  give(ImportInput::kEvents, event_.user_id.str(), event_, line.time);
}

std::vector<RowCount> OnlineRetail::counts() const {
  return {{"purchase", true, fates_[kPurchase]},
          {"malformed", false, fates_[kMalformed]},
          {"cancellation", false, fates_[kCancellation]},
          {"quantity_not_positive", false, fates_[kQuantityNotPositive]},
          {"price_not_positive", false, fates_[kPriceNotPositive]},
          {"no_customer", false, fates_[kNoCustomer]}};
}

}  // namespace riffle::ingest
