"""Says what was tried, and fails when an operation was not reached or something failed."""

import collections
import json
import sys


def main(tally_path, seconds, report_paths):
    reports = [json.load(open(path)) for path in report_paths]
    phases, tolerated, statuses = (
        collections.Counter(),
        collections.Counter(),
        collections.defaultdict(collections.Counter),
    )
    for line in open(tally_path):
        tally = json.loads(line)
        phases.update(tally["phases"])
        tolerated.update(tally["tolerated"])
        for operation, counts in tally["operations"].items():
            statuses[operation].update(counts)
    total = reports[0]["operations"]["total"]
    done = {name for name, counts in statuses.items() if any(status.startswith("2") for status in counts)}
    server_errors = {name: dict(counts) for name, counts in statuses.items() if any(s >= "500" for s in counts)}
    failures = [failure for report in reports for failure in report["failures"]]
    errors = [error for report in reports for error in report["errors"]]

    print()
    print(f"operations       {len(statuses)} of {total} reached, {len(done)} answered with success")
    for phase, calls in sorted(phases.items()):
        print(f"{phase:<16} {calls} calls")
    print(f"cases            {sum(report['test_cases']['generated'] for report in reports)}")
    print(f"failures         {sum(report['test_cases']['unique_failures'] for report in reports)}")
    for failure in failures:
        print(f"  {failure['title']}: {failure['count']} in {', '.join(failure['operations'])}")
    for error in errors:
        print(f"  {error['title']}: {error['count']}")
    print(f"let pass         {dict(tolerated)}, for the reasons in tolerated.py")
    print(f"answers of 5xx   {server_errors or 'none'}")
    print(f"duration         {seconds} s; seed {reports[0]['seed']}")
    never = sorted(set(statuses) - done)
    if never:
        print(f"never answered with success: {', '.join(never)}")
    whole = all(report["complete"] for report in reports) and len(statuses) == total
    return 0 if whole and not (failures or errors or server_errors) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
