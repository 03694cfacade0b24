"""completejourney (84.51°, CC0) as JSON lines of Riffle's items and purchases, in the order of time. An item's category is its
department and brand; its title is its product category and type."""
import csv
import gzip
import json


def rows(file):
    with gzip.open(file, "rt", encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def write(source, target):
    """Items that are bought, then what each household bought, a line each."""
    bought = sorted(rows(source / "transactions_sample.csv.gz"), key=lambda r: (r["transaction_timestamp"], r["basket_id"]))
    needed = {row["product_id"] for row in bought}
    with open(target, "w", encoding="utf-8") as out:
        for row in rows(source / "products.csv.gz"):
            if row["product_id"] not in needed:
                continue
            out.write(json.dumps({
                "item_id": row["product_id"],
                "title": f"{row['product_category']} {row['product_type']}".strip(),
                "category": [name for name in (row["department"], row["brand"]) if name],
                "brand": row["brand"]}) + "\n")
        for number, row in enumerate(bought):
            out.write(json.dumps({
                "event": "interaction", "type": "purchase", "event_id": str(number), "timestamp": row["transaction_timestamp"],
                "user_id": row["household_id"], "session_id": row["basket_id"], "item_id": row["product_id"]}) + "\n")
