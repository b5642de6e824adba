"""Says what was tried, and fails when an operation was not reached or something failed."""

import json
import sys


def main(report_path, tally_path, seconds):
    report = json.load(open(report_path))
    tally = json.load(open(tally_path))
    operations = report["operations"]
    reached = tally["operations"]
    done = [name for name, statuses in reached.items() if any(status.startswith("2") for status in statuses)]
    server_errors = {name: statuses for name, statuses in reached.items() if any(s >= "500" for s in statuses)}
    failures, cases = report["failures"], report["test_cases"]
    print(f"operations       {len(reached)} of {operations['total']} reached, {len(done)} answered with success")
    for phase, calls in sorted(tally["phases"].items()):
        print(f"{phase:<16} {calls} calls")
    print(f"cases            {cases['generated']}, {cases['with_failures']} with failures")
    print(f"failures         {cases['unique_failures']}")
    for failure in failures:
        print(f"  {failure['title']}: {failure['count']} in {', '.join(failure['operations'])}")
    for error in report["errors"]:
        print(f"  {error['title']}: {error['count']}")
    print(f"answers of 5xx   {len(server_errors)} operations {server_errors or ''}")
    print(f"duration         {seconds} s, seed {report['seed']}")
    never = sorted(set(reached) - set(done))
    if never:
        print(f"never answered with success: {', '.join(never)}")
    bad = failures or report["errors"] or server_errors or not report["complete"] or len(reached) < operations["total"]
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3]))
