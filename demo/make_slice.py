#!/usr/bin/env python3
"""Make grocery-slice.gz, the sales that `laurel demo` replays.

Use:  make_slice.py GROCERY_DIR grocery-slice.gz [--members 200]

GROCERY_DIR holds stores.json, catalog.ndjson and sales.ndjson (complete send_transaction bodies, ordered by time)
of one month. The slice keeps the members who spent most, so that they climb the tiers within the month, all their
sales, and only the stores and catalog items that these sales name.

The slice is gzip over UTF-8 lines; the fields of a line are separated by tabs, the first says what the line is:

  laurel-slice  format  retailer_id  origin (epoch seconds)  stores  items  members  sales  lines
  s  store_id  number                                 a store
  i  item_id  name  category  department  brand       an item of the catalog
  u  item_id                                          an item that is sold but in no catalog
  m  external_id                                      a member
  t  transaction_id  member  store  seconds  LINES    a sale; seconds since the origin

Member and store are positions in the lists above, counted from 0; LINES are `item:quantity:cents` joined by commas,
where item is a position in the list of items of both kinds. Order of the sales is order of time.
"""
import collections, datetime, gzip, json, pathlib, sys
from decimal import Decimal


def cents(amount: Decimal) -> int:
    whole = amount * 100
    if whole != int(whole):
        sys.exit(f"{amount} is no whole number of cents")
    return int(whole)


def seconds(text: str) -> int:
    return int(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


def member_of(sale: dict) -> str:
    (payment,) = sale["request_payload"]["payments"]
    return payment["user_id"]


def most_spending(sales: list, count: int) -> set:
    spent = collections.Counter()
    for sale in sales:
        spent[member_of(sale)] += cents(sale["request_payload"]["subtotal"])
    ranked = sorted(spent, key=lambda member: (-spent[member], int(member)))
    return set(ranked[:count])


def sale_line(sale: dict, members: dict, stores: dict, items: dict, origin: int) -> list:
    body = sale["request_payload"]
    lines = []
    for line in body["items"]:
        if line["quantity"] != int(line["quantity"]):
            sys.exit(f"{sale['request_id']}: a quantity is not whole")
        lines.append(f"{items[line['item_id']]}:{int(line['quantity'])}:{cents(line['subtotal'])}")
    return ["t", body["transaction_id"], members[member_of(sale)], stores[sale["store_id"]],
            seconds(body["modified_time"]) - origin, ",".join(lines)]


def slice_lines(folder: pathlib.Path, count: int):
    with open(folder / "sales.ndjson") as file:
        sales = [json.loads(line, parse_float=Decimal, parse_int=Decimal) for line in file]
    chosen = most_spending(sales, count)
    sales = [sale for sale in sales if member_of(sale) in chosen]
    origin = seconds(sales[0]["request_payload"]["modified_time"])

    used = {line["item_id"] for sale in sales for line in sale["request_payload"]["items"]}
    with open(folder / "catalog.ndjson") as file:
        listed = [item for item in map(json.loads, file) if item["item_id"] in used]
    unlisted = sorted(used - {item["item_id"] for item in listed}, key=int)
    items = {item_id: n for n, item_id in enumerate([item["item_id"] for item in listed] + unlisted)}

    wanted = {sale["store_id"] for sale in sales}
    places = [store for store in json.loads((folder / "stores.json").read_text()) if store["store_id"] in wanted]
    stores = {store["store_id"]: n for n, store in enumerate(places)}
    households = sorted(chosen, key=int)
    members = {household: n for n, household in enumerate(households)}

    lines = sum(len(sale["request_payload"]["items"]) for sale in sales)
    yield ["laurel-slice", 1, sales[0]["client_id"], origin, len(places), len(items), len(households), len(sales), lines]
    for store in places:
        yield ["s", store["store_id"], store["number"]]
    for item in listed:
        yield ["i", item["item_id"], item["name"], item["category"], item["department"], item["brand"]]
    for item_id in unlisted:
        yield ["u", item_id]
    for household in households:
        yield ["m", household]
    for sale in sales:
        yield sale_line(sale, members, stores, items, origin)


def main() -> None:
    folder, target = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    count = int(sys.argv[sys.argv.index("--members") + 1]) if "--members" in sys.argv else 200
    text = "".join("\t".join(map(str, fields)) + "\n" for fields in slice_lines(folder, count))
    # No name and no time in the gzip header: the same input gives the same bytes.
    with open(target, "wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as file:
        file.write(text.encode())


if __name__ == "__main__":
    main()
