#include "state/shard_store.h"

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/errors.h"
#include "records/proto_codec.h"
#include "state/store_errors.h"

namespace riffle::state {
namespace {

constexpr char kHeaderKey[] = "header";
constexpr char kMetaKey[] = "shard";

template <class Message>
std::string bytes_of(const Message& message) {
  std::string bytes;
  encode(message, bytes);
  return bytes;
}

absl::Status unreadable(std::string_view what, std::string_view cause) {
  return fatal_error(
      absl::StatusCode::kDataLoss,
      absl::StrCat(
          "the store's ", std::string(what), " cannot be read: ", std::string(cause),
          "; restore the store from a checkpoint, or move it away and start with --rebuild"));
}

template <class Message>
absl::StatusOr<std::optional<Message>> load(const Store& store, Column column, std::string_view key,
                                            std::string_view what) {
  RIFFLE_ASSIGN_OR_RETURN(const auto bytes, store.get(column, key));
  std::optional<Message> message;
  if (!bytes) return message;
  message.emplace();
  if (const absl::Status decoded = decode(*bytes, *message); !decoded.ok())
    return unreadable(what, std::string(decoded.message()));
  return message;
}

absl::Status refuse(std::string_view what, const std::string& stored, const std::string& wanted,
                    std::string_view remedy) {
  return fatal_error(absl::StatusCode::kFailedPrecondition,
                     absl::StrCat("the store's ", std::string(what), " is ", stored,
                                  ", but this worker has ", wanted, "; ", std::string(remedy)));
}

absl::Status check_identity(const pb::StoreHeader& header, const ShardIdentity& identity) {
  const std::string wanted_shard = absl::StrCat(identity.shard.value());
  if (header.format_version() != kFormatVersion)
    return refuse("format version", absl::StrCat(header.format_version()),
                  absl::StrCat(kFormatVersion),
                  header.format_version() > kFormatVersion ? "a newer Riffle wrote it: run that one"
                                                           : "name another state directory and start with "
                                                             "`--rebuild`: events are read again");
  if (header.shard() != identity.shard.value())
    return refuse(
        "shard", absl::StrCat(header.shard()), wanted_shard,
        "its directory was moved or renamed: give every shard's directory its own name back");
  if (header.partitions() != identity.partitions)
    return refuse("number of partitions", absl::StrCat(header.partitions()),
                  absl::StrCat(identity.partitions),
                  "users have moved between the shards: make the numbers equal again, or name another state "
                  "directory and start with `--rebuild`");
  if (header.cluster_id() != identity.cluster_id)
    return refuse("cluster", header.cluster_id(), identity.cluster_id,
                  "offsets of one cluster mean nothing in another: connect to the first, or name "
                  "another state directory");
  if (header.events_topic() != identity.events_topic)
    return refuse("events topic", header.events_topic(), identity.events_topic,
                  "configure that topic, or name another state directory");
  return absl::OkStatus();
}

ShardHeader to_header(const pb::StoreHeader& stored, bool created) {
  return {stored.format_version(), stored.generation(), stored.partitioner(), created};
}

absl::Status write_header(Store& store, const pb::StoreHeader& header) {
  WriteBatch batch;
  batch.put(Column::kMeta, kHeaderKey, bytes_of(header));
  return store.write(batch, true);
}

// The header is a store's first write; rows without one are what a damaged store looks like.
absl::Status check_empty(const Store& store) {
  bool empty = true;
  for (std::size_t i = 0; i < kColumns && empty; ++i) {
    RIFFLE_RETURN_IF_ERROR(
        store.scan(static_cast<Column>(i), "", "",
                   [&](std::string_view, std::string_view) { return empty = false; }));
  }
  return empty ? absl::OkStatus() : unreadable("header", "there are rows, but no header");
}

}  // namespace

absl::StatusOr<std::optional<pb::StoreHeader>> read_header(const Store& store) {
  return load<pb::StoreHeader>(store, Column::kMeta, kHeaderKey, "header");
}

absl::StatusOr<ShardHeader> open_or_create_header(Store& store, const ShardIdentity& identity,
                                                  std::uint64_t generation) {
  RIFFLE_ASSIGN_OR_RETURN(const auto stored, read_header(store));
  if (stored) {
    RIFFLE_RETURN_IF_ERROR(check_identity(*stored, identity));
    return to_header(*stored, false);
  }
  RIFFLE_RETURN_IF_ERROR(check_empty(store));
  pb::StoreHeader header;
  header.set_format_version(kFormatVersion);
  header.set_shard(identity.shard.value());
  header.set_partitions(identity.partitions);
  header.set_cluster_id(identity.cluster_id);
  header.set_events_topic(identity.events_topic);
  header.set_generation(generation);
  RIFFLE_RETURN_IF_ERROR(write_header(store, header));
  return to_header(header, true);
}

absl::Status store_partitioner(Store& store, std::string_view partitioner) {
  RIFFLE_ASSIGN_OR_RETURN(auto header, read_header(store));
  RIFFLE_CHECK(header.has_value(), "a partitioner for a store without a header:", partitioner);
  if (header->partitioner() == partitioner) return absl::OkStatus();
  if (!header->partitioner().empty())
    return refuse(
        "partitioner", header->partitioner(), std::string(partitioner),
        "users would change their shard: set `partitioner` to the first, or rebuild the state");
  header->set_partitioner(std::string(partitioner));
  return write_header(store, *header);
}

absl::StatusOr<pb::ShardMeta> load_meta(const Store& store) {
  RIFFLE_ASSIGN_OR_RETURN(auto meta, load<pb::ShardMeta>(store, Column::kMeta, kMetaKey, "meta"));
  return meta ? *std::move(meta) : pb::ShardMeta();
}

void store_meta(const pb::ShardMeta& meta, WriteBatch& batch) {
  batch.put(Column::kMeta, kMetaKey, bytes_of(meta));
}

absl::StatusOr<std::vector<pb::InputPosition>> load_positions(const Store& store) {
  std::vector<pb::InputPosition> positions;
  absl::Status broken;
  RIFFLE_RETURN_IF_ERROR(
      store.scan(Column::kOffsets, "", "", [&](std::string_view key, std::string_view value) {
        pb::InputPosition& position = positions.emplace_back();
        broken = decode(value, position);
        if (broken.ok() && key != number_key(position.input()))
          broken = absl::DataLossError("it lies under another input's key");
        return broken.ok();
      }));
  if (!broken.ok()) return unreadable("offsets", std::string(broken.message()));
  return positions;
}

void store_position(const pb::InputPosition& position, WriteBatch& batch) {
  batch.put(Column::kOffsets, number_key(position.input()), bytes_of(position));
}

void append_journal(const pb::JournalEntry& entry, WriteBatch& batch) {
  RIFFLE_CHECK(entry.number() > 0, "a journal entry without a number");
  batch.put(Column::kJournal, number_key(entry.number()), bytes_of(entry));
}

absl::Status scan_journal(const Store& store, std::uint64_t after,
                          const std::function<bool(const pb::JournalEntry&)>& visit) {
  std::uint64_t expected = after + 1;
  absl::Status broken;
  pb::JournalEntry entry;
  RIFFLE_RETURN_IF_ERROR(store.scan(
      Column::kJournal, "", number_key(expected),
      [&](std::string_view key, std::string_view value) {
        broken = decode(value, entry);
        if (broken.ok() && (key != number_key(entry.number()) || entry.number() != expected))
          broken = absl::DataLossError(
              absl::StrCat("entry ", entry.number(), " lies where ", expected, " should"));
        ++expected;
        return broken.ok() && visit(entry);
      }));
  return broken.ok() ? absl::OkStatus() : unreadable("journal", std::string(broken.message()));
}

void trim_journal(std::uint64_t first, std::uint64_t last, WriteBatch& batch) {
  for (std::uint64_t number = first; number <= last; ++number)
    batch.erase(Column::kJournal, number_key(number));
}

}  // namespace riffle::state
