import { SaxesParser } from "saxes";

export type TestStatus = "passed" | "failed" | "skipped";

/**
 * Statuses of the tests of a JUnit XML report, by `key`. Of tests with the same key one that failed counts, then one that was skipped. Throws if the text is not
 * XML.
 */
export function readJunit(xml: string): Map<string, TestStatus> {
  const found = new Map<string, TestStatus>();
  const note = (name: string, status: TestStatus): void => {
    const known = found.get(name);
    if (known === undefined || rank[status] > rank[known]) found.set(name, status);
  };
  let open: { name: string; classname: string; status: TestStatus } | undefined;
  const parser = new SaxesParser();
  parser.on("error", (error) => {
    throw new Error(`The test results are not XML: ${error.message}`);
  });
  parser.on("opentag", ({ name, attributes }) => {
    if (name === "testcase") open = { name: attributes["name"] ?? "", classname: attributes["classname"] ?? "", status: "passed" };
    else if (open && (name === "failure" || name === "error")) open.status = "failed";
    else if (open && name === "skipped" && open.status === "passed") open.status = "skipped";
  });
  parser.on("closetag", ({ name }) => {
    if (name !== "testcase" || !open) return;
    note(open.name, open.status);
    if (open.classname !== "") note(`${open.classname}::${open.name}`, open.status);
    open = undefined;
  });
  parser.write(xml).close();
  return found;
}

const rank: Record<TestStatus, number> = { passed: 0, skipped: 1, failed: 2 };

/** The key of a test in a report: its name, `classname::name`, or a test id of pytest (`tests/test_a.py::TestB::test_c`). */
export function keyOf(id: string): string {
  const parts = id.split("::");
  const name = parts.pop() ?? "";
  if (parts.length === 0) return name;
  const [file = "", ...classes] = parts;
  const module = file.endsWith(".py") ? file.slice(0, -3).replaceAll("/", ".") : file;
  return `${[module, ...classes].join(".")}::${name}`;
}
