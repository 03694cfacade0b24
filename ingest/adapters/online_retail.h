// UCI's Online Retail (Chen, Sain, Guo 2012, doi:10.1057/dbm.2012.17) as CSV, plain or gzip: one
// row an invoice line, with the columns InvoiceNo, StockCode, Description, Quantity, InvoiceDate,
// UnitPrice, CustomerID, Country, in any order.
//
// A sold line of a known customer is one purchase: user_id is the CustomerID ("17850.0" → "17850"),
// item_id the StockCode, value the quantity, session_id the invoice, event_id "invoice:n" for the
// invoice's n-th line, timestamp the InvoiceDate as if it were UTC; fields are price, invoice and
// country. An item is given before its first sale, with the first description of a sold line as its
// title and that line's price (returns and corrections are described as "damaged" or
// "?"), and again once a title is found for one that had none.
//
// Every other row is counted under the first of these that holds: malformed, cancellation,
// quantity_not_positive, price_not_positive, no_customer. A row without customer may still make an
// item.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "ingest/adapters/adapter.h"
#include "ingest/csv_reader.h"

namespace riffle::ingest {

class OnlineRetail final : public Adapter {
 public:
  // Errors: the file cannot be opened, or its first row is not the header with these columns.
  static absl::StatusOr<std::unique_ptr<Adapter>> open(const std::string& path,
                                                       Give give = Give::kJson);

  absl::StatusOr<bool> next(ImportRecord& out) override;
  const records::Event& event() const override { return event_; }
  const records::Item& item() const override { return item_; }
  std::vector<RowCount> counts() const override;
  const std::vector<std::string>& problems() const override { return problems_; }

 private:
  enum Column {
    kInvoice,
    kStockCode,
    kDescription,
    kQuantity,
    kDate,
    kPrice,
    kCustomer,
    kCountry,
    kColumns
  };
  enum Fate {
    kPurchase,
    kMalformed,
    kCancellation,
    kQuantityNotPositive,
    kPriceNotPositive,
    kNoCustomer,
    kFates
  };
  struct Line {
    double quantity = 0;
    double price = 0;
    TimePoint time{};
    std::uint64_t number = 0;  // in its invoice, from 1
  };

  OnlineRetail(std::unique_ptr<ByteSource> source, Give give)
      : rows_(std::move(source)), give_(give) {}
  absl::Status read_header();
  const std::string& field(Column column) const { return fields_[place_[column]]; }
  Fate judge(Line& line);
  Fate malformed(const std::string& what);
  void give_item(const Line& line);
  void give_purchase(const Line& line);

  template <class Record>
  void give(ImportInput input, const std::string& key, const Record& record, TimePoint time);

  CsvReader rows_;
  const Give give_;
  std::array<std::size_t, kColumns> place_{};  // of each column in a row
  std::size_t columns_ = 0;                    // that a row has, further ones included
  std::vector<std::string> fields_;
  std::array<std::uint64_t, kFates> fates_{};
  absl::flat_hash_map<std::string, std::uint64_t> invoice_lines_;
  absl::flat_hash_map<std::string, bool> titled_;  // items given: with a title or without
  records::Event event_;
  records::Item item_;
  std::vector<ImportRecord> waiting_;  // records of the row read last, the next one at the back
  std::vector<std::string> problems_;
};

}  // namespace riffle::ingest
