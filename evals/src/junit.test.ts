import { expect, test } from "vitest";
import { keyOf, readJunit } from "./junit.ts";

test("statuses are found by name and by class and name", () => {
  const results = readJunit(`<?xml version="1.0"?>
    <testsuites><testsuite name="outer"><testsuite name="inner">
      <testcase classname="tests.test_math.TestSum" name="test_adds[1-2]"/>
      <testcase classname="a" name="fails"><failure message="no">1 !== 2</failure></testcase>
      <testcase classname="a" name="breaks"><error/></testcase>
      <testcase classname="a" name="waits"><skipped/></testcase>
    </testsuite></testsuite></testsuites>`);
  expect(results.get("test_adds[1-2]")).toBe("passed");
  expect(results.get("a::fails")).toBe("failed");
  expect(results.get("breaks")).toBe("failed");
  expect(results.get("waits")).toBe("skipped");
});

test("one failure counts among tests of the same name", () => {
  const results = readJunit('<t><testcase name="same"><failure/></testcase><testcase name="same"/></t>');
  expect(results.get("same")).toBe("failed");
});

test("ids of pytest are found", () => {
  expect(keyOf("tests/test_math.py::TestSum::test_adds[1-2]")).toBe("tests.test_math.TestSum::test_adds[1-2]");
  expect(keyOf("tests/test_math.py::test_adds")).toBe("tests.test_math::test_adds");
  expect(keyOf("classname::name")).toBe("classname::name");
  expect(keyOf("is lower case")).toBe("is lower case");
});

test("what is not XML is refused", () => {
  expect(() => readJunit("1 passed, 0 failed")).toThrow(/not XML/);
  expect(() => readJunit("<testsuites>")).toThrow(/not XML/);
});
